"""Every setting: its variable, what it takes, its default. Read once, in `instrument()`."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

from gossamer.errors import logger

if TYPE_CHECKING:
    from collections.abc import Mapping


SemconvChoice = Literal["0.1.0", "1.37", "both"]
T = TypeVar("T")

_BOOLEANS: Final = {
    "true": True,
    "1": True,
    "on": True,
    "yes": True,
    "false": False,
    "0": False,
    "off": False,
    "no": False,
}


def _setting(*, variable: str, default: T, accepts: Mapping[str, T], shown: str, meaning: str) -> T:
    """A dataclass field that knows its environment variable and what the documentation says of it."""
    metadata = {"variable": variable, "accepts": accepts, "shown": shown, "help": meaning}
    made: T = field(default=default, metadata=metadata)
    return made


@dataclass(frozen=True)
class Settings:
    """What one `instrument()` goes by. Immutable: to change it, uninstrument and instrument again."""

    semconv: SemconvChoice = _setting(
        variable="GOSSAMER_SEMCONV",
        default="0.1.0",
        accepts={"0.1.0": "0.1.0", "1.37": "1.37", "both": "both"},
        shown="`0.1.0`, `1.37`, `both`",
        meaning="Which metric names: those of the GenAI conventions v0.1.0, those of the core conventions "
        "1.37 that back ends know, or both.",
    )
    time_per_output_chunk: bool = _setting(
        variable="GOSSAMER_TIME_PER_OUTPUT_CHUNK",
        default=False,
        accepts=_BOOLEANS,
        shown="`true`, `false`",
        meaning="Record the time between chunks of a stream, a histogram point for each chunk: "
        "the one thing here that costs microseconds per chunk.",
    )

    @classmethod
    def load(cls, **given: Any) -> Settings:
        """Settings from the arguments of `instrument()`, else from the environment, else the defaults.

        A value that is not accepted is told in one warning, and the default is used in its place. Arguments
        that are no settings are let through: `instrument()` takes others.
        """
        values: dict[str, Any] = {}
        for entry in fields(cls):
            if given.get(entry.name) is not None:
                source, value = f"instrument({entry.name}=…)", given[entry.name]
            else:
                source = entry.metadata["variable"]
                value = os.environ.get(source, "").strip()
                if not value:
                    continue
            accepts: Mapping[str, Any] = entry.metadata["accepts"]
            key = str(value).lower()
            if key in accepts:
                values[entry.name] = accepts[key]
            else:
                logger.warning(
                    "%s is %r, which is not one of %s; %r is used instead.",
                    source,
                    value,
                    ", ".join(accepts),
                    entry.default,
                )
        return cls(**values)
