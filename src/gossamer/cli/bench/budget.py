"""The promises, and whether a run keeps them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from gossamer.cli.bench import content, discovery
from gossamer.cli.bench.contenders import HERE
from gossamer.cli.bench.figures import Figure

MIN_LOAD_RATIO = 0.98
"""Throughput under load over the bare SDK's."""

MAX_LOAD_CPU = 1 / MIN_LOAD_RATIO
"""The same in CPU time of the app, which other work on the machine disturbs far less."""

Outcome = Literal["kept", "missed", "unresolved"]


@dataclass(frozen=True)
class Verdict:
    """One promise, measured."""

    promise: str
    limit: float
    measured: float
    margin: float
    """How far the measured value may be off."""
    outcome: Outcome
    """Missed only when the margin leaves no doubt: noise must not fail a build."""

    @classmethod
    def at_most(cls, promise: str, limit: float, measured: float, margin: float) -> Verdict:
        """A promise of a cost."""
        return cls(promise, limit, measured, margin, _outcome(measured - limit, margin))

    @classmethod
    def at_least(cls, promise: str, limit: float, measured: float, margin: float) -> Verdict:
        """A promise of what is left."""
        return cls(promise, limit, measured, margin, _outcome(limit - measured, margin))


def _outcome(excess: float, margin: float) -> Outcome:
    if excess <= 0:
        return "kept"
    return "missed" if excess > margin else "unresolved"


_Measured = tuple[float, float]  # with its margin
_Reading = Callable[[Figure], "_Measured | None"]


def _of_hand_written(figure: Figure) -> _Measured | None:
    added, by_hand = figure.added_ns, figure.by_hand_ns
    if added is None or by_hand is None or added.median <= 0 or by_hand.median <= 0:
        return None
    ratio = added.median / by_hand.median
    doubt = math.hypot(added.margin / added.median, by_hand.margin / by_hand.median)
    return ratio, ratio * doubt


def _per_chunk(figure: Figure) -> _Measured | None:
    added = figure.added_ns
    return None if added is None else (added.median, added.margin)


_AS_BY_HAND: tuple[str, _Reading] = ("added, x a hand-written span", _of_hand_written)
_OF_A_CHUNK: tuple[str, _Reading] = ("added to a chunk, ns", _per_chunk)
_OF_A_FRAME: tuple[str, _Reading] = ("added to a frame, ns", _per_chunk)

Limits = dict[str, tuple[tuple[str, _Reading], float]]

LIMITS: Limits = {
    "chat-sync": (_AS_BY_HAND, 1.15),
    "chat-async": (_AS_BY_HAND, 1.15),
    # An async generator costs twice a sync one, and by hand there is none.
    "chat-stream-sync": (_AS_BY_HAND, 1.5),
    "chat-stream-async": (_AS_BY_HAND, 1.75),
    "responses-stream-sync": (_AS_BY_HAND, 1.5),
    "responses-stream-async": (_AS_BY_HAND, 1.75),
    "plumbing-chat-sync": (_OF_A_CHUNK, 150),
    "plumbing-chat-async": (_OF_A_CHUNK, 300),
    "plumbing-responses-sync": (_OF_A_CHUNK, 150),
    "plumbing-responses-async": (_OF_A_CHUNK, 300),
    "plumbing-append-sync": (_OF_A_FRAME, 1000),
    "plumbing-append-async": (_OF_A_FRAME, 1500),
    "plumbing-delta-sync": (_OF_A_FRAME, 1000),
    "plumbing-delta-async": (_OF_A_FRAME, 1500),
}

_AS_BY_HAND_WITH_CONTENT = ("added, x the same JSON by hand", _of_hand_written)

CONTENT_LIMITS: Limits = {
    "chat-sync": (_AS_BY_HAND_WITH_CONTENT, 2.0),
    "chat-async": (_AS_BY_HAND_WITH_CONTENT, 2.0),
    "chat-long-sync": (_AS_BY_HAND_WITH_CONTENT, 2.0),
    "chat-long-async": (_AS_BY_HAND_WITH_CONTENT, 2.0),
    "chat-stream-sync": (_AS_BY_HAND_WITH_CONTENT, 2.0),
    "chat-stream-async": (_AS_BY_HAND_WITH_CONTENT, 2.0),
    "responses-stream-sync": (_AS_BY_HAND_WITH_CONTENT, 2.0),
    "responses-stream-async": (_AS_BY_HAND_WITH_CONTENT, 2.0),
}
"""With prompts and answers captured."""


def missed(verdicts: Iterable[Verdict]) -> bool:
    """Whether some promise is certainly not kept."""
    return any(verdict.outcome == "missed" for verdict in verdicts)


def verdicts(figures: Iterable[Figure], *, with_content: bool = False) -> list[Verdict]:
    """A verdict for each of our figures that a promise was made about."""
    limits = CONTENT_LIMITS if with_content else LIMITS
    found = []
    for figure in figures:
        ours = (figure.contender, figure.environment) == (discovery.OURS, HERE)
        if not ours or figure.scenario not in limits:
            continue
        if with_content and content.lacks(figure.content):
            # What records nothing costs little: no promise is kept that way.
            told = f"{figure.scenario}: prompt and answer recorded"
            found.append(Verdict.at_least(told, 2, len(figure.content or ()), 0))
            continue
        (what, reading), limit = limits[figure.scenario]
        measured = reading(figure)
        if measured is not None:
            found.append(Verdict.at_most(f"{figure.scenario}: {what}", limit, *measured))
    return found
