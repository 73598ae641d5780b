"""The comparison: the same streamed calls untraced, traced by hand, and traced by Gossamer.

Each has a process of its own and they take turns, so that what else the machine does hits all alike,
and CPU time is compared. `gossamer bench` does this thoroughly; here it is a matter of seconds.
"""

from __future__ import annotations

import subprocess
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

from gossamer.cli.demo.process import clean_environment, python_module

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["CHUNKS", "Result", "race"]

CHUNKS = 100
_CALLS = 5  # a round
_ROUNDS = 25


@dataclass(frozen=True)
class Result:
    """CPU seconds of one call."""

    bare: float
    by_hand: float
    traced: float


def race() -> Result:
    """Run the rounds; the least disturbed one of each runner counts."""
    with ExitStack() as stack:
        runners = [stack.enter_context(_Runner(name)) for name in ("bare", "by-hand", "traced")]
        rounds: list[list[float]] = [[] for _ in runners]
        for number in range(_ROUNDS):
            for turn in range(len(runners)):
                index = (number + turn) % len(runners)
                rounds[index].append(runners[index].round())
    return Result(*(min(times) / _CALLS for times in rounds))


@final
class _Runner:
    """A process that makes a round of calls whenever it is asked to."""

    def __init__(self, name: str) -> None:
        self._process = subprocess.Popen(
            python_module("gossamer.cli.demo.runner", name, str(_CALLS), str(CHUNKS)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=clean_environment(),
        )

    def __enter__(self) -> _Runner:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            self._process.communicate(timeout=10)  # the end of its input ends it
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()

    def round(self) -> float:
        """Give the CPU seconds of one round."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("go\n")
        self._process.stdin.flush()
        seconds = self._process.stdout.readline()
        if not seconds:
            raise RuntimeError("a process of the comparison ended early; what it said is above")
        return float(seconds)
