"""Calls that are not over, each with what the app holds of it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from .app import App, given
from .wire import REQUESTS

#: Begins a call, and gives what the app holds of it.
Open = Callable[[App], Coroutine[Any, Any, Any]]

OPEN: dict[str, Open] = {}


def opened(function: Open) -> Open:
    """Add one."""
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


async def leave_to_the_collector(app: App, left_open: Open) -> None:
    """Put it into a reference cycle that nothing refers to."""
    cycle = [await left_open(app)]
    cycle.append(cycle)
