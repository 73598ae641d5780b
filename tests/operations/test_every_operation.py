"""What holds for every operation: whatever is sent and answered, failures, metrics."""

from __future__ import annotations

import json
from typing import Any

import openai
import pytest
from openai import _base_client

from gossamer.openai_sdk import OPERATIONS
from gossamer.operations import Operation

http: Any = getattr(_base_client, "httpx2", None) or vars(_base_client)["httpx"]

#: `Operation.metrics` → the metric of the durations.
DURATIONS = {
    "inference": "gen_ai.client.inference.duration",
    "embeddings": "gen_ai.client.embeddings.duration",
    "other": "gen_ai.client.operation.duration",
    "plain": "gossamer.client.method.duration",
}
#: Usage in the words of every API.
USAGE = {
    "input_tokens": 8,
    "output_tokens": 5,
    "prompt_tokens": 8,
    "completion_tokens": 5,
    "total_tokens": 13,
}
each_operation = pytest.mark.parametrize(
    "operation", OPERATIONS, ids=lambda operation: f"{operation.method} {operation.path}"
)


def ask(client: Any, operation: Operation, body: Any = None, base: str = "") -> Any:
    """One such call, untyped."""
    url = base + operation.path.replace("{id}", "x_1")
    if operation.method == "GET":
        return client.get(url, cast_to=object)
    return client.post(url, cast_to=object, body=body)


@each_operation
def test_a_body_that_says_nothing_is_told_by_its_path_alone(trace, caplog, operation):
    """The span is there, and has what the path says, and what each such call has."""
    from_path = set(operation.always) | {"openai.api.type"}
    if "{id}" in operation.path:
        from_path |= {"gen_ai.response.id", "gen_ai.conversation.id", "gen_ai.data_source.id"}
    name = "gossamer.method" if operation.metrics == "plain" else "gen_ai.operation.name"
    for body in (None, [], [{"model": "m"}], {}, {"model": None, "n": None}):
        traced = trace(lambda client, body=body: ask(client, operation, body), {})
        assert traced.attributes[name] == operation.name
        assert set(traced.attributes) <= {name, *from_path}
        assert traced.span["name"].split()[0] == operation.name
        assert (traced.span["kind"], traced.span["status"]) == ("CLIENT", "UNSET")
    assert caplog.records == []


ODD_ANSWERS: list[Any] = [
    None,
    5,
    True,
    [],
    {},
    {"id": None, "model": None, "usage": None, "data": None, "status": None, "output": None, "error": None},
    {"id": 5, "model": 5, "usage": 5, "data": 5, "status": 5, "output": 5, "agent": 5, "text": 5},
    {"id": [], "model": [], "usage": [], "data": [], "status": [], "output": [], "agent": [], "text": []},
    {"id": {}, "model": {}, "usage": {}, "data": {}, "status": {}, "output": {}, "agent": {}, "text": {}},
    {"usage": {"input_tokens": "8", "output_tokens": None, "seconds": "9", "prompt_tokens": 1.5}},
    {"usage": {"input_tokens": -8, "output_tokens": True, "seconds": -9, "prompt_tokens": []}},
    {"choices": [None], "output": [None], "data": [None], "finish_reason": []},
]


@each_operation
def test_an_answer_that_says_nothing_is_passed_on(trace, caplog, operation):
    """Also where it is no such answer at all."""
    told = {
        "gen_ai.response.id", "gen_ai.response.model", "gen_ai.agent.id", "gen_ai.agent.name",
        "gen_ai.response.status", "gossamer.run.id", "gossamer.usage.audio_seconds",
        "gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens", "error.type",
    }  # fmt: skip
    from_path = {"gen_ai.response.id"} if "{id}" in operation.path else set()
    for answer in ODD_ANSWERS:
        traced = trace(lambda client: ask(client, operation, {}), as_json(answer))
        assert traced.result == answer
        assert set(traced.attributes) & told <= from_path, answer
        assert traced.span["status"] == "UNSET"
    assert caplog.records == []


def as_json(answer: Any) -> Any:
    """A list is JSON here, too, and no stream."""
    response = http.Response(200, headers={"content-type": "application/json"}, content=json.dumps(answer))
    return lambda request: response


@each_operation
def test_an_http_error_is_the_failure_of_the_call(telemetry, run, client, operation):
    refused = client({"error": {"code": "not_allowed", "message": "secret"}}, status=400)

    async def aask() -> Any:
        return await ask(refused, operation, {})

    with pytest.raises(openai.BadRequestError):
        run(aask() if run.kind == "async" else ask(refused, operation, {}))
    (span,) = telemetry.spans
    assert span["status"] == "ERROR"
    assert span["description"] == "BadRequestError (code not_allowed, status 400)"
    assert span["attributes"]["error.type"] == "openai.BadRequestError"
    assert span["attributes"]["http.response.status_code"] == 400
    assert "secret" not in repr(span)
    assert set(telemetry.metrics) == {DURATIONS[operation.metrics]}
    (point,) = telemetry.metrics[DURATIONS[operation.metrics]]
    assert point["attributes"]["error.type"] == "openai.BadRequestError"


@each_operation
def test_only_inferences_and_embeddings_count_tokens(trace, telemetry, operation):
    """Of the others those that tell their usage tell it on the span alone."""
    trace(lambda client: ask(client, operation, {"model": "m"}), {"model": "m-1", "usage": USAGE})
    found = set(telemetry.metrics)
    duration = DURATIONS[operation.metrics]
    assert duration in found
    if operation.metrics in ("other", "plain"):
        assert found == {duration}
    elif operation.binary or operation.path.startswith("/videos"):
        assert found == {duration}  # they are not billed by tokens
    else:
        assert any("tokens" in name for name in found)
    (point,) = telemetry.metrics[duration]
    assert "error.type" not in point["attributes"]
    assert ("gossamer.method" in point["attributes"]) == (operation.metrics == "plain")


@each_operation
def test_an_absolute_address_tells_the_same_as_the_path_alone(trace, operation):
    """What is read from the path is found behind any base."""
    path = trace(lambda client: ask(client, operation, {}), {})
    for base in ("http://llm.test:8080/v1", "http://llm.test:8080", "http://llm.test:8080/openai/v1"):
        absolute = trace(lambda client, base=base: ask(client, operation, {}, base), {})
        assert absolute.span["attributes"] == path.span["attributes"]
        assert absolute.span["name"] == path.span["name"]
