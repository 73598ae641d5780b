"""`gossamer soak`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click
from rich.console import Console

from gossamer.cli.soak import report
from gossamer.cli.soak.run import HTTP, IN_PROCESS, Plan, soak

__all__ = ["command"]

_FILE_WIDTH = 110
"""Columns where the output is no terminal, so that a log holds whole tables."""


@click.command(name="soak", context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--minutes", type=click.FloatRange(0), default=2.0, show_default=True, help="How long, in all.")
@click.option("--hours", type=click.FloatRange(0), default=0.0, help="Hours more.")
@click.option(
    "--calls", type=click.IntRange(1), help="So many traced calls in each mode, however long it takes."
)
@click.option("--seed", default=1, show_default=True, help="The same traffic for the same seed.")
@click.option("--at-once", type=click.IntRange(1), default=16, show_default=True, help="Threads, or tasks.")
@click.option(
    "--http/--in-process", "over_http", default=None, help="Only over HTTP, or only in the process."
)
@click.option(
    "--json", "json_to", type=click.Path(dir_okay=False, path_type=Path), help="Write the figures here."
)
def command(
    minutes: float,
    hours: float,
    calls: int | None,
    seed: int,
    at_once: int,
    over_http: bool | None,
    json_to: Path | None,
) -> None:
    """Make mixed traffic for minutes or hours, and see that nothing is lost and nothing grows.

    Chats, responses, embeddings; streams read, closed, dropped; errors, retries, cancellations, timeouts: on
    the bare SDK and on the instrumented one in turn, against the fake API. Exits with 1 where a call has not
    left exactly its one span, something is left behind, or somebody complained.
    """
    modes = (IN_PROCESS, HTTP) if over_http is None else (HTTP,) if over_http else (IN_PROCESS,)
    plan = Plan(modes, 60 * (minutes + 60 * hours), seed, calls, at_once)
    console = Console(width=None if sys.stdout.isatty() else _FILE_WIDTH)
    with console.status("soak") as status:
        results = soak(plan, lambda mode, done: status.update(f"{mode}: {done:,} calls"))
    for table in report.tables(results):
        console.print(table)
    if json_to is not None:
        document = {"seed": seed, "at_once": at_once, "soak": [one.as_json() for one in results]}
        json_to.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    faults = [f"{one.mode}: {fault}" for one in results for fault in one.faults]
    for fault in faults:
        console.print(fault, style="red", markup=False, soft_wrap=True)
    if faults:
        sys.exit(1)
    console.print("Every call has left its one span, and nothing else.", style="green")
