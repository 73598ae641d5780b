"""A whole run of the bench: workers up, every scenario measured, workers down."""

from __future__ import annotations

import os
import platform
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from gossamer.cli.bench.figures import Figure, figures
from gossamer.cli.bench.rounds import Samples, measure
from gossamer.cli.bench.workers import WORKER, running

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gossamer.cli.bench.contenders import Contender
    from gossamer.cli.bench.protocol import Message
    from gossamer.cli.bench.scenarios import Scenario

LAUNCHES = 4


@dataclass(frozen=True)
class Present:
    """A contender that took part, with the versions in its environment."""

    contender: str
    environment: str
    version: str | None
    python: str
    openai: str
    opentelemetry: str
    peak_bytes: int | None = None
    """The most memory that its process held over the whole run."""


@dataclass(frozen=True)
class Run:
    """What a run found out."""

    machine: str
    rounds: int
    present: list[Present]
    figures: list[Figure]
    with_content: bool = False
    """Whether prompts and answers were to be recorded."""

    @property
    def openai(self) -> str:
        """The release of the SDK, in the bench's own environment where that took part."""
        return self.present[0].openai

    def as_json(self) -> dict[str, Any]:
        """Plain data, for a file."""
        return asdict(self)


def machine() -> str:
    """The machine in a few words, to be quoted beside its figures."""
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"


def run(
    contenders: Sequence[Contender],
    scenarios: Sequence[Scenario],
    rounds: int,
    advance: Callable[[str], object],
    *,
    with_content: bool = False,
) -> Run:
    """Measure it all. `advance` hears the scenario's name, once a timed block.

    The rounds are spread over several launches of all processes: where a process's code and data
    happen to lie in memory alone makes it a percent faster or slower, for as long as it lives.
    """
    samples = [Samples(scenario) for scenario in scenarios]
    there: list[Present] = []
    options = ("--content",) if with_content else ()
    for seed, share in enumerate(shares(rounds, LAUNCHES)):
        with running(contenders, WORKER, *options, seed=seed) as workers:
            for one in samples:
                measure(workers, one, share, partial(advance, one.scenario.name))
            there = [present(w.contender, w.hello, w.ask(do="memory")) for w in workers]
    found = [figure for one in samples for figure in figures(one)]
    return Run(machine(), rounds, there, found, with_content)


def shares(rounds: int, launches: int) -> list[int]:
    """`rounds` split over at most `launches`, as evenly as they go."""
    launches = min(launches, rounds)
    return [rounds // launches + (number < rounds % launches) for number in range(launches)]


def present(contender: Contender, hello: Message, memory: Message) -> Present:
    """A participant, by what its process said of itself."""
    versions = {key: hello[key] for key in ("version", "python", "openai", "opentelemetry")}
    return Present(contender.name, contender.environment, peak_bytes=memory["peak_bytes"], **versions)
