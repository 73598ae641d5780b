"""The app's side: the calls that every contender has to carry, written as an app writes them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from gossamer.cli.bench.conversation import conversation

SyncCall = Callable[[Any], int]
AsyncCall = Callable[[Any], Awaitable[int]]

MARK = "spider"
"""In every prompt and in no answer: where it is recorded, the prompt is."""

CHAT_REQUEST: dict[str, Any] = {
    "model": "gpt-4o-mini",
    "messages": [
        {"role": "system", "content": "Answer in one sentence."},
        {"role": "user", "content": "What does a spider's thread weigh?"},
    ],
    "temperature": 0.2,
    "max_tokens": 200,
}
CHAT_LONG_REQUEST: dict[str, Any] = {**CHAT_REQUEST, "messages": conversation()}
CHAT_STREAM_REQUEST: dict[str, Any] = {
    **CHAT_REQUEST,
    "stream": True,
    "stream_options": {"include_usage": True},
}
RESPONSES_STREAM_REQUEST: dict[str, Any] = {
    "model": "gpt-4o-mini",
    "input": "What does a spider's thread weigh?",
    "temperature": 0.2,
    "max_output_tokens": 200,
    "stream": True,
}
EMBEDDINGS_REQUEST: dict[str, Any] = {
    "model": "text-embedding-3-small",
    "input": "a spider's thread",
    "encoding_format": "float",
}


def chat(client: Any) -> int:
    """One plain chat completion; the number of its choices."""
    return len(client.chat.completions.create(**CHAT_REQUEST).choices)


def chat_long(client: Any) -> int:
    """The same, at the end of a long conversation."""
    return len(client.chat.completions.create(**CHAT_LONG_REQUEST).choices)


def chat_stream(client: Any) -> int:
    """One streamed chat completion, read to its end; the number of its chunks."""
    count = 0
    for _ in client.chat.completions.create(**CHAT_STREAM_REQUEST):
        count += 1
    return count


def responses_stream(client: Any) -> int:
    """One streamed response, read to its end; the number of its events."""
    count = 0
    for _ in client.responses.create(**RESPONSES_STREAM_REQUEST):
        count += 1
    return count


def embeddings(client: Any) -> int:
    """One embedding; the number of its vectors."""
    return len(client.embeddings.create(**EMBEDDINGS_REQUEST).data)


async def chat_async(client: Any) -> int:
    """`chat` with an asynchronous client."""
    return len((await client.chat.completions.create(**CHAT_REQUEST)).choices)


async def chat_long_async(client: Any) -> int:
    """`chat_long` with an asynchronous client."""
    return len((await client.chat.completions.create(**CHAT_LONG_REQUEST)).choices)


async def chat_stream_async(client: Any) -> int:
    """`chat_stream` with an asynchronous client."""
    count = 0
    async for _ in await client.chat.completions.create(**CHAT_STREAM_REQUEST):
        count += 1
    return count


async def responses_stream_async(client: Any) -> int:
    """`responses_stream` with an asynchronous client."""
    count = 0
    async for _ in await client.responses.create(**RESPONSES_STREAM_REQUEST):
        count += 1
    return count


async def embeddings_async(client: Any) -> int:
    """`embeddings` with an asynchronous client."""
    return len((await client.embeddings.create(**EMBEDDINGS_REQUEST)).data)


SYNC: Mapping[str, SyncCall] = {
    "chat": chat,
    "chat_long": chat_long,
    "chat_stream": chat_stream,
    "responses_stream": responses_stream,
    "embeddings": embeddings,
}
ASYNC: Mapping[str, AsyncCall] = {
    "chat": chat_async,
    "chat_long": chat_long_async,
    "chat_stream": chat_stream_async,
    "responses_stream": responses_stream_async,
    "embeddings": embeddings_async,
}
