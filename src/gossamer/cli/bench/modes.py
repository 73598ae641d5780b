"""What the command can do: measure the calls, put an app under load, profile one contender."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.cli.bench import budget, chart, contenders, markdown, run, tables
from gossamer.cli.bench.contenders import Contender
from gossamer.cli.bench.load.figures import load_verdicts
from gossamer.cli.bench.load.run import Shape, load
from gossamer.cli.bench.load.tables import throughput
from gossamer.cli.bench.profile_table import profile_table
from gossamer.cli.bench.progress import progress
from gossamer.cli.bench.workers import WORKER, running

if TYPE_CHECKING:
    from gossamer.cli.bench.output import Output
    from gossamer.cli.bench.scenarios import Scenario


def measure_calls(out: Output, chosen: list[Contender], what: list[Scenario], rounds: int) -> bool:
    """CPU time of the calls; whether the promises are kept."""
    with progress(len(chosen) * len(what) * rounds) as advance:
        result = run.run(chosen, what, rounds, advance)
    verdicts = budget.verdicts(result.figures)
    out.show(tables.cost(result), tables.plumbing(result), tables.memory(result.present))
    out.document({**result.as_json(), "verdicts": [vars(verdict) for verdict in verdicts]})
    if out.markdown_to is not None:
        markdown.put(out.markdown_to, "calls", markdown.calls_table(result))
    if out.svg_to is not None:
        note = f"openai {result.openai}, {result.machine}; median, less is better"
        out.svg_to.write_text(chart.svg(chart.panels(result), note), encoding="utf-8")
    return out.verdicts(verdicts)


def measure_load(out: Output, chosen: list[Contender], shape: Shape, rounds: int) -> bool:
    """Throughput of an app under load; whether the promise is kept."""
    with progress(len(chosen) * rounds) as advance:
        result = load(chosen, shape, rounds, advance)
    verdicts = load_verdicts(result.figures)
    out.show(throughput(result))
    out.document({**result.as_json(), "verdicts": [vars(verdict) for verdict in verdicts]})
    if out.markdown_to is not None:
        markdown.put(out.markdown_to, "load", markdown.load_table(result))
    return out.verdicts(verdicts)


def profile(out: Output, name: str) -> None:
    """Where one contender's time goes."""
    contenders.here((name,))  # says which there are, should this be none of them
    with running([Contender(name)], WORKER, "--profile") as (worker,):
        found = {
            kind: worker.ask(do="profile", asynchronous=kind == "async")["functions"]
            for kind in ("sync", "async")
        }
    for kind, functions in found.items():
        out.show(profile_table(name, functions, asynchronous=kind == "async"))
    out.document({"contender": name, "functions": found})
