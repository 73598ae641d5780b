"""Messages and their parts, as the conventions shape them.

Plain dicts: the JSON schemas of the GenAI conventions v0.1.0 (`gen-ai-input-messages.json` and its
siblings) are the types. Made only when content is captured.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gossamer.fields import Fields

Part = dict[str, Any]
Message = dict[str, Any]


def _none(_: Any) -> tuple[Any, ...]:
    return ()


def _no_list(_: Any) -> list[Any]:
    return []


def _no_part(*_: Any) -> None:
    return None


@dataclass(frozen=True, eq=False)
class Reader:
    """How the content of one API is read. Readers raise on nothing: what is odd is `generic` or left out."""

    inputs: Callable[[Fields], Sequence[Any]] = _none
    """The input items of a request body, as they were sent, oldest first; nothing is copied."""
    message: Callable[[Any], Message | None] = _no_part
    """One such item as a message; None when there is nothing to show."""
    instructions: Callable[[Fields], list[Part]] = _no_list
    """Instructions that are sent beside the messages."""
    tools: Callable[[Fields], Sequence[Any]] = _none
    """The tool definitions of a request body, as they were sent."""
    tool: Callable[[Any, bool], Part | None] = _no_part
    """One of them: type and name; description and parameters too where the second argument asks for them."""
    outputs: Callable[[Fields], list[Message]] = _no_list
    """Of an unstreamed answer, or of what was folded from a stream: one message for each choice."""
    fetched: bool = False
    """The answer repeats instructions and tools of another call's request; there is no input."""
    query: Callable[[Fields], str] | None = None
    """What was searched for, where that is the content: a search has no messages."""
    documents: Callable[[Fields], list[Part]] | None = None
    """What a search has found."""


#: Of an API whose content the conventions have no place for.
NOTHING_TO_READ: Final = Reader()


class Base64:
    """Data inside a text, a data URL mostly: not copied, not decoded, and perhaps never looked at."""

    __slots__ = ("start", "text")

    def __init__(self, text: str, start: int = 0) -> None:
        self.text = text
        self.start = start

    @property
    def byte_size(self) -> int:
        """Of the data, in bytes, by the length of its base64 alone."""
        length = len(self.text) - self.start
        padding = 2 if self.text.endswith("==") else 1 if self.text.endswith("=") else 0
        return max(length * 3 // 4 - padding, 0)


def text(content: str) -> Part:
    """What somebody wrote or said."""
    return {"type": "text", "content": content}


def reasoning(content: str) -> Part:
    """What a model thought."""
    return {"type": "reasoning", "content": content}


def generic(kind: str, /, **properties: Any) -> Part:
    """Anything that the conventions have no part for."""
    return {"type": "generic", "generic_type": kind, **properties}


def tool_call(name: str, arguments: Any, call_id: str | None = None) -> Part:
    """A call that the app is to make: arguments as the API has them, a JSON text mostly."""
    part = {"type": "tool_call", "name": name, "arguments": arguments}
    if call_id:
        part["id"] = call_id
    return part


def tool_call_response(response: Any, call_id: str | None = None) -> Part:
    """What such a call brought."""
    part = {"type": "tool_call_response", "response": response}
    if call_id:
        part["id"] = call_id
    return part


def data(modality: str, mime_type: str | None, content: Base64) -> Part:
    """Data sent inline. `content/copies.py` decides what is recorded of it."""
    part: Part = {"type": "blob", "modality": modality, "content": content}
    if mime_type:
        part["mime_type"] = mime_type
    return part


def at_url(modality: str, url: str) -> Part:
    """Something by its address: a reference, or the data itself in a data URL."""
    if url[:5].lower() != "data:":
        return {"type": "uri", "modality": modality, "uri": _without_user(url)}
    comma = url.find(",", 0, 256)
    mime_type = url[5:comma].partition(";")[0] if comma > 0 else None
    return data(modality, mime_type, Base64(url, comma + 1 if comma > 0 else 5))


def _without_user(url: str) -> str:
    """An address without the name and password in it."""
    scheme, slashes, rest = url.partition("://")
    host = rest.partition("/")[0]
    return f"{scheme}{slashes}{rest[host.rfind('@') + 1 :]}" if "@" in host else url


def file(modality: str, file_id: str) -> Part:
    """A file that the provider has."""
    return {"type": "file", "modality": modality, "file_id": file_id}
