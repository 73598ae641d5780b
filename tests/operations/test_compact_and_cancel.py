"""Compacting a conversation, which costs tokens, and cancelling a response, which costs none."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

import pytest

from gossamer.operations.responses import CANCEL_RESPONSE, COMPACT, RESPONSES

COMPACTION = {"gen_ai.operation.name": "chat", "openai.api.type": "responses"}
CANCEL = {"gossamer.method": "responses.cancel"}
USAGE = {
    "input_tokens": 139,
    "output_tokens": 438,
    "total_tokens": 577,
    "input_tokens_details": {"cached_tokens": 128},
    "output_tokens_details": {"reasoning_tokens": 64},
}
TOKENS = {
    "gen_ai.usage.input_tokens": 139,
    "gen_ai.usage.output_tokens": 438,
    "gen_ai.usage.cache_read.input_tokens": 128,
    "gen_ai.usage.reasoning.output_tokens": 64,
}
MESSAGE = {
    "id": "msg_1",
    "type": "message",
    "role": "user",
    "status": "completed",
    "content": [{"type": "input_text", "text": "How light is gossamer?"}],
}
ANSWER: dict[str, Any] = {
    "id": "resp_1",
    "object": "response.compaction",
    "created_at": 1,
    "output": [MESSAGE, {"id": "cmp_1", "type": "compaction", "encrypted_content": "sealed"}],
    "usage": USAGE,
}
TOLD = {"gen_ai.response.id": "resp_1", "gen_ai.conversation.compacted": True, **TOKENS}


def method(name: str) -> Any:
    """Skips where the SDK has no such method of responses."""
    has_responses = find_spec("openai.resources.responses") is not None
    kind = import_module("openai.resources.responses").Responses if has_responses else None
    return pytest.mark.skipif(not hasattr(kind, name), reason=f"this SDK has no responses.{name}")


# Compact


def test_a_compaction_is_asked_for_as_a_response_is(table):
    assert table(COMPACT) == table(RESPONSES)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"model": "m"}, {"gen_ai.request.model": "m"}),
        ({"previous_response_id": "resp_0"}, {"gen_ai.request.previous_response.id": "resp_0"}),
        ({"input": "How light?", "instructions": "Be brief.", "prompt_cache_key": "k"}, {}),
        ({"previous_response_id": None, "model": ["m"]}, {}),
    ],
)
def test_a_request_to_compact_tells_what_it_asks_for(post, body, expected):
    assert post("/responses/compact", body, {}).attributes == {**COMPACTION, **expected}


@method("compact")
def test_a_compaction_tells_its_usage_and_that_it_is_one(trace, telemetry):
    """It has no status, and so no finish reason."""
    traced = trace(lambda client: client.responses.compact(model="m", previous_response_id="resp_0"), ANSWER)
    assert traced.attributes == {
        **COMPACTION,
        "gen_ai.request.model": "m",
        "gen_ai.request.previous_response.id": "resp_0",
        **TOLD,
    }
    assert traced.span["name"] == "chat m"
    assert {
        "gen_ai.client.inference.duration",
        "gen_ai.client.inference.operation.input_tokens",
        "gen_ai.client.inference.operation.output_tokens",
    } <= set(telemetry.metrics)


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ({"output": None}, {"gen_ai.conversation.compacted"}),
        ({"output": [MESSAGE]}, {"gen_ai.conversation.compacted"}),
        ({"output": [None, 5, {"type": ["compaction"]}]}, {"gen_ai.conversation.compacted"}),
        ({"usage": None}, set(TOKENS)),
        ({"id": None}, {"gen_ai.response.id"}),
    ],
)
def test_an_odd_compaction_is_told_as_far_as_it_can_be_read(post, change, missing):
    traced = post("/responses/compact", {}, {**ANSWER, **change})
    told = {name: value for name, value in TOLD.items() if name not in missing}
    assert traced.attributes == {**COMPACTION, **told}


# Cancel


CANCELLED: dict[str, Any] = {
    "id": "resp_1",
    "object": "response",
    "created_at": 1,
    "status": "cancelled",
    "model": "gpt-5-mini",
    "service_tier": "default",
    "output": [],
    "usage": USAGE,
    "error": {"code": "server_error", "message": "secret"},
}
NAME = {
    "gen_ai.response.id": "resp_1",
    "gen_ai.response.model": "gpt-5-mini",
    "openai.response.service_tier": "default",
}


@method("cancel")
def test_a_cancellation_tells_the_response_and_its_status(trace):
    traced = trace(lambda client: client.responses.cancel("resp_1"), CANCELLED)
    assert traced.attributes == {**CANCEL, **NAME, "gen_ai.response.status": "cancelled"}
    assert (traced.span["name"], traced.span["status"]) == ("responses.cancel", "UNSET")


@pytest.mark.parametrize("status", ["cancelled", "completed", "failed", "in_progress"])
def test_what_became_of_the_response_is_no_failure_of_the_cancellation(post, status):
    traced = post("/responses/resp_1/cancel", None, {**CANCELLED, "status": status})
    assert traced.attributes == {**CANCEL, **NAME, "gen_ai.response.status": status}
    assert traced.span["status"] == "UNSET"


@pytest.mark.parametrize("status", [None, "", 5, ["cancelled"]])
def test_an_odd_status_is_left_out(post, status):
    traced = post("/responses/resp_1/cancel", None, {**CANCELLED, "status": status})
    assert traced.attributes == {**CANCEL, **NAME}


def test_its_tokens_were_counted_when_it_was_created(post, telemetry):
    post("/responses/resp_1/cancel", None, CANCELLED)
    assert CANCEL_RESPONSE.metrics == "plain"
    assert set(telemetry.metrics) == {"gossamer.client.method.duration"}


@pytest.mark.parametrize(
    "url",
    [
        "/responses/a%2Fb/cancel",
        "responses/a%2Fb/cancel/",
        "/responses/a%2Fb/cancel?beta=true",
        "http://llm.test:8080/v1/responses/a%2Fb/cancel",
    ],
)
def test_the_id_in_the_url_is_told_decoded(post, url):
    assert post(url, None, {}).attributes == {**CANCEL, "gen_ai.response.id": "a/b"}
