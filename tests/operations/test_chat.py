"""Chat Completions: what its requests and answers become on the span."""

from __future__ import annotations

import json
from importlib.util import find_spec
from typing import Any
from unittest import mock

import openai
import pydantic
import pytest

from gossamer import semconv
from gossamer.fields import fields
from gossamer.operations import request
from gossamer.operations.chat import CHAT
from gossamer.testing import capture

MESSAGES = [{"role": "user", "content": "How light is gossamer?"}]
REQUEST = {"gen_ai.operation.name": "chat", "openai.api.type": "chat_completions"}
USAGE = {"prompt_tokens": 24, "completion_tokens": 7, "total_tokens": 31}
ANSWER = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1,
    "model": "gpt-4o-2024-08-06",
    "service_tier": "default",
    "system_fingerprint": "fp_1",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Very."}, "finish_reason": "stop"}],
    "usage": USAGE,
}
TOLD = {
    "gen_ai.response.id": "chatcmpl-1",
    "gen_ai.response.model": "gpt-4o-2024-08-06",
    "gen_ai.response.finish_reasons": ("stop",),
    "gen_ai.usage.input_tokens": 24,
    "gen_ai.usage.output_tokens": 7,
    "openai.response.service_tier": "default",
    "openai.response.system_fingerprint": "fp_1",
}

#: A body → the attributes that it becomes.
BODIES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"model": "gpt-4o"}, {"gen_ai.request.model": "gpt-4o"}),
    ({"temperature": 0.5}, {"gen_ai.request.temperature": 0.5}),
    ({"temperature": 1}, {"gen_ai.request.temperature": 1.0}),
    ({"temperature": 0}, {"gen_ai.request.temperature": 0.0}),
    ({"top_p": 0.9}, {"gen_ai.request.top_p": 0.9}),
    ({"top_k": 40}, {"gen_ai.request.top_k": 40}),
    ({"frequency_penalty": 0.1}, {"gen_ai.request.frequency_penalty": 0.1}),
    ({"presence_penalty": -2}, {"gen_ai.request.presence_penalty": -2.0}),
    ({"max_tokens": 100}, {"gen_ai.request.max_tokens": 100}),
    ({"max_completion_tokens": 100}, {"gen_ai.request.max_tokens": 100}),
    ({"seed": 42}, {"gen_ai.request.seed": 42}),
    ({"n": 3}, {"gen_ai.request.choice.count": 3}),
    ({"n": 1}, {}),
    ({"stop": "\n"}, {"gen_ai.request.stop_sequences": ("\n",)}),
    ({"stop": ["a", "b"]}, {"gen_ai.request.stop_sequences": ("a", "b")}),
    ({"service_tier": "flex"}, {"openai.request.service_tier": "flex"}),
    ({"service_tier": "auto"}, {}),
    ({"reasoning_effort": "low"}, {"gen_ai.request.reasoning.level": "low"}),
    ({"reasoning": {"effort": "high"}}, {"gen_ai.request.reasoning.level": "high"}),
    ({"response_format": {"type": "text"}}, {"gen_ai.output.type": "text"}),
    ({"response_format": {"type": "json_object"}}, {"gen_ai.output.type": "json"}),
    ({"response_format": {"type": "json_schema", "json_schema": {}}}, {"gen_ai.output.type": "json"}),
    ({"modalities": ["text", "audio"]}, {"gen_ai.output.type": "speech"}),
    ({"modalities": ["text"]}, {}),
    ({"modalities": ["audio"], "response_format": {"type": "text"}}, {"gen_ai.output.type": "speech"}),
    ({"response_format": {"type": "text"}, "modalities": ["audio"]}, {"gen_ai.output.type": "speech"}),
]
#: A body of which nothing can be kept: no attribute may come of it, and no complaint.
ODD_BODIES: list[Any] = [
    {"model": None},
    {"model": ""},
    {"model": ["gpt-4o", "gpt-4o-mini"]},
    {"model": {"name": "gpt-4o"}},
    {"model": 4},
    {"temperature": None, "top_p": "0.9", "seed": 1.5, "top_k": "40", "n": "3"},
    {"temperature": 10**400, "seed": 2**63, "max_tokens": -(2**64), "n": 10**30},
    {"temperature": True, "seed": True, "max_tokens": False, "n": True},
    {"max_tokens": None, "max_completion_tokens": "many"},
    {"stop": None},
    {"stop": []},
    {"stop": ["a", None]},
    {"stop": {"a": 1}},
    {"service_tier": None, "reasoning_effort": None, "reasoning": None},
    {"service_tier": "", "reasoning": "high", "reasoning_effort": {"level": "low"}},
    {"reasoning": {"effort": None}},
    {"reasoning": {}},
    {"response_format": None, "modalities": None},
    {"response_format": "json", "modalities": "audio"},
    {"response_format": {"type": "xml"}},
    {"response_format": {"type": ["text"]}},
    {"response_format": {}},
    {"messages": MESSAGES, "user": "alice", "metadata": {"a": 1}, "tools": [{"type": "function"}]},
    {},
    [],
    "a string",
    None,
]


@pytest.mark.parametrize(("body", "expected"), BODIES)
def test_a_request_tells_what_it_asks_for(post, body, expected):
    traced = post("/chat/completions", body, {})
    assert traced.attributes == {**REQUEST, **expected}
    model = body.get("model")
    assert traced.span["name"] == (f"chat {model}" if model else "chat")
    assert traced.span["kind"] == "CLIENT"


def test_each_key_that_is_read_has_a_body_above(table):
    assert table(CHAT) == {key for body, expected in BODIES if expected for key in body}


@pytest.mark.parametrize("body", ODD_BODIES)
def test_what_is_odd_in_a_request_is_left_out(post, caplog, body):
    traced = post("/chat/completions", body, {})
    assert traced.attributes == REQUEST
    assert traced.span["name"] == "chat"
    assert caplog.records == []


def test_a_name_that_no_exporter_can_write_is_mended():
    attributes = {}
    request.text("name")("gpt-\ud800é", attributes)
    assert attributes == {"name": "gpt-?é"}


def test_extra_body_overrides_the_body(trace):
    traced = trace(
        lambda client: client.chat.completions.create(
            model="gpt-4o", messages=MESSAGES, temperature=0.1, extra_body={"model": "mine", "top_k": 5}
        ),
        {},
    )
    assert traced.span["name"] == "chat mine"
    assert traced.attributes == {
        **REQUEST,
        "gen_ai.request.model": "mine",
        "gen_ai.request.temperature": 0.1,
        "gen_ai.request.top_k": 5,
    }


def test_extra_body_is_the_body_where_there_is_no_other(post):
    traced = post("/chat/completions", None, {}, options={"extra_json": {"model": "mine", "top_k": 5}})
    assert traced.attributes == {**REQUEST, "gen_ai.request.model": "mine", "gen_ai.request.top_k": 5}


class Body(pydantic.BaseModel):
    """A request of the app's own making."""

    messages: list[dict[str, str]]
    model: str
    temperature: float = 0.5


@pytest.mark.skipif(find_spec("openai._utils._json") is None, reason="this SDK sends no models")
def test_a_body_that_is_a_model_tells_what_is_sent_of_it(client, run):
    sent = []

    def answer(request: Any) -> Any:
        sent.append(json.loads(request.content))
        return ANSWER

    body = Body(model="gpt-4o", messages=MESSAGES)
    with capture(capture="SPAN_ONLY") as telemetry:
        run(client(answer).post("/chat/completions", cast_to=object, body=body))
        (span,) = telemetry.spans
    assert sent == [{"model": "gpt-4o", "messages": MESSAGES}]
    assert span["name"] == "chat gpt-4o"
    assert "gen_ai.request.temperature" not in span["attributes"]
    assert "How light" in span["attributes"]["gen_ai.input.messages"]


def test_not_given_and_omitted_are_no_values(trace, caplog):
    absent = [openai.NOT_GIVEN] + ([openai.omit] if hasattr(openai, "omit") else [])
    for nothing in absent:
        traced = trace(
            lambda client, nothing=nothing: client.chat.completions.create(
                model="gpt-4o",
                messages=MESSAGES,
                temperature=nothing,
                stop=nothing,
                n=nothing,
                max_tokens=nothing,
                stream=nothing,
                response_format=nothing,
            ),
            ANSWER,
        )
        assert traced.attributes == {**REQUEST, "gen_ai.request.model": "gpt-4o", **TOLD}
    assert caplog.records == []


def test_an_answer_tells_its_name_usage_and_end(trace):
    traced = trace(lambda client: client.chat.completions.create(model="gpt-4o", messages=MESSAGES), ANSWER)
    assert traced.attributes == {**REQUEST, "gen_ai.request.model": "gpt-4o", **TOLD}
    assert (traced.span["status"], traced.span["description"], traced.span["events"]) == ("UNSET", None, [])


def without(*names: str) -> dict[str, Any]:
    """`TOLD` without these attributes."""
    return {name: value for name, value in TOLD.items() if not name.startswith(names)}


FINISH, TOKENS = "gen_ai.response.finish_reasons", "gen_ai.usage."
CHOICE = ANSWER["choices"][0]
#: Changes to `ANSWER` → what is then told of it.
ODD_ANSWERS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"usage": None}, without(TOKENS)),
    ({"usage": {}}, without(TOKENS)),
    ({"usage": "24"}, without(TOKENS)),
    ({"usage": {**USAGE, "prompt_tokens": 24.5}}, without("gen_ai.usage.input")),
    ({"usage": {**USAGE, "prompt_tokens": [24]}}, without("gen_ai.usage.input")),
    ({"usage": {**USAGE, "prompt_tokens": -1}}, without("gen_ai.usage.input")),
    ({"usage": {**USAGE, "prompt_tokens": 2**63}}, without("gen_ai.usage.input")),  # which OTLP cannot hold
    ({"usage": {**USAGE, "completion_tokens": 10**400}}, without("gen_ai.usage.output")),
    ({"usage": {**USAGE, "completion_tokens": None}}, without("gen_ai.usage.output")),
    ({"usage": {**USAGE, "completion_tokens": 0}}, {**TOLD, "gen_ai.usage.output_tokens": 0}),
    ({"usage": {**USAGE, "prompt_tokens_details": None, "completion_tokens_details": None}}, TOLD),
    ({"usage": {**USAGE, "prompt_tokens_details": [], "completion_tokens_details": 5}}, TOLD),
    ({"usage": {**USAGE, "prompt_tokens_details": {"cached_tokens": None}, "cost": 0.1}}, TOLD),
    ({"usage": {**USAGE, "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": [5]}}}, TOLD),
    ({"usage": {**USAGE, "prompt_tokens_details": {"cached_tokens": 25}}}, TOLD),  # more than the total
    ({"choices": None}, without(FINISH)),
    ({"choices": []}, without(FINISH)),
    ({"choices": "none"}, without(FINISH)),
    ({"choices": [None]}, {**TOLD, FINISH: ("error",)}),
    ({"choices": [{**CHOICE, "message": None}]}, TOLD),
    ({"choices": [{**CHOICE, "finish_reason": None}]}, {**TOLD, FINISH: ("error",)}),
    ({"choices": [{**CHOICE, "finish_reason": 3}]}, {**TOLD, FINISH: ("error",)}),
    ({"choices": [{**CHOICE, "finish_reason": "eos"}]}, {**TOLD, FINISH: ("eos",)}),
    ({"choices": [CHOICE, {**CHOICE, "finish_reason": "length"}]}, {**TOLD, FINISH: ("stop", "length")}),
    ({"id": None, "model": None}, without("gen_ai.response.id", "gen_ai.response.model")),
    ({"id": "", "model": ""}, without("gen_ai.response.id", "gen_ai.response.model")),
    ({"id": 7, "model": {"name": "x"}}, without("gen_ai.response.id", "gen_ai.response.model")),
    ({"service_tier": None, "system_fingerprint": None}, without("openai.response.")),
    ({"service_tier": 1, "system_fingerprint": ["fp"]}, without("openai.response.")),
]


@pytest.mark.parametrize(("change", "told"), ODD_ANSWERS)
def test_an_odd_answer_is_passed_on_and_told_as_far_as_it_can_be_read(trace, change, told):
    traced = trace(
        lambda client: client.chat.completions.create(model="gpt-4o", messages=MESSAGES),
        {**ANSWER, **change},
    )
    assert traced.attributes == {**REQUEST, "gen_ai.request.model": "gpt-4o", **told}


@pytest.mark.parametrize("count", ["24", True, 24.5, None, {}])
def test_a_count_that_is_no_integer_is_left_out(post, count):
    # Untyped: where it can, the SDK turns such a count into an integer for its own types.
    usage = {
        "prompt_tokens": count,
        "completion_tokens": 7,
        "prompt_tokens_details": {"cached_tokens": count},
    }
    traced = post("/chat/completions", {}, {"usage": usage})
    assert traced.attributes == {**REQUEST, "gen_ai.usage.output_tokens": 7}


@pytest.mark.parametrize("answer", [None, "text", 5, True, {}, {"error": "none"}])
def test_an_answer_that_is_no_completion_is_passed_on(trace, answer):
    traced = trace(lambda client: client.post("/chat/completions", cast_to=object, body={}), answer)
    assert traced.result == answer
    assert traced.attributes == REQUEST


@pytest.mark.parametrize("answer", [mock.MagicMock(), mock.Mock(spec=[]), object(), "text", [{}], None])
def test_readers_take_any_object(answer):
    attributes: dict[str, Any] = {}
    CHAT.measure(fields(answer), attributes)
    CHAT.describe(fields(answer), attributes)
    assert attributes == {}


DETAILS = {
    "prompt_tokens": 100,
    "completion_tokens": 50,
    "prompt_tokens_details": {
        "cached_tokens": 40,
        "cache_write_tokens": 5,
        "text_tokens": 60,
        "image_tokens": 30,
        "audio_tokens": 10,
        "cached_tokens_details": {"text_tokens": 20, "image_tokens": 15, "audio_tokens": 5},
    },
    "completion_tokens_details": {
        "reasoning_tokens": 20,
        "text_tokens": 25,
        "image_tokens": 1,
        "audio_tokens": 4,
        "accepted_prediction_tokens": 2,
    },
}
DETAILS_TOLD = {
    "gen_ai.usage.input_tokens": 100,  # cached ones included, not added
    "gen_ai.usage.output_tokens": 50,
    "gen_ai.usage.cache_read.input_tokens": 40,
    "gen_ai.usage.cache_write.input_tokens": 5,
    "gen_ai.usage.text.input_tokens": 60,
    "gen_ai.usage.image.input_tokens": 30,
    "gen_ai.usage.audio.input_tokens": 10,
    "gen_ai.usage.text.cache_read.input_tokens": 20,
    "gen_ai.usage.image.cache_read.input_tokens": 15,
    "gen_ai.usage.audio.cache_read.input_tokens": 5,
    "gen_ai.usage.reasoning.output_tokens": 20,
    "gen_ai.usage.text.output_tokens": 25,
    "gen_ai.usage.image.output_tokens": 1,
    "gen_ai.usage.audio.output_tokens": 4,
}


@pytest.mark.parametrize("typed", [True, False], ids=["typed", "untyped"])
def test_every_detail_of_the_usage_has_its_own_attribute(trace, post, typed):
    """Also those that this release of the SDK has no field for, which its models keep as extras."""
    answer = {**ANSWER, "usage": DETAILS}
    if typed:
        traced = trace(lambda client: client.chat.completions.create(model="m", messages=MESSAGES), answer)
    else:
        traced = post("/chat/completions", {"model": "m"}, answer)
    usage = {name: value for name, value in traced.attributes.items() if name.startswith(TOKENS)}
    assert usage == DETAILS_TOLD


def test_each_usage_attribute_there_is_stands_above():
    names = {value for value in vars(semconv).values() if isinstance(value, str) and value.startswith(TOKENS)}
    assert set(DETAILS_TOLD) == names


@pytest.mark.parametrize("typed", [True, False], ids=["typed", "untyped"])
def test_a_name_that_this_sdk_has_no_field_for_is_told(trace, post, typed):
    """As `service_tier` is to the first releases: what the API sends counts, not what the SDK knows."""
    answer = {key: value for key, value in ANSWER.items() if key not in ("choices", "usage")}
    if typed:
        traced = trace(lambda client: client.chat.completions.create(model="m", messages=MESSAGES), answer)
    else:
        traced = post("/chat/completions", {"model": "m"}, answer)
    assert traced.attributes == {**REQUEST, "gen_ai.request.model": "m", **without(TOKENS, FINISH)}
