"""Streams that the other side, or an interrupt, breaks off: the same exception, and a span that tells it."""

from __future__ import annotations

import openai
import pytest

from . import wire
from .app import App
from .scenario import COLLECTORS, Scenario, Table, play
from .server import CONNECTION_DROPPED, READ_TIMEOUT, raising

STREAMS = Table()


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
def test_broken_off(scenario: Scenario, api: str, kind: str, collector: str) -> None:
    play(scenario, api, kind, collector)
