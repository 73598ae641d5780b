"""What the fake model says: plain text, JSON that fits a schema, or calls of the app's tools."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from itertools import cycle, islice
from typing import TYPE_CHECKING, Any

from gossamer.cli.fake.schema import example

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gossamer.cli.fake.behaviour import Behaviour

__all__ = ["Speech", "ToolCall", "speak"]

_TEXT = (
    "A thread of gossamer weighs so little that the spider hardly knows it is there, "
    "yet it feels every touch along its length. "
)
_WORDS = re.findall(r"\S+ ", _TEXT)


@dataclass(frozen=True)
class ToolCall:
    """A call of one of the app's functions, its arguments in pieces."""

    name: str
    arguments: list[str]


@dataclass(frozen=True)
class Speech:
    """One answer in pieces: joined for a plain reply, one chunk each when streamed."""

    pieces: list[str] = field(default_factory=list)
    tool_calls: list[ToolCall] = field(default_factory=list)
    cut_short: bool = False  # the token limit was reached first

    @property
    def text(self) -> str:
        """The whole answer."""
        return "".join(self.pieces)

    @property
    def tokens(self) -> int:
        """The size of the answer: one token a piece."""
        return len(self.pieces) + sum(len(call.arguments) for call in self.tool_calls)


def speak(
    behaviour: Behaviour,
    *,
    tools: Sequence[tuple[str, Mapping[str, Any]]] = (),
    schema: Mapping[str, Any] | None = None,
    limit: int | None = None,
) -> Speech:
    """Make up an answer: tool calls when tools are given, JSON when a schema is, else prose."""
    if tools:
        calls = [ToolCall(name, _json_pieces(example(parameters))) for name, parameters in tools]
        return Speech(tool_calls=calls)
    pieces = _json_pieces(example(schema)) if schema is not None else _words(behaviour.chunks)
    if behaviour.ending == "incomplete":
        limit = min(limit or len(pieces), (len(pieces) + 1) // 2)
    if limit is not None and limit < len(pieces):
        return Speech(pieces[:limit], cut_short=True)
    return Speech(pieces, cut_short=behaviour.ending == "incomplete")


def _words(count: int) -> list[str]:
    return list(islice(cycle(_WORDS), count))


def _json_pieces(value: object) -> list[str]:
    text = json.dumps(value)
    return [text[start : start + 4] for start in range(0, len(text), 4)]
