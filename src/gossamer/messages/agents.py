"""Prompts and answers of assistants: what they are told when they are made, and said in a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gossamer.fields import Fields, fields
from gossamer.messages import chat
from gossamer.messages.message import Message, Part, Reader, file, text, tool_call_response
from gossamer.messages.response_copy import ItemRoom
from gossamer.messages.response_parts import content_part, content_parts, listed, string
from gossamer.operations.assistants import RunFold

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.operations.operation import Attributes


def instructions(body: Fields) -> list[Part]:
    """See `Reader.instructions`: those of the assistant, and those for this run alone."""
    return [
        part for key in ("instructions", "additional_instructions") for part in content_parts(body.get(key))
    ]


def inputs(body: Fields) -> Sequence[Any]:
    """See `Reader.inputs`: what a run adds to its thread, or begins it with; or what tools have brought."""
    began = listed(fields(body.get("thread")).get("messages"))
    return [*began, *listed(body.get("additional_messages")), *listed(body.get("tool_outputs"))]


def message(item: Any) -> Message | None:
    """See `Reader.message`."""
    found = fields(item)
    if "tool_call_id" in found:
        part = tool_call_response(found.get("output"), string(found.get("tool_call_id")))
        return {"role": "tool", "parts": [part]}
    parts = _content(found.get("content"))
    return {"role": string(found.get("role")) or "user", "parts": parts} if parts else None


def outputs(answer: Fields) -> list[Message]:
    """See `Reader.outputs`: messages that a stream told, and the tools that the run waits for."""
    messages = [made for entry in listed(answer.get("messages")) if (made := message(entry)) is not None]
    action = fields(fields(answer.get("required_action")).get("submit_tool_outputs"))
    calls = listed(action.get("tool_calls"))
    if calls:
        messages += chat.outputs({"choices": [{"message": {"role": "assistant", "tool_calls": calls}}]})
    return messages


class ContentRunFold(RunFold):
    """As `RunFold`, with the messages that are said, up to a number of characters."""

    __slots__ = ("_messages", "_room")

    def __init__(self, request: Attributes, limit: int) -> None:
        super().__init__(request)
        self._messages: list[Any] = []
        self._room = ItemRoom(limit)

    @property
    def cut(self) -> bool:
        """Whether the answer lacks something that was seen."""
        return self._room.cut

    def add(self, chunk: Any) -> bool:
        """See `Fold.add`."""
        found = fields(chunk)
        if found.get("event") == "thread.message.completed" and self._room.node():
            self._messages.append(self._room.item(fields(found.get("data"))))
        return super().add(chunk)

    def answer(self) -> Fields:
        """See `Fold.answer`."""
        return {**super().answer(), "messages": self._messages}


def _content(content: Any) -> list[Part]:
    """A text, or a list of parts, whose texts have a text inside."""
    parts = []
    for entry in listed(content):
        part = _part(fields(entry))
        if part is not None:
            parts.append(part)
    return parts or content_parts(content)


def _part(found: Fields) -> Part | None:
    kind = string(found.get("type"))
    if kind == "text":
        value = found.get("text")
        said = string(value) or string(fields(value).get("value"))
        return text(said) if said else None
    if kind == "image_file":
        file_id = string(fields(found.get("image_file")).get("file_id"))
        return file("image", file_id) if file_id else None
    return content_part(found)


ASSISTANTS = Reader(instructions=instructions)
RUNS = Reader(
    inputs=inputs,
    message=message,
    instructions=instructions,
    tools=chat.tools,
    tool=chat.tool,
    outputs=outputs,
)
