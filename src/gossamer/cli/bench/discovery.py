"""Which contenders this environment holds. Looks at package metadata; imports none of them."""

from __future__ import annotations

import importlib.util
from importlib import metadata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

BARE = "bare"
HAND_WRITTEN = "handwritten"
OURS = "gossamer"
OLD_FAULT = "old-fault"
LOGFIRE = "logfire"

BUILT_IN = (BARE, HAND_WRITTEN, OURS)
"""The contenders of every run, in the order in which they are shown."""

_GROUP = "opentelemetry_instrumentor"


def discover() -> list[str]:
    """The built-in contenders, then every other OpenAI instrumentation installed here."""
    return [*BUILT_IN, *sorted(others(metadata.entry_points(group=_GROUP)))]


def others(entry_points: Iterable[metadata.EntryPoint]) -> set[str]:
    """The distributions that offer an instrumentor for OpenAI and are not ours."""
    found = {
        point.dist.name
        for point in entry_points
        if "openai" in point.name and point.dist is not None and point.dist.name != OURS
    }
    if importlib.util.find_spec(LOGFIRE) is not None:  # it has no such entry point
        found.add(LOGFIRE)
    return found


def entry_point(distribution: str) -> metadata.EntryPoint:
    """The OpenAI instrumentor of a distribution."""
    for point in metadata.entry_points(group=_GROUP):
        if point.dist is not None and point.dist.name == distribution and "openai" in point.name:
            return point
    raise LookupError(f"no contender {distribution!r} here; there are: {', '.join(discover())}")


def version(contender: str) -> str | None:
    """The version of the package behind a contender; None when there is none."""
    if contender in (BARE, HAND_WRITTEN, OLD_FAULT):
        return None
    return metadata.version(contender)
