"""The Responses API: creating a response, and fetching one by its id."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import parse_qs

from gossamer import semconv
from gossamer.fields import NOTHING, Fields, fields
from gossamer.operations.answer import failure_in
from gossamer.operations.operation import Attributes, Operation
from gossamer.operations.request import (
    SAMPLING,
    body_reader,
    conversation,
    id_in,
    inside,
    output_type,
    prompt_template,
    text,
    whole,
)
from gossamer.operations.usage import RESPONSES_USAGE, read_usage

_FINISH_REASONS: Final = {"max_output_tokens": "length"}  # the others are called as the API calls them


def _put_name(answer: Fields, attributes: Attributes) -> None:
    for key, name in (("model", semconv.RESPONSE_MODEL), ("service_tier", semconv.RESPONSE_SERVICE_TIER)):
        value = answer.get(key)
        if type(value) is str and value:
            attributes[name] = value


def measure(answer: Fields, attributes: Attributes) -> None:
    """Model, service tier and usage."""
    _put_name(answer, attributes)
    read_usage(answer.get("usage"), RESPONSES_USAGE, attributes)


def describe(answer: Fields, attributes: Attributes) -> None:
    """Id, conversation, compaction and finish reason."""
    value = answer.get("id")
    if type(value) is str and value:
        attributes[semconv.RESPONSE_ID] = value
    value = fields(answer.get("conversation")).get("id")
    if type(value) is str and value:
        attributes[semconv.CONVERSATION_ID] = value
    kinds = _output_kinds(answer)
    if "compaction" in kinds:
        attributes[semconv.CONVERSATION_COMPACTED] = True
    reason = _finish_reason(answer, kinds)
    if reason is not None:
        attributes[semconv.RESPONSE_FINISH_REASONS] = (reason,)


def _output_kinds(answer: Fields) -> list[Any]:
    kinds = []
    output = answer.get("output")
    if type(output) is list:
        for item in output:  # a loop: a comprehension is a call more before Python 3.12
            kinds.append(fields(item).get("type"))  # noqa: PERF401
    return kinds


def _finish_reason(answer: Fields, kinds: list[Any]) -> str | None:
    """As Chat Completions call it: the Responses API has a status in its place."""
    status = answer.get("status")
    if status == "completed":
        return "tool_calls" if "function_call" in kinds or "custom_tool_call" in kinds else "stop"
    if status == "incomplete":
        reason = fields(answer.get("incomplete_details")).get("reason")
        return _FINISH_REASONS.get(reason, reason) if type(reason) is str and reason else "error"
    if status in ("failed", "cancelled"):
        return "error"
    return None  # queued or in progress, as a background response is: no reason is expected yet


class EventsFold:
    """Events of one response, folded: the last one that carries the response says it all."""

    __slots__ = ("_error", "_response")

    def __init__(self, _: Attributes) -> None:
        self._response: Fields = NOTHING
        self._error: dict[str, Any] | None = None

    def add(self, chunk: Any) -> bool:
        """See `Fold.add`."""
        event = fields(chunk)
        if event.get("event") == "error":  # releases before 2.x wrap what they have no type for
            event = fields(event.get("data"))
        if event.get("type") == "error":
            self._error = {
                "status": "failed",
                "error": {"code": event.get("code"), "message": event.get("message")},
            }
        response = event.get("response")
        if response is not None:
            self._response = fields(response)
        return True

    def answer(self) -> Fields:
        """See `Fold.answer`. A stream that ended before its response did was cut, unless that goes on."""
        response = self._response
        if self._error is not None:
            return {**response, **self._error}
        if response.get("status") in ("queued", "in_progress") and response.get("background") is not True:
            return {**response, "status": "cancelled"}
        return response


# None: an event that this release of the SDK could give no type.
_KEPT_EVENTS: Final = frozenset(
    {"response.created", "response.completed", "response.failed", "response.incomplete", "error", None}
)

RESPONSES = Operation(
    name="chat",
    method="POST",
    path="/responses",
    calls="`responses.create`, `.parse`, `.stream`",
    metrics="inference",
    api_type="responses",
    describe_request=body_reader(
        {
            **SAMPLING,
            "conversation": conversation,
            "max_output_tokens": whole(semconv.REQUEST_MAX_TOKENS),
            "previous_response_id": text(semconv.REQUEST_PREVIOUS_RESPONSE_ID),
            "prompt": prompt_template,
            "reasoning": inside("effort", text(semconv.REQUEST_REASONING_LEVEL)),
            "text": inside("format", inside("type", output_type)),
        }
    ),
    measure=measure,
    describe=describe,
    failure=failure_in("error"),
    fold=EventsFold,
    kept_events=_KEPT_EVENTS,
    content="responses",
)


_put_cursor = text(semconv.REQUEST_STREAM_CURSOR)


def _describe_fetch(options: Any, attributes: Attributes) -> None:
    attributes[semconv.RESPONSE_ID] = id_in(options, -1)
    cursor = fields(options.params).get("starting_after")
    _, _, query = str(options.url).partition("?")
    if cursor is None and query:  # what the SDK sends, too, where `params` do not say otherwise
        cursor = parse_qs(query).get("starting_after", [None])[0]
    if type(cursor) is int or type(cursor) is str:
        _put_cursor(str(cursor), attributes)


def _describe_fetched(answer: Fields, attributes: Attributes) -> None:
    value = answer.get("id")
    if type(value) is str and value:
        attributes[semconv.RESPONSE_ID] = value
    status = answer.get("status")
    if type(status) is str and status:
        attributes[semconv.RESPONSE_STATUS] = status
    reason = _finish_reason(answer, _output_kinds(answer))
    if reason is not None:
        attributes[semconv.RESPONSE_FINISH_REASONS] = (reason,)


class FetchFold(EventsFold):
    """As `EventsFold`, but a response that is still at work, or has failed, is no failure of the fetch."""

    __slots__ = ()

    def answer(self) -> Fields:
        """See `Fold.answer`."""
        return self._response if self._error is None else {**self._response, _OF_FETCH: self._error["error"]}


#: Where an error stands that the stream of a fetched response ended in: in its own place is the response's.
_OF_FETCH: Final = "error of the stream"


def _failure_of_fetch(answer: Fields) -> str | None:
    error = answer.get(_OF_FETCH)
    if error is None:
        return None
    code = fields(error).get("code")
    return code if type(code) is str and code else "failed"


FETCH_RESPONSE = Operation(
    name="fetch_response",
    method="GET",
    path="/responses/{id}",
    calls="`responses.retrieve`, `.stream`",
    metrics="other",
    api_type="responses",
    describe_request=_describe_fetch,
    measure=_put_name,  # its tokens were counted when it was created
    describe=_describe_fetched,
    failure=_failure_of_fetch,
    fold=FetchFold,
    kept_events=_KEPT_EVENTS,
    content="fetched",
)


def _describe_cancel(options: Any, attributes: Attributes) -> None:
    attributes[semconv.RESPONSE_ID] = id_in(options, -2)


def _describe_cancelled(answer: Fields, attributes: Attributes) -> None:
    status = answer.get("status")
    if type(status) is str and status:
        attributes[semconv.RESPONSE_STATUS] = status


CANCEL_RESPONSE = Operation(
    name="responses.cancel",
    method="POST",
    path="/responses/{id}/cancel",
    calls="`responses.cancel`",
    metrics="plain",
    describe_request=_describe_cancel,
    measure=_put_name,
    describe=_describe_cancelled,
)

# It makes a model read a conversation and sum it up, and costs tokens as any other inference.
COMPACT = Operation(
    name="chat",
    method="POST",
    path="/responses/compact",
    calls="`responses.compact`",
    metrics="inference",
    api_type="responses",
    describe_request=RESPONSES.describe_request,
    measure=measure,
    describe=describe,
    content="responses",
)
