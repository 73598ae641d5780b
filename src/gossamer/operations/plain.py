"""Calls that no model works for: with `GOSSAMER_ALL_OPERATIONS` each has a span that says which it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gossamer.operations.operation import Operation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

#: What no table knows: a path of the app's own, or of a newer API.
OTHER: Final = Operation(
    name="_OTHER", method="", path="", calls="", metrics="plain", binary=True, polled=True
)


def plain_operations(administration: Mapping[str, Mapping[str, str]]) -> Iterator[Operation]:
    """Operations of a table: method and path → what the SDK calls it."""
    for method, paths in administration.items():
        for path, name in paths.items():
            yield Operation(
                name=name,
                method=method,
                path=path,
                calls=f"`{name}`",
                metrics="plain",
                binary=True,
                polled=method == "GET",
            )
