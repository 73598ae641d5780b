"""One API call in flight: what was known at its start, and its end, which comes exactly once."""

from __future__ import annotations

from contextvars import ContextVar, Token
from functools import partial
from sys import is_finalizing
from time import perf_counter_ns, time_ns
from typing import TYPE_CHECKING, Any, Literal

from opentelemetry.context import attach, detach
from opentelemetry.trace import Status, StatusCode, set_span_in_context

from gossamer import failure, finalizers, semconv
from gossamer.errors import swallow
from gossamer.fields import NOTHING, Fields, fields

if TYPE_CHECKING:
    import weakref

    from opentelemetry.context import Context
    from opentelemetry.trace import Span

    from gossamer.metrics import Metrics
    from gossamer.operations import Fold, Operation

#: How a stream ended. `completed`: read to its end. `closed`: the app closed it before. `abandoned`: the app
#: dropped it unread or half read. `cancelled`: the task that read it was cancelled. `failed`: an error.
Outcome = Literal["completed", "closed", "abandoned", "cancelled", "failed"]

#: The call whose request is being made here, as its open list; the retry hook counts into it.
_requesting: ContextVar[list[int]] = ContextVar("gossamer_requesting")


class Call:
    """A traced call. The hook starts it; the answer, an exception, a stream's end or a finalizer ends it."""

    # What most calls never have stands here and not in __init__: an attribute less to set for each of them.
    ended: int | None = None
    first_chunk: int | None = None
    fold: Fold | None = None
    headers: Any = None  # of the response; not the response itself, whose body leads back here
    parsed: Fields = NOTHING
    parser: Any = None
    awaits_parse = False
    watched = True
    _gap_point: dict[str, Any] | None = None
    tap: weakref.ref[Any] | None = None
    span: Span | None = None
    _recording = False
    _token: Token[Context] | None = None
    _requesting: Token[list[int]] | None = None

    def __init__(
        self,
        operation: Operation,
        attributes: dict[str, Any],
        point: dict[str, Any],
        context: Context,
        metrics: Metrics | None,
        *,
        streamed: bool,
        speaks_openai: bool,
    ) -> None:
        self.operation = operation
        self.attributes = attributes
        self.point = point
        self.streamed = streamed
        self.speaks_openai = speaks_openai
        self._context = context
        self._metrics = metrics
        # Holds the number of retries; whoever pops it ends the call. list.pop() is atomic, so exactly one
        # does, whatever thread, task or finalizer it is in.
        self._open = [0]
        self.started = time_ns()
        self.began = perf_counter_ns()  # the wall clock may be set back in the meantime

    def enter(self) -> None:
        """Make the span current: the request begins."""
        span = self.span
        if span is not None:
            self._recording = span.is_recording()
            self.watched = self._recording or self._metrics is not None
            self._context = set_span_in_context(span, self._context)
            self._token = attach(self._context)
        self._requesting = _requesting.set(self._open)

    def leave(self) -> None:
        """Make the caller's span current again: the request is over, however it went."""
        try:
            if self._requesting is not None:
                _requesting.reset(self._requesting)
        except ValueError:
            return  # a dropped coroutine is closed in some other context, where nothing of ours is current
        if self._token is not None:
            detach(self._token)

    def look(self, chunk: Any) -> bool:
        """Take from a chunk what is kept of it. True once the answer's id and model are known."""
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
        if type(error) is GeneratorExit:
            self.end("abandoned")
        elif self.streamed and not isinstance(error, Exception):
            self.end("cancelled")
        else:
            try:
                told = failure.of_exception(error, self.headers)
            except Exception as own:
                swallow(own)
                told = failure.Failure("_OTHER", type(error).__name__, {})
            self.end("failed", told=told)

    def forget(self) -> None:
        """Leave the end of this call to another process."""
        self._open.clear()

    def end(self, outcome: Outcome, told: failure.Failure | None = None) -> None:
        """End the call, unless it has ended."""
        try:
            retries = self._open.pop()
        except IndexError:
            return
        elapsed = (self.ended or perf_counter_ns()) - self.began
        finalizers.unfinished.discard(self)
        if finalizers.collecting:
            finalizers.pending.append(partial(self._record, outcome, told, elapsed, retries))
        else:
            self._record(outcome, told, elapsed, retries)

    def _record(self, outcome: Outcome, told: failure.Failure | None, elapsed: int, retries: int) -> None:
        try:
            answer = self.parsed
            found: dict[str, Any] = {}
            try:
                if self.fold is not None:
                    answer = self.fold.answer() or answer
                told = self._read(answer, found, told)
                if told is not None:
                    outcome = "failed"
                    found[semconv.ERROR_TYPE] = told.error_type
                    found.update(told.attributes)
                if not self.speaks_openai:
                    found.pop(semconv.RESPONSE_SERVICE_TIER, None)
                    found.pop(semconv.RESPONSE_SYSTEM_FINGERPRINT, None)
                first = None
                if self.streamed and self.first_chunk is not None:
                    first = (self.first_chunk - self.began) / 1e9
                if self._metrics is not None:
                    self._metrics.record(
                        self.operation.metrics, self.point, found, self._context, elapsed / 1e9, first
                    )
                if self._recording:
                    self._finish_span(found, told, outcome, first, retries)
            finally:
                if self.span is not None:
                    self.span.end(self.started + elapsed)
                # The app may keep the stream, and its body knows this call.
                self.fold, self.parsed, self.headers = None, NOTHING, None
        except Exception as error:
            swallow(error)

    def _read(
        self, answer: Fields, found: dict[str, Any], told: failure.Failure | None
    ) -> failure.Failure | None:
        operation = self.operation
        operation.measure(answer, found)
        if self._recording:
            operation.describe(answer, found)
        if told is None and operation.failure is not None:
            code = operation.failure(answer)
            if code is not None:
                return failure.of_answer(code, answer, self.headers)
        return told

    def _finish_span(
        self,
        found: dict[str, Any],
        told: failure.Failure | None,
        outcome: Outcome,
        first: float | None,
        retries: int,
    ) -> None:
        span = self.span
        assert span is not None
        if self.streamed:
            found[semconv.STREAM_OUTCOME] = outcome
            if first is not None and self.operation.metrics == "inference":
                found[semconv.RESPONSE_TIME_TO_FIRST_CHUNK] = first
        if retries:
            found[semconv.REQUEST_RETRIES] = retries
        span.set_attributes(found)
        if told is not None:
            span.set_status(Status(StatusCode.ERROR, told.description))

    def answered(self, answer: Any) -> None:
        """Keep what a parsed answer says, for the end."""
        self.parsed = fields(answer)

    def gap(self, nanoseconds: int) -> None:
        """The time since the previous chunk."""
        try:
            if self._metrics is not None:
                if self._gap_point is None:
                    # A copy: an SDK may keep the dict of the first point as it is.
                    self._gap_point = self.point.copy()
                    model = self.fold.answer().get("model") if self.fold is not None else None
                    if type(model) is str and model:
                        self._gap_point[semconv.RESPONSE_MODEL] = model
                self._metrics.record_gap(self._gap_point, nanoseconds / 1e9, self._context)
        except Exception as error:
            swallow(error)

    def body_closed(self, *, drained: bool) -> None:
        """The body of the response was closed: by the app, or by the SDK at the end of what it reads."""
        if self.tap is not None:
            tap = self.tap()
            if getattr(tap, "gi_running", False) or getattr(tap, "ag_running", False):
                return  # a chunk is being read: the tap will see how that ends
            # In a collection the SDK's generator may be closed before the tap that reads from it.
            self.end("abandoned" if tap is None or finalizers.collecting else "closed")
        elif self.awaits_parse and drained:
            self.ended = perf_counter_ns()  # the answer is here; the caller's parse() will show it
        else:
            self.end("completed" if drained else "closed")


class Guard:
    """Ends a call whose holder is gone: held by nothing but a tap's frame, or by a raw response's parser.

    It covers what no generator can: a tap that was never started is discarded without running a line.
    """

    __slots__ = ("call",)

    def __init__(self, call: Call) -> None:
        self.call: Call | None = call

    def __del__(self, _is_finalizing: Any = is_finalizing) -> None:
        if self.call is not None and not _is_finalizing():
            self.call.end("abandoned")


def count_retry() -> None:
    """The SDK is about to send the request of the current call again."""
    retries = _requesting.get(None)
    if retries:  # emptied when its call has ended
        retries[0] += 1
