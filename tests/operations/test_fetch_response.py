"""Fetching a response that was created before, plain and streamed."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import openai
import pytest

from gossamer.operations.responses import FETCH_RESPONSE
from gossamer.testing import capture

needs_responses = pytest.mark.skipif(
    find_spec("openai.resources.responses") is None, reason="this SDK has no Responses API"
)
FETCH = {"gen_ai.operation.name": "fetch_response", "openai.api.type": "responses"}
FINISH = "gen_ai.response.finish_reasons"
DONE = {"gossamer.stream.outcome": "completed"}
ANSWER: dict[str, Any] = {
    "id": "resp_1",
    "object": "response",
    "created_at": 1,
    "status": "completed",
    "model": "gpt-5-mini-2025-08-07",
    "service_tier": "default",
    "output": [{"id": "msg_1", "type": "message", "role": "assistant", "content": []}],
    "usage": {"input_tokens": 36, "output_tokens": 87, "total_tokens": 123},
}
NAME = {
    "gen_ai.response.id": "resp_1",
    "gen_ai.response.model": "gpt-5-mini-2025-08-07",
    "openai.response.service_tier": "default",
}


def event(status: str, kind: str) -> dict[str, Any]:
    """An event that carries the response."""
    response = {**ANSWER, "status": status}
    return {"type": f"response.{kind}", "response": response, "sequence_number": 0}


@needs_responses
@pytest.mark.parametrize(
    ("status", "reasons"),
    [
        ("completed", ("stop",)),
        ("incomplete", ("length",)),
        ("failed", ("error",)),
        ("cancelled", ("error",)),
        ("queued", None),
        ("in_progress", None),
    ],
)
def test_a_fetch_tells_the_status_and_counts_no_tokens_again(trace, status, reasons):
    """Nor is a fetched failure a failure of the fetch."""
    answer = {**ANSWER, "status": status, "incomplete_details": {"reason": "max_output_tokens"}}
    traced = trace(lambda client: client.responses.retrieve("resp_1"), answer)
    finish = {FINISH: reasons} if reasons else {}
    assert traced.attributes == {**FETCH, **NAME, **finish, "gen_ai.response.status": status}
    assert (traced.span["name"], traced.span["status"]) == ("fetch_response", "UNSET")


def get(trace: Any, run: Any, answer: Any, options: dict[str, Any]) -> Any:
    """Fetch untyped and streamed, as every release can."""
    stream = {
        "stream": True,
        "stream_cls": (openai.AsyncStream if run.kind == "async" else openai.Stream)[object],
    }
    return trace(
        lambda client: client.get("/responses/resp_1", cast_to=object, options=options, **stream), answer
    )


@pytest.mark.parametrize(
    ("cursor", "told"), [(5, "5"), (0, "0"), ("7", "7"), (None, None), ("", None), ([5], None)]
)
def test_a_fetch_from_a_cursor_tells_it(trace, run, cursor, told):
    traced = get(trace, run, [event("completed", "completed")], {"params": {"starting_after": cursor}})
    cursor_told = {"gen_ai.request.stream_cursor": told} if told else {}
    assert traced.attributes == {
        **FETCH, **NAME, **cursor_told, FINISH: ("stop",), "gen_ai.response.status": "completed", **DONE
    }  # fmt: skip


@pytest.mark.parametrize(
    ("query", "params", "told"),
    [
        ("stream=true&starting_after=2", {}, "2"),
        ("stream=true&starting_after=2", {"starting_after": 5}, "5"),
        ("starting_after=2&starting_after=3", {}, "2"),
        ("starting_after=", {}, None),
        ("stream=true", {}, None),
        ("starting_after", {}, None),
    ],
)
def test_a_cursor_may_stand_in_the_url(trace, query, params, told):
    url = f"/responses/resp_1?{query}"
    traced = trace(lambda client: client.get(url, cast_to=object, options={"params": params}), {})
    assert traced.attributes.get("gen_ai.request.stream_cursor") == told


def test_a_fetch_that_sees_a_response_at_work_is_no_failure(trace, run):
    traced = get(trace, run, [event("in_progress", "created")], {})
    assert traced.attributes == {**FETCH, **NAME, "gen_ai.response.status": "in_progress", **DONE}


@pytest.mark.parametrize(("code", "told"), [("server_error", "server_error"), (None, "failed")])
def test_an_error_event_is_a_failure_of_the_fetch(trace, run, code, told):
    error = {"type": "error", "code": code, "message": "secret"}
    traced = get(trace, run, [event("in_progress", "created"), error], {})
    assert traced.attributes == {
        **FETCH,
        **NAME,
        "gen_ai.response.status": "in_progress",
        "gossamer.stream.outcome": "failed",
        "error.type": told,
    }
    assert traced.span["status"] == "ERROR"
    assert "secret" not in repr(traced.span)


@pytest.mark.parametrize("url", ["/responses/a%2Fb", "/responses/a%2Fb/", "/responses/a%2Fb?include=x"])
def test_the_id_in_the_url_is_told_decoded(trace, url):
    traced = trace(lambda client: client.get(url, cast_to=object), {})
    assert traced.attributes == {**FETCH, "gen_ai.response.id": "a/b"}


def test_a_response_hook_sees_the_usage_that_no_metric_has(run, client):
    seen: list[Any] = []
    with capture(response_hook=lambda _, answer: seen.append(answer["usage"])) as telemetry:
        run(client({**ANSWER, "background": True}).get("/responses/resp_1", cast_to=object))
        assert set(telemetry.metrics) == {"gen_ai.client.operation.duration"}
    assert seen == [ANSWER["usage"]]


def test_nothing_of_a_fetch_is_a_usage_metric(trace, telemetry):
    trace(lambda client: client.get("/responses/resp_1", cast_to=object), ANSWER)
    assert FETCH_RESPONSE.metrics == "other"
    assert set(telemetry.metrics) == {"gen_ai.client.operation.duration"}
