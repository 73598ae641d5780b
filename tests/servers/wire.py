"""Websockets that are none: what comes is in a script, and what is sent is noted.

In place of those that the SDK makes its connections of, without a socket: a connection is cut at the same
place each time.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from websockets.exceptions import ConnectionClosedError, ConnectionClosedOK
from websockets.frames import Close
from websockets.uri import parse_uri

#: A message, or what is raised in its place.
Frame = str | bytes | type[BaseException]


@dataclass(frozen=True)
class Script:
    """What one connection brings."""

    frames: list[Frame] = field(default_factory=list)
    end: int | None = 1000
    """The code that it is closed with; None is for one that is cut."""

    def raised(self) -> Exception:
        """Whenever a connection is used that has come to its end."""
        if self.end is None:
            return ConnectionClosedError(None, None)
        kind = ConnectionClosedOK if self.end in (1000, 1001) else ConnectionClosedError
        return kind(Close(self.end, "made up"), Close(self.end, ""), True)


class Wire:
    """One connection, sync."""

    def __init__(self, script: Script, uri: str) -> None:
        self.protocol = SimpleNamespace(uri=parse_uri(uri))
        self.sent: list[str] = []
        self.closed = False
        """By this end."""
        self.gone = False
        """The other end is: what has come by then can be read, and nothing can be sent."""
        self.ended = False
        """Somebody has read that there is nothing more."""
        self.interrupt: type[BaseException] | None = None
        """Raised once by what is done next."""
        self.stalled = False
        """What is read next does not come."""
        self.script = script
        self._frames = deque(script.frames)

    def send(self, message: Any, text: bool | None = None) -> None:
        """As websockets has it, and fragments as a list."""
        self._interrupted()
        if self.gone or self.closed:
            raise self.script.raised()
        if isinstance(message, (bytes, bytearray, memoryview)):
            self.sent.append(f"{bytes(message)!r}")
        elif isinstance(message, str):
            message.encode()
            self.sent.append(message)
        elif isinstance(message, dict) or not hasattr(message, "__iter__"):
            raise TypeError(type(message).__name__)
        else:
            self.sent.append(repr(list(message)))

    def recv(self, timeout: float | None = None, decode: bool | None = None) -> Any:
        """The next message."""
        self._interrupted()
        if self.closed or not self._frames:
            self.gone = self.ended = True
            raise self.script.raised()
        frame = self._frames.popleft()
        if isinstance(frame, type):
            raise frame("made up")
        if decode is False and isinstance(frame, str):
            return frame.encode()
        return frame

    def close(self, code: int = 1000, reason: str = "") -> None:
        """From this end."""
        self.sent.append(f"closed {code} {reason}")
        self.closed = True

    def _interrupted(self) -> None:
        interrupt, self.interrupt = self.interrupt, None
        if interrupt is not None:
            raise interrupt("made up")


class AsyncWire(Wire):
    """The async twin."""

    async def send(self, message: Any, text: bool | None = None) -> None:  # type: ignore[override]
        super().send(message)

    async def recv(self, timeout: float | None = None, decode: bool | None = None) -> Any:
        if self.stalled:
            self.stalled = False
            await asyncio.get_running_loop().create_future()
        return super().recv(timeout, decode)

    async def close(self, code: int = 1000, reason: str = "") -> None:  # type: ignore[override]
        super().close(code, reason)


class GatedWire(Wire):
    """One that gives as many messages as it is let, for a reader in a thread of its own."""

    def __init__(self, script: Script, uri: str) -> None:
        super().__init__(script, uri)
        self._changed = threading.Condition()
        self._let = 0
        self._waits = False

    def recv(self, timeout: float | None = None, decode: bool | None = None) -> Any:
        with self._changed:
            self._waits = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._let > 0 or self.closed)
            self._waits = False
            self._let -= 1
            try:
                return super().recv(timeout, decode)
            finally:
                self._changed.notify_all()

    def let(self, messages: int, reader: threading.Thread) -> None:
        """Give so many, and wait until they have been read."""
        with self._changed:
            self._let += messages
            self._changed.notify_all()
            self._changed.wait_for(lambda: (self._waits and self._let <= 0) or self.ended or self.closed)
        if self.ended or self.closed:
            reader.join()

    def close(self, code: int = 1000, reason: str = "") -> None:
        with self._changed:
            super().close(code, reason)
            self._changed.notify_all()


class AsyncGatedWire(AsyncWire):
    """The async twin, for a reader in a task of its own."""

    def __init__(self, script: Script, uri: str) -> None:
        super().__init__(script, uri)
        self._changed = asyncio.Event()
        self._let = 0
        self._waits = False

    async def recv(self, timeout: float | None = None, decode: bool | None = None) -> Any:
        while self._let <= 0 and not self.closed:
            self._waits = True
            self._changed.clear()
            await self._changed.wait()
        self._waits = False
        self._let -= 1
        return await super().recv(timeout, decode)

    async def let(self, messages: int, reader: asyncio.Task[None]) -> None:
        """Give so many, and wait until they have been read."""
        self._let += messages
        self._changed.set()
        while not reader.done() and not (self._waits and self._let <= 0):  # noqa: ASYNC110
            await asyncio.sleep(0)

    async def close(self, code: int = 1000, reason: str = "") -> None:  # type: ignore[override]
        await super().close(code, reason)
        self._changed.set()


class Network:
    """Gives each connection the next script. Who connects once more is refused."""

    def __init__(self, scripts: list[Script], *, gated: bool = False) -> None:
        self.wires: list[Any] = []
        self._scripts = list(scripts)
        self._kinds = (GatedWire, AsyncGatedWire) if gated else (Wire, AsyncWire)

    def connect(self, uri: str, **_: Any) -> Wire:
        """As `websockets.sync.client.connect`."""
        return self._made(self._kinds[0], uri)

    async def aconnect(self, uri: str, **_: Any) -> Wire:
        """As `websockets.asyncio.client.connect`."""
        return self._made(self._kinds[1], uri)

    def _made(self, kind: type[Wire], uri: str) -> Wire:
        if not self._scripts:
            raise ConnectionRefusedError("made up")
        self.wires.append(kind(self._scripts.pop(0), uri))
        made: Wire = self.wires[-1]
        return made

    @contextmanager
    def __call__(self) -> Iterator[Network]:
        """For a block, all websockets are of this network."""
        with ExitStack() as stack:
            if find_spec("openai.lib._websocket") is not None:  # since 3
                stack.enter_context(patch("openai.lib._websocket._WebSocketConnect", self.aconnect))
            stack.enter_context(patch("websockets.asyncio.client.connect", self.aconnect))
            stack.enter_context(patch("websockets.sync.client.connect", self.connect))
            yield self

    @property
    def seen(self) -> list[str]:
        """All that came over it."""
        return [f"{wire.protocol.uri} {wire.sent}" for wire in self.wires]
