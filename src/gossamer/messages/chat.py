"""Prompts and answers of Chat Completions, with what compatible servers add to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gossamer.fields import Fields, fields
from gossamer.messages.choices import in_order
from gossamer.messages.message import (
    Base64,
    Message,
    Part,
    Reader,
    at_url,
    data,
    file,
    generic,
    reasoning,
    text,
    tool_call,
    tool_call_response,
)
from gossamer.messages.response_parts import content_part, listed, string, unknown
from gossamer.messages.response_tools import tool as read_tool

if TYPE_CHECKING:
    from collections.abc import Sequence


def inputs(body: Fields) -> Sequence[Any]:
    """See `Reader.inputs`."""
    messages = body.get("messages")
    return messages if isinstance(messages, (list, tuple)) else ()


def message(item: Any) -> Message | None:
    """See `Reader.message`."""
    found = fields(item)
    role = string(found.get("role")) or "user"
    if role in _RESULTS:
        role, parts = "tool", [_result(found)]
    else:
        parts = _parts(found)
        if not parts:
            return None
    made: Message = {"role": role, "parts": parts}
    name = string(found.get("name"))
    if name:
        made["name"] = name
    return made


def tools(body: Fields) -> Sequence[Any]:
    """See `Reader.tools`: with the functions of before there were other tools."""
    current, legacy = listed(body.get("tools")), listed(body.get("functions"))
    return [*current, *legacy] if current and legacy else current or legacy


def tool(value: Any, detailed: bool) -> Part | None:
    """See `Reader.tool`."""
    found = fields(value)
    custom = fields(found.get("custom"))
    return read_tool({**custom, "type": found.get("type") or "custom"} if custom else found, detailed)


def outputs(answer: Fields) -> list[Message]:
    """See `Reader.outputs`."""
    messages = []
    for choice in in_order(answer):
        found = fields(choice.get("message"))
        messages.append({"role": string(found.get("role")) or "assistant", "parts": _parts(found)})
    return messages


def thought(found: Fields) -> str | None:
    """What a message or a delta has of the model's thoughts. Who sends both fields sends them alike."""
    return string(found.get("reasoning_content")) or string(found.get("reasoning"))


def thinking(found: Fields) -> str:
    """What is thought in a part of Mistral's: texts, or one."""
    given = found.get("thinking")
    texts = [string(fields(entry).get("text")) for entry in listed(given)]
    return string(given) or "".join(said for said in texts if said)


#: Roles of messages that bring what a tool has brought.
_RESULTS: Final = frozenset({"tool", "function"})


def _result(found: Fields) -> Part:
    content: Any = found.get("content")
    if isinstance(content, (list, tuple)):
        content = _content(content)
    return tool_call_response(content, string(found.get("tool_call_id")))


def _parts(found: Fields) -> list[Part]:
    """Of a message, in the order in which a model makes them."""
    said = thought(found)
    parts = [reasoning(said)] if said else []
    parts += _content(found.get("content"))
    refusal = string(found.get("refusal"))
    if refusal:
        parts.append(generic("refusal", content=refusal))
    parts += _audio(fields(found.get("audio")))
    for entry in listed(found.get("tool_calls")):
        call = fields(entry)
        if call:
            parts.append(_tool_call(call))
    function = fields(found.get("function_call"))
    if function:
        parts.append(_function_call(function) or unknown("function_call", function))
    return parts


def _content(content: Any) -> list[Part]:
    said = string(content)
    if said is not None:
        return [text(said)] if said else []
    read = map(_content_part, listed(content))
    return [part for part in read if part is not None]


def _content_part(value: Any) -> Part | None:
    """The forms that are known here alone; all others are those of the Responses API."""
    found = fields(value)
    kind = string(found.get("type")) or ""
    if kind == "file":
        inner = fields(found.get("file"))
        part = content_part({**inner, "type": "input_file"}) if inner else None
        return part if part is not None and part["type"] != "generic" else unknown(kind, found)
    if kind == "thinking":
        said = thinking(found)
        return reasoning(said) if said else None
    modality = _ADDRESSES.get(kind)
    if modality is not None:
        address = found.get(kind)
        url = string(address) or string(fields(address).get("url"))
        if url:
            return at_url(modality, url)
    return content_part(value)


#: Of vLLM and others.
_ADDRESSES: Final = {"video_url": "video", "audio_url": "audio"}


def _audio(found: Fields) -> list[Part]:
    """Audio that a model spoke, or the id of what it spoke before."""
    transcript, sound, audio_id = (string(found.get(key)) for key in ("transcript", "data", "id"))
    parts = [text(transcript)] if transcript else []
    if sound:
        part = data("audio", None, Base64(sound))
        if audio_id:
            part["id"] = audio_id
        parts.append(part)
    elif audio_id:
        parts.append(file("audio", audio_id))
    return parts


def _tool_call(found: Fields) -> Part:
    call_id = string(found.get("id"))
    custom = fields(found.get("custom"))
    name = string(custom.get("name"))
    if name is not None:
        return tool_call(name, custom.get("input"), call_id)
    part = _function_call(fields(found.get("function")), call_id)
    return part if part is not None else unknown(string(found.get("type")) or "tool_call", found)


def _function_call(found: Fields, call_id: str | None = None) -> Part | None:
    name = string(found.get("name"))
    return tool_call(name, found.get("arguments"), call_id) if name is not None else None


CHAT = Reader(
    inputs=inputs,
    message=message,
    instructions=lambda _: [],
    tools=tools,
    tool=tool,
    outputs=outputs,
)
