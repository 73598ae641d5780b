"""`with_raw_response` and `with_streaming_response`: parsed, read otherwise, or neither."""

from __future__ import annotations

import gc
from typing import Any

import openai
import pytest

from . import wire
from .app import App, given
from .scenario import COLLECTORS, Scenario, Table, play
from .server import CONNECTION_DROPPED, raising

CALLS, STREAMS = Table(), Table()


async def ask_raw(app: App, **options: Any) -> Any:
    response = await given(app.resource.with_raw_response.create(**wire.REQUESTS[app.api], **options))
    app.saw(type(response))
    app.saw(response.headers["x-request-id"])
    return response


def streaming(app: App, **options: Any) -> Any:
    return app.within(app.resource.with_streaming_response.create(**wire.REQUESTS[app.api], **options))


async def parse(app: App, response: Any, **options: Any) -> Any:
    answer = await given(response.parse(**options))
    app.saw(answer if not isinstance(answer, (openai.Stream, openai.AsyncStream)) else type(answer))
    return answer


# --- with_raw_response


@CALLS.row("R1-parsed", usage=True)
async def parsed(app: App) -> None:
    response = await ask_raw(app)
    app.running()  # the body is here, and the app will parse it
    await parse(app, response)
    app.over()


@CALLS.row("R4-parsed-twice", usage=True)
async def parsed_twice(app: App) -> None:
    response = await ask_raw(app)
    answer = await parse(app, response)
    assert await parse(app, response) is answer


@CALLS.row("R4-parsed-to-another-type", usage=True)
async def parsed_to_another_type(app: App) -> None:
    class Answer(openai.BaseModel):
        model: str

    response = await ask_raw(app)
    assert type(await parse(app, response, to=Answer)) is Answer
    await parse(app, response)
    await parse(app, response, to=Answer)
    app.over()


@CALLS.row("R1-never-parsed")
async def never_parsed(app: App) -> None:
    response = await ask_raw(app)
    app.saw(response.http_response.json())
    app.running()
    del response
    app.over()


@CALLS.row("R1-never-parsed-in-a-cycle")
async def never_parsed_in_a_cycle(app: App) -> None:
    cycle = [await ask_raw(app)]
    cycle.append(cycle)
    del cycle
    gc.collect()
    if app.telemetry is not None:
        assert len(app.telemetry.spans) == 1


@STREAMS.row("R2-parsed-and-read", outcome="completed", usage=True)
async def parsed_and_read(app: App) -> None:
    stream = await parse(app, await ask_raw(app, stream=True))
    app.running()
    await app.read(stream)
    app.over()


@STREAMS.row("R2-parsed-twice", outcome="completed", usage=True)
async def stream_parsed_twice(app: App) -> None:
    response = await ask_raw(app, stream=True)
    stream = await parse(app, response)
    await app.read(stream, 1)
    assert await parse(app, response) is stream
    await app.read(stream)
    app.over()


@STREAMS.row("R2-parsed-and-dropped", outcome="abandoned")
async def parsed_and_dropped(app: App) -> None:
    stream = await parse(app, await ask_raw(app, stream=True))
    await app.read(stream, 1)
    await app.settle()
    app.running()
    del stream
    await app.settle()
    app.over()


@STREAMS.row("R2-parsed-and-closed", outcome="closed")
async def parsed_and_closed(app: App) -> None:
    stream = await parse(app, await ask_raw(app, stream=True))
    await app.read(stream, 1)
    await app.close(stream)
    app.over()


@STREAMS.row("R2-never-parsed", outcome="abandoned")
async def stream_never_parsed(app: App) -> None:
    response = await ask_raw(app, stream=True)
    app.running()
    del response
    app.over()


@STREAMS.row("R2-connection-dropped", outcome="failed")
async def connection_dropped(app: App) -> None:
    app.server.after(2, CONNECTION_DROPPED)
    stream = await parse(app, await ask_raw(app, stream=True))
    await app.fails(app.read(stream))
    app.over()


@STREAMS.row("R2-read-by-a-hook", outcome="completed", usage=True)
async def stream_read_by_a_hook(app: App) -> None:
    read_in_a_hook(app)
    stream = await parse(app, await ask_raw(app, stream=True))
    app.running()
    await app.read(stream)
    app.over()


@STREAMS.row("R2-read-by-a-hook-and-dropped", outcome="abandoned")
async def stream_read_by_a_hook_and_dropped(app: App) -> None:
    read_in_a_hook(app)
    stream = await parse(app, await ask_raw(app, stream=True))
    await app.read(stream, 1)
    await app.settle()
    app.running()
    del stream
    await app.settle()
    app.over()


@STREAMS.row("R2-read-by-a-hook-and-never-parsed", outcome="completed")
async def stream_read_by_a_hook_and_never_parsed(app: App) -> None:
    read_in_a_hook(app)
    response = await ask_raw(app, stream=True)
    app.saw(response.http_response.text)
    app.running()  # parse() may still come
    del response
    app.over()


@STREAMS.row("R2-read-by-a-hook-with-an-error-in-it", outcome="failed")
async def stream_read_by_a_hook_with_an_error_in_it(app: App) -> None:
    read_in_a_hook(app)
    app.server.after(2, wire.ERROR_EVENT)
    stream = await parse(app, await ask_raw(app, stream=True))
    await app.fails(app.read(stream))
    app.over()


# --- with_streaming_response


@CALLS.row("R3-parsed", usage=True)
async def streaming_parsed(app: App) -> None:
    async with streaming(app) as response:
        app.running()
        answer = await parse(app, response)
        app.over()
        assert await parse(app, response) is answer


@CALLS.row("R3-read")
async def streaming_read(app: App) -> None:
    async with streaming(app) as response:
        app.saw(await given(response.read()))
        app.running()  # parse() may still come
    del response
    app.over()


@CALLS.row("R3-read-and-parsed", usage=True)
async def streaming_read_and_parsed(app: App) -> None:
    async with streaming(app) as response:
        app.saw(await given(response.read()))
        await parse(app, response)
    app.over()


@CALLS.row("R3-iter-bytes")
async def streaming_iter_bytes(app: App) -> None:
    async with streaming(app) as response:
        await read_pieces(app, response.iter_bytes())
    del response
    app.over()


@CALLS.row("R3-nothing-read")
async def streaming_nothing_read(app: App) -> None:
    async with streaming(app) as response:
        app.saw(response.status_code)
        app.running()
    app.over()


@CALLS.row("R3-left-by-exception")
async def streaming_left_by_exception(app: App) -> None:
    async def work() -> None:
        async with streaming(app):
            raising(KeyError, "of the app")()

    await app.fails(work())
    app.over()


@STREAMS.row("R3-parsed-and-read", outcome="completed", usage=True)
async def streaming_parsed_and_read(app: App) -> None:
    async with streaming(app, stream=True) as response:
        stream = await parse(app, response)
        await app.read(stream)
        app.over()


@STREAMS.row("R3-parsed-and-left", outcome="closed")
async def streaming_parsed_and_left(app: App) -> None:
    async with streaming(app, stream=True) as response:
        stream = await parse(app, response)
        await app.read(stream, 1)
        app.running()
    app.over()


@STREAMS.row("R3-read-by-a-hook", outcome="completed", usage=True)
async def streaming_read_by_a_hook(app: App) -> None:
    read_in_a_hook(app)
    async with streaming(app, stream=True) as response:
        stream = await parse(app, response)
        await app.read(stream)
        app.over()


@STREAMS.row("R3-iter-lines", outcome="completed")
async def streaming_iter_lines(app: App) -> None:
    async with streaming(app, stream=True) as response:
        await app.read(response.iter_lines())
        app.over()


@STREAMS.row("R3-iter-lines-left", outcome="closed")
async def streaming_iter_lines_left(app: App) -> None:
    async with streaming(app, stream=True) as response:
        await app.read(response.iter_lines(), 1)
    app.over()


@STREAMS.row("R3-left-by-an-interrupt", outcome="cancelled")
async def streaming_left_by_an_interrupt(app: App) -> None:
    async def work() -> None:
        async with streaming(app, stream=True) as response:
            await app.read(response.iter_lines(), 1, then=raising(KeyboardInterrupt))

    await app.fails(work())
    app.over()


@STREAMS.row("R3-nothing-read", outcome="closed")
async def streaming_nothing_read_of_a_stream(app: App) -> None:
    async with streaming(app, stream=True):
        app.running()
    app.over()


def read_in_a_hook(app: App) -> None:
    """Have each body read before the SDK sees it, as an app does that keeps a log of them."""

    def read(response: Any) -> None:
        response.read()

    async def aread(response: Any) -> None:
        await response.aread()

    app.client._client.event_hooks = {"response": [read if app.kind == "sync" else aread]}


async def read_pieces(app: App, pieces: Any) -> None:
    if app.kind == "sync":
        app.saw(list(pieces))
    else:
        app.saw([piece async for piece in pieces])


@pytest.mark.parametrize("collector", COLLECTORS)
@pytest.mark.parametrize("scenario", STREAMS.rows, ids=str)
def test_raw_stream(scenario: Scenario, api: str, kind: str, collector: str) -> None:
    play(scenario, api, kind, collector)


@pytest.mark.parametrize("collector", COLLECTORS)
@pytest.mark.parametrize("asked", ["chat", "completions", "responses", "embeddings"])
@pytest.mark.parametrize("scenario", CALLS.rows, ids=str)
def test_raw_call(scenario: Scenario, asked: str, kind: str, collector: str) -> None:
    if asked == "responses" and not wire.HAS_RESPONSES:
        pytest.skip("this release of the SDK has no client.responses")
    play(scenario, asked, kind, collector)
