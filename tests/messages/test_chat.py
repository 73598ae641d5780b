"""Messages, tools and answers of Chat Completions as messages of the conventions."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from openai import BaseModel
from openai.types.chat import ChatCompletion

from gossamer.fields import fields
from gossamer.messages.chat import CHAT
from gossamer.messages.message import Base64

PIXEL = "iVBORw0KGgo="
PNG = f"data:image/png;base64,{PIXEL}"


class Model(BaseModel):
    """A model of the SDK that knows no field: all that it has came from a server."""


def modelled(value: Any) -> Any:
    """Dicts as models, as the SDK's answers have them."""
    if isinstance(value, list):
        return [modelled(entry) for entry in value]
    if isinstance(value, dict):
        return Model.construct(**{key: modelled(inner) for key, inner in value.items()})
    return value


def plain(value: Any) -> Any:
    """Models as dicts, data as its base64."""
    if isinstance(value, Base64):
        return value.text[value.start :]
    if isinstance(value, list):
        return [plain(entry) for entry in value]
    if isinstance(value, (dict, BaseModel)):
        return {key: plain(inner) for key, inner in fields(value).items()}
    return value


def text(content: str) -> dict[str, Any]:
    """A text part."""
    return {"type": "text", "content": content}


def thought(content: str) -> dict[str, Any]:
    """A reasoning part."""
    return {"type": "reasoning", "content": content}


def generic(kind: str, /, **told: Any) -> dict[str, Any]:
    """A generic part."""
    return {"type": "generic", "generic_type": kind, **told}


def blob(modality: str, content: str, mime_type: str | None = None, **more: Any) -> dict[str, Any]:
    """A part with data in it."""
    mime = {"mime_type": mime_type} if mime_type else {}
    return {"type": "blob", "modality": modality, "content": content, **mime, **more}


def call(name: str, arguments: Any, **more: Any) -> dict[str, Any]:
    """A call of a tool."""
    return {"type": "tool_call", "name": name, "arguments": arguments, **more}


def result(response: Any, **more: Any) -> dict[str, Any]:
    """What it brought."""
    return {"type": "tool_call_response", "response": response, **more}


#: A part of a content → what becomes of it.
CONTENTS: list[tuple[Any, list[dict[str, Any]]]] = [
    ({"type": "text", "text": "light 🪶 光"}, [text("light 🪶 光")]),
    ({"type": "text", "text": ""}, []),
    ({"type": "text", "text": "a", "image_url": None, "cache_control": {"ttl": "5m"}}, [text("a")]),
    ({"type": "refusal", "refusal": "no"}, [generic("refusal", content="no")]),
    ({"type": "image_url", "image_url": {"url": PNG, "detail": "low"}}, [blob("image", PIXEL, "image/png")]),
    ({"type": "image_url", "image_url": PNG}, [blob("image", PIXEL, "image/png")]),
    (
        {"type": "image_url", "image_url": {"url": "https://x.test/a.png"}},
        [{"type": "uri", "modality": "image", "uri": "https://x.test/a.png"}],
    ),
    (
        {"type": "video_url", "video_url": {"url": "https://x.test/a.mp4"}},
        [{"type": "uri", "modality": "video", "uri": "https://x.test/a.mp4"}],
    ),
    ({"type": "audio_url", "audio_url": "data:audio/ogg;base64,AAAA"}, [blob("audio", "AAAA", "audio/ogg")]),
    (
        {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "mp3"}},
        [blob("audio", "AAAA", "audio/mp3")],
    ),
    (
        {"type": "file", "file": {"file_id": "file-1"}},
        [{"type": "file", "modality": "document", "file_id": "file-1"}],
    ),
    (
        {"type": "file", "file": {"file_data": "data:application/pdf;base64,AAAA", "filename": "a.pdf"}},
        [blob("document", "AAAA", "application/pdf", name="a.pdf")],
    ),
    ({"type": "file", "file": {"file_data": "AAAA"}}, [blob("document", "AAAA")]),
    (
        {"type": "file", "file": {"file_url": "https://x.test/a.pdf"}},
        [{"type": "uri", "modality": "document", "uri": "https://x.test/a.pdf"}],
    ),
    ({"type": "thinking", "thinking": "Hm.", "signature": "secret"}, [thought("Hm.")]),
    (
        {"type": "thinking", "thinking": [{"type": "text", "text": "H"}, {"type": "text", "text": "m."}]},
        [thought("Hm.")],
    ),
    ({"type": "thinking", "thinking": []}, []),
    ({"type": "new", "says": "a", "not": None}, [generic("new", says="a")]),
    ({"type": "new", "encrypted_content": "secret"}, [generic("new")]),
    ({"type": "file", "file": None}, [generic("file")]),
    ({"type": "file", "file": {"filename": "a"}}, [generic("file", file={"filename": "a"})]),
    ({"type": "image_url", "image_url": 7}, [generic("image_url", image_url=7)]),
    ({"type": "video_url", "video_url": {}}, [generic("video_url", video_url={})]),
    ({"type": "text", "text": 7}, [generic("text", text=7)]),
    ({"says": "a"}, [generic("unknown", says="a")]),
    ("a", [text("a")]),
    (None, []),
    ({}, []),
    (7, []),
]

FUNCTION = {"id": "c", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}}

#: A message → what becomes of it.
MESSAGES: list[tuple[Any, Any]] = [
    ({"role": "user", "content": "a"}, {"role": "user", "parts": [text("a")]}),
    ({"role": "developer", "content": "a"}, {"role": "developer", "parts": [text("a")]}),
    ({"role": "system", "content": "a", "name": "n"}, {"role": "system", "parts": [text("a")], "name": "n"}),
    ({"role": "critic", "content": "a", "name": None}, {"role": "critic", "parts": [text("a")]}),
    ({"content": "a"}, {"role": "user", "parts": [text("a")]}),
    (
        {"role": "assistant", "content": None, "tool_calls": [FUNCTION]},
        {"role": "assistant", "parts": [call("f", '{"a": 1}', id="c")]},
    ),
    (
        {"role": "assistant", "content": "a", "refusal": None, "annotations": [], "tool_calls": None},
        {"role": "assistant", "parts": [text("a")]},
    ),
    (
        {"role": "assistant", "content": "a", "tool_calls": [FUNCTION, FUNCTION], "reasoning_content": "Hm."},
        {
            "role": "assistant",
            "parts": [thought("Hm."), text("a"), *[call("f", '{"a": 1}', id="c")] * 2],
        },
    ),
    ({"role": "assistant", "reasoning": "Hm."}, {"role": "assistant", "parts": [thought("Hm.")]}),
    (
        {"role": "assistant", "reasoning": "Hm.", "reasoning_content": "Hm."},
        {"role": "assistant", "parts": [thought("Hm.")]},
    ),
    ({"role": "assistant", "reasoning": {"effort": "low"}}, None),
    (
        {"role": "assistant", "refusal": "no"},
        {"role": "assistant", "parts": [generic("refusal", content="no")]},
    ),
    (
        {
            "role": "assistant",
            "tool_calls": [{"id": "c", "type": "custom", "custom": {"name": "f", "input": "1"}}],
        },
        {"role": "assistant", "parts": [call("f", "1", id="c")]},
    ),
    (
        {"role": "assistant", "function_call": {"name": "f", "arguments": "{}"}},
        {"role": "assistant", "parts": [call("f", "{}")]},
    ),
    (
        {"role": "assistant", "audio": {"id": "audio_1"}},
        {"role": "assistant", "parts": [{"type": "file", "modality": "audio", "file_id": "audio_1"}]},
    ),
    (
        {"role": "assistant", "tool_calls": [{"id": "c", "type": "new", "new": {"a": 1}}, 7, None, {}]},
        {"role": "assistant", "parts": [generic("new", id="c", new={"a": 1})]},
    ),
    (
        {"role": "assistant", "tool_calls": [{"id": "c", "function": {"arguments": "{}"}}]},
        {"role": "assistant", "parts": [generic("tool_call", id="c", function={"arguments": "{}"})]},
    ),
    (
        {"role": "assistant", "function_call": {"arguments": "{}"}},
        {"role": "assistant", "parts": [generic("function_call", arguments="{}")]},
    ),
    (
        {"role": "tool", "tool_call_id": "c", "content": '{"a": 1}'},
        {"role": "tool", "parts": [result('{"a": 1}', id="c")]},
    ),
    (
        {"role": "tool", "tool_call_id": "c", "content": [{"type": "text", "text": "a"}]},
        {"role": "tool", "parts": [result([text("a")], id="c")]},
    ),
    ({"role": "tool", "tool_call_id": "c", "content": ""}, {"role": "tool", "parts": [result("", id="c")]}),
    ({"role": "tool"}, {"role": "tool", "parts": [result(None)]}),
    (
        {"role": "function", "name": "f", "content": "a"},
        {"role": "tool", "parts": [result("a")], "name": "f"},
    ),
    ({"role": "user", "content": ""}, None),
    ({"role": "user", "content": None}, None),
    ({"role": "user", "content": []}, None),
    ({"role": "user", "content": 7}, None),
    ({"role": ["user"], "content": "a", "name": 7}, {"role": "user", "parts": [text("a")]}),
    ({"role": "assistant", "audio": "a", "tool_calls": "a", "function_call": "a", "refusal": 7}, None),
    ({}, None),
]
ODD_ITEMS: list[Any] = [
    None,
    7,
    "a",
    [],
    object(),
    SimpleNamespace(),
    SimpleNamespace(role=1, content=object()),
]


@pytest.mark.parametrize("made", [lambda value: value, modelled], ids=["dicts", "models"])
@pytest.mark.parametrize(("part", "expected"), CONTENTS)
def test_each_form_of_content_has_its_part(part, expected, made):
    message = CHAT.message(made({"role": "user", "content": [{"type": "text", "text": "-"}, part]}))
    assert plain(message) == {"role": "user", "parts": [text("-"), *expected]}


@pytest.mark.parametrize("made", [lambda value: value, modelled], ids=["dicts", "models"])
@pytest.mark.parametrize(("item", "expected"), MESSAGES)
def test_each_message_is_a_message(item, expected, made):
    assert plain(CHAT.message(made(item))) == expected


@pytest.mark.parametrize("item", ODD_ITEMS)
def test_what_is_no_message_is_left_out(item):
    assert CHAT.message(item) is None


def test_data_is_not_copied():
    part = {"type": "image_url", "image_url": {"url": PNG}}
    message = CHAT.message({"role": "user", "content": [part]})
    assert message is not None
    assert message["parts"][0]["content"].text is PNG


def test_the_messages_of_a_request_are_handed_on_as_they_are():
    messages = [{"role": "user", "content": "a"}]
    assert CHAT.inputs({"messages": messages}) is messages
    assert CHAT.instructions({"messages": messages, "instructions": "a"}) == []


@pytest.mark.parametrize("body", [{}, {"messages": None}, {"messages": "a"}, {"messages": iter("a")}])
def test_what_is_no_list_of_messages_is_not_read(body):
    assert list(CHAT.inputs(body)) == []


def test_a_generator_of_messages_is_not_used_up():
    messages = iter([{"role": "user", "content": "a"}])
    assert list(CHAT.inputs({"messages": messages})) == []
    assert len(list(messages)) == 1


DEFINITION = {"name": "f", "description": "d", "parameters": {"type": "object"}, "strict": True}
TOLD = {"description": "d", "parameters": {"type": "object"}}

#: A tool → its type and name, and what is told of it where that is asked for.
TOOLS: list[tuple[Any, Any, Any]] = [
    ({"type": "function", "function": DEFINITION}, {"type": "function", "name": "f"}, TOLD),
    ({"type": "function", "function": {"name": "f"}}, {"type": "function", "name": "f"}, {}),
    (DEFINITION, {"type": "function", "name": "f"}, TOLD),
    (
        {"type": "custom", "custom": {"name": "f", "description": "d", "format": {"type": "text"}}},
        {"type": "custom", "name": "f"},
        {"description": "d"},
    ),
    ({"type": "web_search"}, {"type": "web_search", "name": "web_search"}, {}),
    ({"type": "function"}, {"type": "function", "name": "function"}, {}),
    ({}, None, {}),
    (None, None, {}),
    (7, None, {}),
]


@pytest.mark.parametrize("made", [lambda value: value, modelled], ids=["dicts", "models"])
@pytest.mark.parametrize(("tool", "expected", "details"), TOOLS)
def test_a_tool_has_type_and_name_and_the_rest_only_where_it_is_asked_for(tool, expected, details, made):
    assert CHAT.tool(made(tool), False) == expected
    if expected is not None and made is not modelled:
        assert CHAT.tool(tool, True) == {**expected, **details}


def test_legacy_functions_are_tools_too():
    tools, functions = [{"type": "web_search"}], [DEFINITION]
    assert CHAT.tools({"tools": tools}) is tools
    assert CHAT.tools({"functions": functions, "tools": None}) is functions
    assert CHAT.tools({"functions": functions, "tools": tools}) == [*tools, *functions]
    assert list(CHAT.tools({"tools": "a", "functions": 7})) == []


CHOICES: list[dict[str, Any]] = [
    {"index": 2, "finish_reason": "stop", "message": {"role": "assistant", "content": ""}},
    {"index": 1, "finish_reason": "tool_calls", "message": {"role": "assistant", "tool_calls": [FUNCTION]}},
    {"index": 0, "finish_reason": "stop", "message": {"role": "model", "content": "a", "reasoning": "Hm."}},
    {
        "index": 3,
        "finish_reason": "stop",
        "message": {
            "role": "assistant",
            "content": None,
            "audio": {"id": "audio_1", "data": "AAAA", "expires_at": 1, "transcript": "Very."},
        },
    },
]
OUTPUTS = [
    {"role": "model", "parts": [thought("Hm."), text("a")]},
    {"role": "assistant", "parts": [call("f", '{"a": 1}', id="c")]},
    {"role": "assistant", "parts": []},
    {"role": "assistant", "parts": [text("Very."), blob("audio", "AAAA", id="audio_1")]},
]


@pytest.mark.parametrize(
    "answer",
    [
        {"choices": CHOICES},
        ChatCompletion.construct(choices=CHOICES).__dict__,
        {"choices": modelled(CHOICES)},
    ],
    ids=["dicts", "models", "unknown models"],
)
def test_each_choice_is_a_message_in_the_order_of_their_indexes(answer):
    assert plain(CHAT.outputs(answer)) == OUTPUTS


@pytest.mark.parametrize("choice", [None, 7, "a", {}, {"message": None}, {"message": "a"}, {"index": "a"}])
def test_a_choice_that_brought_nothing_is_a_message_without_parts(choice):
    assert CHAT.outputs({"choices": [choice]}) == [{"role": "assistant", "parts": []}]


def test_choices_without_an_index_keep_their_order():
    answer = {"choices": [{"message": {"content": name}} for name in "ba"]}
    assert [message["parts"] for message in CHAT.outputs(answer)] == [[text("b")], [text("a")]]


@pytest.mark.parametrize("answer", [{}, {"choices": None}, {"choices": []}, {"choices": "a"}])
def test_an_answer_without_choices_has_no_messages(answer):
    assert CHAT.outputs(answer) == []
