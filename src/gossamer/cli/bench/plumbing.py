"""Streams that hand out ready-made chunks, and the clock that times what is between them.

The SDK spends tens of microseconds to parse a chunk, and the noise of that hides what an
instrumentation adds. Here the SDK's own source of chunks is replaced, below everything that an
instrumentation touches, by one that yields real chunk objects parsed beforehand. What is left is
the plumbing between source and app.

The source keeps the clock itself: from the moment it is asked for its second chunk until it is
asked for its last. Starting and ending the call are outside; the bench counts them per call.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, final

from openai import AsyncStream, Stream

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine, Generator, Iterator, Sequence


@final
class ReadySource:
    """Stands in for the chunk source of `Stream` and `AsyncStream` while it is installed."""

    def __init__(self, recorded: Sequence[Any], chunks: int) -> None:
        # The recorded opening and closing, and between them one ordinary chunk many times over.
        middle = recorded[len(recorded) // 2]
        opening, closing = recorded[:4], recorded[-4:]
        self._inner = [*opening, *[middle] * (chunks - 8), *closing[:-1]]
        self._last = closing[-1]
        self.timed = len(self._inner) - 1
        self.elapsed_ns = 0
        self._originals: tuple[Any, Any] = (Stream.__stream__, AsyncStream.__stream__)

    def __enter__(self) -> ReadySource:
        source = self

        def stream(stream: Any) -> Iterator[Any]:
            return source._hand_out(stream)

        def async_stream(stream: Any) -> AsyncIterator[Any]:
            return source._hand_out_async(stream)

        Stream.__stream__ = stream  # type: ignore[method-assign, assignment]
        AsyncStream.__stream__ = async_stream  # type: ignore[method-assign, assignment]
        return self

    def __exit__(self, *_exception: object) -> None:
        Stream.__stream__, AsyncStream.__stream__ = self._originals  # type: ignore[method-assign]

    def _hand_out(self, stream: Any) -> Iterator[Any]:
        inner = iter(self._inner)
        try:
            yield next(inner)
            started = time.process_time_ns()
            yield from inner
            self.elapsed_ns = time.process_time_ns() - started
            yield self._last
        finally:
            stream.response.close()

    async def _hand_out_async(self, stream: Any) -> AsyncIterator[Any]:
        inner = iter(self._inner)
        try:
            yield next(inner)
            started = time.process_time_ns()
            for chunk in inner:
                await NETWORK  # chunks come one by one: the task waits for each
                yield chunk
            self.elapsed_ns = time.process_time_ns() - started
            yield self._last
        finally:
            await stream.response.aclose()


class _Network:
    """Waiting for the network, without the cost of an event loop."""

    def __await__(self) -> Generator[Any, Any, Any]:
        yield self


NETWORK = _Network()


def drive(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine whose every wait is for `NETWORK`: an event loop's own noise stays out."""
    while True:
        try:
            waiting_for = coroutine.send(None)
        except StopIteration as done:
            return done.value
        if waiting_for is not NETWORK:
            raise RuntimeError(f"the call waits for {waiting_for!r}, which only a loop can give")
