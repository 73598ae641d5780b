"""`gossamer bench`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gossamer.cli.bench import contenders, discovery, environments, modes, scenarios
from gossamer.cli.bench.errors import BenchError
from gossamer.cli.bench.load.run import Shape
from gossamer.cli.bench.output import Output

if TYPE_CHECKING:
    from gossamer.cli.bench.contenders import Contender

_ROUNDS, _QUICK_ROUNDS, _PEER_ROUNDS = 121, 31, 41
_LOAD_ROUNDS, _QUICK_LOAD_ROUNDS = 9, 3
_IMPORT_ROUNDS, _QUICK_IMPORT_ROUNDS = 21, 5
_WEBSOCKET_ROUNDS, _QUICK_WEBSOCKET_ROUNDS = 61, 15

_FILE = click.Path(dir_okay=False, path_type=Path)
_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command(name="bench", context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--scenario", "-s", "patterns", multiple=True, help="Only these; `chat` means both.")
@click.option("--contender", "-c", "names", multiple=True, help="Only these, beside the bare SDK.")
@click.option("--rounds", type=click.IntRange(2), help="Timed blocks of each contender.")
@click.option("--quick", is_flag=True, help="Fewer scenarios and rounds: coarse, in seconds.")
@click.option("--content", "with_content", is_flag=True, help="Have every contender capture content.")
@click.option("--websocket", is_flag=True, help="Measure frames on a websocket instead.")
@click.option("--import", "imports", is_flag=True, help="Measure importing and switching on instead.")
@click.option("--load", "load_test", is_flag=True, help="Put a web app under load instead.")
@click.option("--requests", default=200, show_default=True, help="Load: requests of one round.")
@click.option("--at-once", default=75, show_default=True, help="Load: requests at any time.")
@click.option("--with-the-old-fault", "old_fault", is_flag=True, help="Add version look-ups.")
@click.option(
    "--profile",
    "profiled",
    is_flag=False,
    flag_value=discovery.OURS,
    metavar="[CONTENDER]",
    help="Show where one contender's cost goes, function by function.",
)
@click.option(
    "--peers",
    type=_FOLDER,
    is_flag=False,
    flag_value=str(environments.REQUIREMENTS),
    metavar="[FOLDER]",
    help="Add other instrumentations, each in an environment of its own (needs uv).",
)
@click.option("--json", "json_to", metavar="FILE", help="Write the figures as JSON; `-`: print it.")
@click.option("--markdown", "markdown_to", type=_FILE, help="Put the tables into this page.")
@click.option("--svg", "svg_to", type=_FILE, help="Draw the calls as a bar chart.")
@click.option("--budget", "check", is_flag=True, help="Exit with 1 when a promise is not kept.")
def command(
    patterns: tuple[str, ...],
    names: tuple[str, ...],
    rounds: int | None,
    quick: bool,
    with_content: bool,
    websocket: bool,
    imports: bool,
    load_test: bool,
    requests: int,
    at_once: int,
    old_fault: bool,
    profiled: str | None,
    peers: Path | None,
    json_to: str | None,
    markdown_to: Path | None,
    svg_to: Path | None,
    check: bool,
) -> None:
    """Measure what instrumentation costs.

    Contenders are the bare SDK, a hand-written span, Gossamer, and any other OpenAI
    instrumentation that is installed beside it; each runs in a process of its own.
    """
    out = Output(json_to, markdown_to, svg_to)
    try:
        if with_content:
            _check_content(names, profiled, websocket=websocket, load_test=load_test, old_fault=old_fault)
        if profiled is not None:
            modes.profile(out, profiled, with_content=with_content)
            return
        if imports:
            rounds = rounds or (_QUICK_IMPORT_ROUNDS if quick else _IMPORT_ROUNDS)
            kept = modes.measure_import(out, contenders.here(names), rounds)
        elif load_test:
            rounds = rounds or (_QUICK_LOAD_ROUNDS if quick else _LOAD_ROUNDS)
            chosen = _contenders(names, peers, old_fault=old_fault)
            kept = modes.measure_load(out, chosen, Shape(requests, at_once), rounds)
        elif websocket:
            rounds = rounds or (_QUICK_WEBSOCKET_ROUNDS if quick else _WEBSOCKET_ROUNDS)
            what = scenarios.choose(patterns, quick=quick, websocket=True)
            kept = modes.measure_websocket(out, _contenders(names, peers, old_fault=False), what, rounds)
        else:
            chosen = _contenders(names, peers, old_fault=old_fault)
            usual = _ROUNDS if peers is None else _PEER_ROUNDS
            rounds = rounds or (_QUICK_ROUNDS if quick else usual)
            what = scenarios.choose(patterns, quick=quick, with_content=with_content)
            kept = modes.measure_calls(out, chosen, what, rounds, with_content=with_content)
    except BenchError as error:
        raise click.ClickException(str(error)) from error
    if check and not kept:
        sys.exit(1)


def _check_content(
    names: tuple[str, ...], profiled: str | None, *, websocket: bool, load_test: bool, old_fault: bool
) -> None:
    if load_test or websocket:
        other = "--load" if load_test else "--websocket"
        raise BenchError(f"--content is measured call by call, or with --profile, but not with {other}")
    if old_fault or discovery.OLD_FAULT in (*names, profiled):
        raise BenchError("the old fault records nothing, so it has no content: leave it or --content out")


def _contenders(names: tuple[str, ...], peers: Path | None, *, old_fault: bool) -> list[Contender]:
    if peers is None:
        return contenders.here(names, old_fault=old_fault)
    mine = contenders.here((), old_fault=old_fault)
    others = environments.peers(peers, lambda name: click.echo(f"environment {name}", err=True))
    return [*mine, *(one for one in others if not names or one.environment in names)]
