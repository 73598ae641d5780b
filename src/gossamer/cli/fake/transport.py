"""The fake API inside the process: HTTP clients for the SDK that never open a socket.

>>> OpenAI(api_key="sk-fake", base_url="http://127.0.0.1/v1", http_client=mock_client())
"""

from __future__ import annotations

import asyncio
import math
import time
from types import ModuleType
from typing import TYPE_CHECKING, Any

from gossamer.cli.fake.api import FakeAPI
from gossamer.cli.fake.behaviour import Pace
from gossamer.cli.fake.replies import RETRY_HEADER

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from gossamer.cli.fake.reply import Reply

__all__ = ["mock_async_client", "mock_client"]


def mock_client(chunks: int = Pace.chunks, delay: float = Pace.delay) -> Any:
    """Make the HTTP client of an `OpenAI`, answered by the fake."""
    http, api = _sdk_http_library(), FakeAPI(chunks, delay)

    class Body(http.SyncByteStream):  # type: ignore[name-defined, misc]
        def __init__(self, reply: Reply, patience: float) -> None:
            self._reply = reply
            self._patience = patience

        def __iter__(self) -> Iterator[bytes]:
            for delay, chunk in self._reply.chunks:
                if delay:
                    time.sleep(min(delay, self._patience))
                if delay > self._patience:
                    raise http.ReadTimeout(_LATE)
                yield chunk
            if self._reply.cut:
                raise http.RemoteProtocolError(_CUT)

    def handle(request: Any) -> Any:
        reply = _reply_to(api, request, request.read())
        return http.Response(reply.status, headers=reply.headers, stream=Body(reply, _patience_of(request)))

    return http.Client(transport=http.MockTransport(handle))


def mock_async_client(chunks: int = Pace.chunks, delay: float = Pace.delay) -> Any:
    """Make the HTTP client of an `AsyncOpenAI`, answered by the fake."""
    http, api = _sdk_http_library(), FakeAPI(chunks, delay)

    class Body(http.AsyncByteStream):  # type: ignore[name-defined, misc]
        def __init__(self, reply: Reply, patience: float) -> None:
            self._reply = reply
            self._patience = patience

        async def __aiter__(self) -> AsyncIterator[bytes]:
            for delay, chunk in self._reply.chunks:
                # A real socket hands over to the loop now and then, even when data is waiting.
                await asyncio.sleep(min(delay, self._patience))
                if delay > self._patience:
                    raise http.ReadTimeout(_LATE)
                yield chunk
            if self._reply.cut:
                raise http.RemoteProtocolError(_CUT)

    async def handle(request: Any) -> Any:
        reply = _reply_to(api, request, await request.aread())
        return http.Response(reply.status, headers=reply.headers, stream=Body(reply, _patience_of(request)))

    return http.AsyncClient(transport=http.MockTransport(handle))


_CUT = "peer closed connection without sending complete message body"
_LATE = "timed out"


def _patience_of(request: Any) -> float:
    """Seconds that the SDK waits for the next piece of a body."""
    seconds = request.extensions.get("timeout", {}).get("read")
    return math.inf if seconds is None else float(seconds)


def _sdk_http_library() -> ModuleType:
    """Give the library that the installed SDK builds on: httpx, or httpx2 from 3.0 on."""
    from openai import _base_client as sdk  # noqa: PLC0415 - the SDK is with the extra only

    library = getattr(sdk, "httpx2", None) or getattr(sdk, "httpx")  # noqa: B009
    assert isinstance(library, ModuleType)
    return library


def _reply_to(api: FakeAPI, request: Any, body: bytes) -> Reply:
    target = request.url.raw_path.decode()
    return api.answer(request.method, target, body, request.headers.get(RETRY_HEADER))
