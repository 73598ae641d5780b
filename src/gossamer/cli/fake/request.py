"""One request as the endpoints see it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gossamer.cli.fake.behaviour import Behaviour

__all__ = ["CREATED", "Request", "count_tokens"]

CREATED = 1_767_225_600  # a clock would make two answers to the same request differ


# Real answers name the dated snapshot that an alias stands for; apps and telemetry must cope.
_SNAPSHOTS = {
    "gpt-4o": "gpt-4o-2024-08-06",
    "gpt-4o-mini": "gpt-4o-mini-2024-07-18",
    "gpt-4.1-mini": "gpt-4.1-mini-2025-04-14",
    "gpt-5-mini": "gpt-5-mini-2025-08-07",
}


@dataclass(frozen=True)
class Request:
    """The parts of a request that decide its reply."""

    path: str  # without the `/v1`, without the query
    body: dict[str, Any]
    behaviour: Behaviour
    query: dict[str, str] = field(default_factory=dict)

    @property
    def model(self) -> str:
        """The model that answers."""
        name = str(self.body["model"])
        return _SNAPSHOTS.get(name, name)

    @property
    def streamed(self) -> bool:
        """Whether the answer is wanted as events."""
        return self.body.get("stream") is True

    @property
    def service_tier(self) -> str:
        """The tier that serves the request."""
        asked = self.body.get("service_tier")
        return asked if isinstance(asked, str) and asked != "auto" else "default"

    def mark(self, purpose: str, length: int = 24) -> str:
        """Make an identifier: the same request has the same ones, another request has others."""
        text = json.dumps([purpose, self.path, self.query, self.body], sort_keys=True)
        return blake2b(text.encode(), digest_size=length // 2).hexdigest()


def count_tokens(*prompts: object) -> int:
    """Estimate the tokens of everything textual in a prompt: four characters each."""
    return max(1, sum(len(text) for prompt in prompts for text in _texts(prompt)) // 4)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
