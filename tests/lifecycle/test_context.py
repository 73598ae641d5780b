"""Which span is current where, and whose child a call is."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest
from opentelemetry import trace

from gossamer.testing import Telemetry

from .app import APPS, App, AsyncApp, Script, SyncApp, given
from .scenario import FIRST_CHUNK, INFERENCE_DURATION, collecting, quiet
from .server import READ_TIMEOUT, Server
from .wire import REQUESTS

MANY = 100


@pytest.fixture
def run_app(telemetry: Telemetry, kind: str) -> Callable[[Script], App]:
    """Run a chat app with a span of its own around all that it does."""

    def run_app(script: Script) -> App:
        app = APPS[kind](Server(), "chat", telemetry)

        async def around(app: App) -> None:
            with tracer(telemetry).start_as_current_span("app"):
                await script(app)

        with quiet(), collecting("off"):
            app.run(around)
        assert app.noise == []
        return app

    return run_app


def tracer(telemetry: Telemetry) -> trace.Tracer:
    return telemetry.tracer_provider.get_tracer("app")


def spans(telemetry: Telemetry, name: str) -> list[dict[str, Any]]:
    """The recorded spans whose name begins so."""
    return [span for span in telemetry.spans if span["name"].startswith(name)]


def current() -> int:
    """The id of the current span."""
    return trace.get_current_span().get_span_context().span_id


def test_m8_the_call_is_current_while_its_request_is_made(
    run_app: Callable[[Script], App], telemetry: Telemetry
) -> None:
    during: list[int] = []

    async def script(app: App) -> None:
        def on_request(request: Any) -> None:
            # What an instrumentation of the HTTP client does.
            with tracer(telemetry).start_as_current_span("POST"):
                during.append(current())

        app.server.on_request = on_request
        await app.ask()
        await app.read(await app.start())

    run_app(script)
    calls, posts = spans(telemetry, "chat"), spans(telemetry, "POST")
    assert [span["span_id"] for span in posts] == during
    assert [span["parent_id"] for span in posts] == [span["span_id"] for span in calls]
    (around,) = spans(telemetry, "app")
    assert [span["parent_id"] for span in calls] == [around["span_id"]] * 2


def test_s13_the_callers_span_is_current_again(
    run_app: Callable[[Script], App], telemetry: Telemetry
) -> None:
    async def script(app: App) -> None:
        caller = current()

        def check() -> None:
            assert current() == caller
            with tracer(telemetry).start_as_current_span("in the app"):
                pass

        await app.ask()
        check()
        stream = await app.start()
        check()
        await app.read(stream, 1, then=check)
        check()
        await app.read(stream, then=check)
        check()
        stream = await app.start()
        await app.read(stream, 1)
        del stream  # abandoned
        check()
        await app.settle()
        check()
        async with app.within(await app.start()) as stream:
            await app.read(stream, 1)
            check()
        check()
        app.server.refusals = [(400, b"{}")]
        await app.fails(app.ask())
        check()
        app.server.on_request = lambda request: READ_TIMEOUT()
        await app.fails(app.start())
        check()

    run_app(script)
    (around,) = spans(telemetry, "app")
    assert {span["parent_id"] for span in spans(telemetry, "in the app")} == {around["span_id"]}
    assert {span["parent_id"] for span in spans(telemetry, "chat")} == {around["span_id"]}


def test_s13_each_chunk_is_read_in_the_callers_context(
    run_app: Callable[[Script], App], telemetry: Telemetry
) -> None:
    seen: list[int] = []

    async def script(app: App) -> None:
        def look() -> bytes:
            seen.append(current())
            return b": nothing\n\n"

        for place in (0, 2, 4):
            app.server.after(place, look)
        stream = await app.start()
        with tracer(telemetry).start_as_current_span("reader"):
            await app.read(stream)

    run_app(script)
    (reader,) = spans(telemetry, "reader")
    assert seen == [reader["span_id"]] * 3


def test_s14_read_elsewhere_the_parent_stays(run_app: Callable[[Script], App], telemetry: Telemetry) -> None:
    async def script(app: App) -> None:
        stream = await app.start()

        async def read() -> None:
            with tracer(telemetry).start_as_current_span("elsewhere"):
                await app.read(stream)

        await app.elsewhere(read)

    run_app(script)
    (around,), (call,) = spans(telemetry, "app"), spans(telemetry, "chat")
    assert call["parent_id"] == around["span_id"]
    assert call["trace_id"] == around["trace_id"]
    metrics = telemetry.metrics
    for name in (INFERENCE_DURATION, FIRST_CHUNK):
        (point,) = metrics[name]
        (exemplar,) = point["exemplars"]
        assert (exemplar.trace_id, exemplar.span_id) == (call["trace_id"], call["span_id"])


@pytest.mark.parametrize("how", ["drained", "closed", "dropped", "dropped unread", "plain"])
def test_exemplars_name_the_call(run_app: Callable[[Script], App], telemetry: Telemetry, how: str) -> None:
    async def script(app: App) -> None:
        if how == "plain":
            await app.ask()
            return
        stream = await app.start()
        if how != "dropped unread":
            await app.read(stream, -1 if how == "drained" else 1)
        if how == "closed":
            await app.close(stream)
        with tracer(telemetry).start_as_current_span("another"):
            del stream
            await app.settle()

    run_app(script)
    (call,) = spans(telemetry, "chat")
    (point,) = telemetry.metrics[INFERENCE_DURATION]
    assert [exemplar.span_id for exemplar in point["exemplars"]] == [call["span_id"]]


def test_a4_a_hundred_tasks(telemetry: Telemetry) -> None:
    app = AsyncApp(Server(), "chat", telemetry)
    expected: dict[int, int] = {}

    async def one(number: int) -> None:
        with tracer(telemetry).start_as_current_span(f"task {number}") as span:
            await asyncio.sleep(0)
            options = {"stream": True} if number % 2 else {}
            answer = await given(app.resource.create(**REQUESTS["chat"], seed=number, **options))
            await asyncio.sleep(0)
            if number % 2:
                await app.read(answer)
            expected[number] = span.get_span_context().span_id

    async def script(app: App) -> None:
        app.server.on_request = lambda request: asyncio.sleep(0)
        await asyncio.gather(*map(one, range(MANY)))

    with quiet():
        app.run(script)
    found = {
        span["attributes"]["gen_ai.request.seed"]: span["parent_id"] for span in spans(telemetry, "chat")
    }
    assert found == expected
    assert len(spans(telemetry, "chat")) == MANY


def test_a4_many_threads(telemetry: Telemetry) -> None:
    app = SyncApp(Server(), "chat", telemetry)
    expected: dict[int, int] = {}
    together = threading.Barrier(8)

    def one(first: int) -> None:
        together.wait(5)
        for number in range(first, MANY, 8):
            with tracer(telemetry).start_as_current_span(f"thread {number}") as span:
                options = {"stream": True} if number % 2 else {}
                answer = app.client.chat.completions.create(**REQUESTS["chat"], seed=number, **options)
                if number % 2:
                    list(answer)
                expected[number] = span.get_span_context().span_id

    threads = [threading.Thread(target=one, args=(first,)) for first in range(8)]
    with quiet():
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    app.client.close()
    found = {
        span["attributes"]["gen_ai.request.seed"]: span["parent_id"] for span in spans(telemetry, "chat")
    }
    assert found == expected
    (point, *others) = telemetry.metrics[INFERENCE_DURATION]
    assert (point["count"], others) == (MANY, [])
