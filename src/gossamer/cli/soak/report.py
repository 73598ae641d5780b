"""What a soak has found, as tables for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.cli.bench.tables import plain_table
from gossamer.cli.soak.run import PERCENTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.table import Table

    from gossamer.cli.soak.run import Result

_NONE = "-"
_MIB = 2**20


def tables(results: Sequence[Result]) -> Iterator[Table]:
    """Everything, in the order in which it is read."""
    yield _ledger(results)
    yield _outcomes(results)
    yield _leaks(results)
    yield _latencies(results)


def _ledger(results: Sequence[Result]) -> Table:
    table = plain_table("Ledger")
    table.add_column("")
    for heading in (
        "calls",
        "spans",
        "points of\ndurations",
        "calls a\nsecond",
        "bare SDK:\ncalls",
        "calls a\nsecond",
    ):
        table.add_column(heading, justify="right")
    for one in results:
        counted = (one.calls, one.spans, one.points, one.per_second, one.bare_calls, one.bare_per_second)
        table.add_row(one.mode, *(f"{number:,.0f}" for number in counted))
    return table


def _outcomes(results: Sequence[Result]) -> Table:
    table = plain_table("Spans by outcome of their stream, or error")
    table.add_column("")
    for one in results:
        table.add_column(one.mode, justify="right")
    for outcome in dict.fromkeys(name for one in results for name in one.outcomes):
        table.add_row(outcome, *(f"{one.outcomes.get(outcome, 0):,}" for one in results))
    return table


def _leaks(results: Sequence[Result]) -> Table:
    table = plain_table("What grew")
    table.add_column("")
    for one in results:
        table.add_column(one.mode, justify="right")
    table.add_row(
        "resident memory, MiB: middle third → last", *(_trend(one.rss_bytes, _MIB, ",.1f") for one in results)
    )
    table.add_row("objects: middle third → last", *(_trend(one.objects, 1, ",.0f") for one in results))
    table.add_row(
        "allocations left by a call: Gossamer's", *(_number(one.own_per_call, ".3f") for one in results)
    )
    table.add_row("allocations left by a call: all", *(_number(one.all_per_call, ".3f") for one in results))
    table.add_row("descriptors not closed", *(str(one.descriptors) for one in results))
    table.add_row("connections in use between blocks", *(str(one.connections) for one in results))
    table.add_row("threads", *(str(one.threads) for one in results))
    return table


def _latencies(results: Sequence[Result]) -> Table:
    table = plain_table("Latency in ms, bare SDK → instrumented")
    table.add_column("")
    for percent in PERCENTS:
        table.add_column(f"p{percent}", justify="right", no_wrap=True)
    for one in results:
        for latency in one.latencies:
            pairs = zip(latency.bare, latency.traced, strict=True)
            cells = [
                _NONE if bare is None or traced is None else f"{1000 * bare:,.1f} → {1000 * traced:,.1f}"
                for bare, traced in pairs
            ]
            table.add_row(f"{one.mode}, {latency.client}: {latency.call}", *cells)
    return table


def _trend(pair: Sequence[float] | None, unit: int, form: str) -> str:
    return _NONE if pair is None else " → ".join(f"{value / unit:{form}}" for value in pair)


def _number(value: float | None, form: str) -> str:
    return _NONE if value is None else f"{value:{form}}"
