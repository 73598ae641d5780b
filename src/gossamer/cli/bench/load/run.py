"""A whole load test: the fake API and one app a contender up, interleaved bursts, all down."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from gossamer.cli.bench.load import client, cores
from gossamer.cli.bench.load.figures import LoadFigure, LoadSamples, load_figures
from gossamer.cli.bench.rounds import rotated
from gossamer.cli.bench.run import Present, machine, present
from gossamer.cli.bench.workers import WorkerProcess, running
from gossamer.cli.fake import FakeServer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gossamer.cli.bench.contenders import Contender

APP = "gossamer.cli.bench.load.app"


@dataclass(frozen=True)
class Shape:
    """How much load: by default what the reporter of the old fault used."""

    requests: int = 200
    at_once: int = 75
    limit: float = 120.0
    """Seconds that one burst may take."""


@dataclass(frozen=True)
class LoadRun:
    """What a load test found out."""

    machine: str
    rounds: int
    requests: int
    at_once: int
    separate_cores: bool
    present: list[Present]
    figures: list[LoadFigure]

    def as_json(self) -> dict[str, Any]:
        """Plain data, for a file."""
        return asdict(self)


def load(
    contenders: Sequence[Contender],
    shape: Shape,
    rounds: int,
    advance: Callable[[str], object],
) -> LoadRun:
    """Put each contender's app under load in turn, `rounds` times over."""
    for_app, for_rest = cores.split()
    with ExitStack() as stack:
        stack.enter_context(cores.pinned(for_rest))
        api = stack.enter_context(FakeServer())
        with cores.pinned(for_app):
            apps = stack.enter_context(running(contenders, APP, api.base_url))
        samples = {app.contender: LoadSamples() for app in apps}
        for app in apps:
            client.burst(app.hello["port"], shape.at_once, shape.at_once, shape.limit)  # warm up
        for number in range(rounds):
            for app in rotated(apps, number):
                _burst(app, shape, samples[app.contender])
                advance(app.contender.label)
        there = [present(app.contender, app.hello, app.ask(do="usage")) for app in apps]
    return LoadRun(
        machine(),
        rounds,
        shape.requests,
        shape.at_once,
        bool(for_app),
        there,
        load_figures(samples),
    )


def _burst(app: WorkerProcess, shape: Shape, samples: LoadSamples) -> None:
    before = app.ask(do="usage")["cpu_ns"]
    burst = client.burst(app.hello["port"], shape.requests, shape.at_once, shape.limit)
    after = app.ask(do="usage")["cpu_ns"]
    samples.throughputs.append(burst.throughput)
    samples.cpu_ns.append((after - before) / shape.requests)
    samples.latencies += burst.latencies
