"""What assistants are told when they are made, and what is said in a run, as messages."""

from __future__ import annotations

from typing import Any

import pytest
from openai.types.beta.threads import Message

from gossamer.messages.agents import ASSISTANTS, RUNS


def text(content: str) -> dict[str, Any]:
    """A part."""
    return {"type": "text", "content": content}


def user(*parts: dict[str, Any]) -> dict[str, Any]:
    """A message."""
    return {"role": "user", "parts": list(parts)}


def inputs(body: dict[str, Any]) -> list[Any]:
    """The messages of a request to run."""
    return [RUNS.message(item) for item in RUNS.inputs(body)]


@pytest.mark.parametrize("reader", [ASSISTANTS, RUNS])
def test_instructions_are_those_of_the_assistant_and_of_this_run(reader):
    body = {"instructions": "Weave.", "additional_instructions": "Lightly.", "description": "A weaver"}
    assert reader.instructions(body) == [text("Weave."), text("Lightly.")]
    for odd in (None, "", 5, {}):
        assert reader.instructions({"instructions": odd, "additional_instructions": odd}) == []


def test_a_run_says_what_it_adds_to_its_thread_or_begins_it_with():
    asked, added = {"role": "user", "content": "How light?"}, {"role": "assistant", "content": "Very."}
    assert inputs({"thread": {"messages": [asked]}, "additional_messages": [added]}) == [
        user(text("How light?")),
        {"role": "assistant", "parts": [text("Very.")]},
    ]


@pytest.mark.parametrize(
    "body",
    [{}, {"thread": None}, {"thread": "thread_1"}, {"thread": {"messages": None}}, {"tool_outputs": 5}],
)
def test_a_request_that_says_nothing_has_no_messages(body):
    assert inputs(body) == []


#: `content` of a message → its parts.
CONTENTS: list[tuple[Any, list[dict[str, Any]]]] = [
    ("How light?", [text("How light?")]),
    ([{"type": "text", "text": "How light?"}], [text("How light?")]),
    ([{"type": "text", "text": {"value": "How light?", "annotations": []}}], [text("How light?")]),
    (
        [{"type": "image_file", "image_file": {"file_id": "file_1", "detail": "low"}}],
        [{"type": "file", "modality": "image", "file_id": "file_1"}],
    ),
    (
        [{"type": "image_url", "image_url": {"url": "https://llm.test/a.png"}}],
        [{"type": "uri", "modality": "image", "uri": "https://llm.test/a.png"}],
    ),
    (
        [{"type": "refusal", "refusal": "No."}],
        [{"type": "generic", "generic_type": "refusal", "content": "No."}],
    ),
    ([{"type": "new", "thought": "?"}], [{"type": "generic", "generic_type": "new", "thought": "?"}]),
    ([{"type": "text", "text": "a"}, {"type": "image_file"}, {"type": "text"}], [text("a")]),
]


@pytest.mark.parametrize(("content", "parts"), CONTENTS)
def test_each_part_of_a_message_is_told(content, parts):
    assert RUNS.message({"role": "user", "content": content}) == user(*parts)


@pytest.mark.parametrize(
    "item", [None, 5, "text", [], {}, {"content": None}, {"content": ""}, {"role": "user"}]
)
def test_a_message_that_says_nothing_is_left_out(item):
    assert RUNS.message(item) is None


def test_a_message_without_a_role_is_the_users():
    assert RUNS.message({"role": 5, "content": "Hi"}) == user(text("Hi"))


@pytest.mark.parametrize("output", ["0.1 g", "", None])
def test_what_tools_have_brought_is_a_message_each(output):
    (message,) = inputs({"tool_outputs": [{"tool_call_id": "call_1", "output": output}]})
    part = {"type": "tool_call_response", "response": output, "id": "call_1"}
    assert message == {"role": "tool", "parts": [part]}


def test_the_tools_of_a_run_are_told():
    tools = [{"type": "file_search"}, {"type": "function", "function": {"name": "weigh", "description": "?"}}]
    assert [RUNS.tool(tool, False) for tool in RUNS.tools({"tools": tools})] == [
        {"type": "file_search", "name": "file_search"},
        {"type": "function", "name": "weigh"},
    ]


SAID = {"role": "assistant", "content": [{"type": "text", "text": {"value": "Very light."}}]}
CALLS = [
    {"id": "call_1", "type": "function", "function": {"name": "weigh", "arguments": '{"what": "web"}'}},
    {"id": "call_2", "type": "function", "function": {"name": "wait", "arguments": "{}"}},
]
ACTION = {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": CALLS}}


@pytest.mark.parametrize("typed", [True, False], ids=["model", "dict"])
def test_messages_of_a_stream_are_told_before_what_the_run_waits_for(typed):
    message = Message.construct(**SAID) if typed else SAID
    assert RUNS.outputs({"messages": [message], "required_action": ACTION}) == [
        {"role": "assistant", "parts": [text("Very light.")]},
        {
            "role": "assistant",
            "parts": [
                {"type": "tool_call", "name": "weigh", "arguments": '{"what": "web"}', "id": "call_1"},
                {"type": "tool_call", "name": "wait", "arguments": "{}", "id": "call_2"},
            ],
        },
    ]


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"messages": None, "required_action": None},
        {"messages": [None, 5, {}], "required_action": 5},
        {"required_action": {"submit_tool_outputs": None}},
        {"required_action": {"submit_tool_outputs": {"tool_calls": []}}},
    ],
)
def test_a_run_that_says_nothing_has_no_messages(answer):
    assert RUNS.outputs(answer) == []


def test_a_new_assistant_says_nothing():
    assert list(ASSISTANTS.inputs({"messages": [SAID]})) == []
    assert ASSISTANTS.outputs({"instructions": "Weave.", "messages": [SAID]}) == []
