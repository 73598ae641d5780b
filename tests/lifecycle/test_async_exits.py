"""Ways out that only the async client has: cancellation, other tasks, and closed coroutines."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import openai
import pytest

from . import wire
from .app import App
from .scenario import COLLECTORS, Scenario, Table, play
from .server import HANG, raising

CANCELLED = "asyncio.exceptions.CancelledError"
EXITS, CALLS = Table(), Table()


async def reach(app: App, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
    """Start a task, and let it run until it waits."""
    task = asyncio.create_task(work)
    await app.settle()
    assert not task.done()
    return task


async def cancel(task: asyncio.Task[Any]) -> None:
    task.cancel()
    await task


# --- cancelled


@EXITS.row("A2-cancelled-while-waiting-for-a-chunk", outcome="cancelled")
async def cancelled_while_waiting_for_a_chunk(app: App) -> None:
    app.server.after(2, HANG)
    task = await reach(app, app.read(await app.start()))
    app.running()
    await app.fails(cancel(task))
    app.over()


@EXITS.row("A2-cancelled-before-the-first-chunk", outcome="cancelled")
async def cancelled_before_the_first_chunk(app: App) -> None:
    app.server.after(0, HANG)
    task = await reach(app, app.read(await app.start()))
    app.running()
    await app.fails(cancel(task))
    app.over()


@EXITS.row("A2-wait-for-timed-out", outcome="cancelled")
async def wait_for_timed_out(app: App) -> None:
    app.server.after(2, HANG)
    stream = await app.start()
    error = await app.fails(asyncio.wait_for(app.read(stream), 0.005))
    assert isinstance(error, asyncio.TimeoutError)
    app.over()


@EXITS.row("A2-cancelled-in-user-code", outcome="abandoned")
async def cancelled_in_user_code(app: App) -> None:
    async def work() -> None:
        await app.read(await app.start(), 1, then=lambda: asyncio.Event().wait())

    task = await reach(app, work())
    app.running()
    await app.fails(cancel(task))
    del task
    await app.settle()
    app.over()


@EXITS.row("A2-cancelled-inside-with", outcome="cancelled")
async def cancelled_inside_with(app: App) -> None:
    async def work() -> None:
        async with app.within(await app.start()) as stream:
            await app.read(stream, 1, then=lambda: asyncio.Event().wait())

    task = await reach(app, work())
    await app.fails(cancel(task))
    app.over()


@EXITS.row("A1-stream-cancelled-before-the-answer", outcome="cancelled")
async def stream_cancelled_before_the_answer(app: App) -> None:
    app.server.on_request = lambda request: asyncio.Event().wait()
    task = await reach(app, app.start())
    app.running()
    await app.fails(cancel(task))
    app.over()


# --- a generator of the app around the stream, as a web handler is


async def forward(app: App) -> AsyncIterator[None]:
    async for chunk in await app.start():
        app.saw_chunk(chunk)
        yield


@EXITS.row("S27-handler-closed", outcome="abandoned")
async def handler_closed(app: App) -> None:
    handler = forward(app)
    await handler.__anext__()
    app.running()
    await handler.aclose()  # type: ignore[attr-defined]
    await app.settle()
    app.over()


@EXITS.row("S27-client-gone-while-waiting", outcome="cancelled")
async def client_gone_while_waiting(app: App) -> None:
    app.server.after(2, HANG)

    async def handle() -> None:
        async for _ in forward(app):
            pass

    task = await reach(app, handle())
    await app.fails(cancel(task))
    app.over()


@EXITS.row("A3-generator-exit-thrown-in", outcome="abandoned")
async def generator_exit_thrown_in(app: App) -> None:
    app.server.after(2, raising(GeneratorExit))
    await app.fails(app.read(await app.start()))
    app.over()


# --- another task


@EXITS.row("S14-closed-elsewhere-while-reading", outcome="failed")
async def closed_elsewhere_while_reading(app: App) -> None:
    app.server.after(2, HANG)
    stream = await app.start()
    task = await reach(app, app.read(stream))
    await app.close(stream.response)

    async def outcome() -> None:
        await task

    await app.fails(outcome())
    app.over()


@EXITS.row("S14-iterator-closed-elsewhere-while-reading", outcome="cancelled")
async def iterator_closed_elsewhere_while_reading(app: App) -> None:
    app.server.after(2, HANG)
    stream = await app.start()
    task = await reach(app, app.read(stream))
    error = await app.fails(stream._iterator.aclose())
    assert "already running" in str(error)
    app.running()
    await app.fails(cancel(task))
    app.over()


@EXITS.row("S14-iterator-closed-elsewhere", outcome="abandoned")
async def iterator_closed_elsewhere(app: App) -> None:
    stream = await app.start()
    await app.read(stream, 1)
    await app.elsewhere(stream._iterator.aclose)
    app.over()
    await app.settle()
    app.saw(app.server.bodies[0].closed)


@EXITS.row("S29-anext-until-the-last-text", outcome="abandoned")
async def loop_ends_right_after_the_drop(app: App) -> None:
    await app.read(await app.start(), 3)  # the loop has no turn left to close what is dropped here


@pytest.mark.parametrize("collector", COLLECTORS)
@pytest.mark.parametrize("scenario", EXITS.rows, ids=str)
def test_exit(scenario: Scenario, api: str, collector: str) -> None:
    play(scenario, api, "async", collector)


# --- a call that is not streamed


@CALLS.row("A1-cancelled", error=CANCELLED)
async def cancelled(app: App) -> None:
    app.server.on_request = lambda request: asyncio.Event().wait()
    task = await reach(app, app.ask())
    app.running()
    await app.fails(cancel(task))
    app.over()


@CALLS.row("A1-wait-for-timed-out", error=CANCELLED)
async def call_timed_out(app: App) -> None:
    app.server.on_request = lambda request: asyncio.Event().wait()
    error = await app.fails(asyncio.wait_for(app.ask(), 0.005))
    assert isinstance(error, asyncio.TimeoutError)
    app.over()


@CALLS.row("A3-coroutine-closed-in-another-context")
async def coroutine_closed_in_another_context(app: App) -> None:
    app.server.on_request = lambda request: asyncio.Event().wait()
    coroutine = app.ask()
    contextvars.copy_context().run(coroutine.send, None)
    app.running()
    coroutine.close()
    app.over()


@CALLS.row("A3-coroutine-dropped")
async def coroutine_dropped(app: App) -> None:
    app.server.on_request = lambda request: asyncio.Event().wait()
    coroutine = app.ask()
    contextvars.copy_context().run(coroutine.send, None)
    del coroutine
    app.over()


@pytest.mark.parametrize("collector", COLLECTORS)
@pytest.mark.parametrize("api", ["chat", "embeddings"])
@pytest.mark.parametrize("scenario", CALLS.rows, ids=str)
def test_call(scenario: Scenario, api: str, collector: str) -> None:
    play(scenario, api, "async", collector)


# --- what the hook gives back


def test_a5_what_comes_back_is_what_the_sdk_gives(api: str) -> None:
    async def script(app: App) -> None:
        coroutine = app.resource.create(**wire.REQUESTS[app.api], stream=True)
        app.saw(type(coroutine))
        stream = await coroutine
        assert type(stream) is openai.AsyncStream
        await app.read(stream)

    play(Scenario("A5", script, "completed", usage=True, error=None), api, "async")


def test_a6_no_event_loop_is_started(api: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbid(name: str) -> Callable[..., Any]:
        def forbidden(*_: Any, **__: Any) -> Any:
            raise AssertionError(f"{name}() was called inside a running loop")

        return forbidden

    async def script(app: App) -> None:
        with monkeypatch.context() as patch:
            for name in ("run", "new_event_loop", "run_coroutine_threadsafe"):
                patch.setattr(asyncio, name, forbid(name))
            await app.read(await app.start())

    play(Scenario("A6", script, "completed", usage=True, error=None), api, "async")
