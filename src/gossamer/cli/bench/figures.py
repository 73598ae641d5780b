"""From samples to figures: what a contender adds to the bare SDK of its own environment."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gossamer.cli.bench import discovery
from gossamer.cli.bench.rounds import Samples

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.cli.bench.contenders import Contender


@dataclass(frozen=True)
class Spread:
    """A median, the quartiles around it, and how far the median itself may be off."""

    low: float
    median: float
    high: float
    margin: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """The spread of some samples."""
        if len(values) == 1:
            return cls(values[0], values[0], values[0], math.inf)
        low, median, high = statistics.quantiles(values, n=4, method="inclusive")
        # The notch of a box plot: about 95 % confidence, whatever the distribution's tails.
        return cls(low, median, high, 1.57 * (high - low) / math.sqrt(len(values)))

    def divided(self, by: float) -> Spread:
        """The same in another unit."""
        return Spread(self.low / by, self.median / by, self.high / by, self.margin / by)


@dataclass(frozen=True)
class Figure:
    """One contender in one scenario. Times are CPU nanoseconds a call; plumbing's are a chunk."""

    scenario: str
    contender: str
    environment: str
    rounds: int
    cpu_ns: Spread
    added_ns: Spread | None
    """The median of the differences to bare, round by round; None for bare itself."""
    added_per_chunk_ns: float | None
    ratio: float
    """CPU time over the bare SDK's."""
    by_hand_ns: Spread | None
    """What the hand-written span adds to the same."""
    of_hand_written: float | None
    """Added time over that."""
    content: list[str] | None
    """Which content was recorded: `prompt`, `answer`; None where that is not known."""


def figures(samples: Samples) -> list[Figure]:
    """One figure a contender, in the order in which they were run."""
    calm = quieter_half(samples)
    return [_figure(calm, contender) for contender in calm.by_contender]


def quieter_half(samples: Samples) -> Samples:
    """The half of the rounds in which the machine disturbed the measurement least.

    Other work on the machine makes CPU time longer (shared caches, clock rate), never shorter. How
    disturbed a round was is judged by all contenders together, each by its own median, so that the
    choice favours none of them.
    """
    ratios = []
    for own in samples.by_contender.values():
        median = statistics.median(own)
        ratios.append([value / median for value in own])
    disturbance = [sum(of_round) for of_round in zip(*ratios, strict=True)]
    order = sorted(range(len(disturbance)), key=disturbance.__getitem__)
    kept = sorted(order[: (len(order) + 1) // 2])
    calm = {contender: [own[number] for number in kept] for contender, own in samples.by_contender.items()}
    return Samples(samples.scenario, calm, samples.content)


def _figure(samples: Samples, contender: Contender) -> Figure:
    scenario = samples.scenario
    own = samples.by_contender[contender]
    bare = _beside(samples, contender, discovery.BARE)
    added = None if contender.name == discovery.BARE else added_by(own, bare)
    per_chunk = None
    if added is not None and scenario.chunks:
        per_chunk = added.median if scenario.plumbing else added.median / scenario.chunks
    hand_written = _beside(samples, contender, discovery.HAND_WRITTEN)
    by_hand = None
    if added is not None and hand_written and not scenario.plumbing:
        by_hand = added_by(hand_written, bare)  # plumbing: by hand there is none
    return Figure(
        scenario=scenario.name,
        contender=contender.name,
        environment=contender.environment,
        rounds=len(own),
        cpu_ns=Spread.of(own),
        added_ns=added,
        added_per_chunk_ns=per_chunk,
        ratio=statistics.median(own) / statistics.median(bare),
        by_hand_ns=by_hand,
        of_hand_written=_over(added, by_hand),
        content=samples.content.get(contender),
    )


def added_by(own: Sequence[float], bare: Sequence[float]) -> Spread:
    """The differences, round by round: what both rounds shared is gone."""
    return Spread.of([mine - its for mine, its in zip(own, bare, strict=True)])


def _over(added: Spread | None, by_hand: Spread | None) -> float | None:
    if added is None or by_hand is None or by_hand.median <= 0:
        return None
    return added.median / by_hand.median


def _beside(samples: Samples, contender: Contender, name: str) -> list[float]:
    """Another contender's samples from the same environment; none when it did not take part."""
    for other, values in samples.by_contender.items():
        if other.name == name and other.environment == contender.environment:
            return values
    return []
