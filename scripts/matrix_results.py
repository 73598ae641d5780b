"""What a run of the tests in one cell of the matrix came to, kept for docs/compatibility.md."""

from __future__ import annotations

import json
import subprocess
import xml.etree.ElementTree as ET
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

#: Run in a cell's environment: what its tests ran on.
_VERSIONS: Final = """
import importlib.metadata, json, platform, sys

def version(package):
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None

packages = ("openai", "httpx2", "httpx", "pydantic", "opentelemetry-api")
json.dump({"python": platform.python_version(), "system": sys.platform, **{p: version(p) for p in packages}},
          sys.stdout)
"""


@dataclass(frozen=True)
class Result:
    """One cell's last run."""

    lock: str
    python: str  # with its patch release
    system: str  # as sys.platform says
    openai: str
    http: str  # the SDK's HTTP library and its version
    pydantic: str
    opentelemetry: str
    passed: int
    failed: int
    whole: bool  # whether all tests of the matrix ran, or those that see something of the SDK
    skipped: dict[str, int]  # why → how often

    @property
    def cell(self) -> tuple[str, str]:
        """The lock and the Python it ran on, without its patch release."""
        return self.lock, self.python.rpartition(".")[0]


def read_result(lock: str, python: str, report: Path, *, whole: bool) -> Result:
    """Make a result of pytest's JUnit report.

    Args:
        lock: the cell's lock.
        python: the interpreter of its environment.
        report: the file that pytest wrote.
        whole: see `Result`.
    """
    answer = subprocess.run([python, "-c", _VERSIONS], capture_output=True, text=True, check=True)
    versions = json.loads(answer.stdout)
    http = next(name for name in ("httpx2", "httpx") if versions[name])
    passed, failed, skipped = 0, 0, dict[str, int]()
    for case in ET.parse(report).iter("testcase"):
        skip = case.find("skipped")
        if skip is not None:
            reason = skip.get("message", "")
            skipped[reason] = skipped.get(reason, 0) + 1
        elif case.find("failure") is not None or case.find("error") is not None:
            failed += 1
        else:
            passed += 1
    return Result(
        lock=lock,
        python=versions["python"],
        system=versions["system"],
        openai=versions["openai"],
        http=f"{http} {versions[http]}",
        pydantic=versions["pydantic"],
        opentelemetry=versions["opentelemetry-api"],
        passed=passed,
        failed=failed,
        whole=whole,
        skipped=dict(sorted(skipped.items())),
    )


def load(path: Path) -> list[Result]:
    """The results that are on record, or none."""
    if not path.exists():
        return []
    return [Result(**entry) for entry in json.loads(path.read_text(encoding="utf-8"))]


def record(path: Path, results: Iterable[Result]) -> None:
    """Put results on record, in place of those that their cells had."""
    kept = {result.cell: result for result in [*load(path), *results]}
    entries = [asdict(kept[cell]) for cell in sorted(kept)]
    path.write_text(json.dumps(entries, indent=1) + "\n", encoding="utf-8")
