"""The operations that are traced, and how a request finds its own."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from gossamer.operations.chat import CHAT
from gossamer.operations.completions import COMPLETIONS
from gossamer.operations.embeddings import EMBEDDINGS
from gossamer.operations.operation import Attributes, Fold, Operation
from gossamer.operations.responses import FETCH_RESPONSE, RESPONSES

__all__ = ["OPERATIONS", "Attributes", "Fold", "Operation", "find"]

OPERATIONS: Final = (CHAT, RESPONSES, FETCH_RESPONSE, COMPLETIONS, EMBEDDINGS)

# The SDK's methods pass "/chat/completions" and "post"; a caller of client.request() may write "POST".
_EXACT: Final = {
    (spelling, operation.path): operation
    for operation in OPERATIONS
    if "{" not in operation.path
    for spelling in (operation.method, operation.method.lower())
}
_TEMPLATES: Final = {
    (operation.method, operation.path.partition("{")[0]): operation
    for operation in OPERATIONS
    if "{" in operation.path
}


def find(method: str, url: str) -> Operation | None:
    """The operation of a request as the SDK's options name it, or None for one that is not traced.

    Nearly every call that is traced is found by the first look.
    """
    operation = _EXACT.get((method, url))
    return operation if operation is not None else _find_odd(str(method), str(url))


def _find_odd(method: str, url: str) -> Operation | None:
    """A URL with an id, with a query, without its first slash, or absolute."""
    path = url.partition("?")[0].rstrip("/")
    if "://" in path:
        candidates = _paths_below_a_base(urlsplit(path).path.split("/"))
    else:
        candidates = [path if path.startswith("/") else f"/{path}"]
    verb = method.upper()
    for candidate in candidates:
        prefix, _, last = candidate.rpartition("/")
        operation = _EXACT.get((verb, candidate)) or (_TEMPLATES.get((verb, f"{prefix}/")) if last else None)
        if operation is not None:
            return operation
    return None


def _paths_below_a_base(segments: list[str]) -> list[str]:
    """What an absolute path may be below its base: /v1, /openai/deployments/gpt-4o, or nothing."""
    candidates = ["/" + "/".join(segments[-2:])] if len(segments) > 2 else []
    base = segments[:-1]
    if not base or base[-1] in ("", "openai") or base[-1][1:2].isdigit() or base[-2:-1] == ["deployments"]:
        candidates.append("/" + segments[-1])
    return candidates
