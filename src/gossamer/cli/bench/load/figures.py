"""From bursts to figures: throughput beside the bare SDK's, and how long the callers waited."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gossamer.cli.bench import discovery
from gossamer.cli.bench.budget import MAX_LOAD_CPU, MIN_LOAD_RATIO, Verdict
from gossamer.cli.bench.contenders import HERE
from gossamer.cli.bench.figures import Spread

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gossamer.cli.bench.contenders import Contender


@dataclass
class LoadSamples:
    """One contender's rounds."""

    throughputs: list[float] = field(default_factory=list)
    """Requests a second, one a round."""
    cpu_ns: list[float] = field(default_factory=list)
    """CPU time of the app a request, one a round."""
    latencies: list[float] = field(default_factory=list)
    """Seconds, one a request, of all rounds."""


@dataclass(frozen=True)
class LoadFigure:
    """One contender under load."""

    contender: str
    environment: str
    throughput: Spread
    ratio: Spread
    """Throughput over the bare SDK's, round by round."""
    cpu_ns: Spread
    cpu_ratio: Spread
    """CPU time of the app over the bare one's: steadier than throughput on a busy machine."""
    core_share: float
    """How much of a core the app had while under load. Well below 1: something else was the
    bottleneck, or the machine was busy, and the CPU time says more than the throughput."""
    p50: float
    p95: float
    p99: float


def load_figures(samples: Mapping[Contender, LoadSamples]) -> list[LoadFigure]:
    """One figure a contender."""
    bare = {
        contender.environment: its for contender, its in samples.items() if contender.name == discovery.BARE
    }
    return [_figure(contender, its, bare[contender.environment]) for contender, its in samples.items()]


def _figure(contender: Contender, own: LoadSamples, bare: LoadSamples) -> LoadFigure:
    pairs = zip(own.throughputs, bare.throughputs, strict=True)
    cpu = zip(own.cpu_ns, bare.cpu_ns, strict=True)
    return LoadFigure(
        contender=contender.name,
        environment=contender.environment,
        throughput=Spread.of(own.throughputs),
        ratio=Spread.of([mine / its for mine, its in pairs]),
        cpu_ns=Spread.of(own.cpu_ns),
        cpu_ratio=Spread.of([mine / its for mine, its in cpu]),
        core_share=statistics.median(
            rate * cpu_ns / 1e9 for rate, cpu_ns in zip(own.throughputs, own.cpu_ns, strict=True)
        ),
        p50=percentile(own.latencies, 50),
        p95=percentile(own.latencies, 95),
        p99=percentile(own.latencies, 99),
    )


def percentile(values: Sequence[float], percent: int) -> float:
    """The value that `percent` of the others do not exceed."""
    if len(values) < 2:
        return values[0]
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


def load_verdicts(figures: Sequence[LoadFigure]) -> list[Verdict]:
    """Whether ours keeps its throughput, and the CPU time that decides it on an idle machine."""
    verdicts = []
    for figure in figures:
        if (figure.contender, figure.environment) == (discovery.OURS, HERE):
            rate, cpu = figure.ratio, figure.cpu_ratio
            verdicts += [
                Verdict.at_least("load: throughput, x bare", MIN_LOAD_RATIO, rate.median, rate.margin),
                Verdict.at_most("load: CPU time of the app, x bare", MAX_LOAD_CPU, cpu.median, cpu.margin),
            ]
    return verdicts
