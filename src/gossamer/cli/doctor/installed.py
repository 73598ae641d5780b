"""Which distributions are here? Reads their metadata, and imports none of them."""

from __future__ import annotations

import sys
from importlib import metadata
from typing import TYPE_CHECKING, NamedTuple

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["Conflict", "EntryPoint", "Installed"]


class EntryPoint(NamedTuple):
    """What a distribution offers under a name."""

    name: str
    value: str
    distribution: str


class Conflict(NamedTuple):
    """What a distribution needs, and what is there instead."""

    distribution: str
    needs: str
    name: str
    version: str | None


class Installed:
    """The distributions on a path, the first of each name."""

    def __init__(self, path: Sequence[str] | None = None) -> None:
        self._found: dict[str, metadata.Distribution] = {}
        for each in metadata.distributions(path=list(sys.path if path is None else path)):
            if "Name" in each.metadata:  # a folder that an interrupted removal has left says nothing
                self._found.setdefault(canonicalize_name(each.metadata["Name"]), each)

    def version(self, name: str) -> str | None:
        """Tell the version of a distribution; None where it is not here."""
        found = self._found.get(canonicalize_name(name))
        return None if found is None else found.version

    def names(self, prefix: str = "") -> list[str]:
        """List the distributions whose names begin so."""
        return sorted(name for name in self._found if name.startswith(prefix))

    def entry_points(self, group: str) -> list[EntryPoint]:
        """List what the distributions offer in a group."""
        return [
            EntryPoint(point.name, point.value, name)
            for name, each in sorted(self._found.items())
            for point in each.entry_points
            if point.group == group
        ]

    def conflicts(self, prefix: str) -> Iterator[Conflict]:
        """Find what is needed of distributions whose names begin so, and not met."""
        for name in [*self.names(prefix), "gossamer"]:
            found = self._found.get(name)
            for line in (found.requires or ()) if found else ():
                try:
                    needs = Requirement(line)
                except InvalidRequirement:
                    continue
                wanted = needs.marker is None or needs.marker.evaluate({"extra": ""})
                if not wanted or not canonicalize_name(needs.name).startswith(prefix):
                    continue
                version = self.version(needs.name)
                if version is None or not needs.specifier.contains(version, prereleases=True):
                    yield Conflict(name, f"{needs.name} {needs.specifier}".strip(), needs.name, version)
