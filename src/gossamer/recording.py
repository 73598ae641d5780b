"""What is recorded of a call that has ended: span attributes, metric points, content, events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opentelemetry.trace import NonRecordingSpan, Status, StatusCode, set_span_in_context

from gossamer import semconv
from gossamer.errors import swallow
from gossamer.failure import Failure, of_answer
from gossamer.fields import NOTHING, Fields, fields

if TYPE_CHECKING:
    from opentelemetry.context import Context

    from gossamer.call import Call, Outcome

Attributes = dict[str, Any]


def record(call: Call, outcome: Outcome, told: Failure | None, elapsed: int, retries: int) -> None:
    """Record a call, and end its span.

    Args:
        call: that has ended.
        outcome: of its stream.
        told: the failure that ended it.
        elapsed: nanoseconds from issuing the request to its end.
        retries: how often the SDK sent the request again.
    """
    outputs = call.outputs
    try:
        try:
            answer = {"text": call.parsed} if type(call.parsed) is str else fields(call.parsed)
            if call.fold is not None:
                answer = call.fold.answer() or answer
            found: Attributes = {}
            told = _read(call, answer, found, told)
            seen = call.first_chunk if call.streamed else None
            first = None if seen is None else (seen - call.began) / 1e9
            raised = told is not None and told.raised and outputs.events is not None
            of_call = {**call.point, **(call.own or {})} if raised else {}
            if outputs.metrics is not None:
                context = call.context if call.captured is None else _for_exemplars(call)
                outputs.metrics.record(
                    call.operation.metrics, call.point, found, context, elapsed / 1e9, first
                )
            if call.recording or call.captured is not None:
                if call.streamed:
                    found[semconv.STREAM_OUTCOME] = outcome if told is None else "failed"
                if first is not None and call.operation.metrics == "inference":
                    found[semconv.RESPONSE_TIME_TO_FIRST_CHUNK] = first
                if retries:
                    found[semconv.REQUEST_RETRIES] = retries
                _show(call, answer, found, told, elapsed)
            if raised:
                _tell_failure(call, told, of_call, elapsed)
        finally:
            if call.span is not None:
                call.span.end(call.started + elapsed)
            call.clear()
    except Exception as error:
        swallow(error)


def _for_exemplars(call: Call) -> Context:
    """The context with the span, for points that are recorded later: content is not held until then."""
    if call.span is None:
        return call.context
    return set_span_in_context(NonRecordingSpan(call.span.get_span_context()), call.context)


def _read(call: Call, answer: Fields, found: Attributes, told: Failure | None) -> Failure | None:
    """Read the answer into attributes; the failure, if it or the answer is one."""
    operation, captured = call.operation, call.captured
    operation.measure(answer, found)
    if call.recording or captured is not None:
        operation.describe(answer, found)
    if call.body is not None and answer:
        _estimate(call, call.body, answer, found)
    if not call.speaks_openai:
        found.pop(semconv.RESPONSE_SERVICE_TIER, None)
        found.pop(semconv.RESPONSE_SYSTEM_FINGERPRINT, None)
    if told is None and operation.failure is not None:
        code = operation.failure(answer)
        if code is not None:
            with_message = captured is not None and captured.tells_text
            told = of_answer(code, answer, call.headers, message=with_message)
    if told is not None:
        if captured is not None:
            told = captured.redact(told)
        found[semconv.ERROR_TYPE] = told.error_type
        found.update(told.attributes)
    return told


def _estimate(call: Call, body: Fields, answer: Fields, found: Attributes) -> None:
    """Count the tokens of an answer that reports none."""
    counter = call.outputs.counter
    if counter is None or semconv.INPUT_TOKENS in found or semconv.OUTPUT_TOKENS in found:
        return
    model = found.get(semconv.RESPONSE_MODEL) or call.attributes.get(semconv.REQUEST_MODEL)
    cut = getattr(call.fold, "cut", False)
    sent, made = counter.count(model, call.operation, body, answer, cut=cut)
    for name, tokens in ((semconv.INPUT_TOKENS, sent), (semconv.OUTPUT_TOKENS, made)):
        if tokens is not None:
            found[name] = tokens
            found[semconv.USAGE_ESTIMATED] = True


def _show(call: Call, answer: Fields, found: Attributes, told: Failure | None, elapsed: int) -> None:
    """Give the span its attributes, and the content to whom it is for."""
    span, captured, hook = call.span, call.captured, call.outputs.response_hook
    if call.outputs.read_headers is not None and call.headers is not None:
        found.update(call.outputs.read_headers(call.headers))
    if call.own is not None:  # what the app says counts
        found = {name: value for name, value in found.items() if name not in call.own}
    if span is not None and call.recording:
        span.set_attributes(found)
    if captured is not None:
        captured.finish(
            answer,
            span,
            call.context,
            {**call.attributes, **found},
            call.started + elapsed,
            cut=getattr(call.fold, "cut", False),
        )
    if told is not None and span is not None and call.recording:
        description = told.description
        if told.message and captured is not None and captured.on_span and not captured.content.dropped:
            description = f"{description}: {told.message}"
        span.set_status(Status(StatusCode.ERROR, description))
    if hook is not None and span is not None and call.recording and answer:
        hook(span, answer if call.parsed is NOTHING else call.parsed)


def _tell_failure(call: Call, told: Failure | None, of_call: Attributes, elapsed: int) -> None:
    """Emit the event of a failure; last, as a redaction that fails on the way drops the text."""
    captured, events = call.captured, call.outputs.events
    if told is None or events is None:
        return
    with_text = captured is not None and captured.on_event and not captured.content.dropped
    events.exception(
        call.context,
        told.error_type,
        told.message if with_text else None,
        told.stacktrace if with_text else None,
        {**of_call, **told.attributes},
        call.started + elapsed,
    )
