"""One response of a realtime session: the model says something, asked for or in answer to speech."""

from __future__ import annotations

from typing import Any, Final

from gossamer import semconv
from gossamer.fields import NOTHING, Fields, fields
from gossamer.operations.operation import Attributes, Operation
from gossamer.operations.request import Put, body_reader, inside, number, prompt_template, text, whole
from gossamer.operations.responses_websocket import ItemsFold
from gossamer.operations.usage import AUDIO_USAGE, read_usage

_FINISH_REASONS: Final = {"max_output_tokens": "length"}  # the others are called as the API calls them


def _output_type(value: Any, attributes: Attributes) -> None:
    """Speech, where any is asked for: it comes with a transcript."""
    if type(value) is list and value:
        attributes[semconv.OUTPUT_TYPE] = "speech" if "audio" in value else "text"


def _of_object(put: Put) -> Put:
    """For what a session tells as a model of the SDK's, and not as a dict."""
    return lambda value, attributes: put(dict(fields(value)), attributes)


def _details(answer: Fields) -> Fields:
    found = answer.get("status_details")
    return NOTHING if found is None else fields(found)


def _measure(answer: Fields, attributes: Attributes) -> None:
    model = answer.get("model")
    if type(model) is str and model:
        attributes[semconv.RESPONSE_MODEL] = model
    read_usage(answer.get("usage"), AUDIO_USAGE, attributes)


def _describe(answer: Fields, attributes: Attributes) -> None:
    for key, name in (("id", semconv.RESPONSE_ID), ("conversation_id", semconv.CONVERSATION_ID)):
        value = answer.get(key)
        if type(value) is str and value:
            attributes[name] = value
    _output_type(answer.get("output_modalities") or answer.get("modalities"), attributes)
    reason = _finish_reason(answer)
    if reason is not None:
        attributes[semconv.RESPONSE_FINISH_REASONS] = (reason,)


def _finish_reason(answer: Fields) -> str | None:
    status = answer.get("status")
    if status == "completed":
        output = answer.get("output")
        calls = type(output) is list and any(fields(item).get("type") == "function_call" for item in output)
        return "tool_calls" if calls else "stop"
    if status in ("incomplete", "cancelled"):  # cancelled: by the app, or by somebody who speaks again
        reason = _details(answer).get("reason")
        return _FINISH_REASONS.get(reason, reason) if type(reason) is str and reason else "error"
    return "error" if status == "failed" else None


def _failure(answer: Fields) -> str | None:
    if answer.get("status") != "failed":
        return None
    error = fields(_details(answer).get("error"))
    code = error.get("code") or error.get("type")
    return code if type(code) is str and code else "failed"


REALTIME = Operation(
    name="chat",
    method="GET",
    path="/realtime",
    calls="`realtime.connect`, `beta.realtime.connect`",
    metrics="inference",
    describe_request=body_reader(
        {
            "model": text(semconv.REQUEST_MODEL),
            "temperature": number(semconv.REQUEST_TEMPERATURE),
            "max_output_tokens": whole(semconv.REQUEST_MAX_TOKENS),
            "max_response_output_tokens": whole(semconv.REQUEST_MAX_TOKENS),  # of a session, before GA
            "modalities": _output_type,  # before GA
            "output_modalities": _output_type,
            "prompt": _of_object(prompt_template),
            "reasoning": _of_object(inside("effort", text(semconv.REQUEST_REASONING_LEVEL))),
        }
    ),
    measure=_measure,
    describe=_describe,
    failure=_failure,
    fold=ItemsFold,
    content="realtime",
)
