"""One contender's process: `python -m gossamer.cli.bench.worker CONTENDER [--profile] [--content]`.

Reads requests from its input and answers on its output (`protocol.py`). It is run by the
interpreter of whichever environment holds the contender, so it needs no more than the bench's
own modules and the SDKs.
"""

from __future__ import annotations

import contextlib
import gc
import os
import platform
import sys
from importlib import metadata
from typing import IO, TYPE_CHECKING, Any

from gossamer.cli.bench import blocks, discovery, profiler, protocol
from gossamer.cli.bench.errors import Unsupported
from gossamer.cli.bench.installation import Installed, install
from gossamer.cli.bench.scenarios import BY_NAME
from gossamer.cli.bench.websocket.frames import Frames

if TYPE_CHECKING:
    from types import ModuleType

    from gossamer.cli.bench.protocol import Message

resource: ModuleType | None
try:
    import resource
except ImportError:  # Windows
    resource = None


class Worker:
    """A contender, and the scenario that it has been made ready for."""

    def __init__(self, contender: str, *, profiled: bool = False, with_content: bool = False) -> None:
        self._recorded: dict[str, Any] = {}
        for operation in ("chat_stream", "responses_stream"):
            # An SDK from before the Responses API goes without.
            with contextlib.suppress(AttributeError):
                self._recorded[operation] = blocks.record(operation)
        self._road = profiler.road_of(install(discovery.BARE)) if profiled else set()
        self._installed: Installed = install(contender, with_content=with_content)
        self._ready: blocks.Blocks | Frames | None = None

    def answer(self, request: Message) -> Message:
        """Carry out one request."""
        if request["do"] == "prepare":
            return self._prepare(request["scenario"])
        if request["do"] == "run":
            if self._ready is None:
                return {"error": "no scenario prepared"}
            return {"ns": self._ready.run(request["calls"])}
        if request["do"] == "memory":
            return {"peak_bytes": peak_bytes()}
        if request["do"] == "profile":
            return profiler.profile(self._installed, self._road, asynchronous=request["asynchronous"])
        return {"error": f"unknown request {request['do']!r}"}

    def close(self) -> None:
        """Give back what the last scenario has been made ready with."""
        if self._ready is not None:
            self._ready.close()
            self._ready = None

    def _prepare(self, name: str) -> Message:
        scenario = BY_NAME[name]
        recorded = self._recorded.get(scenario.operation, [])
        if scenario.operation == "responses_stream" and not recorded:
            return {"unsupported": "this SDK has no Responses API"}
        self.close()
        try:
            self._ready = (
                Frames(scenario, self._installed)
                if scenario.websocket
                else blocks.Blocks(scenario, self._installed, recorded)
            )
            self._ready.warm_up()
        except Unsupported as error:
            return {"unsupported": str(error)}
        held = self._ready.content_held()
        gc.collect()
        gc.freeze()  # what is loaded by now stays: no collection has to look through it again
        return {"ready": name, "content": held}


def peak_bytes() -> int | None:
    """The most memory that this process ever held; None where the system does not tell."""
    if resource is None:
        return None
    peak: int = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024  # Linux counts in KiB


def hello(contender: str) -> Message:
    """Who is here."""
    return {
        "hello": contender,
        "version": discovery.version(contender),
        "python": platform.python_version(),
        "openai": metadata.version("openai"),
        "opentelemetry": metadata.version("opentelemetry-sdk"),
    }


def serve(
    contender: str,
    requests: IO[str],
    replies: IO[str],
    *,
    profiled: bool = False,
    with_content: bool = False,
) -> None:
    """Answer until there are no more requests."""
    try:
        worker = Worker(contender, profiled=profiled, with_content=with_content)
    except Exception as error:  # noqa: BLE001  # a contender may fail in any way it likes
        protocol.send(replies, {"error": f"{type(error).__name__}: {error}"})
        return
    protocol.send(replies, hello(contender))
    for request in protocol.messages(requests):
        try:
            reply = worker.answer(request)
        except Exception as error:  # noqa: BLE001  # told to the bench, which decides
            reply = {"error": f"{type(error).__name__}: {error}"}
        protocol.send(replies, reply)
    worker.close()


def main() -> None:
    """Keep the pipe to ourselves: what a contender prints goes to standard error."""
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    if sys.argv[1] == "--list":
        protocol.send(replies, {"contenders": discovery.discover()})
    else:
        serve(
            sys.argv[1],
            sys.stdin,
            replies,
            profiled="--profile" in sys.argv,
            with_content="--content" in sys.argv,
        )


if __name__ == "__main__":
    main()
