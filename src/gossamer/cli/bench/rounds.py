"""Interleaved rounds: every contender in every round, so that drift of the machine hits all alike."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from gossamer.cli.bench.errors import Unsupported

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gossamer.cli.bench.contenders import Contender
    from gossamer.cli.bench.scenarios import Scenario
    from gossamer.cli.bench.workers import WorkerProcess

T = TypeVar("T")


@dataclass
class Samples:
    """CPU time of one scenario: nanoseconds a call (plumbing: a chunk), one per round."""

    scenario: Scenario
    by_contender: dict[Contender, list[float]] = field(default_factory=dict)
    content: dict[Contender, list[str] | None] = field(default_factory=dict)
    """Which content each recorded; None of who records nothing at all."""


def rotated(items: Sequence[T], by: int) -> list[T]:
    """`items` beginning elsewhere each round: none is always the one after an expensive other."""
    start = by % len(items)
    return [*items[start:], *items[:start]]


def measure(
    workers: Sequence[WorkerProcess],
    samples: Samples,
    rounds: int,
    advance: Callable[[], object],
) -> None:
    """Add `rounds` rounds to the samples of a scenario. `advance` is called once a block."""
    scenario = samples.scenario
    able = []
    for worker in workers:
        try:
            ready = worker.ask(do="prepare", scenario=scenario.name)
        except Unsupported:
            continue
        samples.content[worker.contender] = ready["content"]
        able.append(worker)
    units = scenario.chunks if scenario.plumbing else scenario.calls
    for number in range(rounds if able else 0):
        for worker in rotated(able, number):
            reply = worker.ask(do="run", calls=scenario.calls)
            own = samples.by_contender.setdefault(worker.contender, [])
            own.append(reply["ns"] / units)
            advance()
