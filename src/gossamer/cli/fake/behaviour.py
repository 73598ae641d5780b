"""How the fake behaves: the name of the model in the request says it.

====================== ==========================================================================
`fake-error-429`       every attempt fails with this HTTP status (any three digits)
`fake-rate-limit-once` 429 with `retry-after-ms` on the first attempt, an answer on the second
`fake-slow`            the answer starts after 0.5 s (`fake-slow-3`: after 3 s)
`fake-chunks-100`      exactly 100 pieces of text, so 100 content chunks when streamed
`fake-stream-error`    an error event in the middle of a stream
`fake-drop`            the connection is cut in the middle of the body
`fake-failed`          Responses: status `failed`
`fake-incomplete`      the token limit is reached: `length`, or status `incomplete`
`fake-content-filter`  chat: finish reason `content_filter`
`fake-usage-details`   every detail of the token usage is reported and is not zero
====================== ==========================================================================

Any other model answers normally, under its own name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

__all__ = ["Behaviour", "Ending", "Pace", "behaviour_of"]

Ending = Literal["complete", "error", "drop", "failed", "incomplete", "content_filter"]

_ENDINGS: dict[str, Ending] = {
    "stream-error": "error",
    "drop": "drop",
    "failed": "failed",
    "incomplete": "incomplete",
    "content-filter": "content_filter",
}
_NAME = re.compile(r"fake-(?P<kind>[a-z-]+?)(?:-(?P<number>\d+(?:\.\d+)?))?")


@dataclass(frozen=True)
class Pace:
    """What holds for models that do not say otherwise: pieces of text, and seconds before each."""

    chunks: int = 12
    delay: float = 0.0


@dataclass(frozen=True)
class Behaviour:
    """What happens to one request."""

    chunks: int
    delay: float
    wait: float = 0.0  # seconds before the answer starts
    error_status: int | None = None
    ending: Ending = "complete"
    usage_details: bool = False


def behaviour_of(model: str, pace: Pace, attempt: int) -> Behaviour:
    """Read the behaviour out of a model's name; `attempt` counts the SDK's retries from 0."""
    normal = Behaviour(pace.chunks, pace.delay)
    match = _NAME.fullmatch(model)
    if match is None:
        return normal
    kind, number = match["kind"], match["number"]
    if kind == "error" and number:
        return replace(normal, error_status=int(float(number)))
    if kind == "rate-limit-once":
        return replace(normal, error_status=429 if attempt == 0 else None)
    if kind == "slow":
        return replace(normal, wait=float(number or 0.5))
    if kind == "chunks" and number:
        return replace(normal, chunks=int(float(number)))
    if kind == "usage-details":
        return replace(normal, usage_details=True)
    return replace(normal, ending=_ENDINGS.get(kind, "complete"))
