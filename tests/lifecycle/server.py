"""A fake API inside the process: what it answers, and how the body of an answer goes wrong, is scripted."""

from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

from openai import _base_client

from . import wire

#: The HTTP library that this release of the SDK uses.
http: Any = getattr(_base_client, "httpx2", None) or vars(_base_client)["httpx"]

#: A part of a body: bytes, or something that happens in their place.
Piece = bytes | Callable[[], Any]


def raising(error: type[BaseException], *arguments: Any) -> Callable[[], Any]:
    """An exception at this place of a body."""

    def act() -> Any:
        raise error(*arguments)

    return act


CONNECTION_DROPPED = raising(http.ReadError, "connection dropped")
READ_TIMEOUT = raising(http.ReadTimeout, "no chunk came in time")


class Body(http.SyncByteStream, http.AsyncByteStream):  # type: ignore[misc]
    """The body of one answer, piece by piece."""

    def __init__(self, pieces: list[Piece]) -> None:
        self._pieces = iter(
            pieces
        )  # who iterates anew goes on where the last one stopped, as on a connection
        self._woken: asyncio.Event | None = None
        self.closed = 0

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            yield piece if isinstance(piece, bytes) else piece()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            if isinstance(piece, bytes):
                yield piece
            elif piece is HANG:
                yield await self._hang()
            else:
                yield piece()

    async def _hang(self) -> bytes:
        """Nothing comes until the body is closed, which a real connection answers with an error."""
        self._woken = asyncio.Event()
        await self._woken.wait()
        raise http.ReadError("the connection was closed while it was read")

    def close(self) -> None:
        self.closed += 1

    async def aclose(self) -> None:
        self.closed += 1
        if self._woken is not None:
            self._woken.set()
        await asyncio.sleep(0)  # as a connection does that is closed


def HANG() -> Any:  # noqa: N802  (used as a constant)
    """No further piece comes; async only."""
    raise AssertionError("a blocking read would never end")


class Server:
    """Answers by the path of a request; `stream` in its body asks for events."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = dict(wire.ANSWERS)
        self.events: dict[str, list[Any]] = dict(wire.EVENTS)
        #: (status, body) of the answers to give before the usual one.
        self.refusals: list[tuple[int, bytes]] = []
        #: Called with each request; may raise, or return something awaitable.
        self.on_request: Callable[[Any], Any] = lambda request: None
        self.requests: list[Any] = []
        self.bodies: list[Body] = []

    def after(self, pieces: int, what: Piece) -> None:
        """In each stream, put this after so many pieces."""
        for path, events in self.events.items():
            self.events[path] = [*events[:pieces], what, *events[pieces:]]

    def cut(self, pieces: int) -> None:
        """End each stream after so many pieces."""
        for path, events in self.events.items():
            self.events[path] = events[:pieces]

    def transport(self) -> Any:
        """For the SDK's HTTP client."""
        return http.MockTransport(self._answer)

    def async_transport(self) -> Any:
        """For the SDK's async HTTP client."""

        async def answer(request: Any) -> Any:
            happened = self.on_request(request)
            if inspect.isawaitable(happened):
                await happened
            return self._respond(request)

        return http.MockTransport(answer)

    def _answer(self, request: Any) -> Any:
        self.on_request(request)
        return self._respond(request)

    def _respond(self, request: Any) -> Any:
        self.requests.append((request.method, str(request.url), request.content, sorted(request.headers)))
        headers = {"x-request-id": f"req_{len(self.requests)}", "content-type": "application/json"}
        if self.refusals:
            status, content = self.refusals.pop(0)
            headers["retry-after-ms"] = "1"  # what the SDK waits, if it asks again
            return http.Response(status, headers=headers, stream=self._body([content]))
        path = request.url.path.removeprefix("/v1")
        if request.content and json.loads(request.content).get("stream"):
            headers["content-type"] = "text/event-stream"
            return http.Response(200, headers=headers, stream=self._body(self.events[path]))
        answer = self.answers[path]
        content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        return http.Response(200, headers=headers, stream=self._body([content]))

    def _body(self, pieces: list[Piece]) -> Body:
        body = Body(pieces)
        self.bodies.append(body)
        return body
