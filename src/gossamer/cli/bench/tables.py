"""The run as tables for a terminal."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from rich import box
from rich.table import Table

from gossamer.cli.bench import content, discovery
from gossamer.cli.bench.labels import label, shown
from gossamer.cli.bench.scenarios import BY_NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from gossamer.cli.bench.budget import Verdict
    from gossamer.cli.bench.figures import Figure, Spread
    from gossamer.cli.bench.importing import ImportRun
    from gossamer.cli.bench.run import Present, Run

_OUTCOMES = {
    "kept": "[green]kept[/]",
    "missed": "[bold red]missed[/]",
    "unresolved": "[yellow]over, within the noise[/]",
}

NONE = "–"  # noqa: RUF001  # an en dash, as tables of figures have it


def cost(run: Run) -> Table | None:
    """Every figure of the calls, grouped by scenario; None when there are none."""
    return _grouped(
        _titled("CPU time of one call", run),
        ("µs\na call", "added\nµs", "added µs,\nquartiles", "added ns\na chunk", "x\nbare", "x by\nhand"),
        [figure for figure in run.figures if not BY_NAME[figure.scenario].plumbing],
        run,
        lambda figure: (
            f"{figure.cpu_ns.median / 1000:,.0f}",
            _added(figure.added_ns, 1000, ",.1f"),
            _quartiles(figure.added_ns, 1000, ",.1f"),
            NONE if figure.added_per_chunk_ns is None else f"{figure.added_per_chunk_ns:+,.0f}",
            f"{figure.ratio:.3f}",
            NONE if figure.of_hand_written is None else f"{figure.of_hand_written:.2f}",
        ),
    )


def plumbing(run: Run) -> Table | None:
    """Every figure of the plumbing; None when it was not measured."""
    return _grouped(
        _titled("Plumbing: CPU time between two ready-made chunks", run),
        ("ns\na chunk", "added\nns", "added ns,\nquartiles"),
        [figure for figure in run.figures if BY_NAME[figure.scenario].plumbing],
        run,
        lambda figure: (
            f"{figure.cpu_ns.median:,.0f}",
            _added(figure.added_ns, 1, ",.0f"),
            _quartiles(figure.added_ns, 1, ",.0f"),
        ),
    )


def websocket(run: Run) -> Table | None:
    """Every figure of the frames."""
    return _grouped(
        "CPU time of a frame on a websocket, and of a whole response; plumbing: with ready-made events",
        ("µs\nof one", "added\nns", "added ns,\nquartiles", "x\nbare"),
        run.figures,
        run,
        lambda figure: (
            f"{figure.cpu_ns.median / 1000:,.1f}",
            _added(figure.added_ns, 1, ",.0f"),
            _quartiles(figure.added_ns, 1, ",.0f"),
            # See `markdown`: of plumbing a ratio means nothing.
            NONE if BY_NAME[figure.scenario].plumbing else f"{figure.ratio:.3f}",
        ),
    )


def _grouped(
    title: str,
    headings: tuple[str, ...],
    figures: list[Figure],
    run: Run,
    cells: Callable[[Figure], tuple[str, ...]],
) -> Table | None:
    if not figures:
        return None
    table = plain_table(title)
    table.add_column("contender")
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)
    names = shown(run.present)
    for scenario, group in groupby(figures, lambda figure: figure.scenario):
        table.add_row(scenario, style="bold cyan")
        for figure in group:
            name = names.get((figure.contender, figure.environment))
            if name is not None:
                remark = content.remark(figure.content, with_content=run.with_content)
                name = f"{name}, {remark}" if remark else name
                table.add_row(f"  {name}", *cells(figure), style=_style(figure.contender))
        table.add_section()
    return table


def _titled(title: str, run: Run) -> str:
    return f"{title}, with content" if run.with_content else title


def importing(run: ImportRun) -> Table:
    """What importing and switching on costs."""
    table = plain_table(f"CPU time of importing and switching on, {run.rounds} processes of each")
    table.add_column("import")
    for heading in ("ms", "ms,\nquartiles", "% of\nopenai"):
        table.add_column(heading, justify="right", no_wrap=True)
    for figure in run.figures:
        table.add_row(
            label(figure.name, figure.version),
            f"{figure.cpu_ns.median / 1e6:,.1f}",
            _quartiles(figure.cpu_ns, 1e6, ",.1f"),
            f"{figure.percent.median:.1f}",
            style=_style(figure.name),
        )
    return table


def memory(present: Sequence[Present]) -> Table:
    """Peak memory of each process, beside the bare SDK's in the same environment."""
    table = plain_table("Peak memory of the process")
    table.add_column("contender")
    table.add_column("MB", justify="right")
    table.add_column("added MB", justify="right")
    bare = {p.environment: p.peak_bytes for p in present if p.contender == discovery.BARE}
    names = shown(present)
    for one in present:
        if (one.contender, one.environment) not in names:
            continue
        base = bare.get(one.environment)
        own = one.peak_bytes
        added = own is not None and base is not None and one.contender != discovery.BARE
        table.add_row(
            names[one.contender, one.environment],
            NONE if own is None else f"{own / 1e6:.1f}",
            f"{(own - base) / 1e6:+.1f}" if added and own and base else NONE,
            style=_style(one.contender),
        )
    return table


def budget(verdicts: Iterable[Verdict]) -> Table:
    """Each promise, and whether this run keeps it."""
    table = plain_table("Budget")
    table.add_column("promise")
    table.add_column("limit", justify="right")
    table.add_column("measured", justify="right")
    table.add_column("±", justify="right")
    table.add_column("")
    for verdict in verdicts:
        table.add_row(
            verdict.promise,
            f"{verdict.limit:g}",
            _three_digits(verdict.measured),
            _three_digits(verdict.margin),
            _OUTCOMES[verdict.outcome],
        )
    return table


def _added(spread: Spread | None, unit: float, form: str) -> str:
    return NONE if spread is None else f"{spread.median / unit:+{form}}"


def _quartiles(spread: Spread | None, unit: float, form: str) -> str:
    if spread is None:
        return NONE
    return f"{spread.low / unit:{form}} … {spread.high / unit:{form}}"


def _three_digits(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _style(contender: str) -> str:
    return "bold" if contender == discovery.OURS else ""


def plain_table(title: str) -> Table:
    """An empty table as all of these look."""
    return Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
