"""One API call in flight: what was known at its start, and its end, which comes exactly once."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from functools import partial
from time import perf_counter_ns, time_ns
from typing import TYPE_CHECKING, Any, Final, Literal

from opentelemetry.context import attach, detach, get_current
from opentelemetry.context.context import Context
from opentelemetry.trace import set_span_in_context

from gossamer import failure, finalizers, semconv
from gossamer.errors import swallow
from gossamer.fields import NOTHING, Fields

if TYPE_CHECKING:
    import weakref
    from collections.abc import Iterator, Mapping
    from contextvars import Token

    from opentelemetry.trace import Span

    from gossamer.content.capture import Capture, Captured
    from gossamer.operations import Fold, Operation
    from gossamer.outputs import Outputs
    from gossamer.propagation import Propagation

#: How a stream ended. `completed`: read to its end. `closed`: the app closed it before. `abandoned`: the app
#: dropped it unread or half read. `cancelled`: the task that read it, or was in its `with` block, was
#: cancelled. `failed`: an error.
Outcome = Literal["completed", "closed", "abandoned", "cancelled", "failed"]

_NO_CONTEXT: Final = Context()

#: Where the options of a request lead to its call, for who sees a retry or a response. The SDK takes it along
#: into the copy that it makes of them for each attempt.
_IN_OPTIONS: Final = "_gossamer_call"


class Call:
    """A traced call. The hook starts it; the answer, an exception, a stream's end or a finalizer ends it."""

    # What most calls never have stands here and not in __init__: an attribute less to set for each of them.
    ended: int | None = None
    first_chunk: int | None = None
    fold: Fold | None = None
    headers: Any = None  # of the response; not the response itself, whose body leads back here
    parsed: Any = NOTHING  # the SDK's answer
    parser: Any = None
    own: Mapping[str, Any] | None = None  # what the app says of this call
    captured: Captured | None = None
    body: Fields | None = None  # of the request, where tokens are counted
    body_as_it_was: Any = None  # before it was made to ask for usage
    propagation: Propagation | None = None
    awaits_parse = False
    watched = True
    _gap_point: dict[str, Any] | None = None
    tap: weakref.ref[Any] | None = None
    span: Span | None = None
    recording = False
    _token: Token[Context] | None = None

    def __init__(
        self,
        operation: Operation,
        attributes: dict[str, Any],
        point: dict[str, Any],
        context: Context,
        outputs: Outputs,
        *,
        streamed: bool,
        speaks_openai: bool,
    ) -> None:
        self.operation = operation
        self.attributes = attributes
        self.point = point
        self.streamed = streamed
        self.speaks_openai = speaks_openai
        self.context: Context = context
        self.outputs = outputs
        # Holds the number of retries; whoever pops it ends the call. list.pop() is atomic, so exactly one
        # does, whatever thread, task or finalizer it is in.
        self._open = [0]
        self.started = time_ns()
        self.began = perf_counter_ns()  # the wall clock may be set back in the meantime

    def enter(self, options: Any) -> None:
        """Make the span current, and be known to the request's options: the request begins."""
        span = self.span
        if span is not None:
            before = self.context
            self.sees(span)
            try:
                self._token = attach(self.context)
            except BaseException:  # perhaps after it has done so
                if get_current() is self.context:
                    attach(before)
                raise
        # Past pydantic's __setattr__, which knows the names of fields only.
        options.__dict__[_IN_OPTIONS] = self

    def sees(self, span: Span) -> None:
        """Take in what the sampler has made of the span."""
        self.recording = span.is_recording()
        outputs = self.outputs
        self.watched = self.recording or outputs.metrics is not None or outputs.events is not None
        self.context = set_span_in_context(span, self.context)

    def leave(self, options: Any) -> None:
        """Make the caller's span current again, and the options as they were: the request is over, however it
        went, and the caller may use them again.
        """
        token = self._token
        if token is not None:
            try:
                token.var.reset(token)  # as detach() does, which would log what is no failure
            except ValueError:
                pass  # a dropped coroutine is closed in some other context, where nothing of ours is current
            except RecursionError:
                raise
            except RuntimeError:
                pass  # it has been left before, and then something failed
            except AttributeError:  # a runtime context of somebody's own
                detach(token)
        given = options.__dict__
        given.pop(_IN_OPTIONS, None)
        if callable(self.parser):
            given["post_parser"] = self.parser
        # That of a page holds these very options. In releases where a raw response shares them (1.66.5) they
        # come to hold its guard, which would then live as long as the call.
        self.parser = None
        if self.body_as_it_was is not None:
            given["json_data"] = self.body_as_it_was

    def __deepcopy__(self, _: Any) -> Call:
        return self  # the options lead here, and may be copied

    def capture(self, capture: Capture, options: Any) -> None:
        """Read the request for its content, if that is wanted."""
        self.captured = capture.begin(self.operation, options, self.context, recording=self.recording)
        if self.captured is not None:
            self.watched = True

    def fold_stream(self) -> None:
        """Gather from here on what a stream tells: with its content, where that is captured or counted."""
        counter = self.outputs.counter if self.body is not None else None
        if self.captured is not None:
            self.fold = self.captured.fold(self.attributes, 0 if counter is None else counter.characters)
        if self.fold is None and counter is not None:
            self.fold = counter.fold(self.operation, self.attributes)
        if self.fold is None and self.operation.fold is not None:
            self.fold = self.operation.fold(self.attributes)

    def stream_bytes(self) -> None:
        """The app reads the answer as it comes: a stream, which the request did not say."""
        self.streamed = True
        if self.operation.metrics == "inference":
            self.attributes[semconv.REQUEST_STREAM] = True
            if self.span is not None:
                self.span.set_attribute(semconv.REQUEST_STREAM, True)

    def look(self, chunk: Any) -> bool:
        """Take from a chunk what is kept of it. See `Fold.add`."""
        try:
            return self.fold.add(chunk) if self.fold is not None else True
        except Exception as error:
            swallow(error)
            return True

    def fail(self, error: BaseException) -> None:
        """The call ended in an exception, which is read here and not kept.

        An exception that is none of `Exception` cancels: for a stream this is an outcome of its own and no
        error; the caller of a plain call got nothing for it, which is one.
        """
        outcome: Outcome = "failed"
        told = None
        try:
            if type(error) is GeneratorExit:
                outcome = "abandoned"
            elif self.streamed and not isinstance(error, Exception):
                outcome = "cancelled"
            else:
                captured = self.captured
                if self.outputs.read_headers is not None:
                    self.headers = getattr(getattr(error, "response", None), "headers", self.headers)
                told = failure.of_exception(
                    error,
                    self.headers,
                    message=captured is not None and captured.tells_text,
                    stacktrace=captured is not None and captured.on_event,
                )
        except Exception as own:
            swallow(own)
            told = failure.Failure("_OTHER", type(error).__name__, {})
        self.end(outcome, told)

    def forget(self) -> None:
        """Leave the end of this call to another process."""
        self._open.clear()

    def drop(self) -> None:
        """Nobody will see how this call goes on. Its span ends, as processors have seen it begin; nothing is
        measured, for it would be wrong.
        """
        self.forget()
        try:
            if self.span is not None:
                self.span.end()
        except Exception as error:
            swallow(error)

    def end(self, outcome: Outcome, told: failure.Failure | None = None) -> None:
        """End the call, unless it has ended."""
        try:
            finalizers.unfinished.discard(self)
            try:
                retries = self._open.pop()
            except IndexError:
                return
            ended = self.ended
            if ended is None:
                ended = perf_counter_ns()
            elif outcome == "abandoned":
                outcome = "completed"  # it was read whole, and nobody has parsed it
            elapsed = ended - self.began
            if finalizers.collecting and finalizers.in_collection():
                finalizers.pending.append(partial(self.outputs.record, self, outcome, told, elapsed, retries))
            else:
                self.outputs.record(self, outcome, told, elapsed, retries)
        except Exception as error:
            swallow(error)

    def clear(self) -> None:
        """Hold nothing of what was said: the app may keep the stream, and its body knows this call."""
        self.fold, self.parsed, self.headers, self.captured, self.body = None, NOTHING, None, None, None
        self.span, self.body_as_it_was, self.context = None, None, _NO_CONTEXT

    def answered(self, answer: Any) -> None:
        """Keep a parsed answer for the end."""
        self.parsed = answer

    def gap(self, nanoseconds: int) -> None:
        """The time since the previous chunk."""
        try:
            metrics = self.outputs.metrics
            if metrics is not None:
                if self._gap_point is None:
                    # A copy: an SDK may keep the dict of the first point as it is.
                    self._gap_point = self.point.copy()
                    model = self.fold.answer().get("model") if self.fold is not None else None
                    if type(model) is str and model:
                        self._gap_point[semconv.RESPONSE_MODEL] = model
                metrics.record_gap(self._gap_point, nanoseconds / 1e9, self.context)
        except Exception as error:
            swallow(error)

    def retry(self, delay: float) -> None:
        """The SDK is about to send the request again, after so many seconds. It handles an exception."""
        try:
            if not self._open:
                return
            self._open[0] += 1
            if self.span is not None and self.recording:
                told = failure.of_retry(sys.exc_info()[1])
                self.span.add_event(semconv.RETRY_EVENT, {**told, semconv.RETRY_DELAY: float(delay)})
        except Exception as error:
            swallow(error)

    def send_along(self, client: Any, options: Any, headers: Any) -> None:
        """Add the trace context to the headers of an attempt, if it is to go with this request."""
        try:
            if self.propagation is not None:
                self.propagation.inject(client, options, headers, self.context)
        except Exception as error:
            swallow(error)

    def body_closed(self, *, drained: bool, handled: int = 0) -> None:
        """The body of the response was closed: by the app, or by the SDK at the end of what it reads.

        Args:
            drained: it has been read to its end.
            handled: identity of the exception that the app was handling when it asked.
        """
        try:
            if self.tap is not None:
                tap = self.tap()
                if getattr(tap, "gi_running", False) or getattr(tap, "ag_running", False):
                    return  # a chunk is being read: the tap will see how that ends
                # In a collection the SDK's generator may be closed before the tap that reads from it.
                collected = finalizers.collecting and finalizers.in_collection()
                self.end("abandoned" if tap is None or collected else _closed(handled))
            elif self.awaits_parse and drained:
                self.ended = perf_counter_ns()  # the answer is here; the caller's parse() will show it
            else:
                self.end("completed" if drained else _closed(handled))
        except Exception as error:
            swallow(error)


def _closed(handled: int) -> Outcome:
    """How a stream ends that is being closed: perhaps as its `with` block is cancelled, outside of a read."""
    error = sys.exc_info()[1]
    cancels = not isinstance(error, (Exception, GeneratorExit, type(None)))
    return "cancelled" if cancels and id(error) != handled else "closed"


class Guard:
    """Ends a call whose holder is gone: held by nothing but a tap's frame, a raw response's parser, or the
    connection of a generation.

    It covers what no generator can: a tap that was never started is discarded without running a line.
    """

    __slots__ = ("call",)

    def __init__(self, call: Call | None) -> None:
        self.call = call

    def __del__(self, _is_finalizing: Any = sys.is_finalizing) -> None:
        call = getattr(self, "call", None)  # None, too, where __init__ was interrupted
        if call is not None and not _is_finalizing():
            call.end("abandoned")


def call_of(options: Any) -> Call | None:
    """The call whose request has these options, while it is made."""
    found: Call | None = getattr(options, "__dict__", NOTHING).get(_IN_OPTIONS)
    return found


@contextmanager
def hidden_call(options: Any) -> Iterator[Call | None]:
    """The same, which nobody else can find in the block."""
    call = call_of(options)
    if call is None:
        yield None
        return
    del options.__dict__[_IN_OPTIONS]
    try:
        yield call
    finally:
        options.__dict__[_IN_OPTIONS] = call
