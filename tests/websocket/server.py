"""A real websocket server on loopback, which plays one script for each connection."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

Event = dict[str, Any]


class Peer:
    """The server's end of one connection."""

    def __init__(self, websocket: ServerConnection) -> None:
        self._websocket = websocket
        self.received: list[Event] = []

    @property
    def path(self) -> str:
        """That was asked for, with its query."""
        assert self._websocket.request is not None
        return self._websocket.request.path

    def send(self, *events: Event) -> None:
        """Send these events."""
        for event in events:
            self._websocket.send(json.dumps(event))

    def wait(self, kind: str) -> Event:
        """Receive until there is an event of this type."""
        while True:
            event: Event = json.loads(self._websocket.recv())
            self.received.append(event)
            if event["type"] == kind:
                return event

    def wait_for_close(self) -> None:
        """Receive until the other end closes."""
        try:
            while True:
                self.received.append(json.loads(self._websocket.recv()))
        except ConnectionClosed:
            pass

    def close(self, code: int = 1000) -> None:
        """Close as the protocol has it."""
        self._websocket.close(code=code)

    def die(self) -> None:
        """Be gone, without a word."""
        self._websocket.socket.shutdown(socket.SHUT_RDWR)


Script = Callable[[Peer], None]


class Server:
    """The scripts that are to be played, and the peers that have played them."""

    port: int

    def __init__(self, *scripts: Script) -> None:
        self.peers: list[Peer] = []
        self._scripts = list(scripts)

    def play(self, websocket: ServerConnection) -> None:
        """Play the next script; the last one for all further connections."""
        peer = Peer(websocket)
        script = self._scripts.pop(0) if len(self._scripts) > 1 else self._scripts[0]
        self.peers.append(peer)
        try:
            script(peer)
        except ConnectionClosed:
            pass


@contextmanager
def serving(*scripts: Script) -> Iterator[Server]:
    """A server for a block."""
    server = Server(*scripts)
    with serve(server.play, "127.0.0.1", 0, close_timeout=1) as listening:
        server.port = listening.socket.getsockname()[1]
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            listening.shutdown()
            thread.join()
