"""Metric points that are recorded some calls at a time, and before every collection.

A histogram point costs the SDK 12 µs when the processor has its code at hand and more than twice that
between two answers, whose parsing has emptied the caches. The points of 16 calls in a row cost the former.
No lock is waited for on the way of a call: whoever finds the lock taken leaves its points to its holder.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections import deque
from typing import TYPE_CHECKING, Final

from gossamer.errors import swallow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from opentelemetry.metrics import CallbackOptions, Meter, Observation

#: Calls whose points are recorded together. Few enough that the one call that pays for all, pays less than
#: a millisecond.
BATCH: Final = 16

#: All that exist: what waits in the parent at a fork is the parent's, and so is the lock.
_backlogs: weakref.WeakSet[Backlog] = weakref.WeakSet()


def _start_anew() -> None:
    for backlog in _backlogs:
        backlog.start_anew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_anew)


class Backlog:
    """What waits to be recorded on the instruments of one meter."""

    def __init__(self, meter: Meter) -> None:
        self.start_anew()
        _backlogs.add(self)
        # Readers ask it before they look at any other instrument. Without values, it is never exported.
        meter.create_observable_counter(
            "gossamer.backlog",
            callbacks=[self._on_collection],
            description="Has no values: tells Gossamer that a reader collects.",
        )

    def start_anew(self) -> None:
        """Have nothing to record, and a lock that nobody holds."""
        self._waiting: deque[Callable[[], None]] = deque()
        self._recording = threading.Lock()

    def add(self, record: Callable[[], None]) -> None:
        """Take what records the points of one call."""
        self._waiting.append(record)
        if len(self._waiting) >= BATCH:
            self._record(patience=0)

    def settle(self) -> None:
        """Record all that waits, unless this very thread is at it."""
        # Bounded: a signal handler that exports could meet its own thread in here.
        self._record(patience=0.1)

    def _record(self, patience: float) -> None:
        held = False
        try:
            held = self._recording.acquire(timeout=patience)
            for _ in range(len(self._waiting) if held else 0):  # what others add meanwhile is theirs
                record = self._waiting.popleft()
                try:
                    record()
                except Exception as error:
                    swallow(error)
        finally:
            if held:
                self._recording.release()

    def _on_collection(self, _: CallbackOptions) -> Iterable[Observation]:
        self.settle()
        return ()


def settle_all() -> None:
    """Record what waits anywhere."""
    for backlog in list(_backlogs):
        backlog.settle()
