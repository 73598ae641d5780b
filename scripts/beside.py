"""Run an app beside each other instrumentation of the OpenAI SDK, in both orders (`make beside`).

Each has an environment of its own under .peers/, made from bench/peers and bench/beside; the calls are those
of `beside_calls.py`, against a fake server. What must hold: the app gets what it gets with the other alone,
each call has one span of ours, or none where the other mutes us, and what our hook hands on is the SDK's own.
A line in Markdown is printed for each.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from gossamer.cli.fake import FakeServer

ROOT: Final = Path(__file__).resolve().parent.parent
ENVIRONMENTS: Final = ROOT / ".peers"
ORDERS: Final = ("bare", "alone", "before", "after")
#: Of an SDK of its time, which has not all of the calls.
_LEFT_OUT: Final = ("openllmetry-0.36.1",)
_ALSO: Final = (
    "opentelemetry-sdk",
    "opentelemetry-instrumentation",
    "opentelemetry-distro",
    "starlette",
    "uvicorn",
    "click",
    "rich",
)


def requirements() -> dict[str, Path]:
    """Environment → its requirement file."""
    files = [file for folder in ("peers", "beside") for file in (ROOT / "bench" / folder).glob("*.in")]
    return {file.stem: file for file in sorted(files) if file.stem not in _LEFT_OUT}


def make(uv: str, name: str, file: Path) -> Path:
    """The interpreter of an environment, made or refreshed."""
    python = ENVIRONMENTS / name / "bin" / "python"
    if not python.exists():
        subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, python.parent.parent], check=True)
    install = [uv, "pip", "install", "--quiet", "--python", str(python)]
    subprocess.run([*install, "--requirement", str(file), *_ALSO], check=True)
    subprocess.run([*install, "--no-deps", "--editable", str(ROOT)], check=True)
    return python


def run(python: Path, url: str, name: str, order: str) -> dict[str, Any]:
    """What the calls came to in one order."""
    program = ROOT / "scripts" / "beside_calls.py"
    command = [str(python), str(program), url, name, order]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    if done.returncode:
        raise SystemExit(f"{name}, {order}: {done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def verdict(told: dict[str, dict[str, Any]]) -> list[str]:
    """What is wrong; nothing if nothing is."""
    faults = []
    calls = len(told["bare"]["outcomes"])
    for order in ("before", "after"):
        here = told[order]
        if here["outcomes"] != told["alone"]["outcomes"]:
            faults.append(f"{order}: the app gets something else than with the other alone")
        if here["ours"] not in (calls, 0):
            faults.append(f"{order}: {here['ours']} spans of ours for {calls} calls")
        if here["complaints"]:
            faults.append(f"{order}: {here['complaints'][0]}")
    foreign = [kind for kind in told["after"]["handed"] if not kind.startswith("openai.")]
    return [*faults, *(f"our hook hands on a {kind}" for kind in foreign)]


def main() -> int:
    """All environments, or those that are named."""
    parser = argparse.ArgumentParser(description="Run an app beside other instrumentations, in both orders.")
    parser.add_argument("only", nargs="*", help="names of environments")
    parser.add_argument("--uv", default="uv", help="the uv to use")
    options = parser.parse_args()
    failed = False
    print("| Beside | Its spans | Ours, switched on before it | Ours, after it | What the app gets |")
    print("| --- | --- | --- | --- | --- |")
    with FakeServer(chunks=5) as server:
        for name, file in requirements().items():
            if options.only and name not in options.only:
                continue
            python = make(options.uv, name, file)
            told = {order: run(python, server.base_url, name, order) for order in ORDERS}
            faults = verdict(told)
            failed = failed or bool(faults)
            same = told["alone"]["outcomes"] == told["bare"]["outcomes"]
            app = "; ".join(faults) or (
                "as with the bare SDK" if same else "as with the other alone, which differs"
            )
            counts = [told["alone"]["others"], told["before"]["ours"], told["after"]["ours"]]
            print(f"| {name} | {' | '.join(map(str, counts))} | {app} |", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
