"""The load test as a table for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.cli.bench import discovery
from gossamer.cli.bench.labels import shown
from gossamer.cli.bench.tables import plain_table

if TYPE_CHECKING:
    from rich.table import Table

    from gossamer.cli.bench.load.run import LoadRun


def throughput(run: LoadRun) -> Table:
    """Throughput and latencies of every contender."""
    table = plain_table(
        f"Under load: {run.at_once} requests at once, {run.requests} a round, {run.rounds} rounds"
    )
    if not run.separate_cores:
        table.caption = "app, load and API shared one core"
    table.add_column("contender")
    for heading in (
        "requests\na second",
        "x\nbare",
        "x bare,\nquartiles",
        "app CPU\nms",
        "x\nbare",
        "of its\ncore",
    ):
        table.add_column(heading, justify="right", no_wrap=True)
    for heading in ("p50\nms", "p95\nms", "p99\nms"):
        table.add_column(heading, justify="right", no_wrap=True)
    names = shown(run.present)
    for figure in run.figures:
        name = names.get((figure.contender, figure.environment))
        if name is None:
            continue
        table.add_row(
            name,
            f"{figure.throughput.median:,.1f}",
            f"{figure.ratio.median:.3f}",
            f"{figure.ratio.low:.3f} … {figure.ratio.high:.3f}",
            f"{figure.cpu_ns.median / 1e6:.2f}",
            f"{figure.cpu_ratio.median:.3f}",
            f"{figure.core_share:.0%}",
            *(f"{1000 * seconds:,.0f}" for seconds in (figure.p50, figure.p95, figure.p99)),
            style="bold" if figure.contender == discovery.OURS else "",
        )
    return table
