"""Creating a response, plain and streamed."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import openai
import pytest

from gossamer.operations.responses import RESPONSES

needs_responses = pytest.mark.skipif(
    find_spec("openai.resources.responses") is None, reason="this SDK has no Responses API"
)
REQUEST = {"gen_ai.operation.name": "chat", "openai.api.type": "responses"}
FINISH = "gen_ai.response.finish_reasons"
USAGE = {
    "input_tokens": 36,
    "output_tokens": 87,
    "total_tokens": 123,
    "input_tokens_details": {"cached_tokens": 16},
    "output_tokens_details": {"reasoning_tokens": 64},
}
MESSAGE = {"id": "msg_1", "type": "message", "role": "assistant", "status": "completed", "content": []}
CALL = {"id": "fc_1", "type": "function_call", "name": "f", "arguments": "{}", "call_id": "c"}
ANSWER: dict[str, Any] = {
    "id": "resp_1",
    "object": "response",
    "created_at": 1,
    "status": "completed",
    "error": None,
    "incomplete_details": None,
    "model": "gpt-5-mini-2025-08-07",
    "service_tier": "default",
    "output": [{"id": "rs_1", "type": "reasoning", "summary": []}, MESSAGE],
    "usage": USAGE,
}
NAME = {
    "gen_ai.response.id": "resp_1",
    "gen_ai.response.model": "gpt-5-mini-2025-08-07",
    "openai.response.service_tier": "default",
}
TOKENS = {
    "gen_ai.usage.input_tokens": 36,
    "gen_ai.usage.output_tokens": 87,
    "gen_ai.usage.cache_read.input_tokens": 16,
    "gen_ai.usage.reasoning.output_tokens": 64,
}
BODIES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"model": "m"}, {"gen_ai.request.model": "m"}),
    (
        {"temperature": 1, "top_p": 0.5, "top_k": 3, "max_output_tokens": 16, "service_tier": "flex"},
        {
            "gen_ai.request.temperature": 1.0,
            "gen_ai.request.top_p": 0.5,
            "gen_ai.request.top_k": 3,
            "gen_ai.request.max_tokens": 16,
            "openai.request.service_tier": "flex",
        },
    ),
    (  # compatible servers take what chats take
        {"max_tokens": 9, "frequency_penalty": 1, "presence_penalty": 1, "stop": "a", "seed": 1, "n": 2},
        {
            "gen_ai.request.max_tokens": 9,
            "gen_ai.request.frequency_penalty": 1.0,
            "gen_ai.request.presence_penalty": 1.0,
            "gen_ai.request.stop_sequences": ("a",),
            "gen_ai.request.seed": 1,
            "gen_ai.request.choice.count": 2,
        },
    ),
    ({"conversation": "conv_1"}, {"gen_ai.conversation.id": "conv_1"}),
    ({"conversation": {"id": "conv_1"}}, {"gen_ai.conversation.id": "conv_1"}),
    ({"previous_response_id": "resp_0"}, {"gen_ai.request.previous_response.id": "resp_0"}),
    ({"prompt": {"id": "pmpt_1"}}, {"gen_ai.prompt.name": "pmpt_1"}),
    (
        {"prompt": {"id": "pmpt_1", "version": "2", "variables": {"a": "b"}}},
        {"gen_ai.prompt.name": "pmpt_1", "gen_ai.prompt.version": "2"},
    ),
    ({"reasoning": {"effort": "low", "summary": "auto"}}, {"gen_ai.request.reasoning.level": "low"}),
    ({"text": {"format": {"type": "json_schema", "schema": {}}}}, {"gen_ai.output.type": "json"}),
    ({"text": {"format": {"type": "text"}, "verbosity": "low"}}, {"gen_ai.output.type": "text"}),
]
ODD_BODIES: list[dict[str, Any]] = [
    {"conversation": None, "previous_response_id": None, "prompt": None, "reasoning": None, "text": None},
    {"conversation": {}, "prompt": {}, "reasoning": {}, "text": {}},
    {"conversation": {"id": None}, "prompt": {"version": "2"}, "text": {"format": None}},
    {"conversation": ["conv_1"], "prompt": "a prompt that is text", "text": "plain", "reasoning": ["low"]},
    {"conversation": "", "previous_response_id": "", "max_output_tokens": "16"},
    {"prompt": {"id": "", "version": "2"}, "text": {"format": {"type": "grammar"}}},
    {"input": "How light?", "instructions": "Be brief.", "tools": [], "user": "alice", "background": True},
]


@pytest.mark.parametrize(("body", "expected"), BODIES)
def test_a_request_tells_what_it_asks_for(post, body, expected):
    assert post("/responses", body, {}).attributes == {**REQUEST, **expected}


def test_each_key_that_is_read_has_a_body_above(table):
    assert table(RESPONSES) == {key for body, _ in BODIES for key in body}


@pytest.mark.parametrize("body", ODD_BODIES)
def test_what_is_odd_in_a_request_is_left_out(post, caplog, body):
    assert post("/responses", body, {}).attributes == REQUEST
    assert caplog.records == []


@needs_responses
def test_an_answer_tells_its_name_usage_and_end(trace):
    traced = trace(lambda client: client.responses.create(model="m", input="How light?"), ANSWER)
    assert traced.attributes == {
        **REQUEST,
        "gen_ai.request.model": "m",
        **NAME,
        **TOKENS,
        FINISH: ("stop",),
    }
    assert traced.span["name"] == "chat m"


#: Changes to `ANSWER` → the finish reasons.
ENDS: list[tuple[dict[str, Any], tuple[str, ...] | None]] = [
    ({}, ("stop",)),
    ({"output": [CALL]}, ("tool_calls",)),
    ({"output": [MESSAGE, {**CALL, "type": "custom_tool_call"}]}, ("tool_calls",)),
    ({"output": [{"type": "web_search_call"}, MESSAGE]}, ("stop",)),  # the server ran that tool
    ({"output": []}, ("stop",)),
    ({"output": None}, ("stop",)),
    ({"output": "text"}, ("stop",)),
    ({"output": [None, 5, {"type": ["x"]}, {}]}, ("stop",)),
    ({"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}, ("length",)),
    ({"status": "incomplete", "incomplete_details": {"reason": "content_filter"}}, ("content_filter",)),
    ({"status": "incomplete", "incomplete_details": {"reason": "new_reason"}}, ("new_reason",)),
    ({"status": "incomplete", "incomplete_details": None}, ("error",)),
    ({"status": "incomplete", "incomplete_details": {"reason": None}}, ("error",)),
    ({"status": "cancelled"}, ("error",)),
    ({"status": "queued"}, None),
    ({"status": "in_progress"}, None),
    ({"status": "new_status"}, None),
    ({"status": None}, None),
    ({"status": ["completed"]}, None),
]


@pytest.mark.parametrize(("change", "reasons"), ENDS)
def test_the_status_becomes_a_finish_reason(post, change, reasons):
    traced = post("/responses", {}, {**ANSWER, **change})
    expected = {**REQUEST, **NAME, **TOKENS, **({FINISH: reasons} if reasons else {})}
    assert traced.attributes == expected
    assert traced.span["status"] == "UNSET"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ({"code": "server_error", "message": "secret"}, "server_error"),
        ({"code": None, "message": "secret"}, "failed"),
        ({"message": "secret"}, "failed"),
        ({"code": "a sentence with a secret in it", "message": "secret"}, "_OTHER"),
        ({"code": 7}, "failed"),
        (None, "failed"),
        ("secret", "failed"),
    ],
)
def test_a_failed_response_is_a_failed_call(post, error, code):
    traced = post(
        "/responses", {}, {**ANSWER, "status": "failed", "error": error, "usage": None, "output": []}
    )
    assert traced.attributes == {**REQUEST, **NAME, FINISH: ("error",), "error.type": code}
    assert (traced.span["status"], traced.span["description"]) == ("ERROR", f"response failed (code {code})")


@pytest.mark.parametrize(
    "change",
    [{"usage": None}, {"usage": []}, {"usage": {"input_tokens": "36", "output_tokens": 8.7}}, {"usage": {}}],
)
def test_usage_that_is_none_is_not_told(post, change):
    assert post("/responses", {}, {**ANSWER, **change}).attributes == {**REQUEST, **NAME, FINISH: ("stop",)}


def test_a_response_tells_of_its_conversation_and_of_compaction(post):
    change = {"conversation": {"id": "conv_9"}, "output": [{"type": "compaction"}, MESSAGE]}
    assert post("/responses", {}, {**ANSWER, **change}).attributes == {
        **REQUEST,
        **NAME,
        **TOKENS,
        FINISH: ("stop",),
        "gen_ai.conversation.id": "conv_9",
        "gen_ai.conversation.compacted": True,
    }


BEGUN = {**ANSWER, "status": "in_progress", "output": [], "usage": None, "service_tier": "auto"}
DELTA = {"type": "response.output_text.delta", "item_id": "msg_1", "output_index": 0, "delta": "a"}


def created() -> tuple[str, dict[str, Any]]:
    """The first event."""
    return "response.created", {"type": "response.created", "response": BEGUN, "sequence_number": 0}


def ended(kind: str, **change: Any) -> tuple[str, dict[str, Any]]:
    """The last event."""
    name = f"response.{kind}"
    return name, {"type": name, "response": {**ANSWER, "status": kind, **change}, "sequence_number": 9}


STREAM = {**REQUEST, "gen_ai.request.model": "m", "gen_ai.request.stream": True}
DONE = {"gossamer.stream.outcome": "completed"}
FAILED = {"gossamer.stream.outcome": "failed"}
BEGUN_NAME = {**NAME, "openai.response.service_tier": "auto"}
STREAMS: dict[str, tuple[list[Any], dict[str, Any]]] = {
    "completed": (
        [created(), (DELTA["type"], DELTA), (DELTA["type"], DELTA), ended("completed")],
        {**NAME, **TOKENS, FINISH: ("stop",), **DONE},
    ),
    "tool calls and usage only in the last event": (
        [created(), ended("completed", output=[CALL])],
        {**NAME, **TOKENS, FINISH: ("tool_calls",), **DONE},
    ),
    "events that nobody knows yet": (
        [created(), ("response.telepathy.delta", {"type": "response.telepathy.delta", "thought": "?"}),
         ended("completed")],
        {**NAME, **TOKENS, FINISH: ("stop",), **DONE},
    ),
    "incomplete": (
        [created(), ended("incomplete", incomplete_details={"reason": "max_output_tokens"})],
        {**NAME, **TOKENS, FINISH: ("length",), **DONE},
    ),
    "failed": (
        [created(), ended("failed", error={"code": "server_error", "message": "secret"}, usage=None)],
        {**NAME, FINISH: ("error",), "error.type": "server_error", **FAILED},
    ),
    "cut before its end": (
        [created(), (DELTA["type"], DELTA)],
        {**BEGUN_NAME, FINISH: ("error",), **DONE},
    ),
    "left before its end, which goes on": (
        [("response.created", {"type": "response.created", "response": {**BEGUN, "background": True}})],
        {**BEGUN_NAME, **DONE},
    ),
    "read to its end, though it would go on": (
        [created(), ended("completed", background=True)],
        {**NAME, **TOKENS, FINISH: ("stop",), **DONE},
    ),
    "without its first event": (
        [(DELTA["type"], DELTA), ended("completed")],
        {**NAME, **TOKENS, FINISH: ("stop",), **DONE},
    ),
    "the first event without a response": (
        [("response.created", {"type": "response.created"}), ended("completed")],
        {**NAME, **TOKENS, FINISH: ("stop",), **DONE},
    ),
    "nothing at all": ([], DONE),
}  # fmt: skip


@pytest.mark.parametrize(
    "typed", [pytest.param(True, marks=needs_responses), False], ids=["typed", "untyped"]
)
@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_is_folded(trace, post, name, typed):
    events, told = STREAMS[name]
    if typed:
        traced = trace(lambda client: client.responses.create(model="m", input="x", stream=True), events)
    else:
        traced = post("/responses", {"model": "m", "stream": True}, [data for _, data in events])
        assert traced.result == [data for _, data in events]
    assert len(traced.result) == len(events)
    assert traced.attributes == {**STREAM, **told}
    assert (traced.span["status"] == "ERROR") == ("error.type" in told)
    assert "secret" not in repr(traced.span)


@pytest.mark.parametrize("odd", [None, 5, "text", [], {}, {"type": None}, {"type": ["x"]}, {"response": 5}])
def test_an_event_that_is_none_is_passed_on(post, odd):
    events = [created()[1], odd, ended("completed")[1]]
    traced = post("/responses", {"model": "m", "stream": True}, events)
    assert traced.result == events
    assert traced.attributes == {**STREAM, **NAME, **TOKENS, FINISH: ("stop",), **DONE}


@needs_responses
def test_an_error_event_fails_the_call_also_where_the_sdk_passes_it_on(trace):
    """The releases differ in whether they raise for an `error` event or give it to the app."""
    event = {"type": "error", "code": "rate_limit_exceeded", "message": "secret", "sequence_number": 1}
    raised: list[BaseException] = []

    def ask(client: Any) -> Any:
        return client.responses.create(model="m", input="x", stream=True)

    try:
        traced = trace(ask, [created(), ("error", event)])
    except openai.APIError as error:
        raised.append(error)
        pytest.skip("raised by this SDK: a lifecycle test")
    assert traced.attributes["error.type"] == "rate_limit_exceeded"
    assert traced.span["description"] == "response failed (code rate_limit_exceeded)"
