"""Content parts of the Responses API: what stands in a message, in a tool's result, in instructions."""

from __future__ import annotations

from typing import Any, Final

from gossamer.fields import Fields, fields
from gossamer.messages.message import Base64, Part, at_url, data, file, generic, reasoning, text

#: Sealed for the provider, or keys to something: never recorded, whatever they stand in.
WITHHELD: Final = frozenset({"encrypted_content", "signature", "fingerprint", "headers", "authorization"})
#: Parts that have nothing else.
_SEALED: Final = frozenset({"redacted_thinking"})
#: Of what stands in one message. Conversations themselves may be longer: they are read from their end.
_MOST_ENTRIES: Final = 2000
_ALWAYS_THERE: Final = frozenset({"type", "generic_type"})


def string(value: Any) -> str | None:
    """A string as a plain one: a member of an enum is one too, but hashes as it likes."""
    if type(value) is str:
        return value
    return str.__str__(value) if isinstance(value, str) else None


def listed(value: Any) -> list[Any] | tuple[Any, ...]:
    """A list, or an empty one where there is something else. What is longer than any limit lets be recorded
    ends with a mark, as all its entries are read before the limit is asked.
    """
    if not isinstance(value, (list, tuple)):
        return ()
    if len(value) <= _MOST_ENTRIES:
        return value
    return [*value[:_MOST_ENTRIES], {"type": "left_out", "count": len(value) - _MOST_ENTRIES}]


def rest(found: Fields, without: frozenset[str] = frozenset()) -> dict[str, Any]:
    """The fields that say something, but for `without` and what is never recorded. Not copied deeper."""
    return {
        key: value
        for key, value in found.items()
        if value is not None and type(key) is str and key not in without and key not in WITHHELD
    }


def unknown(kind: str, found: Fields) -> Part:
    """Anything without a part of its own, with all that it says."""
    part = generic(kind)
    if kind not in _SEALED:
        part.update(rest(found, _ALWAYS_THERE))
    return part


def content_parts(content: Any) -> list[Part]:
    """A content: a text, or a list of parts."""
    said = string(content)
    if said is not None:
        return [text(said)] if said else []
    parts = []
    for entry in listed(content):
        part = content_part(entry)
        if part is not None:
            parts.append(part)
    return parts


def content_part(value: Any) -> Part | None:
    """One entry of such a list."""
    said = string(value)
    if said is not None:
        return text(said) if said else None
    found = fields(value)
    kind = string(found.get("type"))
    if kind in _TEXTS:
        said = string(found.get("text"))
        if said is not None:
            return _made_of(kind, said)
    elif kind == "refusal":
        said = string(found.get("refusal"))
        if said is not None:
            return generic("refusal", content=said) if said else None
    part = None
    if kind in _IMAGES:
        part = _image(found)
    elif kind == "input_file":
        part = _file(found)
    elif kind == "input_audio":
        part = _audio(fields(found.get("input_audio")))
    if part is not None:
        return part
    return unknown(kind or "unknown", found) if found else None


_TEXTS: Final = frozenset({"input_text", "output_text", "text", "summary_text", "reasoning_text"})
_IMAGES: Final = frozenset({"input_image", "image_url", "computer_screenshot"})


def _made_of(kind: str | None, said: str) -> Part | None:
    if not said:
        return None
    return reasoning(said) if kind == "reasoning_text" else text(said)


def _image(found: Fields) -> Part | None:
    address = found.get("image_url")
    url = string(address) or string(fields(address).get("url"))
    if url:
        return at_url("image", url)
    file_id = string(found.get("file_id"))
    return file("image", file_id) if file_id else None


def _file(found: Fields) -> Part | None:
    content, url, file_id = (string(found.get(key)) for key in ("file_data", "file_url", "file_id"))
    if content:
        is_url = content[:5].lower() == "data:"
        part = at_url("document", content) if is_url else data("document", None, Base64(content))
    elif url:
        part = at_url("document", url)
    elif file_id:
        part = file("document", file_id)
    else:
        return None
    modality = part.get("mime_type", "").partition("/")[0].lower()
    if modality in ("image", "audio", "video"):
        part["modality"] = modality
    name = string(found.get("filename"))
    if name:
        part["name"] = name
    return part


def _audio(found: Fields) -> Part | None:
    content, kind = string(found.get("data")), string(found.get("format"))
    return data("audio", f"audio/{kind}" if kind else None, Base64(content)) if content else None
