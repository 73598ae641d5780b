"""A realtime server on a websocket, without a server and without a websocket."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

import openai

from . import wire


def _there_are(*modules: str) -> bool:
    return all(importlib.util.find_spec(module) is not None for module in modules)


HAS_REALTIME = _there_are("openai.resources", "websockets") and hasattr(openai.OpenAI, "realtime")

SAID: list[dict[str, Any]] = [
    {
        "type": "session.created",
        "event_id": "event_0",
        "session": {"id": "sess_1", "type": "realtime", "model": wire.MODEL},
    },
    {"type": "response.created", "event_id": "event_1", "response": {"id": "resp_1", "output": []}},
    {
        "type": "response.output_audio.delta",
        "event_id": "event_2",
        "response_id": "resp_1",
        "item_id": "item_1",
        "output_index": 0,
        "content_index": 0,
        "delta": "AAAA",
    },
    {
        "type": "response.output_item.done",
        "event_id": "event_3",
        "response_id": "resp_1",
        "output_index": 0,
        "item": {
            "id": "item_1",
            "type": "message",
            "role": "assistant",
            "content": [{"type": "output_audio", "transcript": wire.TEXT[0]}],
        },
    },
    {
        "type": "response.done",
        "event_id": "event_4",
        "response": {
            "id": "resp_1",
            "status": "completed",
            "output": [],
            "usage": {"input_tokens": 24, "output_tokens": 5, "total_tokens": 29},
        },
    },
]


class Peer:
    """A websocket to a realtime server that always says the same."""

    def __init__(self) -> None:
        self._said = iter(SAID)

    def send(self, message: Any) -> None:
        """Take a message."""

    def recv(self, **_: Any) -> bytes:
        """The next one."""
        return json.dumps(next(self._said)).encode()

    def close(self, **_: Any) -> None:
        """Close it."""


class AsyncPeer(Peer):
    """The same for the async client."""

    async def send(self, message: Any) -> None:  # type: ignore[override]
        """Take a message."""

    async def recv(self, **_: Any) -> bytes:  # type: ignore[override]
        """The next one."""
        return super().recv()

    async def close(self, **_: Any) -> None:  # type: ignore[override]
        """Close it."""


@contextmanager
def peers() -> Iterator[None]:
    """Websockets lead to a `Peer`."""

    async def aconnect(*_: Any, **__: Any) -> AsyncPeer:
        return AsyncPeer()

    with ExitStack() as stack:
        if HAS_REALTIME:
            stack.enter_context(patch("websockets.sync.client.connect", lambda *_, **__: Peer()))
            # Newer releases have a class of their own, made from the one of websockets.
            own = "openai.lib._websocket"
            newer = f"{own}._WebSocketConnect" if _there_are(own) else "websockets.asyncio.client.connect"
            stack.enter_context(patch(newer, aconnect))
        yield
