"""What the command can do: measure calls, frames or importing, put an app under load, profile a contender."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.cli.bench import budget, chart, contenders, discovery, importing, markdown, run, tables
from gossamer.cli.bench.contenders import Contender
from gossamer.cli.bench.errors import BenchError
from gossamer.cli.bench.load.figures import load_verdicts
from gossamer.cli.bench.load.run import Shape, load
from gossamer.cli.bench.load.tables import throughput
from gossamer.cli.bench.profile_table import profile_table
from gossamer.cli.bench.progress import progress
from gossamer.cli.bench.websocket import standin
from gossamer.cli.bench.workers import WORKER, running

if TYPE_CHECKING:
    from gossamer.cli.bench.output import Output
    from gossamer.cli.bench.scenarios import Scenario


def measure_calls(
    out: Output, chosen: list[Contender], what: list[Scenario], rounds: int, *, with_content: bool
) -> bool:
    """CPU time of the calls; whether the promises are kept."""
    with progress(len(chosen) * len(what) * rounds) as advance:
        result = run.run(chosen, what, rounds, advance, with_content=with_content)
    verdicts = budget.verdicts(result.figures, with_content=with_content)
    out.show(tables.cost(result), tables.plumbing(result), tables.memory(result.present))
    out.document({**result.as_json(), "verdicts": [vars(verdict) for verdict in verdicts]})
    if out.markdown_to is not None:
        section = "content" if with_content else "calls"
        markdown.put(out.markdown_to, section, markdown.calls_table(result))
    if out.svg_to is not None:
        captured = "with content; " if with_content else ""
        note = f"{captured}openai {result.openai}, {result.machine}; median, less is better"
        out.svg_to.write_text(chart.svg(chart.panels(result), note), encoding="utf-8")
    return out.verdicts(verdicts)


def measure_websocket(out: Output, chosen: list[Contender], what: list[Scenario], rounds: int) -> bool:
    """CPU time of frames on a websocket; whether the promises are kept."""
    standin.realtime(asynchronous=False)  # says so where there is none
    chosen = [one for one in chosen if one.name not in (discovery.HAND_WRITTEN, discovery.OLD_FAULT)]
    with progress(len(chosen) * len(what) * rounds) as advance:
        result = run.run(chosen, what, rounds, advance)
    _check_measured(result, chosen)
    verdicts = budget.verdicts(result.figures)
    out.show(tables.websocket(result))
    out.document({**result.as_json(), "verdicts": [vars(verdict) for verdict in verdicts]})
    if out.markdown_to is not None:
        markdown.put(out.markdown_to, "websocket", markdown.websocket_table(result))
    return out.verdicts(verdicts)


def _check_measured(result: run.Run, chosen: list[Contender]) -> None:
    """Who records nothing of a websocket is left out of the figures. If that is us, something is wrong."""
    measured = {(figure.contender, figure.environment) for figure in result.figures}
    for one in chosen:
        built_in = one.environment == contenders.HERE and one.name in discovery.BUILT_IN
        if built_in and (one.name, one.environment) not in measured:
            raise BenchError(f"{one.name}: nothing could be measured on websockets of openai {result.openai}")


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


def measure_import(out: Output, chosen: list[Contender], rounds: int) -> bool:
    """CPU time of importing and switching on; whether the promise is kept."""
    code = importing.programs([contender.name for contender in chosen])
    with progress(len(code) * rounds) as advance:
        result = importing.measure(code, rounds, advance)
    verdicts = importing.verdicts(result)
    out.show(tables.importing(result))
    out.document({**result.as_json(), "verdicts": [vars(verdict) for verdict in verdicts]})
    if out.markdown_to is not None:
        markdown.put(out.markdown_to, "import", markdown.import_table(result))
    return out.verdicts(verdicts)


def profile(out: Output, name: str, *, with_content: bool) -> None:
    """Where one contender's time goes."""
    contenders.here((name,))  # says which there are, should this be none of them
    options = ("--profile", "--content") if with_content else ("--profile",)
    with running([Contender(name)], WORKER, *options) as (worker,):
        found = {
            kind: worker.ask(do="profile", asynchronous=kind == "async")["functions"]
            for kind in ("sync", "async")
        }
    for kind, functions in found.items():
        table = profile_table(name, functions, asynchronous=kind == "async", with_content=with_content)
        out.show(table)
    out.document({"contender": name, "with_content": with_content, "functions": found})
