"""Items, instructions, tools and answers of the Responses API as messages."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import pytest

from gossamer.fields import fields
from gossamer.messages.message import Base64
from gossamer.messages.responses import FETCHED, RESPONSES

needs_responses = pytest.mark.skipif(
    find_spec("openai.types.responses") is None, reason="this SDK has no Responses API"
)
PIXEL = "iVBORw0KGgo="
PNG = f"data:image/png;base64,{PIXEL}"


def plain(value: Any) -> Any:
    """Models as dicts without what is not set, data as its base64."""
    if isinstance(value, Base64):
        return value.text[value.start :]
    if isinstance(value, (list, tuple)):
        return [plain(entry) for entry in value]
    if isinstance(value, dict) or hasattr(value, "model_dump") or hasattr(value, "__fields__"):
        return {key: plain(inner) for key, inner in fields(value).items() if inner is not None}
    return value


def text(content: str) -> dict[str, Any]:
    """A text part."""
    return {"type": "text", "content": content}


def thought(content: str) -> dict[str, Any]:
    """A reasoning part."""
    return {"type": "reasoning", "content": content}


def generic(kind: str, /, **said: Any) -> dict[str, Any]:
    """A generic part."""
    return {"type": "generic", "generic_type": kind, **said}


def blob(modality: str, content: str, mime_type: str | None = None) -> dict[str, Any]:
    """A part with data in it."""
    return {
        "type": "blob",
        "modality": modality,
        "content": content,
        **({"mime_type": mime_type} if mime_type else {}),
    }


def call(name: str, arguments: Any, call_id: str | None = "c") -> dict[str, Any]:
    """A call that the app makes."""
    return {"type": "tool_call", "name": name, "arguments": arguments, **({"id": call_id} if call_id else {})}


def result(response: Any, call_id: str = "c") -> dict[str, Any]:
    """What it brought."""
    return {"type": "tool_call_response", "response": response, "id": call_id}


def server_call(name: str, kind: str, call_id: str = "i", **said: Any) -> dict[str, Any]:
    """A call that the provider makes."""
    return {
        "type": "server_tool_call",
        "name": name,
        "server_tool_call": {"type": kind, **said},
        "id": call_id,
    }


def server_result(kind: str, call_id: str = "i", **said: Any) -> dict[str, Any]:
    """What it brought."""
    return {
        "type": "server_tool_call_response",
        "server_tool_call_response": {"type": kind, **said},
        "id": call_id,
    }


FUNCTION = {
    "type": "function",
    "name": "f",
    "description": "d",
    "parameters": {"type": "object"},
    "strict": True,
}
DEFINED = {"type": "function", "name": "f"}
SECRETIVE = {
    "type": "mcp",
    "server_label": "wiki",
    "server_description": "d",
    "server_url": "https://user:secret@mcp.test:8443/secret/mcp?key=secret#secret",
    "headers": {"Authorization": "Bearer secret"},
    "authorization": "secret",
    "require_approval": "never",
}

#: A part of a content → what becomes of it.
CONTENTS: list[tuple[Any, list[dict[str, Any]]]] = [
    ({"type": "input_text", "text": "light 🪶 光"}, [text("light 🪶 光")]),
    (
        {"type": "output_text", "text": "a", "annotations": [{"type": "url_citation"}], "logprobs": []},
        [text("a")],
    ),
    ({"type": "text", "text": "a"}, [text("a")]),
    ({"type": "summary_text", "text": "a"}, [text("a")]),
    ({"type": "reasoning_text", "text": "a"}, [thought("a")]),
    ("a", [text("a")]),
    ({"type": "input_text", "text": ""}, []),
    ({"type": "refusal", "refusal": "no"}, [generic("refusal", content="no")]),
    ({"type": "refusal", "refusal": ""}, []),
    ({"type": "input_image", "image_url": PNG, "detail": "auto"}, [blob("image", PIXEL, "image/png")]),
    (
        {"type": "input_image", "image_url": "https://x.test/a.png", "detail": "auto"},
        [{"type": "uri", "modality": "image", "uri": "https://x.test/a.png"}],
    ),
    (
        {"type": "image_url", "image_url": {"url": "https://x.test/a.png"}},
        [{"type": "uri", "modality": "image", "uri": "https://x.test/a.png"}],
    ),
    (
        {"type": "input_image", "file_id": "file-1", "image_url": None},
        [{"type": "file", "modality": "image", "file_id": "file-1"}],
    ),
    (  # as a fetched response has them
        {"type": "input_image", "detail": "auto", "image_url": None, "file_id": None},
        [generic("input_image", detail="auto")],
    ),
    (
        {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERi0="},
        [{**blob("document", "JVBERi0=", "application/pdf"), "name": "a.pdf"}],
    ),
    ({"type": "input_file", "file_data": "JVBERi0="}, [blob("document", "JVBERi0=")]),
    (
        {"type": "input_file", "file_data": "data:audio/mpeg;base64,SUQz"},
        [blob("audio", "SUQz", "audio/mpeg")],
    ),
    (
        {"type": "input_file", "file_url": "https://x.test/a.pdf"},
        [{"type": "uri", "modality": "document", "uri": "https://x.test/a.pdf"}],
    ),
    (
        {"type": "input_file", "file_id": "file-1"},
        [{"type": "file", "modality": "document", "file_id": "file-1"}],
    ),
    (
        {"type": "input_audio", "input_audio": {"data": "SUQz", "format": "mp3"}},
        [blob("audio", "SUQz", "audio/mp3")],
    ),
    (
        {"type": "telepathy", "type_": 1, "kind": "k", "encrypted_content": "secret", "signature": "secret"},
        [generic("telepathy", type_=1, kind="k")],
    ),
    ({"thought": "?"}, [generic("unknown", thought="?")]),
    ({"type": ["odd"], "text": 5}, [generic("unknown", text=5)]),
    ({"type": "input_text", "text": 5}, [generic("input_text", text=5)]),
    ({"type": "input_audio", "input_audio": "x"}, [generic("input_audio", input_audio="x")]),
    (None, []),
    (5, []),
    ({}, []),
]

#: An item → (role, parts); the same in an answer, where all is one message.
ITEMS: dict[str, tuple[dict[str, Any], str, list[Any]]] = {
    "message": (
        {"type": "message", "id": "m", "role": "assistant", "status": "completed",
         "content": [{"type": "output_text", "text": "a", "annotations": []},
                     {"type": "refusal", "refusal": "no"}]},
        "assistant", [text("a"), generic("refusal", content="no")],
    ),
    "reasoning": (
        {"type": "reasoning", "id": "i", "encrypted_content": "secret",
         "summary": [{"type": "summary_text", "text": "a"}, {"type": "summary_text", "text": "b"}]},
        "assistant", [thought("a"), thought("b")],
    ),
    "reasoning with its content": (
        {"type": "reasoning", "id": "i", "summary": [{"type": "summary_text", "text": "short"}],
         "content": [{"type": "reasoning_text", "text": "long"}]},
        "assistant", [thought("long")],
    ),
    "function call": (
        {"type": "function_call", "id": "i", "call_id": "c", "name": "f", "arguments": '{"a": 1}',
         "status": "completed"},
        "assistant", [call("f", '{"a": 1}')],
    ),
    "custom tool call": (
        {"type": "custom_tool_call", "id": "i", "call_id": "c", "name": "f", "input": "print(1)"},
        "assistant", [call("f", "print(1)")],
    ),
    "computer call": (
        {"type": "computer_call", "id": "i", "call_id": "c", "status": "completed",
         "action": {"type": "screenshot"}, "pending_safety_checks": []},
        "assistant", [call("computer", {"type": "screenshot"})],
    ),
    "computer call of several actions": (
        {"type": "computer_call", "id": "i", "call_id": "c", "status": "completed",
         "actions": [{"type": "screenshot"}]},
        "assistant", [call("computer", [{"type": "screenshot"}])],
    ),
    "local shell call": (
        {"type": "local_shell_call", "id": "i", "call_id": "c", "status": "completed",
         "action": {"type": "exec", "command": ["ls"], "env": {}}},
        "assistant", [call("local_shell", {"type": "exec", "command": ["ls"], "env": {}})],
    ),
    "shell call": (
        {"type": "shell_call", "id": "i", "call_id": "c", "action": {"commands": ["ls"]},
         "environment": {"type": "container_auto", "network_policy": {"domain_secrets": ["secret"]}}},
        "assistant", [call("shell", {"commands": ["ls"]})],
    ),
    "patch": (
        {"type": "apply_patch_call", "id": "i", "call_id": "c", "status": "completed",
         "operation": {"type": "create_file", "path": "p", "diff": "+a"}},
        "assistant", [call("apply_patch", {"type": "create_file", "path": "p", "diff": "+a"})],
    ),
    "function result": (
        {"type": "function_call_output", "call_id": "c", "output": '{"a": 1}'}, "tool", [result('{"a": 1}')],
    ),
    "function result that is empty": (
        {"type": "function_call_output", "call_id": "c", "output": ""}, "tool", [result("")],
    ),
    "function result of parts": (
        {"type": "function_call_output", "call_id": "c",
         "output": [{"type": "input_text", "text": "a"}, {"type": "input_image", "image_url": PNG}]},
        "tool", [result([text("a"), blob("image", PIXEL, "image/png")])],
    ),
    "custom tool result": (
        {"type": "custom_tool_call_output", "call_id": "c", "output": "a"}, "tool", [result("a")],
    ),
    "screenshot": (
        {"type": "computer_call_output", "call_id": "c",
         "output": {"type": "computer_screenshot", "image_url": PNG}},
        "tool", [result([blob("image", PIXEL, "image/png")])],
    ),
    "local shell result": (
        {"type": "local_shell_call_output", "id": "c", "output": "a"}, "tool", [result("a")],
    ),
    "shell result": (
        {"type": "shell_call_output", "call_id": "c",
         "output": [{"stdout": "a", "stderr": "b", "outcome": {"type": "exit", "exit_code": 0}}]},
        "tool",
        [result([generic("shell_output", stdout="a", stderr="b", outcome={"type": "exit", "exit_code": 0})])],
    ),
    "patch result": (
        {"type": "apply_patch_call_output", "call_id": "c", "status": "failed", "output": "a"},
        "tool", [result("a")],
    ),
    "patch result without output": (
        {"type": "apply_patch_call_output", "call_id": "c", "status": "completed"},
        "tool", [result({"status": "completed"})],
    ),
    "web search": (
        {"type": "web_search_call", "id": "i", "status": "completed",
         "action": {"type": "search", "query": "q"}},
        "assistant",
        [server_call("web_search", "web_search_call", status="completed",
                     action={"type": "search", "query": "q"})],
    ),
    "file search": (
        {"type": "file_search_call", "id": "i", "status": "completed", "queries": ["q"],
         "results": [{"file_id": "f", "text": "a"}]},
        "assistant",
        [server_call("file_search", "file_search_call", status="completed", queries=["q"]),
         server_result("file_search_call", results=[{"file_id": "f", "text": "a"}])],
    ),
    "file search without results": (
        {"type": "file_search_call", "id": "i", "status": "completed", "queries": ["q"], "results": None},
        "assistant", [server_call("file_search", "file_search_call", status="completed", queries=["q"])],
    ),
    "code interpreter": (
        {"type": "code_interpreter_call", "id": "i", "status": "completed", "code": "1", "container_id": "n",
         "outputs": [{"type": "logs", "logs": "a"}, {"type": "image", "url": PNG},
                     {"type": "image", "url": "https://x.test/a.png"}]},
        "assistant",
        [server_call("code_interpreter", "code_interpreter_call", status="completed", code="1",
                     container_id="n"),
         server_result("code_interpreter_call", outputs=[
             {"type": "logs", "logs": "a"}, {"type": "image", "url": "https://x.test/a.png"}]),
         blob("image", PIXEL, "image/png")],
    ),
    "image generation": (
        {"type": "image_generation_call", "id": "i", "status": "completed", "result": PIXEL,
         "output_format": "png", "revised_prompt": "a cat"},
        "assistant",
        [server_call("image_generation", "image_generation_call", status="completed", output_format="png",
                     revised_prompt="a cat"),
         server_result("image_generation_call"), blob("image", PIXEL, "image/png")],
    ),
    "image generation that is only named": (
        {"type": "image_generation_call", "id": "i"}, "assistant",
        [server_call("image_generation", "image_generation_call")],
    ),
    "MCP call": (
        {"type": "mcp_call", "id": "i", "server_label": "wiki", "name": "ask", "arguments": "{}",
         "output": "a", "error": None},
        "assistant",
        [server_call("ask", "mcp_call", server_label="wiki", arguments="{}"),
         server_result("mcp_call", output="a")],
    ),
    "MCP call that failed": (
        {"type": "mcp_call", "id": "i", "server_label": "wiki", "name": "ask", "arguments": "{}",
         "error": {"type": "http_error", "code": 404, "message": "gone"}},
        "assistant",
        [server_call("ask", "mcp_call", server_label="wiki", arguments="{}"),
         server_result("mcp_call", error={"type": "http_error", "code": 404, "message": "gone"})],
    ),
    "MCP tools": (
        {"type": "mcp_list_tools", "id": "i", "server_label": "wiki",
         "tools": [{"name": "ask", "input_schema": {"type": "object"}}]},
        "assistant",
        [server_call("mcp_list_tools", "mcp_list_tools", server_label="wiki"),
         server_result("mcp_list_tools", tools=[{"type": "function", "name": "ask"}])],
    ),
    "MCP approval asked for": (
        {"type": "mcp_approval_request", "id": "i", "server_label": "wiki", "name": "ask", "arguments": "{}"},
        "assistant",
        [generic("mcp_approval_request", id="i", server_label="wiki", name="ask", arguments="{}")],
    ),
    "MCP approval": (
        {"type": "mcp_approval_response", "approval_request_id": "i", "approve": True},
        "user", [generic("mcp_approval_response", approval_request_id="i", approve=True)],
    ),
    "tool search": (
        {"type": "tool_search_call", "id": "i", "call_id": None, "execution": "server", "status": "completed",
         "arguments": {"paths": ["f"]}},
        "assistant",
        [server_call("tool_search", "tool_search_call", execution="server", status="completed",
                     arguments={"paths": ["f"]})],
    ),
    "tools found": (
        {"type": "tool_search_output", "id": "i", "call_id": None, "execution": "server",
         "status": "completed", "tools": [FUNCTION, SECRETIVE]},
        "assistant",
        [server_result("tool_search_output", status="completed", tools=[
            DEFINED, {"type": "mcp", "name": "wiki"}])],
    ),
    "tool search by the app": (
        {"type": "tool_search_call", "id": "i", "call_id": "c", "execution": "client", "status": "completed",
         "arguments": {"query": "q"}},
        "assistant", [call("tool_search", {"query": "q"})],
    ),
    "tools found by the app": (
        {"type": "tool_search_output", "call_id": "c", "execution": "client", "status": "completed",
         "tools": [FUNCTION]},
        "tool", [result({"status": "completed", "tools": [DEFINED]})],
    ),
    "tools that come later": (
        {"type": "additional_tools", "role": "developer", "tools": [FUNCTION]},
        "developer", [generic("additional_tools", role="developer", tools=[DEFINED])],
    ),
    "program": (
        {"type": "program", "id": "i", "call_id": "c", "code": "1", "fingerprint": "secret"},
        "assistant", [server_call("program", "program", "c", code="1")],
    ),
    "what a program brought": (
        {"type": "program_output", "id": "i", "call_id": "c", "result": "1", "status": "completed"},
        "assistant", [server_result("program_output", "c", result="1", status="completed")],
    ),
    "compaction": (
        {"type": "compaction", "id": "i", "encrypted_content": "secret"},
        "assistant", [{"type": "compaction", "id": "i"}],
    ),
    "compaction that can be read": (
        {"type": "compaction", "id": "i", "content": "a"},
        "assistant", [{"type": "compaction", "id": "i", "content": "a"}],
    ),
    "compaction asked for": (
        {"type": "compaction_trigger"}, "user", [generic("compaction_trigger")],
    ),
    "reference": (
        {"type": "item_reference", "id": "i"}, "user", [generic("item_reference", id="i")],
    ),
    "item that nobody knows yet": (
        {"type": "telepathy", "id": "i", "thought": "?", "encrypted_content": "secret"},
        "user", [generic("telepathy", id="i", thought="?")],
    ),
    "function call without a name": (
        {"type": "function_call", "arguments": "{}"}, "assistant", [generic("function_call", arguments="{}")],
    ),
    "function result of an odd type": (
        {"type": "function_call_output", "call_id": "c", "output": 5}, "tool", [result(5)],
    ),
}  # fmt: skip
SAID = pytest.mark.parametrize(("item", "role", "parts"), ITEMS.values(), ids=ITEMS)


@SAID
def test_an_item_is_a_message(item, role, parts):
    assert plain(RESPONSES.message(item)) == {"role": role, "parts": parts}


@SAID
def test_an_item_of_an_answer_says_what_it_says_in_a_request(item, role, parts):
    assert plain(RESPONSES.outputs({"output": [item]})) == [{"role": "assistant", "parts": parts}]


@needs_responses
@SAID
def test_a_model_says_what_a_dict_says(item, role, parts):
    from openai._models import construct_type
    from openai.types.responses import ResponseOutputItem

    model = construct_type(type_=ResponseOutputItem, value=item)
    message = plain(RESPONSES.message(model))
    assert message == {"role": message["role"], "parts": parts}
    assert "secret" not in str(message)


@pytest.mark.parametrize(("content", "parts"), CONTENTS)
def test_each_part_of_a_content_has_its_form(content, parts):
    message = RESPONSES.message({"role": "user", "content": [content]})
    assert plain(message) == ({"role": "user", "parts": parts} if parts else None)


def test_data_is_not_copied():
    message = RESPONSES.message({"role": "user", "content": [{"type": "input_image", "image_url": PNG}]})
    assert message is not None
    assert message["parts"][0]["content"].text is PNG


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ({"role": "user", "content": "a"}, {"role": "user", "parts": [text("a")]}),
        ({"role": "developer", "content": "a"}, {"role": "developer", "parts": [text("a")]}),
        ({"role": "critic", "content": ["a", "b"]}, {"role": "critic", "parts": [text("a"), text("b")]}),
        ({"role": "user", "name": "n", "content": "a"}, {"role": "user", "parts": [text("a")], "name": "n"}),
        ({"type": "message", "content": "a"}, {"role": "user", "parts": [text("a")]}),
        ({"type": "reasoning", "content": "a"}, {"role": "assistant", "parts": [thought("a")]}),
        ("a", {"role": "user", "parts": [text("a")]}),
        ("", None),
        (None, None),
        (5, None),
        ({}, None),
        ({"role": "user"}, None),
        ({"role": "user", "content": None}, None),
        ({"role": 5, "content": "a"}, {"role": "user", "parts": [text("a")]}),
        ({"type": "reasoning", "summary": [], "encrypted_content": "secret"}, None),
        ({"type": "reasoning", "summary": 5, "content": [None, 5, {}]}, None),
        (object(), None),
    ],
)
def test_messages_come_in_many_forms(item, message):
    assert RESPONSES.message(item) == message


def test_strings_of_enums_are_strings():
    from enum import Enum

    class Word(str, Enum):
        KIND = "message"
        ROLE = "developer"
        TEXT = "a"

    message = RESPONSES.message({"type": Word.KIND, "role": Word.ROLE, "content": Word.TEXT})
    assert message == {"role": "developer", "parts": [text("a")]}
    assert message is not None
    assert type(message["role"]) is str


def test_the_input_is_a_text_or_the_very_list():
    items = [{"role": "user", "content": "a"}]
    assert RESPONSES.inputs({"input": items}) is items
    assert list(RESPONSES.inputs({"input": "a"})) == ["a"]
    assert list(RESPONSES.inputs({"input": None})) == list(RESPONSES.inputs({})) == []


@pytest.mark.parametrize(
    ("given", "parts"),
    [
        ("Be brief.", [text("Be brief.")]),
        (
            [{"role": "developer", "content": "a"}, {"type": "message", "content": ["b"]}],
            [text("a"), text("b")],
        ),
        ("", []),
        (None, []),
        (5, []),
        ([None, {}], []),
    ],
)
def test_instructions_are_a_text_or_items(given, parts):
    assert RESPONSES.instructions({"instructions": given}) == parts


#: A definition → its short form, and what is added where more is asked for.
TOOLS: list[tuple[Any, dict[str, Any] | None, dict[str, Any]]] = [
    (FUNCTION, {"type": "function", "name": "f"}, {"description": "d", "parameters": {"type": "object"}}),
    ({"type": "function", "function": {"name": "f", "description": "d"}}, {"type": "function", "name": "f"},
     {"description": "d"}),
    ({"type": "custom", "name": "f", "format": {"type": "text"}}, {"type": "custom", "name": "f"}, {}),
    (SECRETIVE, {"type": "mcp", "name": "wiki"}, {"description": "d", "server_url": "https://mcp.test:8443"}),
    ({"type": "mcp", "server_label": "wiki", "connector_id": "c"}, {"type": "mcp", "name": "wiki"}, {}),
    ({"type": "mcp", "server_label": "w", "server_url": "https://["}, {"type": "mcp", "name": "w"}, {}),
    ({"type": "mcp", "server_label": "w", "server_url": "secret"}, {"type": "mcp", "name": "w"}, {}),
    ({"type": "web_search", "filters": {}}, {"type": "web_search", "name": "web_search"}, {}),
    ({"type": "code_interpreter", "container": {"network_policy": "secret"}},
     {"type": "code_interpreter", "name": "code_interpreter"}, {}),
    ({"type": "namespace", "name": "crm", "tools": [{"type": "function", "name": "f"}, None]},
     {"type": "namespace", "name": "crm", "tools": [{"type": "function", "name": "f"}]}, {}),
    ({"name": "f"}, {"type": "function", "name": "f"}, {}),
    ({"type": 5, "name": 5}, None, {}),
    ({"type": "function", "name": "f", "description": 5, "parameters": "x"},
     {"type": "function", "name": "f"}, {}),
    (None, None, {}),
    ("f", None, {}),
]  # fmt: skip


@pytest.mark.parametrize(("definition", "short", "details"), TOOLS)
def test_a_tool_is_told_by_type_and_name_and_by_more_where_asked(definition, short, details):
    assert RESPONSES.tool(definition, False) == short
    assert RESPONSES.tool(definition, True) == (None if short is None else {**short, **details})


@needs_responses
def test_a_tool_that_is_a_model_says_what_a_dict_says():
    from openai._models import construct_type
    from openai.types.responses import Tool

    model = construct_type(type_=Tool, value=FUNCTION)
    assert RESPONSES.tool(model, True) == {**DEFINED, "description": "d", "parameters": {"type": "object"}}


def test_an_answer_is_one_message_with_all_parts():
    output = [ITEMS["reasoning"][0], ITEMS["message"][0], ITEMS["function call"][0]]
    assert RESPONSES.outputs({"output": output}) == [
        {
            "role": "assistant",
            "parts": [part for name in ("reasoning", "message", "function call") for part in ITEMS[name][2]],
        }
    ]


@pytest.mark.parametrize("output", [None, [], "text", 5, {}])
def test_without_output_there_is_no_message(output):
    assert RESPONSES.outputs({"output": output}) == RESPONSES.outputs({}) == []


def test_output_that_says_nothing_is_a_message_without_parts():
    assert RESPONSES.outputs({"output": [None, {"type": "reasoning", "summary": []}]}) == [
        {"role": "assistant", "parts": []}
    ]


def test_a_fetched_response_repeats_instructions_and_tools_and_has_no_input():
    answer = {"input": "a", "instructions": "Be brief.", "tools": [FUNCTION], "output": [ITEMS["message"][0]]}
    assert FETCHED.fetched
    assert list(FETCHED.inputs(answer)) == []
    assert FETCHED.instructions(answer) == [text("Be brief.")]
    assert [FETCHED.tool(each, False) for each in FETCHED.tools(answer)] == [
        {"type": "function", "name": "f"}
    ]
    assert FETCHED.outputs(answer) == RESPONSES.outputs(answer)
    assert not RESPONSES.fetched
