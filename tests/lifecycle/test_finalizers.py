"""Calls that a garbage collection ends: inside of it nothing is recorded, because recording takes locks."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor

import gossamer.call
from gossamer import finalizers
from gossamer.metrics import Metrics
from gossamer.testing import Telemetry, capture

from .app import APPS, App, given
from .scenario import INFERENCE_DURATION, quiet
from .server import Server
from .wire import REQUESTS

OPEN: dict[str, Callable[[App], Coroutine[Any, Any, Any]]] = {}


def opened(function: Callable[[App], Coroutine[Any, Any, Any]]) -> Callable[[App], Coroutine[Any, Any, Any]]:
    """A call that is not over; the app holds what it gives."""
    OPEN[function.__name__] = function
    return function


@opened
async def half_read(app: App) -> Any:
    stream = await app.start()
    await app.read(stream, 1)
    await app.settle()
    return stream


@opened
async def unread(app: App) -> Any:
    return await app.start()


@opened
async def raw_unparsed(app: App) -> Any:
    return await given(app.resource.with_raw_response.create(**REQUESTS["chat"]))


@opened
async def raw_stream_unparsed(app: App) -> Any:
    return await given(app.resource.with_raw_response.create(**REQUESTS["chat"], stream=True))


@opened
async def raw_stream_half_read(app: App) -> Any:
    stream = (await raw_stream_unparsed(app)).parse()
    await app.read(stream, 1)
    await app.settle()
    return stream


@pytest.fixture(params=OPEN)
def left_open(request: pytest.FixtureRequest) -> Callable[[App], Coroutine[Any, Any, Any]]:
    return OPEN[request.param]


async def leave_to_the_collector(app: App, left_open: Callable[[App], Coroutine[Any, Any, Any]]) -> None:
    cycle = [await left_open(app)]
    cycle.append(cycle)


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
    left_open: Callable[[App], Coroutine[Any, Any, Any]],
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
    telemetry: Telemetry, no_collection: None, left_open: Callable[[App], Coroutine[Any, Any, Any]]
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
    monkeypatch: pytest.MonkeyPatch, no_collection: None, left_open: Callable[[App], Coroutine[Any, Any, Any]]
) -> None:
    """Recording in a finalizer hangs a process: the collector comes while the lock of a histogram is held."""
    for name, module in list(sys.modules.items()):
        if name.startswith("opentelemetry.sdk") and getattr(module, "Lock", None) is threading.Lock:
            monkeypatch.setattr(module, "Lock", CollectingLock)
    monkeypatch.setattr(CollectingLock, "deadlocks", 0)
    monkeypatch.setattr(CollectingLock, "taken", 0)
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


@pytest.mark.parametrize("recorder", ["the next request", "uninstrument()"])
def test_what_was_put_aside_is_recorded_by(telemetry: Telemetry, no_collection: None, recorder: str) -> None:
    async def script(app: App) -> None:
        await leave_to_the_collector(app, half_read)
        gc.collect()
        assert telemetry.exporter.get_finished_spans() == ()
        if recorder == "the next request":
            await app.start()
            assert len(telemetry.exporter.get_finished_spans()) == 2  # and this one, dropped unread
        else:
            gossamer.OpenAIInstrumentor().uninstrument()
            assert len(telemetry.exporter.get_finished_spans()) == 1

    with quiet():
        APPS["sync"](Server(), "chat", telemetry).run(script)


def test_l2_a_stream_outlives_uninstrument(telemetry: Telemetry, kind: str) -> None:
    async def script(app: App) -> None:
        stream = await app.start()
        await app.read(stream, 1)
        gossamer.OpenAIInstrumentor().uninstrument()
        await app.ask()
        await app.read(stream)
        app.over()

    with quiet():
        APPS[kind](Server(), "chat", telemetry).run(script)
    (span,) = telemetry.spans
    assert span["attributes"]["gossamer.stream.outcome"] == "completed"


AT_EXIT = """
import asyncio, gc, logging, sys
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter
from gossamer import OpenAIInstrumentor
from lifecycle.app import APPS
from lifecycle.server import Server
from lifecycle.test_finalizers import OPEN

logging.getLogger("asyncio").setLevel(logging.ERROR)  # its debug mode complains of a busy machine

class Exporter(SpanExporter):
    def export(self, spans):
        print(*[span.attributes.get("gossamer.stream.outcome") for span in spans], flush=True)

provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(Exporter()))
OpenAIInstrumentor().instrument(tracer_provider=provider)
kept = []

async def script(app):
    for left_open in OPEN.values():
        kept.append(await left_open(app))
    cycle = [await app.start()]
    cycle.append(cycle)
    del cycle
    gc.collect()  # put aside: the exit records it

for kind in ("sync", "async"):
    app = APPS[kind](Server(), "chat", None)
    app.run(script)
    assert not app.noise, app.noise
print("exit", flush=True)
"""


def test_l7_at_the_exit_of_the_interpreter_nothing_is_said() -> None:
    """With streams still open in a global, and one that a collection has ended."""
    folder = Path(__file__).parent.parent
    program = f"import sys; sys.path.insert(0, {str(folder)!r})\n{AT_EXIT}"
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", program],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stderr == ""
    assert done.returncode == 0
    before, after = done.stdout.split("exit")
    ended = (before + after).split()
    assert len(ended) == 2 * (len(OPEN) + 1)
    assert set(ended) == {"abandoned", "None"}  # a raw response that is not streamed has no outcome
    assert "abandoned" in after
