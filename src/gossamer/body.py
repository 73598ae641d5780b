"""The body of a response, watched for the moment at which it is closed.

httpx closes a body exactly once, whatever way the app takes: leaving a `with`, `Stream.close()`,
`response.close()`, or a helper stream, which closes the response and not the Stream.
"""

from __future__ import annotations

import sys
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from gossamer.call import Call

#: Type of a body → the type that watches it. One or two entries for each HTTP library.
_watches: dict[type[Any], type[Any]] = {}


def watch_body(response: Any, call: Call) -> None:
    """Put a watch around the body of an open response."""
    body = response.stream
    if response.is_closed or isinstance(body, _Body):
        return
    watch = _watches.get(type(body))
    if watch is None:
        watch = _watches[type(body)] = _watch_type(body)
    response.stream = watch(body, call)


def _watch_type(body: Any) -> type[Any]:
    """A watch that httpx takes for such a body: it checks for its own base classes."""
    watches: list[type[Any]] = []
    bases: list[type[Any]] = []
    for kind in type(body).__mro__:
        if kind.__name__ in _WATCHES:
            watches.append(_WATCHES[kind.__name__])
            bases.append(kind)
    return type("WatchedBody", (*watches, *bases), {})


class _Body:
    def __init__(self, body: Any, call: Call) -> None:
        self._body = body
        self._call = call
        self._drained = False
        #: The exception that the app handles as it asks. Not the object, which would hold its frames.
        self._handled = id(sys.exc_info()[1])

    def __getattr__(self, name: str) -> Any:
        if name == "_body":  # while it is being copied
            raise AttributeError(name)
        return getattr(self._body, name)


class _SyncBody(_Body):
    def __iter__(self) -> Iterator[bytes]:
        # A tapped stream needs no second look at each read.
        return iter(self._body) if self._call.tap is not None else self._watched()

    def _watched(self) -> Iterator[bytes]:
        try:
            for piece in self._body:
                if self._call.first_chunk is None:
                    self._call.first_chunk = perf_counter_ns()
                yield piece
        except GeneratorExit:
            raise  # closed by whoever reads, which close() tells
        except BaseException as error:
            self._call.fail(error)
            raise
        self._drained = True

    def close(self) -> None:
        try:
            self._body.close()
        finally:
            self._call.body_closed(drained=self._drained, handled=self._handled)


class _AsyncBody(_Body):
    def __aiter__(self) -> AsyncIterator[bytes]:
        inner: AsyncIterator[bytes] = self._body.__aiter__()
        return inner if self._call.tap is not None else self._watched(inner)

    async def _watched(self, inner: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        try:
            async for piece in inner:
                if self._call.first_chunk is None:
                    self._call.first_chunk = perf_counter_ns()
                yield piece
        except GeneratorExit:
            raise
        except BaseException as error:
            self._call.fail(error)
            raise
        self._drained = True

    async def aclose(self) -> None:
        try:
            await self._body.aclose()
        finally:
            self._call.body_closed(drained=self._drained, handled=self._handled)


_WATCHES: Final[dict[str, type[Any]]] = {"SyncByteStream": _SyncBody, "AsyncByteStream": _AsyncBody}
