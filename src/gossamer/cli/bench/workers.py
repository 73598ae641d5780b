"""The bench's end of a contender's process: start it, ask it, end it."""

from __future__ import annotations

import contextlib
import os
import subprocess
from typing import TYPE_CHECKING

from gossamer.cli.bench import protocol
from gossamer.cli.bench.errors import BenchError, Unsupported

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gossamer.cli.bench.contenders import Contender
    from gossamer.cli.bench.protocol import Message

WORKER = "gossamer.cli.bench.worker"


class WorkerError(BenchError):
    """A contender could not start, or failed while it ran."""


class WorkerProcess:
    """A running process of one contender."""

    def __init__(self, contender: Contender, module: str = WORKER, *arguments: str, seed: int = 0) -> None:
        self.contender = contender
        self._process = subprocess.Popen(
            [contender.python, "-m", module, contender.name, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment(seed),
        )
        try:
            self.hello = self._receive()
        except WorkerError:
            self.close()
            raise

    def ask(self, **request: object) -> Message:
        """Send one request and wait for its reply."""
        assert self._process.stdin is not None
        try:
            protocol.send(self._process.stdin, request)
        except BrokenPipeError as error:
            raise WorkerError(f"{self.contender.label}: the process has ended") from error
        return self._receive()

    def _receive(self) -> Message:
        assert self._process.stdout is not None
        try:
            message = protocol.receive(self._process.stdout)
        except protocol.ProtocolError as error:
            raise WorkerError(f"{self.contender.label}: {error}") from error
        if "unsupported" in message:
            raise Unsupported(message["unsupported"])
        if "error" in message:
            raise WorkerError(f"{self.contender.label}: {message['error']}")
        return message

    def close(self) -> None:
        """Close its input, which ends it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()


def environment(seed: int) -> dict[str, str]:
    """The caller's environment without what would point a contender, or the SDK, elsewhere."""
    others = ("OPENAI_", "OTEL_", "GOSSAMER_", "TRACELOOP_", "LOGFIRE_", "OPENINFERENCE_")
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(others)},
        "PYTHONHASHSEED": str(seed),  # the same order of every set in every contender
    }


@contextlib.contextmanager
def running(
    contenders: Sequence[Contender], module: str = WORKER, *arguments: str, seed: int = 0
) -> Iterator[list[WorkerProcess]]:
    """One process a contender, ended together."""
    with contextlib.ExitStack() as stack:
        workers = []
        for contender in contenders:
            workers.append(WorkerProcess(contender, module, *arguments, seed=seed))
            stack.callback(workers[-1].close)
        yield workers
