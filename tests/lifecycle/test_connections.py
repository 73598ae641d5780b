"""On a real connection: a stream that is left gives it back at once, without the garbage collector."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import openai
import pytest

from gossamer.testing import Telemetry, capture

from . import wire
from .app import App, AsyncApp, Script, SyncApp
from .scenario import quiet
from .server import Server

ENOUGH = 5


class Endless(ThreadingHTTPServer):
    """Sends the start of each stream, and the rest when it is told to, which may be never."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.go_on = threading.Event()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that is gone is what these tests are about."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Endless

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        first, *rest = wire.EVENTS[self.path.removeprefix("/v1")]
        self._send(first)
        self.server.go_on.wait(10)
        for event in rest:
            self._send(event)
        self._send(b"")

    def _send(self, piece: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def endless() -> Iterator[Endless]:
    with Endless() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.go_on.set()
        server.shutdown()
        thread.join()


class RealSyncApp(SyncApp):
    def _make_client(self, settings: dict[str, Any]) -> Any:
        return openai.OpenAI(**settings)


class RealAsyncApp(AsyncApp):
    def _make_client(self, settings: dict[str, Any]) -> Any:
        return openai.AsyncOpenAI(**settings)


def connections(app: App) -> int:
    """How many connections the client holds that are not free for another request."""
    pool = app.client._client._transport._pool
    return sum(not connection.is_idle() for connection in pool.connections)


def run(kind: str, endless: Endless, api: str, telemetry: Telemetry | None, script: Script) -> App:
    port = endless.server_address[1]
    real = RealSyncApp if kind == "sync" else RealAsyncApp
    app = real(Server(), api, telemetry, base_url=f"http://127.0.0.1:{port}/v1")
    with quiet():
        app.run(script)
    assert app.noise == []
    return app


@pytest.mark.parametrize("how", ["dropped", "closed", "with", "exception"])
def test_a_connection_is_given_back(
    telemetry: Telemetry, no_collection: None, endless: Endless, api: str, kind: str, how: str
) -> None:
    async def leave(app: App) -> None:
        stream = await app.start()
        if how == "with":
            async with app.within(stream):
                await app.read(stream, 1)
            return
        await app.read(stream, 1)
        assert connections(app) == 1
        if how == "closed":
            await app.close(stream)
        elif how == "exception":
            raise KeyError("of the app")

    async def script(app: App) -> None:
        for _ in range(ENOUGH):
            if how == "exception":
                await app.fails(leave(app))
            else:
                await leave(app)
            await app.settle()
            assert connections(app) == 0

    run(kind, endless, api, telemetry, script)
    outcome = "abandoned" if how in ("dropped", "exception") else "closed"
    assert [span["attributes"]["gossamer.stream.outcome"] for span in telemetry.spans] == [outcome] * ENOUGH


def test_the_connection_of_a_raw_stream_is_given_back(
    telemetry: Telemetry, no_collection: None, endless: Endless, api: str, kind: str
) -> None:
    async def script(app: App) -> None:
        async with app.within(app.resource.with_streaming_response.create(**wire.REQUESTS[api], stream=True)):
            assert connections(app) == 1
        assert connections(app) == 0

    run(kind, endless, api, telemetry, script)


def test_a_stream_that_is_read_to_its_end_leaves_what_it_leaves_bare(
    no_collection: None, endless: Endless, api: str, kind: str
) -> None:
    """Some releases close its connection after [DONE], others keep it for the next request."""
    endless.go_on.set()
    left: list[int] = []

    async def script(app: App) -> None:
        for _ in range(2):
            await app.read(await app.start())
            left.append(len(app.client._client._transport._pool.connections))
            assert connections(app) == 0

    run(kind, endless, api, None, script)
    with capture() as telemetry:
        run(kind, endless, api, telemetry, script)
    assert left[:2] == left[2:]
