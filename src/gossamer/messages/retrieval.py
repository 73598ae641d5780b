"""Searches in a vector store: what was searched for, and what was found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.fields import Fields, fields
from gossamer.messages.message import Part, Reader
from gossamer.messages.response_parts import listed, string

if TYPE_CHECKING:
    from typing import Any


def query(body: Fields) -> str:
    """See `Reader.query`: a text, or several."""
    given = body.get("query")
    return "\n".join(filter(None, map(string, listed(given)))) or string(given) or ""


def documents(answer: Fields) -> list[Part]:
    """See `Reader.documents`."""
    return [_document(fields(entry)) for entry in listed(answer.get("data"))]


def _document(found: Fields) -> Part:
    part: Part = {"type": "document"}
    for key, name in (("file_id", "id"), ("filename", "name"), ("score", "score")):
        value: Any = found.get(key)
        if value is not None:
            part[name] = value
    texts = (string(fields(entry).get("text")) for entry in listed(found.get("content")))
    content = "\n".join(filter(None, texts))
    if content:
        part["content"] = content
    return part


RETRIEVAL = Reader(query=query, documents=documents)
