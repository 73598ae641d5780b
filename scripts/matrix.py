"""Run the tests on every supported SDK release and Python (`make matrix`).

A cell is a lock of requirements/matrix and a Python. Each has its own environment under .matrix/,
holds the wheel as users get it, and runs the same tests. Two cells run at a time; what a cell
prints goes to its log, and the end of the log is shown where it failed. `--record` keeps what came out
for docs/compatibility.md.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import matrix_results
from interpreters import find_python
from matrix_results import Result

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ROOT / "requirements" / "matrix"
ENVIRONMENTS = ROOT / ".matrix"

RESULTS = ROOT / "docs" / "compatibility.json"

PYTHONS = ("3.14", "3.13", "3.12", "3.11", "3.10")  # newest first: every lock runs on the first one found
ALSO = (  # the ends of the range on the other Pythons
    ("openai-1.26.0", "3.10"),
    ("openai-3.54.0", "3.10"),
    ("openai-3.54.0", "3.12"),
    ("openai-3.54.0", "3.13"),
)
AT_A_TIME = 2
MINUTES = 12  # what one cell may take
LOG_LINES = 60
NOT_PER_SDK = (
    "tests/test_packaging.py",  # builds and installs by itself: the same in each cell
    "tests/test_tokens.py",  # tiktoken, and texts
    "tests/content/test_properties.py",  # generated messages: no SDK
    "tests/cli/bench",  # the bench runs in other environments, which its own runs try
    "tests/cli/test_demo.py",  # runs in the environment of `make demo`
    "tests/cli/test_soak.py",  # traffic for a while, which its own runs make
    "tests/test_docs.py",  # shows what the newest release gives
)
#: Cells that run all the rest: the ends of each range. What the others leave out sees nothing of the SDK, or
#: what the ends have alike.
WHOLE_LOCKS = ("openai-1.26.0", "opentelemetry-oldest")  # on the newest Python
WHOLE = (("openai-3.54.0", "3.10"),)
AT_THE_ENDS = (
    "tests/cli",
    "tests/completion",
    "tests/content",
    "tests/messages",
    "tests/processes",
    "tests/test_call.py",
    "tests/test_clients.py",
    "tests/test_finalizers.py",
    "tests/test_passthrough.py",
    "tests/test_providers.py",
    "tests/test_scope.py",
    "tests/test_sentinel.py",
    "tests/test_settings.py",
    "tests/test_zero_code.py",
)
NO_CONTENT = ("-k", "not content")  # another replay of all recordings


@dataclass(frozen=True)
class Cell:
    """One lock on one Python."""

    lock: str
    python: str

    def __str__(self) -> str:
        return f"{self.lock} on Python {self.python}"

    @property
    def environment(self) -> Path:
        """Where its packages live."""
        return ENVIRONMENTS / f"{self.lock}-py{self.python}"

    @property
    def report(self) -> Path:
        """Where pytest's own account of its run goes."""
        return self.environment.with_name(f"{self.environment.name}.xml")

    @property
    def log(self) -> Path:
        """Where its output goes."""
        return self.environment.with_name(f"{self.environment.name}.log")


@dataclass(frozen=True)
class Outcome:
    """How one cell went, in a word and a line."""

    cell: Cell
    passed: bool
    summary: str
    result: Result | None  # where the tests ran to their end


def planned(newest: str) -> list[Cell]:
    """Every lock on the newest Python, oldest release first, then the other Pythons."""
    names = sorted((path.stem for path in LOCKS.glob("*.txt")), key=_release)
    cells = [Cell(name, newest) for name in names]
    return cells + [cell for cell in (Cell(*also) for also in ALSO) if cell not in cells]


def is_whole(cell: Cell, newest: str) -> bool:
    """Whether the cell runs all tests of the matrix."""
    on_newest = cell.lock in WHOLE_LOCKS and cell.python == newest
    return on_newest or (cell.lock, cell.python) in WHOLE


def _release(lock: str) -> tuple[str, list[int]]:
    name, _, version = lock.partition("-")
    return name, [int(part) for part in re.findall(r"\d+", version)]


def run_cell(uv: str, cell: Cell, python: str, wheel: Path, *, whole: bool) -> Outcome:
    """Make the cell's environment what its lock says, and run the tests in it."""
    began = time.monotonic()
    inside = str(cell.environment / "bin" / "python")
    lock = str(LOCKS / f"{cell.lock}.txt")
    install = [uv, "pip", "install", "--quiet", "--python", inside, "--no-deps"]
    options = [f"--ignore={path}" for path in NOT_PER_SDK]
    if not whole:
        options += [*NO_CONTENT, *(f"--ignore={path}" for path in AT_THE_ENDS)]
    # fmt: off
    commands = [
        [uv, "venv", "--quiet", "--allow-existing", "--python", python, str(cell.environment)],
        [uv, "pip", "sync", "--quiet", "--python", inside, "--require-hashes", lock],
        [*install, "--reinstall", str(wheel)],
        [inside, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=short", f"--junitxml={cell.report}",
         *options],
    ]
    # fmt: on
    storage = str(cell.environment / "hypothesis")  # two cells must not share one data base
    environment = {**os.environ, "HYPOTHESIS_STORAGE_DIRECTORY": storage}
    cell.log.parent.mkdir(parents=True, exist_ok=True)
    cell.report.unlink(missing_ok=True)
    summary = ""
    with cell.log.open("w+", encoding="utf-8") as log:
        for command in commands:
            left = MINUTES * 60 - (time.monotonic() - began)
            try:
                code = subprocess.run(
                    command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL,
                    stdout=log, stderr=subprocess.STDOUT, timeout=left, check=False,
                ).returncode  # fmt: skip
            except subprocess.TimeoutExpired:
                code, summary = 1, f"stopped after {MINUTES} minutes"
            if code:
                break
    summary = summary or _last_line(cell.log) or "no output"
    result = None
    if cell.report.exists():
        result = matrix_results.read_result(cell.lock, inside, cell.report, whole=whole)
    return Outcome(cell, code == 0, summary, result)


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8").split("\n")
    return next((line.strip(" =") for line in reversed(lines) if line.strip()), "")


def build_wheel(uv: str) -> Path:
    """The wheel that every cell installs."""
    target = ENVIRONMENTS / "wheel"
    for old in target.glob("*.whl"):
        old.unlink()
    options = [
        "--wheel",
        "--no-build-isolation",
        "--python",
        sys.executable,
        "--out-dir",
        str(target),
    ]
    subprocess.run([uv, "build", "--quiet", *options], cwd=ROOT, check=True)
    return next(target.glob("*.whl"))


def tell(outcome: Outcome) -> None:
    """One line a cell; for a failed one also the end of its log."""
    word = "ok    " if outcome.passed else "FAILED"
    line = f"{word}  {outcome.cell.lock:<22}py{outcome.cell.python:<6}{outcome.summary}"
    if not outcome.passed:
        tail = outcome.cell.log.read_text(encoding="utf-8").splitlines()[-LOG_LINES:]
        line = "\n".join([line, *(f"    | {text}" for text in tail)])
    print(line, flush=True)


def main() -> int:
    """Run the cells that were asked for, or all of them."""
    parser = argparse.ArgumentParser(description="Run the tests on each supported SDK and Python.")
    parser.add_argument("only", nargs="*", help="parts of a cell's name, all of which must match")
    parser.add_argument("--uv", default="uv", help="the uv to use")
    parser.add_argument("--list", action="store_true", help="name the cells and stop")
    parser.add_argument("--record", action="store_true", help=f"keep the results in {RESULTS.name}")
    options = parser.parse_args()

    found = {version: path for version in PYTHONS if (path := find_python(version))}
    if not found:
        print(f"No supported Python was found: {', '.join(PYTHONS)}", file=sys.stderr)
        return 1
    newest = next(iter(found))
    wanted = [c for c in planned(newest) if all(p in str(c) for p in options.only)]
    for cell in (cell for cell in wanted if cell.python not in found):
        print(f"skip    {cell.lock:<22}py{cell.python:<6}this Python is not on the machine")
    cells = [cell for cell in wanted if cell.python in found]
    if options.list or not cells:
        print(*cells, sep="\n")
        return 0 if cells else 1

    print(f"{len(cells)} cells, {AT_A_TIME} at a time", flush=True)
    wheel = build_wheel(options.uv)
    outcomes = []
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        jobs = [
            pool.submit(run_cell, options.uv, c, found[c.python], wheel, whole=is_whole(c, newest))
            for c in cells
        ]
        for job in jobs:
            outcomes.append(job.result())
            tell(outcomes[-1])
    if options.record:
        matrix_results.record(RESULTS, [outcome.result for outcome in outcomes if outcome.result])
    failed = [outcome.cell for outcome in outcomes if not outcome.passed]
    print(f"{len(cells)} cells: {len(cells) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
