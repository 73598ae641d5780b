"""Every way out of a stream, on both clients: one span, one outcome, and at which moment."""

from __future__ import annotations

import gc

import pytest

from .app import App
from .scenario import COLLECTORS, Scenario, Table, play
from .server import raising

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


@STREAMS.row("A3-with-left-by-an-interrupt", outcome="cancelled")
async def with_left_by_an_interrupt(app: App) -> None:
    async def work() -> None:
        async with app.within(await app.start()) as stream:
            await app.read(stream, 1, then=raising(KeyboardInterrupt))

    await app.fails(work())
    app.over()


@STREAMS.row("A3-begun-and-closed-after-an-interrupt", outcome="closed")
async def begun_and_closed_after_an_interrupt(app: App) -> None:
    """A last word, say: nothing cancels this one."""
    try:
        raise KeyboardInterrupt
    except KeyboardInterrupt:
        async with app.within(await app.start()) as stream:
            await app.read(stream, 1)
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


@pytest.mark.parametrize("collector", COLLECTORS)
@pytest.mark.parametrize("scenario", STREAMS.rows, ids=str)
def test_stream(scenario: Scenario, api: str, kind: str, collector: str) -> None:
    play(scenario, api, kind, collector)
