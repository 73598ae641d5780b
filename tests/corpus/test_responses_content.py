"""The content of every recorded response: what the messages say is what the recorded JSON says."""

from __future__ import annotations

import json
from importlib.util import find_spec
from typing import Any

import jsonschema
import pytest

from gossamer.fields import fields
from gossamer.messages.message import Base64
from gossamer.messages.responses import FETCHED, RESPONSES
from gossamer.messages.responses_stream import ContentEventsFold, ContentFetchFold

from .recorded import documents
from .response_texts import message_texts, recorded_texts


def encoded(value: Any) -> Any:
    """As JSON would carry it: data as its size, models as dicts."""
    if isinstance(value, Base64):
        return f"{value.byte_size} bytes"
    if isinstance(value, list):
        return [encoded(entry) for entry in value]
    if isinstance(value, dict) or hasattr(value, "__pydantic_extra__") or hasattr(value, "__fields__"):
        return {key: encoded(inner) for key, inner in fields(value).items() if inner is not None}
    return value


@pytest.fixture(scope="module")
def recordings(shared) -> list[dict[str, Any]]:
    """The exchanges that have a response."""
    found = []
    with (shared / "corpus" / "corpus_dev.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            exchange = json.loads(line)
            is_ours = exchange["api"] == "responses" and exchange["operation"] in ("create", "retrieve")
            if is_ours and exchange["response"]["status"] == 200:
                found.append(exchange)
    assert len(found) > 100
    return found


@pytest.fixture(scope="module")
def valid(shared) -> Any:
    """Checks a value by the conventions' schema of that name."""
    checkers = {}
    for name in ("input-messages", "output-messages", "system-instructions", "tool-definitions"):
        schema = json.loads((shared / "semconv" / "data" / f"gen-ai-{name}.json").read_text())
        checkers[name] = jsonschema.Draft202012Validator(schema)

    def check(name: str, value: Any) -> None:
        value = encoded(value)
        checkers[name].validate(value)
        told = json.dumps(value)
        assert ";base64," not in told
        assert "encrypted_content" not in told

    return check


def answer_of(exchange: dict[str, Any]) -> dict[str, Any]:
    """The recorded response: of a stream that of its last event."""
    found = documents(exchange)[-1]
    found = found["response"] if exchange["stream"] else found
    assert isinstance(found, dict)
    return found


def test_the_input_is_told_as_it_was_sent(recordings, valid):
    checked = 0
    for exchange in recordings:
        body = exchange["request"]["body"] or {}
        for item in RESPONSES.inputs(body):
            message = RESPONSES.message(item)
            found = [message] if message else []
            valid("input-messages", found)
            assert message_texts(found) == recorded_texts(item), exchange["id"]
            checked += 1
    assert checked > 300


def test_instructions_and_tools_are_told_as_they_were_sent(recordings, valid):
    checked = 0
    for exchange in recordings:
        for reader, body in ((RESPONSES, exchange["request"]["body"] or {}), (FETCHED, answer_of(exchange))):
            instructions = reader.instructions(body)
            valid("system-instructions", instructions)
            given = body.get("instructions")
            assert message_texts(instructions) == (recorded_texts(given) if given else []), exchange["id"]
            checked += len(instructions)
            for detailed in (False, True):
                tools = [reader.tool(tool, detailed) for tool in reader.tools(body)]
                valid("tool-definitions", tools)
                assert len(tools) == len(body.get("tools") or [])
                assert "authorization" not in json.dumps(tools).lower()
    assert checked > 100


def test_the_answer_is_told_as_it_was_recorded(recordings, valid):
    checked = 0
    for exchange in recordings:
        answer = answer_of(exchange)
        messages = RESPONSES.outputs(answer)
        valid("output-messages", messages)
        assert [message["role"] for message in messages] == (["assistant"] if answer["output"] else [])
        expected = sorted(found for item in answer["output"] for found in recorded_texts(item))
        assert message_texts(messages) == expected, exchange["id"]
        assert FETCHED.outputs(answer) or not answer["output"]
        checked += len(expected)
    assert checked > 300


@pytest.mark.skipif(find_spec("openai.types.responses") is None, reason="this SDK has no Responses API")
def test_a_stream_is_told_as_the_answer_that_it_ends_with(recordings):
    from openai._models import construct_type
    from openai.types.responses import ResponseStreamEvent

    checked = 0
    for exchange in recordings:
        if not exchange["stream"]:
            continue
        kind = ContentFetchFold if exchange["operation"] == "retrieve" else ContentEventsFold
        recorded = documents(exchange)
        parsed = [construct_type(type_=ResponseStreamEvent, value=event) for event in recorded]
        answer = encoded(RESPONSES.outputs(answer_of(exchange)))
        whole, gathered, begun = (kind({}, 1_000_000) for _ in range(3))
        for event, source in zip(parsed, recorded, strict=True):
            whole.add(event)
            if "response" not in source:
                gathered.add(event)
                if source["type"] != "response.output_item.done":
                    begun.add(event)
        assert encoded(RESPONSES.outputs(whole.answer())) == answer, exchange["id"]
        items = [event["item"] for event in recorded if event["type"] == "response.output_item.done"]
        if len(items) == len(answer_of(exchange)["output"]):
            assert encoded(RESPONSES.outputs(gathered.answer())) == answer, exchange["id"]
            checked += 1
        deltas = [event["delta"] for event in recorded if event["type"] in WRITTEN]
        assert written(begun) == "".join(deltas), exchange["id"]
        assert [whole.cut, gathered.cut, begun.cut] == [False, False, False]
    assert checked > 50


#: Deltas of what a part of a message says by itself.
WRITTEN = {
    "response.output_text.delta",
    "response.refusal.delta",
    "response.reasoning_text.delta",
    "response.reasoning_summary_text.delta",
    "response.function_call_arguments.delta",
    "response.custom_tool_call_input.delta",
}


def written(folded: Any) -> str:
    """What has come in such deltas."""
    parts = [part for message in RESPONSES.outputs(folded.answer()) for part in message["parts"]]
    return "".join(part.get("content") or part.get("arguments") or "" for part in parts)
