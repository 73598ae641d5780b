"""Prompts and answers of the Responses API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gossamer.fields import Fields, fields
from gossamer.messages.message import Message, Part, Reader
from gossamer.messages.response_items import read_item
from gossamer.messages.response_parts import content_parts, listed, string
from gossamer.messages.response_tools import tool

if TYPE_CHECKING:
    from collections.abc import Sequence


def inputs(body: Fields) -> Sequence[Any]:
    """See `Reader.inputs`: items, or a text that stands for a user's message."""
    given = body.get("input")
    if isinstance(given, (list, tuple)):
        return given
    return () if given is None else [given]


def message(item: Any) -> Message | None:
    """See `Reader.message`."""
    role, parts = read_item(item)
    if not parts:
        return None
    found: Message = {"role": role, "parts": parts}
    sent = fields(item)
    kind = string(sent.get("type")) or ("message" if "role" in sent else None)
    name = string(sent.get("name")) if kind == "message" else None  # other items are named for their tool
    if name:
        found["name"] = name
    return found


def instructions(body: Fields) -> list[Part]:
    """See `Reader.instructions`: a text, or items, as a stored prompt has them."""
    given = body.get("instructions")
    if isinstance(given, (list, tuple)):
        return [part for item in given for part in read_item(item)[1]]
    return content_parts(given)


def tools(body: Fields) -> Sequence[Any]:
    """See `Reader.tools`."""
    return listed(body.get("tools"))


def outputs(answer: Fields) -> list[Message]:
    """See `Reader.outputs`: all items are parts of one message."""
    items = listed(answer.get("output"))
    if not items:
        return []
    role, parts = None, []
    for item in items:
        parts += read_item(item)[1]
        found = fields(item)
        if role is None and string(found.get("type")) == "message":
            role = string(found.get("role"))
    return [{"role": role or "assistant", "parts": parts}]


RESPONSES = Reader(inputs, message, instructions, tools, tool, outputs)
FETCHED = Reader(instructions=instructions, tools=tools, tool=tool, outputs=outputs, fetched=True)
