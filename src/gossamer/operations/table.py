"""How a request finds its operation: by HTTP method and path."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gossamer.operations.operation import Operation

_ID: Final = "{id}"
_END: Final = ""
#: First segments of a base; no path of an operation begins so.
_BASES: Final = frozenset({"v1", "openai", "deployments"})
_NONE: Final[dict[str, Operation]] = {}


class Table:
    """The operations of one SDK."""

    def __init__(self, operations: Iterable[Operation], *, other: Operation | None = None) -> None:
        """A table of these operations.

        Args:
            operations: no two of the same method and path.
            other: of a request that is none of them; by default it has no operation.
        """
        # The SDK's methods pass "/chat/completions" and "post"; a caller of request() may write "POST".
        self._exact: dict[tuple[str, str], Operation] = {}
        self._tree: dict[str, Any] = {}
        self._other = other
        for operation in operations:
            node = self._tree
            for segment in operation.path.strip("/").split("/"):
                node = node.setdefault(segment, {})
            node.setdefault(_END, {})[operation.method] = operation
            if _ID not in operation.path:
                for spelling in (operation.method, operation.method.lower()):
                    self._exact[spelling, operation.path] = operation

    def find(self, method: str, url: str) -> Operation | None:
        """The operation of a request as the SDK's options name it, or None for one that is not traced.

        Nearly every call that is traced is found by the first look.
        """
        operation = self._exact.get((method, url))
        return operation if operation is not None else self._find_odd(str(method), str(url))

    def _find_odd(self, method: str, url: str) -> Operation | None:
        """A URL with an id, with a query, without its first slash, absolute, or with the base that the URL of
        the client does not name.

        All calls that are not traced come here, too: one function, without any more inside.
        """
        path, verb = url.partition("?")[0].rstrip("/"), method.upper()
        starts: Iterable[int] = (0,)
        if "://" in path:  # below a base: /v1, /openai/deployments/gpt-4o, a proxy's own, or nothing
            path = urlsplit(path).path
            starts = range(path.count("/"))
            segments = path.removeprefix("/").split("/")
        else:
            segments = path.removeprefix("/").split("/")
            if segments[0] in _BASES:
                starts = (_base_of(segments),)
        for start in starts:
            nodes = [self._tree]
            for segment in segments[start:]:
                # What is written out stands before what may be any id: /responses/compact, /responses/{id}.
                nodes, parents = [], nodes
                for node in parents:
                    for key in (segment, _ID):
                        if segment and key in node:
                            nodes.append(node[key])
            for node in nodes:
                operation: Operation | None = node.get(_END, _NONE).get(verb)
                if operation is not None and (len(segments) - start > 1 or _is_base(segments[:start])):
                    return operation
        return self._other


def _base_of(segments: list[str]) -> int:
    """How many segments of a path are its base: v1, openai, openai/v1, [openai/]deployments/gpt-4o."""
    start = 1 if segments[0] == "openai" else 0
    following = segments[start : start + 1]
    return start + (2 if following == ["deployments"] else 1 if following == ["v1"] else 0)


def _is_base(segments: list[str]) -> bool:
    """Whether a path can begin so: one segment more, which is a common word, says little by itself."""
    if not segments:
        return True
    last = segments[-1]
    return last in ("", "openai") or last[1:2].isdigit() or segments[-2:-1] == ["deployments"]
