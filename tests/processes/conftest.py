"""Run a program in an interpreter of its own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).parent.parent
#: Python 3.12 warns of a fork in a process with threads, which is what some of these tests are about.
_QUIET = ("-W", "error", "-W", "ignore:This process:DeprecationWarning")


@dataclass
class Ran:
    """What a program did."""

    pid: int
    code: int
    errors: str
    lines: list[dict[str, Any]]

    @property
    def spans(self) -> list[dict[str, Any]]:
        return [line for line in self.lines if "span" in line]

    def said(self, what: str) -> list[Any]:
        """The values of one key, of all processes."""
        return [line[what] for line in self.lines if what in line]


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Ran]:
    """Run it to its end.

    `send` is a signal to send when it says that it is ready; `first` is run before all else; a warning is an
    error unless it is not `strict`.
    """

    def runner(
        program: str, *, send: signal.Signals | None = None, first: str = "", strict: bool = True
    ) -> Ran:
        file = tmp_path / "program.py"  # a file: what is spawned imports it again
        begin = f"import sys\nsys.path.insert(0, {str(TESTS)!r})\nfrom processes.program import *\n"
        file.write_text(first + begin + program, encoding="utf-8")
        process = subprocess.Popen(
            [sys.executable, *(_QUIET if strict else ()), str(file)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        lines = []
        if send is not None:
            for line in process.stdout:
                lines.append(line)
                if "ready" in line:
                    process.send_signal(send)
                    break
        try:
            out, errors = process.communicate(timeout=120)
        except subprocess.TimeoutExpired:
            process.kill()
            out, errors = process.communicate()
            pytest.fail(f"it hangs: {''.join(lines)}{out}\n{errors}")
        lines += out.splitlines()
        return Ran(process.pid, process.returncode, errors, [json.loads(line) for line in lines])

    return runner
