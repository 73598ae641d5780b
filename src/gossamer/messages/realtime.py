"""What is said in a realtime session: items as those of the Responses API, and sound with its transcript."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gossamer.fields import Fields, fields
from gossamer.messages.message import Base64, Message, Part, Reader, data, text
from gossamer.messages.response_parts import content_part, listed, string
from gossamer.messages.responses import RESPONSES, instructions, tools
from gossamer.messages.responses import message as message_of_responses

if TYPE_CHECKING:
    from collections.abc import Sequence

_SOUND: Final = frozenset({"input_audio", "output_audio", "audio"})


def _inputs(body: Fields) -> Sequence[Any]:
    return listed(body.get("input"))


def _message(item: Any) -> Message | None:
    found = fields(item)
    content = found.get("content")
    if string(found.get("type")) != "message" or not isinstance(content, (list, tuple)):
        return message_of_responses(item)
    parts = [part for entry in listed(content) if (part := _part(entry)) is not None]
    return {"role": string(found.get("role")) or "user", "parts": parts} if parts else None


def _part(entry: Any) -> Part | None:
    """What was said of a sound where there is a transcript, and the sound where there is none."""
    found = fields(entry)
    if string(found.get("type")) not in _SOUND:
        return content_part(entry)
    said = string(found.get("transcript"))
    if said:
        return text(said)
    sound = string(found.get("audio"))
    return data("audio", None, Base64(sound)) if sound else None


def _outputs(answer: Fields) -> list[Message]:
    """See `Reader.outputs`: all items are parts of one message."""
    messages = [_message(item) for item in listed(answer.get("output"))]
    parts = [part for message in messages if message is not None for part in message["parts"]]
    return [{"role": "assistant", "parts": parts}] if messages else []


REALTIME: Final = Reader(_inputs, _message, instructions, tools, RESPONSES.tool, _outputs)
