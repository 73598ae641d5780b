"""Measuring and cutting: the JSON text of a part within so many bytes.

The work is bounded by the limit. A text is sliced before it is encoded, and what cannot fit is not encoded.
"""

from __future__ import annotations

from json import JSONEncoder, loads
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from gossamer.content.plain import sane, sane_value
from gossamer.messages.message import Base64, Part

if TYPE_CHECKING:
    from collections.abc import Callable

#: Compact, and readable in every script.
encode: Final[Callable[[Any], str]] = JSONEncoder(
    ensure_ascii=False, check_circular=False, allow_nan=False, separators=(",", ":")
).encode

_LONGEST_LABEL: Final = 200
#: What a part is, and not what it says: kept where the rest does not fit.
_LABELS: Final = frozenset(
    {"type", "id", "name", "generic_type", "modality", "mime_type", "file_id", "byte_size", "sha256"}
)
#: What it says: emptied, because the schemas require most of these.
_BODIES: Final = frozenset(
    {"content", "arguments", "response", "uri", "server_tool_call", "server_tool_call_response"}
)
_TEXTS: Final = {
    "text": '{"type":"text","content":',
    "reasoning": '{"type":"reasoning","content":',
}


class Fitted(NamedTuple):
    """A part as it is recorded, and its JSON text."""

    value: Part
    json: str
    size: int  # of the text, in bytes
    whole: bool = True


def size(text: str) -> int:
    """Of a text, in bytes. It has no lone surrogates."""
    return len(text) if text.isascii() else len(text.encode())


def prefix(text: str, room: int) -> str:
    """The longest beginning that takes no more bytes than `room`."""
    text = sane(text[: max(room, 0)])
    return text if text.isascii() else text.encode()[:room].decode(errors="ignore")


def json_prefix(text: str, room: int) -> str:
    """The longest beginning whose JSON text, without its quotes, takes no more bytes than `room`."""
    text = sane(text[: max(room, 0)])
    escaped = encode(text)[1:-1]
    if size(escaped) <= room:
        return text
    escaped = prefix(escaped, room)
    # The cut may be inside an escape, which begins at an odd backslash: \n, \\, \u001f
    start = escaped.rfind("\\", max(len(escaped) - 5, 0))
    if start >= 0 and (start - len(escaped[:start].rstrip("\\"))) % 2 == 0:
        length = 6 if escaped[start + 1 : start + 2] == "u" else 2
        if start + length > len(escaped):
            escaped = escaped[:start]
    kept: str = loads(f'"{escaped}"')
    return kept


def fit_text(part: Part, room: int) -> Fitted | None:
    """A text that fits, as most do, at a third of the cost; None for all else."""
    kind = part.get("type")
    head = _TEXTS.get(kind) if type(kind) is str else None
    content = part.get("content")
    if head is None or type(content) is not str or len(part) != 2 or len(content) > room:
        return None
    json = f"{head}{encode(content)}}}"
    if not json.isascii():
        try:
            needed = len(json.encode())
        except UnicodeEncodeError:
            return None
    else:
        needed = len(json)
    return Fitted(part, json, needed) if needed <= room else None


def fit(part: Part, room: int) -> Fitted | None:
    """A plain part as it is, or cut, or as a mark that it was there; None where not even that fits."""
    return _whole(part, room) or _cut(part, room) or _whole(_mark(part), room, whole=False)


def _whole(part: Part, room: int, *, whole: bool = True) -> Fitted | None:
    if _floor(part, room) > room:
        return None
    json = encode(part)
    try:
        needed = size(json)
    except UnicodeEncodeError:
        part = sane_value(part)
        json = encode(part)
        needed = size(json)
    return Fitted(part, json, needed, whole) if needed <= room else None


def _floor(value: Any, room: int) -> int:
    """What a JSON text takes at least, counted until it is more than `room`."""
    found, rest = 0, [value]
    while rest and found <= room:
        value = rest.pop()
        if type(value) is str:
            found += len(value) + 2
        elif type(value) is dict:
            found += len(value) * 2 + 1
            rest += value
            rest += value.values()
        elif type(value) is list:
            found += len(value)
            rest += value
        else:
            found += 1
    return found


def _cut(part: Part, room: int) -> Fitted | None:
    """With a beginning of what it says."""
    response = part.get("response")
    if part["type"] == "tool_call_response" and type(response) is list:
        return _cut_list(part, response, room)
    if type(part.get("arguments")) is dict:
        part = {**part, "arguments": encode(part["arguments"])}
    texts = [key for key, value in part.items() if type(value) is str and key not in _LABELS]
    if not texts or part["type"] == "blob":  # half of an image shows nothing
        return None
    longest = max(texts, key=lambda key: len(part[key]))
    text = part[longest]
    shell = _whole({**part, longest: "", "truncated": len(text)}, room)
    if shell is None:
        return None
    return _whole({**shell.value, longest: json_prefix(text, room - shell.size)}, room, whole=False)


def _cut_list(part: Part, entries: list[Any], room: int) -> Fitted | None:
    """With the first entries of a result that is a list of parts."""
    shell = _whole({**part, "response": [], "truncated": True}, room)
    if shell is None:
        return None
    kept: list[Any] = []
    left = room - shell.size
    for entry in entries:
        fitted = fit(entry, left) if type(entry) is dict and type(entry.get("type")) is str else None
        if fitted is None:
            break
        kept.append(fitted.value)
        left -= fitted.size + 1
        if not fitted.whole:
            break
    return _whole({**shell.value, "response": kept}, room, whole=False) if kept else None


def _mark(part: Part) -> Part:
    """The part without what it says."""
    mark: Part = {}
    for key, value in part.items():
        if key in _LABELS:
            mark[key] = value[:_LONGEST_LABEL] if type(value) is str else stub(value)
        elif key in _BODIES:
            mark[key] = "" if type(value) is str else stub(value)
    content = part.get("content")
    if part["type"] == "blob" and type(content) is str and content:
        mark["byte_size"] = Base64(content).byte_size
    mark["truncated"] = True
    return mark


def stub(value: Any) -> Any:
    """A plain value that does not fit: what tells its type."""
    if type(value) is not dict:
        return None if type(value) is list else value
    kind = value.get("type")
    return {"type": kind[:_LONGEST_LABEL]} if type(kind) is str else None
