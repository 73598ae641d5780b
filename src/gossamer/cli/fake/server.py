"""The fake API as a process of its own, on this machine only."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import threading
from typing import IO, TYPE_CHECKING, final

from gossamer.cli.fake.behaviour import Pace

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["FakeServer", "serve"]

_HOST = "127.0.0.1"


def serve(port: int, chunks: int, delay: float, *, until_stdin_closes: bool = False) -> None:
    """Serve in the foreground; print the base URL once requests are answered."""
    import uvicorn  # noqa: PLC0415 - only the server process needs it

    from gossamer.cli.fake.api import FakeAPI  # noqa: PLC0415
    from gossamer.cli.fake.asgi import Application  # noqa: PLC0415

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            print(f"http://{_HOST}:{listener.getsockname()[1]}/v1", flush=True)

    listener = _listen(port)
    config = uvicorn.Config(
        Application(FakeAPI(chunks, delay)),
        access_log=False,
        lifespan="off",
        log_level="critical",  # a reply that is cut on purpose is not worth a line
        timeout_graceful_shutdown=1,
    )
    server = Server(config)
    if until_stdin_closes:
        threading.Thread(target=_stop_at_end_of_stdin, args=[server], daemon=True).start()
    server.run(sockets=[listener])


def _listen(port: int) -> socket.socket:
    # The protocol must be named: asyncio sends small pieces at once (TCP_NODELAY) only when it is,
    # and otherwise each stream stalls for 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((_HOST, port))
    listener.listen(1024)
    return listener


def _stop_at_end_of_stdin(server: object) -> None:
    sys.stdin.read()
    server.should_exit = True  # type: ignore[attr-defined]


@final
class FakeServer:
    """A server process, as a context manager.

    >>> with FakeServer(chunks=100) as server:
    ...     client = OpenAI(api_key="sk-fake", base_url=server.base_url)

    The process also ends when this one does, however that may come about: it holds the other end
    of its standard input.
    """

    def __init__(
        self, chunks: int = Pace.chunks, delay: float = Pace.delay, start_timeout: float = 20.0
    ) -> None:
        self._options = ["--chunks", str(chunks), "--delay", str(delay)]
        self._start_timeout = start_timeout
        self._process: subprocess.Popen[str] | None = None
        self.base_url = ""

    def __enter__(self) -> FakeServer:
        command = [sys.executable, "-m", "gossamer.cli.fake", "--port", "0", *self._options]
        with tempfile.TemporaryFile("w+") as errors:
            self._process = subprocess.Popen(
                [*command, "--until-stdin-closes"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                # Should this run under `opentelemetry-instrument`, the server must not.
                env={**os.environ, "OTEL_SDK_DISABLED": "true"},
            )
            self.base_url = _first_line(self._process.stdout, self._start_timeout)
            if not self.base_url:
                self.stop()
                errors.seek(0)
                raise RuntimeError(f"the fake server did not start: {errors.read()[-2000:]}")
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End the process; return when it has gone."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.communicate(timeout=5)  # closes the pipes too
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


def _first_line(stream: IO[str] | None, timeout: float) -> str:
    """Read one line, or nothing when it does not come in time."""
    assert stream is not None
    lines: list[str] = []
    reader = threading.Thread(target=lambda: lines.append(stream.readline()), daemon=True)
    reader.start()
    reader.join(timeout)
    return lines[0].strip() if lines else ""
