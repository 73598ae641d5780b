"""Tool definitions of the Responses API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from gossamer.fields import Fields, fields
from gossamer.messages.response_parts import listed, string

if TYPE_CHECKING:
    from gossamer.messages.message import Part


def tool(value: Any, detailed: bool) -> Part | None:
    """Type and name, of the tools of a namespace too; what else there is only where it is asked for.

    Never all that a definition has: headers, access tokens and secrets of containers are in it.
    """
    found = fields(value)
    part = _named(found, detailed)
    if part is not None and part["type"] == "namespace":
        inner = [_named(fields(entry), detailed) for entry in listed(found.get("tools"))]
        part["tools"] = [entry for entry in inner if entry is not None]
    return part


def _named(found: Fields, detailed: bool) -> Part | None:
    kind = string(found.get("type"))
    inner = fields(found.get("function"))
    if inner:  # as Chat Completions have it, which some servers take here
        found = inner
    name = string(found.get("server_label") if kind == "mcp" else found.get("name"))
    if not kind:
        if not name:
            return None
        kind = "function"
    part = {"type": kind, "name": name or kind}
    if detailed:
        _describe(found, part)
    return part


def _describe(found: Fields, part: Part) -> None:
    description = string(found.get("description")) or string(found.get("server_description"))
    if description:
        part["description"] = description
    parameters = found.get("parameters")
    if isinstance(parameters, dict):
        part["parameters"] = parameters
    url = string(found.get("server_url"))
    origin = _origin(url) if url else None
    if origin:
        part["server_url"] = origin


def _origin(url: str) -> str | None:
    """Scheme, host and port: MCP servers take keys as user, as query, and as a segment of their path."""
    try:
        split = urlsplit(url)
        host = split.netloc.rpartition("@")[2]
    except ValueError:
        return None
    return f"{split.scheme}://{host}" if split.scheme and host else None
