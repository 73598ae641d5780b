"""What an app does while something of ours fails: the usual calls, and the usual ways to end them."""

from __future__ import annotations

from . import wire
from .app import App, given


async def plain(app: App) -> None:
    app.saw(await app.ask())


async def embeddings(app: App) -> None:
    app.saw(await given(app.client.embeddings.create(**wire.REQUESTS["embeddings"])))


async def drained(app: App) -> None:
    await app.read(await app.start())


async def left(app: App) -> None:
    stream = await app.start()
    await app.read(stream, 1)
    await app.close(stream)


async def dropped(app: App) -> None:
    stream = await app.start()
    await app.read(stream, 1)
    del stream
    await app.settle()


async def unread(app: App) -> None:
    app.saw(type(await app.start()))


async def broken_off(app: App) -> None:
    app.server.after(2, wire.ERROR_EVENT)
    await app.fails(app.read(await app.start()))


async def raw_parsed(app: App) -> None:
    response = await given(app.resource.with_raw_response.create(**wire.REQUESTS["chat"]))
    app.saw(response.parse())
    assert response.parse() is response.parse()


async def raw_stream(app: App) -> None:
    response = await given(app.resource.with_raw_response.create(**wire.REQUESTS["chat"], stream=True))
    await app.read(response.parse())


async def streaming(app: App) -> None:
    async with app.within(app.resource.with_streaming_response.create(**wire.REQUESTS["chat"])) as response:
        app.saw(await given(response.parse()))


async def refused(app: App) -> None:
    app.server.refusals = [(400, b'{"error": {"message": "no"}}')]
    await app.fails(app.ask())


SCRIPTS = (
    plain,
    embeddings,
    drained,
    left,
    dropped,
    unread,
    broken_off,
    raw_parsed,
    raw_stream,
    streaming,
    refused,
)
