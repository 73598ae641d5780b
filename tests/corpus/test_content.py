"""All recordings with their content: what spans and events say is what was sent and received."""

from __future__ import annotations

import json
from importlib.util import find_spec
from typing import Any

import jsonschema
import opentelemetry.version
import pytest

from gossamer import events

from . import chat_texts, response_texts
from .recorded import (
    CONTENT,
    INPUT,
    INSTRUCTIONS,
    OUTPUT,
    TOOLS,
    attachments,
    documents,
    plain,
    told_attachments,
)

carries_events = pytest.mark.skipif(
    not events._can_carry_events(opentelemetry.version.__version__),
    reason="this OpenTelemetry is too old for events",
)
needs_responses = pytest.mark.skipif(
    find_spec("openai.resources.responses") is None, reason="this SDK has no Responses API"
)

DETAILS, EXCEPTION = "gen_ai.client.inference.operation.details", "gen_ai.client.operation.exception"
INFERENCES = ("chat", "text_completion", "generate_content")


def told(run: Any) -> dict[str, Any]:
    """The content on the span of a run, read from its JSON."""
    (span,) = run.spans
    return {name: json.loads(span.attributes[name]) for name in CONTENT if name in span.attributes}


def of_span(run: Any) -> tuple[int, int]:
    """Trace and span of a run."""
    (span,) = run.spans
    return span.context.trace_id, span.context.span_id


def test_each_content_attribute_is_json_and_keeps_to_its_schema(content, shared):
    checked = set()
    for name in CONTENT:
        schema = f"gen-ai-{name.removeprefix('gen_ai.').replace('.', '-').replace('_', '-')}.json"
        schema = json.loads((shared / "semconv" / "data" / schema).read_text())
        validator = jsonschema.Draft202012Validator(schema)
        found = {run.spans[0].attributes.get(name) for run in content.traced} - {None}
        for text in found:
            value = json.loads(text)
            assert value, "what is empty is left out"
            validator.validate(value)
        checked |= found
    assert len(checked) > 500


def test_embeddings_have_no_content(content):
    for run in content.of_text:
        if run.operation == "embeddings":
            assert told(run) == {}
            assert [event["name"] for event in run.events] in ([], [EXCEPTION])


@carries_events
def test_each_inference_has_one_event_that_tells_all_that_its_span_does(content):
    for run in content.runs:
        details = [event for event in run.events if event["name"] == DETAILS]
        assert len(details) == (run.operation in INFERENCES), str(run)
        for event in details:
            (span,) = run.spans
            assert (event["trace_id"], event["span_id"]) == of_span(run)
            assert event["severity"] == "DEBUG"
            assert event["body"] is None
            assert event["time"] == span.end_time
            # The same values, but that here the content is no text.
            assert plain(event["attributes"]) == {**plain(span.attributes), **told(run)}, str(run)


@carries_events
def test_each_exception_that_the_app_got_has_one_event(content):
    checked = 0
    for run in content.runs:
        exceptions = [event for event in run.events if event["name"] == EXCEPTION]
        failed = run.operation is not None and run.traced.error is not None
        assert len(exceptions) == failed, str(run)
        for event in exceptions:
            (span,) = run.spans
            error, attributes = run.traced.error, event["attributes"]
            assert (event["trace_id"], event["span_id"]) == of_span(run)
            assert event["severity"] == "WARN"
            assert event["time"] == span.end_time
            assert attributes["exception.type"] == f"openai.{type(error).__name__}"
            assert attributes["exception.message"] == str(error)
            assert attributes["exception.stacktrace"].endswith(f"{attributes['exception.type']}: {error}\n")
            for name in attributes:
                if not name.startswith("exception."):
                    assert attributes[name] == span.attributes[name], str(run)
            assert span.status.description.endswith(f": {error}")
            checked += 1
    assert checked > 30


def test_no_more_is_recorded_of_other_calls(content):
    for run in content.runs:
        assert {event["name"] for event in run.events} <= {DETAILS, EXCEPTION}
        assert run.operation is not None or not run.events


def sent(run: Any) -> dict[str, Any]:
    """The body as it was on the wire."""
    request = run.traced.requests[-1]
    body = json.loads(request.content) if request.content else {}
    assert isinstance(body, dict)
    return body


def things(value: Any) -> list[str]:
    """Images, audio and files of something that was sent or received."""
    return sorted(map(str, attachments(value)))


def told_things(messages: Any) -> list[str]:
    """The same of what is told."""
    return sorted(map(str, told_attachments(messages)))


def is_of_choices(run: Any) -> bool:
    """Whether this is a chat or a completion."""
    return run.exchange["api"] in ("chat.completions", "completions")


def choices(run: Any) -> list[Any]:
    """What each choice of an answer says, in whatever form."""
    if run.exchange["response"]["status"] != 200:
        return []
    is_chat = run.exchange["api"] == "chat.completions"
    (answer,) = documents(run.exchange)
    found = sorted(answer["choices"], key=lambda choice: choice["index"])
    return [choice.get("message" if is_chat else "text") for choice in found]


#: Messages of tools have one role.
ROLES = {"function": "tool"}


def test_chats_are_told_as_they_were_sent(content):
    checked = 0
    for run in content.of_text:
        if not is_of_choices(run):
            continue
        body, found = sent(run), told(run)
        messages = chat_texts.messages(body)
        assert len(found[INPUT]) == len(messages), str(run)
        for message, given in zip(found[INPUT], messages, strict=True):
            assert message["role"] == ROLES.get(given["role"], given["role"]), str(run)
            assert message.get("name") == given.get("name"), str(run)
            assert chat_texts.said(message, "") == chat_texts.said(given, ""), str(run)
            assert chat_texts.calls(message["parts"]) == chat_texts.calls(given), str(run)
            assert told_things(message) == things(given), str(run)
        assert INSTRUCTIONS not in found
        assert found.get(TOOLS, []) == chat_texts.named_tools(body), str(run)
        checked += len(messages)
    assert checked > 1000


#: Types of parts in the order in which a model makes them.
AS_MADE = ["reasoning", "text", "generic", "blob", "file", "tool_call"]


def test_choices_are_told_as_they_were_recorded(content):
    checked = 0
    for run in content.of_text:
        if is_of_choices(run) and not run.exchange["stream"]:
            messages, expected = told(run).get(OUTPUT, []), choices(run)
            assert len(messages) == len(expected), str(run)
            for message, choice in zip(messages, expected, strict=True):
                assert message["role"] == "assistant"
                assert chat_texts.said(message["parts"], "") == chat_texts.said(choice, "text"), str(run)
                assert chat_texts.calls(message["parts"]) == chat_texts.calls(choice), str(run)
                assert told_things(message) == things(choice), str(run)
                kinds = [part["type"] for part in message["parts"]]
                assert kinds == sorted(kinds, key=AS_MADE.index), str(run)
                checked += 1
    assert checked > 300


def test_streams_of_choices_are_told_as_they_were_recorded(content):
    checked = 0
    for run in content.of_text:
        if is_of_choices(run) and run.exchange["stream"]:
            messages = told(run).get(OUTPUT, [])
            chunks = documents(run.exchange) if run.exchange["response"]["status"] == 200 else []
            field = "delta" if run.exchange["api"] == "chat.completions" else "text"
            expected = chat_texts.said_in_chunks(chunks, field)
            if chunks:
                expected = {**{index: [] for index in range(sent(run).get("n") or 1)}, **expected}
            assert [chat_texts.said(message["parts"], "") for message in messages] == [
                expected[index] for index in sorted(expected)
            ], str(run)
            assert {message["role"] for message in messages} <= {"assistant"}
            checked += len(messages)
    assert checked > 100


def is_of_responses(run: Any) -> bool:
    """Whether this creates or fetches a response."""
    return run.exchange["api"] == "responses"


def response(run: Any) -> dict[str, Any]:
    """The response that was recorded: of a stream the one that it ends with."""
    if run.exchange["response"]["status"] != 200:
        return {}
    found = documents(run.exchange)[-1]
    return found["response"] if run.exchange["stream"] else found


@needs_responses
def test_responses_are_asked_for_as_they_were_sent(content):
    checked = 0
    for run in content.of_text:
        if not is_of_responses(run):
            continue
        given = sent(run).get("input") or []
        items = [given] if isinstance(given, str) else given
        messages = iter(told(run).get(INPUT, []))
        for item in items:
            if response_texts.says_nothing(item):
                continue
            message = next(messages)
            assert response_texts.message_texts([message]) == response_texts.recorded_texts(item), str(run)
            assert told_things(message) == things(item), str(run)
            if response_texts.is_message(item):
                assert message["role"] == ("user" if isinstance(item, str) else item["role"]), str(run)
            else:
                part = response_texts.described(message["role"], message["parts"][0])
                assert part == response_texts.first_part(item), str(run)
            checked += 1
        assert [*messages] == [], str(run)
    assert checked > 800


@needs_responses
def test_instructions_and_tools_are_told_as_they_were_sent(content):
    checked = 0
    for run in content.of_text:
        if is_of_responses(run):
            found = told(run)
            given = response(run) if run.operation == "fetch_response" else sent(run)
            instructions, tools = given.get("instructions") or [], given.get("tools") or []
            texts = response_texts.recorded_texts(instructions)
            assert response_texts.message_texts(found.get(INSTRUCTIONS, [])) == texts, str(run)
            assert found.get(TOOLS, []) == [
                {
                    "type": tool["type"],
                    "name": tool.get("server_label") or tool.get("name") or tool["type"],
                }
                for tool in tools
            ], str(run)
            checked += len(texts) + len(tools)
    assert checked > 200


@needs_responses
def test_responses_are_told_as_they_were_recorded(content):
    checked = 0
    for run in content.of_text:
        if is_of_responses(run):
            messages, items = told(run).get(OUTPUT, []), response(run).get("output") or []
            expected = sorted(text for item in items for text in response_texts.recorded_texts(item))
            assert [message["role"] for message in messages] == (["assistant"] if items else []), str(run)
            assert response_texts.message_texts(messages) == expected, str(run)
            assert told_things(messages) == things(items), str(run)
            found = (part for message in messages for part in message["parts"])
            parts = (response_texts.described("assistant", part) for part in found)
            for item in items:
                if not response_texts.is_message(item) and not response_texts.says_nothing(item):
                    assert response_texts.first_part(item) in parts, str(run)  # in this order
            checked += len(expected)
    assert checked > 600
