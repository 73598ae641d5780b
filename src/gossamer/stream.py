"""Taps: a generator between the SDK's iterator and the app, on the very Stream object that the SDK made.

The tap sees every chunk, the end and every exception, for one generator resume a chunk. It runs over
`__stream__()` of a twin of the Stream, because each Stream of the SDK is in a reference cycle with its own
iterator: with the twin in that place, a Stream that the app drops ends, and frees its connection, at once,
and not at some later garbage collection.
"""

from __future__ import annotations

import weakref
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

from gossamer.body import watch_body
from gossamer.call import Guard
from gossamer.finalizers import unfinished
from gossamer.stream_usage import ahidden, hidden

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from gossamer.call import Call
    from gossamer.sdk import SDK


def tap_stream(stream: Any, call: Call, sdk: SDK, *, gaps: bool) -> None:
    """Watch a Stream or AsyncStream to its end.

    Args:
        stream: the SDK's object, which stays the app's.
        call: the call that it answers.
        sdk: the SDK's types.
        gaps: whether the time between chunks is recorded.
    """
    is_async = isinstance(stream, sdk.async_stream)
    source = _source(stream, sdk)
    if call.body_as_it_was is not None:
        source = ahidden(source, call) if is_async else hidden(source, call)
    if gaps and call.operation.metrics == "inference":
        source = _atimed(source, call) if is_async else _timed(source, call)
    call.fold_stream()
    call.streamed = True
    tap = (_atap if is_async else _tap)(source, call, Guard(call))
    stream._iterator = tap  # noqa: SLF001
    call.tap = weakref.ref(tap)
    call.headers = stream.response.headers
    unfinished.add(call)
    watch_body(stream.response, call)


def leave_stream(stream: Any, call: Call, sdk: SDK) -> None:
    """The tap could not be made: all that is left to do is to hide what the app did not ask for."""
    if call.body_as_it_was is not None and isinstance(stream, (sdk.stream, sdk.async_stream)):
        hide = ahidden if isinstance(stream, sdk.async_stream) else hidden
        stream._iterator = hide(stream._iterator, call)  # noqa: SLF001


def _source(stream: Any, sdk: SDK) -> Any:
    """What the tap reads from: the chunks of a twin, or what the stream would have handed out itself."""
    kind, iterator = type(stream), stream._iterator  # noqa: SLF001
    if kind is not sdk.stream and kind is not sdk.async_stream:
        return iterator  # a subclass may keep state on itself
    code = getattr(iterator, "gi_code", None) or getattr(iterator, "ag_code", None)
    if code is not getattr(kind.__stream__, "__code__", None):
        return iterator  # somebody has tapped it before us
    twin: Any = object.__new__(kind)
    twin.__dict__.update(stream.__dict__)
    del twin.__dict__["_iterator"]
    return twin.__stream__()


def _tap(source: Any, call: Call, guard: Guard) -> Iterator[Any]:  # noqa: ARG001, C901, PLR0912
    look, kept = call.look, call.operation.kept_events
    try:
        for chunk in source:
            if call.first_chunk is None:
                call.first_chunk = perf_counter_ns()
            known = look(chunk)
            yield chunk
            if known:
                break
        if kept is None:
            for chunk in source:
                try:
                    (choice,) = chunk.choices
                    if choice.finish_reason or chunk.usage is not None:
                        look(chunk)
                except Exception:
                    look(chunk)
                yield chunk
        else:
            for chunk in source:
                try:
                    if chunk.type in kept:
                        look(chunk)
                except Exception:
                    look(chunk)
                yield chunk
    except GeneratorExit:
        call.end("abandoned")
        raise
    except BaseException as error:
        call.fail(error)
        raise
    else:
        call.end("completed")


async def _atap(source: Any, call: Call, guard: Guard) -> AsyncIterator[Any]:  # noqa: ARG001, C901, PLR0912
    # The lines of _tap but for the word async: tests/test_stream.py compares.
    look, kept = call.look, call.operation.kept_events
    try:
        async for chunk in source:
            if call.first_chunk is None:
                call.first_chunk = perf_counter_ns()
            known = look(chunk)
            yield chunk
            if known:
                break
        if kept is None:
            async for chunk in source:
                try:
                    (choice,) = chunk.choices
                    if choice.finish_reason or chunk.usage is not None:
                        look(chunk)
                except Exception:
                    look(chunk)
                yield chunk
        else:
            async for chunk in source:
                try:
                    if chunk.type in kept:
                        look(chunk)
                except Exception:
                    look(chunk)
                yield chunk
    except GeneratorExit:
        # The SDK's generator is not closed from here: it is dropped with this frame, and then closed by the
        # event loop, which may be at it already when the loop shuts down.
        call.end("abandoned")
        raise
    except BaseException as error:
        call.fail(error)
        raise
    else:
        call.end("completed")


def _timed(source: Any, call: Call) -> Iterator[Any]:
    previous = 0
    for chunk in source:
        now = perf_counter_ns()
        if previous:
            call.gap(now - previous)
        previous = now
        yield chunk


async def _atimed(source: Any, call: Call) -> AsyncIterator[Any]:
    previous = 0
    async for chunk in source:
        now = perf_counter_ns()
        if previous:
            call.gap(now - previous)
        previous = now
        yield chunk
