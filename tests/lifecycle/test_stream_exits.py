"""Every way out of a stream, on both clients: one span, one outcome, and at which moment."""

from __future__ import annotations

import gc
import itertools

import openai
import pytest

from . import wire
from .app import App
from .scenario import COLLECTORS, Scenario, Table, play
from .server import CONNECTION_DROPPED, READ_TIMEOUT, raising

STREAMS = Table()


class AppError(Exception):
    """Raised by the app's own code."""


# --- to the end


@STREAMS.row("S1-drained", outcome="completed", usage=True)
async def drained(app: App) -> None:
    stream = await app.start()
    app.running()
    await app.read(stream)
    app.over()


@STREAMS.row("S1-iterated-twice", outcome="completed", usage=True)
async def iterated_twice(app: App) -> None:
    stream = await app.start()
    await app.read(stream)
    await app.read(stream)
    app.over()


@STREAMS.row("S3-break-and-resume", outcome="completed", usage=True)
async def break_and_resume(app: App) -> None:
    stream = await app.start()
    await app.read(stream, 1)
    await app.settle()
    app.running()
    await app.read(stream, 2)
    app.running()
    await app.read(stream)
    app.over()


@STREAMS.row("S4-with-drained", outcome="completed", usage=True)
async def with_drained(app: App) -> None:
    async with app.within(await app.start()) as stream:
        await app.read(stream)
        app.over()


@STREAMS.row("S7-drained-closed-collected", outcome="completed", usage=True)
async def drained_closed_collected(app: App) -> None:
    stream = await app.start()
    await app.read(stream)
    await app.close(stream.response)
    del stream
    gc.collect()
    app.over()


@STREAMS.row("S29-next-to-the-end", outcome="completed", usage=True)
async def next_to_the_end(app: App) -> None:
    stream = await app.start()
    while await app.next(stream):
        app.running()
    app.over()
    assert not await app.next(stream)


@STREAMS.row("S14-read-elsewhere", outcome="completed", usage=True)
async def read_elsewhere(app: App) -> None:
    stream = await app.start()
    await app.read(stream, 1)
    await app.elsewhere(app.read, stream)
    app.over()


@STREAMS.row("S20-cut-without-a-word", outcome="completed")
async def cut_without_a_word(app: App) -> None:
    app.server.cut(2)
    stream = await app.start()
    await app.read(stream)
    app.over()


@STREAMS.row("S20-empty", outcome="completed")
async def empty(app: App) -> None:
    app.server.cut(0)
    await app.read(await app.start())
    app.over()


# --- closed by the app


@STREAMS.row("S4-with-left-by-break", outcome="closed")
async def with_left_by_break(app: App) -> None:
    async with app.within(await app.start()) as stream:
        await app.read(stream, 2)
        app.running()
    app.over()


@STREAMS.row("S4-with-left-by-exception", outcome="closed")
async def with_left_by_exception(app: App) -> None:
    async def work() -> None:
        async with app.within(await app.start()) as stream:
            await app.read(stream, 1, then=raising(AppError))

    await app.fails(work())
    app.over()


@STREAMS.row("S4-with-nothing-read", outcome="closed")
async def with_nothing_read(app: App) -> None:
    async with app.within(await app.start()):
        app.running()
    app.over()


@STREAMS.row("S5-closed-before-the-first-chunk", outcome="closed")
async def closed_before_the_first_chunk(app: App) -> None:
    stream = await app.start()
    await app.close(stream)
    app.over()


@STREAMS.row("S5-closed-in-the-middle", outcome="closed")
async def closed_in_the_middle(app: App) -> None:
    stream = await app.start()
    await app.read(stream, 2)
    await app.close(stream)
    app.over()
    assert app.server.bodies[0].closed == 1


@STREAMS.row("S5-closed-twice", outcome="closed")
async def closed_twice(app: App) -> None:
    stream = await app.start()
    await app.read(stream, 2)
    await app.close(stream)
    await app.close(stream)
    app.over()
    del stream
    gc.collect()
    app.over()


@STREAMS.row("S5-response-closed", outcome="closed")
async def response_closed(app: App) -> None:
    stream = await app.start()
    await app.read(stream, 1)
    await app.close(stream.response)
    app.over()


@STREAMS.row("S14-closed-elsewhere", outcome="closed")
async def closed_elsewhere(app: App) -> None:
    stream = await app.start()
    await app.read(stream, 1)
    await app.elsewhere(app.close, stream)
    app.over()


# --- dropped by the app


@STREAMS.row("S2-break-and-drop", outcome="abandoned")
async def break_and_drop(app: App) -> None:
    stream = await app.start()
    await app.read(stream, 1)
    await app.settle()
    app.running()
    del stream
    await app.settle()
    app.over()


@STREAMS.row("S2-next-until-the-last-text", outcome="abandoned")
async def next_until_the_last_text(app: App) -> None:
    stream = await app.start()
    for _ in range(3):
        await app.next(stream)
    app.running()
    del stream
    await app.settle()
    app.over()


@STREAMS.row("S2-exception-in-the-loop", outcome="abandoned")
async def exception_in_the_loop(app: App) -> None:
    async def work() -> None:
        await app.read(await app.start(), 1, then=raising(AppError))

    await app.fails(work())
    await app.settle()
    app.over()


@STREAMS.row("S2-traceback-kept", outcome="abandoned")
async def traceback_kept(app: App) -> None:
    async def work() -> None:
        await app.read(await app.start(), 1, then=raising(AppError))

    error = await app.fails(work())
    await app.settle()
    app.running()  # the frames in it hold the stream
    del error
    await app.settle()
    app.over()


@STREAMS.row("S2-in-a-cycle", outcome="abandoned")
async def in_a_cycle(app: App) -> None:
    stream = await app.start()
    await app.read(stream, 1)
    cycle = [stream]
    cycle.append(cycle)
    app.running()
    del stream, cycle
    if not gc.isenabled():
        app.running()
    gc.collect()
    await app.settle()
    if app.telemetry is not None:
        assert len(app.telemetry.spans) == 1


@STREAMS.row("S6-never-iterated-dropped", outcome="abandoned")
async def never_iterated_dropped(app: App) -> None:
    stream = await app.start()
    app.running()
    del stream
    app.over()


@STREAMS.row("S6-never-iterated-in-a-cycle", outcome="abandoned")
async def never_iterated_in_a_cycle(app: App) -> None:
    cycle = [await app.start()]
    cycle.append(cycle)
    app.running()
    del cycle
    gc.collect()
    if app.telemetry is not None:
        assert len(app.telemetry.spans) == 1


@STREAMS.row("S14-dropped-elsewhere", outcome="abandoned")
async def dropped_elsewhere(app: App) -> None:
    stream = await app.start()
    await app.read(stream, 1)
    box = [stream]
    del stream

    async def drop() -> None:
        box.clear()

    await app.elsewhere(drop)
    await app.settle()
    app.over()


# --- broken off by the other side


@STREAMS.row("S20-connection-dropped", outcome="failed")
async def connection_dropped(app: App) -> None:
    app.server.after(2, CONNECTION_DROPPED)
    stream = await app.start()
    await app.fails(app.read(stream))
    app.over()


@STREAMS.row("S20-connection-dropped-at-once", outcome="failed")
async def connection_dropped_at_once(app: App) -> None:
    app.server.after(0, CONNECTION_DROPPED)
    await app.fails(app.read(await app.start()))
    app.over()


@STREAMS.row("S20-read-timeout", outcome="failed")
async def read_timeout(app: App) -> None:
    app.server.after(2, READ_TIMEOUT)
    stream = await app.start()
    await app.fails(app.read(stream))
    app.over()
    await app.close(stream.response)


@STREAMS.row("S21-error-event", outcome="failed")
async def error_event(app: App) -> None:
    app.server.after(2, wire.ERROR_EVENT)
    stream = await app.start()
    error = await app.fails(app.read(stream))
    assert isinstance(error, openai.APIError)
    app.over()


@STREAMS.row("S21-named-error-event", outcome="failed")
async def named_error_event(app: App) -> None:
    app.server.after(2, wire.NAMED_ERROR_EVENT)
    stream = await app.start()
    error = await app.fails(app.read(stream))
    assert isinstance(error, openai.APIError)
    app.over()


@STREAMS.row("S21-no-json", outcome="failed")
async def no_json(app: App) -> None:
    app.server.after(2, b"data: {no json\n\n")
    await app.fails(app.read(await app.start()))
    app.over()


@STREAMS.row("A3-interrupted-while-reading", outcome="cancelled")
async def interrupted_while_reading(app: App) -> None:
    app.server.after(2, raising(KeyboardInterrupt))
    await app.fails(app.read(await app.start()))
    app.over()


@pytest.mark.parametrize("collector", COLLECTORS)
@pytest.mark.parametrize("scenario", STREAMS.rows, ids=str)
def test_stream(scenario: Scenario, api: str, kind: str, collector: str) -> None:
    play(scenario, api, kind, collector)


async def read_by_itertools(app: App) -> None:
    stream = await app.start()
    for chunk in itertools.islice(stream, 2):
        app.saw_chunk(chunk)
    for chunk in list(stream):
        app.saw_chunk(chunk)


def test_read_by_itertools(api: str) -> None:
    play(Scenario("S29-itertools", read_by_itertools, "completed", usage=True, error=None), api, "sync")


def test_the_stream_is_the_one_of_the_sdk(api: str, kind: str) -> None:
    async def script(app: App) -> None:
        stream = await app.start()
        assert type(stream) is (openai.Stream if app.kind == "sync" else openai.AsyncStream)
        app.saw(sorted(vars(stream)))
        app.saw(type(stream._iterator))
        app.saw(sorted(stream.response.headers))
        app.saw(stream.response.status_code)
        await app.read(stream)
        app.saw(stream.response.is_closed)

    play(Scenario("S8", script, "completed", usage=True, error=None), api, kind)
