"""A websocket that is none: below everything of the SDK's, it hands out ready messages and takes any.

The SDK makes its connection as ever, through its own manager. Only what it calls to connect is replaced.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from importlib import import_module, metadata
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from gossamer.cli.bench import transport
from gossamer.cli.bench.errors import Unsupported
from gossamer.cli.bench.plumbing import NETWORK

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import ModuleType


class Wire:
    """What the SDK takes for a connection of the package `websockets`."""

    def __init__(self, uri: Any, incoming: Iterable[bytes]) -> None:
        self.protocol = SimpleNamespace(uri=uri)
        self.incoming = iter(incoming)
        self.sent = 0
        self.last: Any = None

    def send(self, data: Any) -> None:
        """One message of the app's."""
        self.sent += 1
        self.last = data

    def recv(self, decode: bool | None = None) -> bytes:  # noqa: ARG002  # as the SDK asks
        """The next message for the app."""
        return next(self.incoming)

    def close(self, **_: Any) -> None:
        """Nobody is at the other end."""


class AsyncWire(Wire):
    """The async twin. Messages come one by one: the task waits for each."""

    async def send(self, data: Any) -> None:  # type: ignore[override]
        self.sent += 1
        self.last = data

    async def recv(self, decode: bool | None = None) -> bytes:  # type: ignore[override]  # noqa: ARG002
        await NETWORK
        return next(self.incoming)

    async def close(self, **_: Any) -> None:  # type: ignore[override]
        pass


@contextmanager
def connecting_to(incoming: Iterable[bytes]) -> Iterator[list[Wire]]:
    """For a block, every connection is to a `Wire` with these messages. Yields those that were made."""
    client, async_client, parse_uri = _websockets()
    made: list[Wire] = []

    def connected(kind: type[Wire], uri: str) -> Wire:
        made.append(kind(parse_uri(uri), incoming))
        return made[-1]

    def connect(uri: str, **_: Any) -> Wire:
        return connected(Wire, uri)

    def await_connection(connecting: Any) -> Any:
        async def at_once() -> Wire:
            return connected(AsyncWire, connecting.uri)

        return at_once().__await__()

    # The SDK takes the async class, or makes one of its own from it: either is awaited.
    originals = client.connect, async_client.connect.__await__
    client.connect, async_client.connect.__await__ = connect, await_connection
    try:
        yield made
    finally:
        client.connect, async_client.connect.__await__ = originals


def _websockets() -> tuple[Any, Any, Any]:
    """What the SDK connects with, sync and async, and the reading of a URI."""
    try:
        client, async_client = map(import_module, ("websockets.sync.client", "websockets.asyncio.client"))
        return client, async_client, import_module("websockets.uri").parse_uri
    except ImportError as error:
        needed = "pip install 'openai[realtime]'"
        raise Unsupported(
            f"realtime connections need the package websockets, 13 or later: {needed}"
        ) from error


def realtime(*, asynchronous: bool) -> Any:
    """The part of a client that connects to the realtime API."""
    client: Any = transport.client([], asynchronous=asynchronous, streamed=False)
    resource = getattr(client, "realtime", None) or getattr(client.beta, "realtime", None)
    if not hasattr(resource, "connect"):
        raise Unsupported(
            f"openai {metadata.version('openai')} has no realtime connections: 1.58 brought them"
        )
    _websockets()
    return resource


def module_of(resource: Any) -> ModuleType:
    """The SDK's module that its connections are in."""
    return sys.modules[type(resource).__module__]
