"""Items of the Responses API: what goes in, and what comes out. The same types are on both sides.

A tool that the app runs is a `tool_call`, and its result a message of the role `tool`. A tool that the
provider runs is a `server_tool_call`, with what it brought beside it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from gossamer.fields import Fields, fields
from gossamer.messages.message import (
    Base64,
    Part,
    at_url,
    data,
    reasoning,
    text,
    tool_call,
    tool_call_response,
)
from gossamer.messages.response_parts import content_part, content_parts, listed, rest, string, unknown
from gossamer.messages.response_tools import tool

#: (fields, type) → parts.
Read = Callable[[Fields, str], list[Part]]


def read_item(value: Any) -> tuple[str, list[Part]]:
    """Role and parts of an item; no parts when there is nothing to show."""
    said = string(value)
    if said is not None:
        return "user", [text(said)] if said else []
    found = fields(value)
    kind = string(found.get("type"))
    if kind is None and "role" in found:
        kind = "message"  # which need not be said
    role, read = _ITEMS.get(kind or "", _OTHERS)
    if read is _server_result and _is_the_apps(found):
        role = "tool"
    return string(found.get("role")) or role, read(found, kind or "unknown") if found else []


def _is_the_apps(found: Fields) -> bool:
    """Tools can be searched by the provider and by the app."""
    return string(found.get("execution")) == "client"


def _message(found: Fields, _: str) -> list[Part]:
    return content_parts(found.get("content"))


def _reasoning(found: Fields, _: str) -> list[Part]:
    for key in ("content", "summary"):
        content = found.get(key)
        entries = [content] if isinstance(content, str) else listed(content)
        texts = [string(fields(entry).get("text")) or string(entry) for entry in entries]
        parts = [reasoning(said) for said in texts if said]
        if parts:
            return parts
    return []


def _compaction(found: Fields, _: str) -> list[Part]:
    part: Part = {"type": "compaction"}
    for key in ("id", "content"):
        value = string(found.get(key))
        if value:
            part[key] = value
    return [part]


def _other(found: Fields, kind: str) -> list[Part]:
    return [unknown(kind, found)]


def _additional_tools(found: Fields, kind: str) -> list[Part]:
    return [unknown(kind, {**found, "tools": _definitions(found)})]


def _definitions(found: Fields) -> list[Part]:
    """Tools that come with the messages: by type and name, as the conventions advise."""
    read = [tool(entry, False) for entry in listed(found.get("tools"))]
    return [entry for entry in read if entry is not None]


# What the app runs.


def _call_id(found: Fields) -> str | None:
    return string(found.get("call_id")) or string(found.get("id"))


def _function_call(found: Fields, kind: str) -> list[Part]:
    name = string(found.get("name"))
    if name is None:
        return [unknown(kind, found)]
    arguments = found.get("input" if kind == "custom_tool_call" else "arguments")
    return [tool_call(name, arguments, _call_id(found))]


#: Tools without a name of their own → where their calls say what is to be done.
_ARGUMENTS: Final = ("action", "actions", "operation", "arguments")


def _app_tool(found: Fields, kind: str) -> list[Part]:
    asked = (found.get(key) for key in _ARGUMENTS)
    arguments = next((value for value in asked if value is not None), None)
    return [tool_call(kind.removesuffix("_call"), arguments, _call_id(found))]


def _app_result(found: Fields, _: str) -> list[Part]:
    output = found.get("output")
    response: Any = string(output)
    if response is None:
        if isinstance(output, (list, tuple)):
            response = [part for part in (_result_part(entry) for entry in output) if part is not None]
        elif output is None:
            status = string(found.get("status"))  # all that a patch tells
            response = {"status": status} if status else None
        else:
            part = _result_part(output)
            response = [part] if part is not None else output
    return [tool_call_response(response, _call_id(found))]


def _result_part(value: Any) -> Part | None:
    found = fields(value)
    if "stdout" in found and "type" not in found:
        return unknown("shell_output", found)
    return content_part(value)


# What the provider runs.

_RESULTS: Final = ("results", "result", "outputs", "output", "tools", "error")
_NOT_THE_CALL: Final = frozenset({"id", "call_id", "type", "name", *_RESULTS})


def _server_tool(found: Fields, kind: str) -> list[Part]:
    name = string(found.get("name")) or kind.removesuffix("_call")
    call: Part = {"type": "server_tool_call", "name": name}
    call["server_tool_call"] = {"type": kind, **rest(found, _NOT_THE_CALL)}
    results = {key: found[key] for key in _RESULTS if found.get(key) is not None}
    if "tools" in results:
        results["tools"] = _definitions(found)
    call_id = _call_id(found)
    if call_id:
        call["id"] = call_id
    if not results:
        return [call]
    beside = _take_data(found, kind, results)
    return [call, _server_response(kind, results, call_id), *beside]


def _server_response(kind: str, results: dict[str, Any], call_id: str | None) -> Part:
    response: Part = {"type": "server_tool_call_response"}
    response["server_tool_call_response"] = {"type": kind, **results}
    if call_id:
        response["id"] = call_id
    return response


def _take_data(found: Fields, kind: str, results: dict[str, Any]) -> list[Part]:
    """Take images out of the results: they become parts of their own."""
    if kind == "image_generation_call":
        image = string(results.pop("result", None))
        image_format = string(found.get("output_format"))
        if image_format == "svg":
            image_format = "svg+xml"
        mime_type = f"image/{image_format}" if image_format else None
        return [data("image", mime_type, Base64(image))] if image else []
    beside = []
    outputs = results.get("outputs")
    if isinstance(outputs, (list, tuple)):
        kept = []
        for output in outputs:
            url = string(fields(output).get("url"))
            if url and url[:5].lower() == "data:":
                beside.append(at_url("image", url))
            else:
                kept.append(output)
        results["outputs"] = kept
    return beside


def _tool_search(found: Fields, kind: str) -> list[Part]:
    return (_app_tool if _is_the_apps(found) else _server_tool)(found, kind)


def _server_result(found: Fields, kind: str) -> list[Part]:
    """What a tool brought that has an item for its results."""
    results = rest(found, frozenset({"id", "call_id", "type", "execution"}))
    if "tools" in results:
        results["tools"] = _definitions(found)
    call_id = _call_id(found)
    if _is_the_apps(found):
        return [tool_call_response(results, call_id)]
    return [_server_response(kind, results, call_id)]


_OTHERS: Final[tuple[str, Read]] = ("user", _other)

_APP_TOOLS: Final = ("computer_call", "local_shell_call", "shell_call", "apply_patch_call")
_NAMED: Final = ("function_call", "custom_tool_call")
_SERVER_TOOLS: Final = (
    "web_search_call",
    "file_search_call",
    "code_interpreter_call",
    "image_generation_call",
    "mcp_call",
    "mcp_list_tools",
    "program",
)

#: By type: who it is from where it does not say so, and how it is read.
_ITEMS: Final[dict[str, tuple[str, Read]]] = {
    "message": ("user", _message),
    "reasoning": ("assistant", _reasoning),
    "compaction": ("assistant", _compaction),
    "compaction_summary": ("assistant", _compaction),
    "mcp_approval_request": ("assistant", _other),
    "additional_tools": ("developer", _additional_tools),
    **dict.fromkeys(_NAMED, ("assistant", _function_call)),
    **dict.fromkeys(_APP_TOOLS, ("assistant", _app_tool)),
    **{f"{kind}_output": ("tool", _app_result) for kind in (*_NAMED, *_APP_TOOLS)},
    **dict.fromkeys(_SERVER_TOOLS, ("assistant", _server_tool)),
    "program_output": ("assistant", _server_result),
    "tool_search_call": ("assistant", _tool_search),
    "tool_search_output": ("assistant", _server_result),
}
