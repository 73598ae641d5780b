"""A whole soak: blocks in turn until the time is over, and what was found."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from gossamer.cli.fake import FakeServer
from gossamer.cli.soak.apps import apps
from gossamer.cli.soak.blocks import TIMED, Blocks
from gossamer.cli.soak.complaints import listening
from gossamer.cli.soak.kinds import draw, one_of_each
from gossamer.cli.soak.traffic import KINDS
from gossamer.cli.soak.watch import Growth, Sample, Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gossamer.cli.soak.apps import App
    from gossamer.cli.soak.kinds import Kind

IN_PROCESS: Final = "in-process"
HTTP: Final = "http"
#: Calls of one application in a block.
_BLOCK: Final = 200
#: Pairs of blocks from one that is weighed to the next, as a call takes twice as long under tracemalloc; and
#: how much longer such a block is, as what is left by chance does not grow with it.
_WEIGHED: Final = 12
_LONGER: Final = 2
PERCENTS: Final = (50, 95, 99)


@dataclass(frozen=True)
class Plan:
    """How much of what."""

    modes: Sequence[str]
    seconds: float
    """Of all modes together."""
    seed: int
    calls: int | None = None
    """Traced calls of each mode, in place of the time."""
    at_once: int = 16


@dataclass(frozen=True)
class Latency:
    """Seconds that calls of one sort took."""

    client: str
    call: str
    bare: list[float | None]
    """At each of `PERCENTS`."""
    traced: list[float | None]


@dataclass(frozen=True)
class Result:
    """What a soak in one mode has found."""

    mode: str
    calls: int
    spans: int
    points: int
    """Of the histograms of durations."""
    bare_calls: int
    per_second: float
    bare_per_second: float
    outcomes: dict[str, int]
    latencies: list[Latency]
    rss_bytes: list[float] | None
    """Medians of the middle and the last third."""
    objects: list[float] | None
    """That the collector knows; the same."""
    own_per_call: float | None
    """Allocations by Gossamer that a call leaves behind."""
    all_per_call: float | None
    own_bytes_per_call: float | None
    descriptors: int
    """Open at the end, more than at the start."""
    connections: int
    """In use between two blocks, at most."""
    threads: int
    """More than at the start, at most."""
    faults: list[str]

    def as_json(self) -> dict[str, Any]:
        """Plain data, for a file."""
        return asdict(self)


def soak(plan: Plan, advance: Callable[[str, int], object]) -> list[Result]:
    """Soak in each mode in turn.

    Args:
        plan: how much.
        advance: told the mode and the calls so far.
    """
    results = []
    for mode in plan.modes:
        with ExitStack() as stack:
            url = stack.enter_context(FakeServer()).base_url if mode == HTTP else None
            results.append(_soak(mode, url, plan, advance))
    return results


def _soak(mode: str, base_url: str | None, plan: Plan, advance: Callable[[str, int], object]) -> Result:
    with listening() as complaints:
        watch = Watch(Sample.take(0, ()))
        both = apps(base_url)
        blocks = Blocks(both, plan.at_once, complaints)
        try:
            _warm_up(blocks)
            until = time.monotonic() + plan.seconds / len(plan.modes)
            size = _BLOCK if plan.calls is None else min(_BLOCK, max(plan.calls // 6, 1))
            number = 0
            while blocks.ledger.calls < plan.calls if plan.calls is not None else time.monotonic() < until:
                kinds = [draw(KINDS, app, f"{plan.seed} {mode} {app.kind} {number}", size) for app in both]
                _pair(blocks, watch, kinds, number, 1 if plan.calls is not None else _LONGER)
                advance(mode, blocks.ledger.calls)
                number += 1
        finally:
            for app in both:
                app.stop()
        points = blocks.ledger.balance_points(blocks.reader)
        return _result(mode, blocks, watch, points, complaints.faults())


def _warm_up(blocks: Blocks) -> None:
    """One call of each kind, so that nothing is imported, compiled or cached later."""
    kinds = [one_of_each(KINDS, app) for app in blocks.apps]
    for traced in (False, True):
        blocks.run(kinds, traced=traced, timed=False)


def _pair(blocks: Blocks, watch: Watch, kinds: list[list[Kind]], number: int, longer: int) -> None:
    for traced in (False, True) if number % 2 else (True, False):
        blocks.run(kinds, traced=traced)
    if number % _WEIGHED == 0:
        weighed = [own * longer for own in kinds]
        watch.growths.append(Growth.of(lambda: _without_connections(blocks, weighed)))
    watch.note(Sample.take(blocks.ledger.calls, blocks.apps))


def _without_connections(blocks: Blocks, kinds: list[list[Kind]]) -> int:
    """How many connections are open after a block is chance: none, when memory is weighed."""
    calls = blocks.run(kinds, traced=True, timed=False)
    for app in blocks.apps:
        app.hang_up()
    blocks.settle()
    return calls


def _result(mode: str, blocks: Blocks, watch: Watch, points: int, complaints: list[str]) -> Result:
    ledger = blocks.ledger
    faults = [f"{fault} ({count} times)" for fault, count in ledger.faults.items()]
    faults += [f"the app saw what it should not: {what} ({n} times)" for what, n in blocks.surprises.items()]
    faults += [*watch.faults(), *watch.closed(), *complaints]
    rss, objects = watch.trend("rss"), watch.trend("objects")
    last = Sample.take(ledger.calls, ())
    return Result(
        mode=mode,
        calls=ledger.calls,
        spans=ledger.spans,
        points=points,
        bare_calls=blocks.bare_calls,
        per_second=_rate(blocks, traced=True),
        bare_per_second=_rate(blocks, traced=False),
        outcomes=dict(ledger.outcomes.most_common()),
        latencies=[_latency(blocks, app, call) for app in blocks.apps for call in TIMED],
        rss_bytes=None if rss is None else list(rss[:2]),
        objects=None if objects is None else list(objects[:2]),
        own_per_call=watch.per_call("own"),
        all_per_call=watch.per_call("all"),
        own_bytes_per_call=watch.per_call("own_bytes"),
        descriptors=last.descriptors - watch.first.descriptors,
        connections=max((one.connections for one in watch.samples), default=0),
        threads=max((one.threads for one in watch.samples), default=watch.first.threads)
        - watch.first.threads,
        faults=faults,
    )


def _rate(blocks: Blocks, *, traced: bool) -> float:
    seconds = blocks.seconds[traced]
    return blocks.timed_calls[traced] / seconds if seconds else 0.0


def _latency(blocks: Blocks, app: App, call: str) -> Latency:
    def at(traced: bool) -> list[float | None]:
        latencies = blocks.latencies.get((app.kind, call, traced))
        return [None if latencies is None else latencies.percentile(percent) for percent in PERCENTS]

    return Latency(app.kind, call, at(False), at(True))
