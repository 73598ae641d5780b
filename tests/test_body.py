"""The watch around the body of a response: around whatever body there is, and no hindrance to a copy."""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator, Iterator
from typing import Any

import openai
import pytest
from openai import _base_client

from gossamer.cli.fake import mock_async_client, mock_client

http = getattr(_base_client, "httpx2", None) or _base_client.httpx
CHAT: dict[str, Any] = {
    "model": "gpt-4o",
    "messages": [{"role": "user", "content": "How light is gossamer?"}],
}
OPTIONS = {"api_key": "sk-fake", "base_url": "https://llm.test/v1"}


class Counting(http.SyncByteStream):
    """A body of the app's own around that of the response: a progress bar, say."""

    def __init__(self, inner: Any, seen: list[str]) -> None:
        self.inner = inner
        self.seen = seen

    def __iter__(self) -> Iterator[bytes]:
        for piece in self.inner:
            self.seen.append("piece")
            yield piece

    def close(self) -> None:
        self.seen.append("closed")
        self.inner.close()


class AsyncCounting(http.AsyncByteStream):
    """The same for the async client."""

    def __init__(self, inner: Any, seen: list[str]) -> None:
        self.inner = inner
        self.seen = seen

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self.inner:
            self.seen.append("piece")
            yield piece

    async def aclose(self) -> None:
        self.seen.append("closed")
        await self.inner.aclose()


def client() -> openai.OpenAI:
    """A client of the fake API."""
    return openai.OpenAI(http_client=mock_client(chunks=4), **OPTIONS)


def counting(seen: list[str]) -> openai.OpenAI:
    """A client that puts a body of its own into each response."""

    def replace(response: Any) -> None:
        response.stream = Counting(response.stream, seen)

    caller = client()
    caller._client.event_hooks = {"response": [replace]}
    return caller


def acounting(seen: list[str]) -> openai.AsyncOpenAI:
    """The same for the async client."""

    async def replace(response: Any) -> None:
        response.stream = AsyncCounting(response.stream, seen)

    http_client = mock_async_client(chunks=4)
    http_client.event_hooks = {"response": [replace]}
    return openai.AsyncOpenAI(http_client=http_client, **OPTIONS)


def test_a_stream_over_a_body_of_the_apps_own_is_seen_to_close(telemetry, run):
    seen: list[str] = []

    async def aread() -> None:
        stream = await acounting(seen).chat.completions.create(**CHAT, stream=True)
        await stream.__anext__()
        await stream.close()

    if run.kind == "async":
        run(aread())
    else:
        stream = counting(seen).chat.completions.create(**CHAT, stream=True)
        next(stream)
        stream.close()
    assert set(seen) == {"piece", "closed"}
    (span,) = telemetry.spans
    assert span["attributes"]["gossamer.stream.outcome"] == "closed"


def test_an_unread_response_over_a_body_of_the_apps_own_is_seen_to_close(telemetry, run):
    seen: list[str] = []

    async def aopen() -> None:
        async with acounting(seen).chat.completions.with_streaming_response.create(**CHAT) as raw:
            assert telemetry.spans == []
            assert raw.headers

    if run.kind == "async":
        run(aopen())
    else:
        with counting(seen).chat.completions.with_streaming_response.create(**CHAT) as raw:
            assert telemetry.spans == []
            assert raw.headers
    assert "closed" in seen
    assert len(telemetry.spans) == 1


def test_a_watched_body_is_still_what_it_was(telemetry):
    with client().chat.completions.create(**CHAT, stream=True) as stream:
        body = stream.response.stream
        assert isinstance(body, http.SyncByteStream)
        assert not isinstance(body, http.AsyncByteStream)
        with pytest.raises(AttributeError, match="no_such_name"):
            body.no_such_name  # noqa: B018


def test_a_watched_body_can_be_copied(telemetry):
    with client().chat.completions.create(**CHAT, stream=True) as stream:
        body = stream.response.stream
        assert type(copy.copy(body)) is type(body)
        assert copy.copy(stream.response).status_code == 200
        assert len(list(stream)) > 4
    (span,) = telemetry.spans
    assert span["attributes"]["gossamer.stream.outcome"] == "completed"
