"""The taps: one text, so that what tests/lifecycle shows of one holds for the other; over any source."""

from __future__ import annotations

import asyncio
import gc
import inspect
import re
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, TypeVar

import openai
import pytest
from openai import _base_client

from gossamer import stream
from gossamer.cli.fake import mock_async_client, mock_client
from gossamer.testing import capture

OPTIONS = {"api_key": "sk-fake", "base_url": "https://llm.test/v1"}
CHAT: dict[str, Any] = {
    "model": "gpt-4o",
    "messages": [{"role": "user", "content": "How light is gossamer?"}],
}
T = TypeVar("T")


def body(function: Callable[..., Any]) -> str:
    """The statements of a function, without comments and without the word async."""
    text = "".join(inspect.getsourcelines(function)[0][1:])
    text = re.sub(r"[ \t]*#.*", "", text)
    return re.sub(r"\n\s*\n", "\n", text.replace("async for", "for")).strip()


def test_the_taps_differ_by_async_alone() -> None:
    assert body(stream._atap) == body(stream._tap)
    assert "except GeneratorExit" in body(stream._tap)


@pytest.mark.parametrize("read", ["all", "one"])
def test_a_tap_that_was_there_before_ours_stays_in_place_and_ends(
    monkeypatch: pytest.MonkeyPatch, read: str
) -> None:
    """Another instrumentation's, in a patch below ours."""
    request, log = _base_client.SyncAPIClient.request, []

    def tap(iterator: Iterator[Any]) -> Iterator[Any]:
        log.append("begun")
        try:
            yield from iterator
        finally:
            log.append("ended")

    def theirs(self: Any, cast_to: Any, options: Any, *, stream: bool = False, stream_cls: Any = None) -> Any:
        result = request(self, cast_to, options, stream=stream, stream_cls=stream_cls)
        result._iterator = tap(result._iterator)
        return result

    monkeypatch.setattr(_base_client.SyncAPIClient, "request", theirs)
    client = openai.OpenAI(http_client=mock_client(chunks=4), **OPTIONS)
    with capture() as telemetry:
        chunks = client.chat.completions.create(**CHAT, stream=True)
        assert next(chunks)
        if read == "all":
            assert len(list(chunks)) > 4
            assert log == ["begun", "ended"]
        chunks.close()
        del chunks
        gc.collect()  # a Stream of the SDK and its own iterator hold each other
        (span,) = telemetry.spans
        assert log == ["begun", "ended"]
    assert span["attributes"]["gossamer.stream.outcome"] == ("completed" if read == "all" else "closed")


class Plain:
    """An async iterator that is no generator: it cannot be closed."""

    def __init__(self, inner: AsyncIterator[Any]) -> None:
        self.inner = inner

    def __aiter__(self) -> AsyncIterator[Any]:
        return self

    async def __anext__(self) -> Any:
        return await self.inner.__anext__()


class OwnStream(openai.AsyncStream[T]):
    """A stream of the app's own."""

    def __stream__(self) -> Any:
        return Plain(super().__stream__())


@pytest.mark.parametrize("gaps", [True, False])
@pytest.mark.parametrize("read", ["all", "one"])
def test_an_async_stream_whose_iterator_cannot_be_closed_is_dropped_without_a_word(
    read: str, gaps: bool
) -> None:
    said: list[dict[str, Any]] = []

    async def use() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, told: said.append(told))
        client = openai.AsyncOpenAI(http_client=mock_async_client(chunks=4), **OPTIONS)
        chunk = openai.types.chat.ChatCompletionChunk
        chunks = await client.post(
            "/chat/completions",
            cast_to=chunk,
            body={**CHAT, "stream": True},
            stream=True,
            stream_cls=OwnStream[chunk],
        )
        assert type(chunks).__name__ == "OwnStream"
        await chunks.__anext__()
        if read == "all":
            assert len([chunk async for chunk in chunks]) > 4
        del chunks
        gc.collect()
        for _ in range(5):
            await asyncio.sleep(0)

    with capture(time_per_output_chunk=gaps) as telemetry:
        asyncio.run(use())
        (span,) = telemetry.spans
    assert said == []
    assert span["attributes"]["gossamer.stream.outcome"] == ("completed" if read == "all" else "abandoned")
