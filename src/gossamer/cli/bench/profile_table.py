"""The profile of one contender as a table, the most expensive function first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gossamer.cli.bench.labels import label
from gossamer.cli.bench.profiler import LONG, SHORT
from gossamer.cli.bench.tables import NONE, plain_table

if TYPE_CHECKING:
    from rich.table import Table

CHUNKS = 100
"""The stream by which functions are ordered."""

_SHOWN = 15
_BAR = 12


def cost(function: dict[str, Any]) -> float:
    """Nanoseconds in a stream of `CHUNKS` chunks."""
    return float(function["ns_per_call"]) + CHUNKS * float(function["ns_per_chunk"])


def profile_table(
    contender: str, functions: list[dict[str, Any]], *, asynchronous: bool, with_content: bool = False
) -> Table:
    """The functions that cost most, and what each spends its time on."""
    kind = "asynchronous" if asynchronous else "synchronous"
    name = f"{label(contender)}, with content" if with_content else label(contender)
    table = plain_table(f"{name}: where a {CHUNKS}-chunk {kind} chat stream spends it")
    table.caption = (
        f"from streams of {SHORT} and {LONG} chunks, under a profiler: "
        "it slows down what it watches, so compare, don't quote"
    )
    table.add_column("")
    table.add_column("function")
    for heading in ("µs a\nstream", "entered\na call", "entered\na chunk", "µs\na call", "µs\na chunk"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("mostly in")
    total = sum(max(cost(function), 0) for function in functions) or 1.0
    ordered = sorted(functions, key=cost, reverse=True)
    for function in ordered[:_SHOWN]:
        share = max(cost(function), 0) / total
        on_every_chunk = function["entries_per_chunk"] >= 0.5
        table.add_row(
            "█" * round(_BAR * share) or "▏",
            f"{function['function']}\n  [dim]{function['place']}[/]",
            f"{cost(function) / 1000:,.1f}",
            _times(function["entries_per_call"]),
            _times(function["entries_per_chunk"]),
            f"{function['ns_per_call'] / 1000:,.1f}",
            f"{function['ns_per_chunk'] / 1000:,.2f}",
            _mostly(function),
            style="bold red" if on_every_chunk and share > 0.5 else "",
        )
    return table


def _times(value: float) -> str:
    return NONE if abs(value) < 0.005 else f"{value:,.4g}"


def _mostly(function: dict[str, Any]) -> str:
    if function["mostly"] is None:
        return NONE
    return f"{function['mostly']} {function['mostly_share']:.0%}"
