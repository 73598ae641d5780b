"""The fake API as an ASGI application.

Plain ASGI, with no framework between: in the load benchmark this side shares the machine with the
app that is measured.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import TYPE_CHECKING, Any

from gossamer.cli.fake.replies import RETRY_HEADER

if TYPE_CHECKING:
    from gossamer.cli.fake.api import FakeAPI

__all__ = ["Application"]

_Message = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[_Message]]
_Send = Callable[[_Message], Awaitable[None]]

_RETRY_HEADER = RETRY_HEADER.encode()


class Application:
    """Serves a `FakeAPI`."""

    def __init__(self, api: FakeAPI) -> None:
        self._api = api

    async def __call__(self, scope: _Message, receive: _Receive, send: _Send) -> None:
        """Answer one request, each piece of the body in a write of its own."""
        body = await _read(receive)
        target = scope["path"]
        if scope["query_string"]:
            target += "?" + scope["query_string"].decode()
        reply = self._api.answer(scope["method"], target, body, _retry(scope["headers"]))
        started = False
        for delay, chunk in reply.chunks:
            if delay:
                await asyncio.sleep(delay)
            if not started:
                headers = [(name.encode(), value.encode()) for name, value in reply.headers.items()]
                await send({"type": "http.response.start", "status": reply.status, "headers": headers})
                started = True
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        if not reply.cut:  # returning without the end of the body makes the server hang up
            await send({"type": "http.response.body", "body": b""})


async def _read(receive: _Receive) -> bytes:
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body"):
        message = await receive()
        body += message.get("body", b"")
    return body


def _retry(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    for name, value in headers:
        if name == _RETRY_HEADER:
            return value.decode()
    return None
