"""What the JSON schemas of the conventions require of a part."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gossamer.content.plain import sane

if TYPE_CHECKING:
    from gossamer.messages.message import Part

#: Type → the texts that must be there.
_REQUIRED: Final[dict[str, tuple[str, ...]]] = {
    "text": ("content",),
    "reasoning": ("content",),
    "tool_call": ("name",),
    "tool_call_response": (),
    "server_tool_call": ("name",),
    "server_tool_call_response": (),
    "blob": ("modality", "content"),
    "file": ("modality", "file_id"),
    "uri": ("modality", "uri"),
    "compaction": (),
    "generic": (),
}
_OPTIONAL: Final = frozenset({"id", "mime_type"})
_SERVER_TOOLS: Final = ("server_tool_call", "server_tool_call_response")


def valid_part(part: Part) -> Part:
    """Make a plain part valid: with what is required, and of a type that there is."""
    kind = part.get("type")
    required = _REQUIRED.get(kind) if type(kind) is str else None
    if required is None:
        part["generic_type"], part["type"] = _as_text(kind), "generic"
        return part
    for key in required:
        if type(part.get(key)) is not str:
            part[key] = _as_text(part.get(key))
    if kind == "generic" or kind == "compaction":
        _check(part, ("generic_type",) if kind == "generic" else ("id", "content"))
        return part
    _check(part, _OPTIONAL)
    if kind == "tool_call_response":
        part.setdefault("response", None)
    elif kind in _SERVER_TOOLS:
        inner = part.get(kind)
        told = inner if type(inner) is dict else {}
        if type(told.get("type")) is not str:
            part[kind] = {**told, "type": "unknown"}
    return part


def valid_tool(part: Part) -> Part:
    """The same for the definition of a tool."""
    for key in ("type", "name"):
        if type(part.get(key)) is not str:
            part[key] = _as_text(part.get(key)) or "unknown"
    return part


def valid_document(part: Part) -> Part:
    """The same for a document that was found."""
    _check(part, ("id",))
    if isinstance(part.get("score"), bool) or not isinstance(part.get("score"), (int, float)):
        part.pop("score", None)
    return part


def _check(part: Part, keys: Any) -> None:
    """Make texts of what must be one if it is there."""
    for key in keys:
        if key in part and type(part[key]) is not str:
            part[key] = _as_text(part[key])


def _as_text(value: Any) -> str:
    if type(value) is str:
        return sane(value)
    return str(value) if isinstance(value, (int, float)) else ""
