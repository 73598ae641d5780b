"""Calls that a garbage collection ends: inside of it nothing is recorded, because recording takes locks."""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor

import gossamer.call
from gossamer import backlog, finalizers
from gossamer.metrics import Metrics
from gossamer.testing import Telemetry, capture

from .app import APPS, App
from .left_open import OPEN, Open, leave_to_the_collector, unread
from .scenario import INFERENCE_DURATION, quiet
from .server import Server


@pytest.fixture(params=OPEN)
def left_open(request: pytest.FixtureRequest) -> Open:
    return OPEN[request.param]


class Guarded(SpanProcessor):
    """A span processor and a histogram behind a lock that must be free."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.ended = 0

    @contextmanager
    def taken(self) -> Iterator[None]:
        # There is one thread: who cannot have the lock at once would wait for ever.
        assert self.lock.acquire(timeout=0), "deadlock"
        try:
            yield
        finally:
            self.lock.release()

    def on_end(self, span: ReadableSpan) -> None:
        with self.taken():
            self.ended += 1


@pytest.fixture
def guarded(telemetry: Telemetry, monkeypatch: pytest.MonkeyPatch) -> Guarded:
    guarded = Guarded()
    telemetry.tracer_provider.add_span_processor(guarded)
    record = Metrics.record

    def record_with_lock(self: Metrics, *arguments: Any) -> None:
        with guarded.taken():
            record(self, *arguments)

    monkeypatch.setattr(Metrics, "record", record_with_lock)
    return guarded


def test_s28_a_collection_needs_no_lock(
    telemetry: Telemetry,
    no_collection: None,
    guarded: Guarded,
    kind: str,
    left_open: Open,
) -> None:
    async def script(app: App) -> None:
        await leave_to_the_collector(app, left_open)
        with guarded.lock:
            gc.collect()
            assert guarded.ended == 0
        await app.settle()
        finalizers.drain()
        assert guarded.ended == 1

    with quiet():
        app = APPS[kind](Server(), "chat", telemetry)
        app.run(script)
    assert app.noise == []
    (point,) = telemetry.metrics[INFERENCE_DURATION]
    assert point["count"] == 1


def test_s28_a_collection_runs_nothing_but_our_few_lines(
    telemetry: Telemetry, no_collection: None, left_open: Open
) -> None:
    ran: set[str] = set()

    def profile(frame: FrameType, event: str, _: Any) -> None:
        if event == "call":
            ran.add(str(frame.f_globals.get("__name__")))

    async def script(app: App) -> None:
        await leave_to_the_collector(app, left_open)
        sys.setprofile(profile)
        gc.collect()
        sys.setprofile(None)

    with quiet():
        APPS["sync"](Server(), "chat", telemetry).run(script)
    assert {name for name in ran if name.startswith("gossamer")} >= {"gossamer.call", "gossamer.finalizers"}
    assert not {name for name in ran if name.startswith(("opentelemetry", "logging", "threading"))}


class CollectingLock:
    """A lock in which a collection begins, each time that it is taken."""

    deadlocks = 0
    taken = 0

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        if not self._lock.acquire(timeout=0):
            CollectingLock.deadlocks += 1
            raise RuntimeError("deadlock")
        CollectingLock.taken += 1
        gc.collect()
        return True

    def release(self) -> None:
        self._lock.release()

    def __enter__(self) -> None:
        self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()


def test_s28_a_collection_inside_each_lock_of_the_opentelemetry_sdk(
    monkeypatch: pytest.MonkeyPatch, no_collection: None, left_open: Open
) -> None:
    """Recording in a finalizer hangs a process: the collector comes while the lock of a histogram is held."""
    for name, module in list(sys.modules.items()):
        if name.startswith("opentelemetry.sdk") and getattr(module, "Lock", None) is threading.Lock:
            monkeypatch.setattr(module, "Lock", CollectingLock)
    monkeypatch.setattr(CollectingLock, "deadlocks", 0)
    monkeypatch.setattr(CollectingLock, "taken", 0)
    monkeypatch.setattr(backlog, "BATCH", 1)  # so that each call takes the locks of the histograms
    calls = 3

    async def script(app: App) -> None:
        for _ in range(calls):
            await leave_to_the_collector(app, left_open)
            app.saw(await app.ask())

    with quiet(), capture() as telemetry:
        APPS["sync"](Server(), "chat", telemetry).run(script)
        assert len(telemetry.spans) == 2 * calls
        assert sum(point["count"] for point in telemetry.metrics[INFERENCE_DURATION]) == 2 * calls
    assert CollectingLock.taken > calls
    assert CollectingLock.deadlocks == 0


def test_the_end_is_when_it_was_collected_and_not_when_it_was_recorded(
    telemetry: Telemetry, no_collection: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [10**9]
    monkeypatch.setattr(gossamer.call, "perf_counter_ns", lambda: clock[0])

    async def script(app: App) -> None:
        await leave_to_the_collector(app, unread)
        clock[0] += 2 * 10**9
        gc.collect()
        clock[0] += 5 * 10**9

    APPS["sync"](Server(), "chat", telemetry).run(script)
    (span,) = telemetry.spans
    assert span["seconds"] == 2
