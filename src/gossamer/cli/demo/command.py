"""`gossamer demo`."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import click
from rich.rule import Rule

from gossamer.cli.console import page_console
from gossamer.cli.demo.process import clean_environment, python_module
from gossamer.cli.demo.race import CHUNKS, Result, race
from gossamer.cli.demo.table import metric_table
from gossamer.cli.demo.tree import span_tree
from gossamer.cli.fake import FakeServer

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["command"]

_NEXT = """\
In your own app:

    [green]from gossamer import OpenAIInstrumentor
    OpenAIInstrumentor().instrument()[/]

or, with no line of code: [green]opentelemetry-instrument python app.py[/]

    [green]gossamer bench[/]         what tracing costs, beside other instrumentations
    [green]gossamer bench --load[/]  what it costs a web service under load
    [green]gossamer fake[/]          this fake API, to play with
"""


@click.command(name="demo")
@click.option("--json", "as_json", is_flag=True, help="Print spans and metrics as JSON, no more.")
def command(as_json: bool) -> None:
    """Trace a small app against a fake OpenAI API: no key, no network.

    Starts the fake API on this machine, runs an app that uses the unmodified SDK against it, and
    prints the span tree, the metrics, and what the tracing cost. Your OPENAI_* and OTEL_* variables
    are neither used nor changed.
    """
    try:
        if as_json:
            print(json.dumps(_run_app(), indent=2))
        else:
            _show(page_console())
    except (RuntimeError, subprocess.TimeoutExpired) as problem:
        raise click.ClickException(str(problem)) from None


def _show(console: Console) -> None:
    with console.status("A small app talks to a fake OpenAI API on this machine ..."):
        recorded = _run_app()
    console.print(Rule("The spans of a small app: its own, and one for each call of the SDK"))
    console.print(span_tree(recorded["spans"]))
    console.print(Rule("The metrics"))
    console.print(metric_table(recorded["metrics"]))
    console.print(Rule("What it costs"))
    with console.status("The same streamed calls, untraced and traced, in turns ..."):
        result = race()
    console.print(_verdict(result))
    console.print(Rule("Where to go next"))
    console.print(_NEXT, end="")


def _run_app() -> dict[str, Any]:
    """Run the app in a process of its own; give what it recorded."""
    with FakeServer(delay=0.01) as server:
        finished = subprocess.run(
            python_module("gossamer.cli.demo.traced", server.base_url),
            env=clean_environment(),
            stdout=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    if finished.returncode != 0:
        raise RuntimeError("the app of the demo failed; what it said is above")
    recorded: dict[str, Any] = json.loads(finished.stdout)
    return recorded


def _verdict(result: Result) -> str:
    rows = (
        ("not traced", result.bare),
        ("a span and metrics written by hand", result.by_hand),
        ("Gossamer", result.traced),
    )
    lines = [
        f"    {name:<36}{seconds * 1000:6.2f} ms a call {1 / seconds:6.0f} calls/s"
        f"   [bold]{seconds / result.bare:.3f}[/]"
        for name, seconds in rows
    ]
    return "\n".join(
        [
            f"CPU time of a streamed chat of {CHUNKS} chunks, answered inside the process:\n",
            *lines,
            "\nA glimpse of a few seconds; `gossamer bench` measures.",
        ]
    )
