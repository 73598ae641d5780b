"""Run frameworks that call models by the SDK, with Gossamer and without (`make frameworks`).

Their environments are made from bench/frameworks; the calls are those of `framework_calls.py`, against a fake
server. What must hold: each gives the same, and each request of the SDK has one span. A line in Markdown is
printed for each.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any, Final

from beside import ROOT, make

from gossamer.cli.fake import FakeServer

if TYPE_CHECKING:
    from pathlib import Path

#: Environment → the frameworks in it, as `framework_calls.py` calls them.
_FRAMEWORKS: Final = {
    "most": ("langchain", "openai_agents", "instructor", "pydantic_ai", "llama_index"),
    "litellm": ("litellm", "dspy"),  # they want a newer SDK
}


def run(python: Path, url: str, name: str, mode: str) -> dict[str, Any]:
    """What came of the calls."""
    program = ROOT / "scripts" / "framework_calls.py"
    command = [str(python), str(program), url, name, mode]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)
    if done.returncode:
        raise SystemExit(f"{name}, {mode}: {done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def main() -> int:
    """All frameworks."""
    parser = argparse.ArgumentParser(description="Run frameworks with Gossamer and without.")
    parser.add_argument("--uv", default="uv", help="the uv to use")
    options = parser.parse_args()
    failed = False
    print("| Framework | openai | Requests by the SDK | Spans | What it gives |")
    print("| --- | --- | --- | --- | --- |")
    with FakeServer(chunks=5) as server:
        for environment, names in _FRAMEWORKS.items():
            python = make(options.uv, environment, ROOT / "bench" / "frameworks" / f"{environment}.in")
            for name in names:
                bare, traced = (run(python, server.base_url, name, mode) for mode in ("bare", "traced"))
                same = bare["given"] == traced["given"]
                failed = failed or not same or len(traced["spans"]) != bare["requests"]
                counts = f"{bare['requests']} | {len(traced['spans'])}"
                outcome = "the same" if same else "something else"
                print(f"| {name} | {traced['openai']} | {counts} | {outcome} |", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
