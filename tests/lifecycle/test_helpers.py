"""The SDK's helper streams, which close the HTTP response and not the Stream."""

from __future__ import annotations

from typing import Any

import pytest

from . import wire
from .app import App, given
from .scenario import COLLECTORS, Scenario, Table, play
from .server import CONNECTION_DROPPED, raising

HELPERS = Table()


def helper(app: App) -> Any:
    """`client.chat.completions.stream(...)` or `client.responses.stream(...)`, as a `with` block."""
    resource = app.resource if hasattr(app.resource, "stream") else app.client.beta.chat.completions
    return app.within(resource.stream(**wire.REQUESTS[app.api]))


@HELPERS.row("read", outcome="completed", usage=True)
async def read(app: App) -> None:
    async with helper(app) as stream:
        app.running()
        await app.read(stream)
        app.over()


@HELPERS.row("final-answer", outcome="completed", usage=True)
async def final_answer(app: App) -> None:
    async with helper(app) as stream:
        await app.read(stream, 1)
        name = "get_final_completion" if app.api == "chat" else "get_final_response"
        app.saw(await given(getattr(stream, name)()))
        app.over()


@HELPERS.row("until-done", outcome="completed", usage=True)
async def until_done(app: App) -> None:
    async with helper(app) as stream:
        await app.read(stream, 1)
        await given(stream.until_done())
        app.over()


@HELPERS.row("left-early", outcome="closed")
async def left_early(app: App) -> None:
    async with helper(app) as stream:
        await app.read(stream, 1)
        app.running()
    app.over()
    assert app.server.bodies[0].closed == 1


@HELPERS.row("left-by-exception", outcome="closed")
async def left_by_exception(app: App) -> None:
    async def work() -> None:
        async with helper(app) as stream:
            await app.read(stream, 1, then=raising(KeyError, "of the app"))

    await app.fails(work())
    app.over()


@HELPERS.row("nothing-read", outcome="closed")
async def nothing_read(app: App) -> None:
    async with helper(app):
        app.running()
    app.over()


@HELPERS.row("closed", outcome="closed")
async def closed(app: App) -> None:
    async with helper(app) as stream:
        await app.read(stream, 1)
        await given(stream.close())
        app.over()


@HELPERS.row("connection-dropped", outcome="failed")
async def connection_dropped(app: App) -> None:
    app.server.after(3, CONNECTION_DROPPED)

    async def work() -> None:
        async with helper(app) as stream:
            await app.read(stream)

    await app.fails(work())
    app.over()


@HELPERS.row("error-event", outcome="failed")
async def error_event(app: App) -> None:
    app.server.after(3, wire.ERROR_EVENT)

    async def work() -> None:
        async with helper(app) as stream:
            await app.read(stream)

    await app.fails(work())
    app.over()


@pytest.fixture(params=["S10-chat", "S11-responses"])
def helped(request: pytest.FixtureRequest) -> str:
    """Each API that has a helper stream in this release."""
    api = str(request.param).partition("-")[2]
    if api == "responses" and not wire.HAS_RESPONSES_STREAM:
        pytest.skip("this release of the SDK has no client.responses.stream()")
    if api == "chat" and not wire.HAS_CHAT_STREAM:
        pytest.skip("this release of the SDK has no chat.completions.stream()")
    return api


@pytest.mark.parametrize("collector", COLLECTORS)
@pytest.mark.parametrize("scenario", HELPERS.rows, ids=str)
def test_helper(scenario: Scenario, helped: str, kind: str, collector: str) -> None:
    play(scenario, helped, kind, collector)
