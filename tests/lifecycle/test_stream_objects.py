"""What the app holds is what the SDK made."""

from __future__ import annotations

import itertools

import openai

from .app import App
from .scenario import Scenario, play


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
