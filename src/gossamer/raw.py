"""Answers seen on their way through the SDK's own `post_parser`, so that nothing is ever parsed twice.

Two needs, one means. A raw response is parsed by the app when it likes, if at all. And `parse()` of
structured outputs raises from inside `request()` after a good answer, whose usage must not be lost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gossamer.body import watch_body
from gossamer.call import Call, Guard
from gossamer.errors import swallow
from gossamer.finalizers import unfinished
from gossamer.stream import tap_stream

if TYPE_CHECKING:
    from gossamer.sdk import SDK


class Parser:
    """A `post_parser` in front of the SDK's: sees what was parsed, and passes it on untouched."""

    __slots__ = ("_call", "inner")

    def __init__(self, call: Call, inner: Any) -> None:
        self._call = call
        self.inner = inner

    def __call__(self, parsed: Any) -> Any:
        """What the SDK calls with the parsed answer."""
        try:
            self._call.answered(parsed)
        except Exception as error:
            swallow(error)
        return self.inner(parsed) if callable(self.inner) else parsed

    def __deepcopy__(self, _: Any) -> Any:
        return self.inner  # a copy of the options is the app's, not the call's


class RawParser(Parser):
    """The same for a raw response: what the app parses is the answer, and ends the call."""

    __slots__ = ("_done", "_gaps", "_guard", "_sdk")

    def __init__(self, call: Call, inner: Any, sdk: SDK, *, gaps: bool) -> None:
        super().__init__(call, inner)
        self._sdk = sdk
        self._gaps = gaps
        self._guard = Guard(call)
        self._done = False

    def __call__(self, parsed: Any) -> Any:
        """What the SDK calls in the app's `parse()`; a second `parse()` is the app's alone."""
        if self._done:
            return self.inner(parsed) if callable(self.inner) else parsed
        self._done, call = True, self._call
        is_stream = isinstance(parsed, (self._sdk.stream, self._sdk.async_stream))
        try:
            if is_stream:
                tap_stream(parsed, call, self._sdk, gaps=self._gaps)
            else:
                call.answered(parsed)
        except Exception as error:
            swallow(error)
        if call.tap is not None:
            # From here on the tap has a guard of its own, and the app's reading is what ends the call.
            self._guard.call = call.ended = None
        try:
            result = self.inner(parsed) if callable(self.inner) else parsed
        except BaseException as error:
            call.fail(error)
            raise
        if not is_stream:
            call.end("completed")
        return result


def watch_parser(options: Any, call: Call) -> Any:
    """See the answer before the SDK's own parser does, if there is one. Returns it, for `Call.leave`."""
    inner = options.post_parser
    if isinstance(inner, Parser):
        inner = inner.inner  # of a request with the very same options that is being made, too
    if callable(inner):
        # Past pydantic's __setattr__, which would mark the field as set by the caller.
        options.__dict__["post_parser"] = Parser(call, inner)
    return inner


def watch_raw(response: Any, call: Call, sdk: SDK, *, gaps: bool) -> None:
    """Wait for the app to parse a raw response, to read it otherwise, or to drop it."""
    options = response._options  # noqa: SLF001
    inner = options.post_parser
    if isinstance(inner, Parser):
        inner = inner.inner
    options.__dict__["post_parser"] = RawParser(call, inner, sdk, gaps=gaps)
    streamed = getattr(response, "_is_sse_stream", None)
    if streamed is None:
        streamed = response._stream  # noqa: SLF001
    unfinished.add(call)
    http_response = response.http_response
    call.headers = http_response.headers
    # A stream can only be parsed after its end if the whole body is kept, as one is that a hook of httpx's
    # has read.
    call.awaits_parse = not call.operation.binary and (not streamed or http_response.is_closed)
    if http_response.is_closed:
        call.body_closed(drained=True)
    else:
        if call.operation.binary:
            call.stream_bytes()
        watch_body(http_response, call)
