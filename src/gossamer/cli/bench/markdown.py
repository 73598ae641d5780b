"""The figures as Markdown tables, and where in a page they go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.cli.bench import content, discovery
from gossamer.cli.bench.contenders import HERE
from gossamer.cli.bench.conversation import MESSAGES
from gossamer.cli.bench.labels import label, shown
from gossamer.cli.bench.scenarios import BY_NAME, SHORT_PLUMBING_CHUNKS, STREAM_CHUNKS
from gossamer.cli.bench.websocket.events import DELTAS

if TYPE_CHECKING:
    from pathlib import Path

    from gossamer.cli.bench.figures import Figure, Spread
    from gossamer.cli.bench.importing import ImportRun
    from gossamer.cli.bench.load.figures import LoadFigure
    from gossamer.cli.bench.load.run import LoadRun
    from gossamer.cli.bench.run import Present, Run

_COLUMNS = {
    "chat": "chat",
    "chat-long": f"chat of {MESSAGES} messages",
    "chat-stream": f"{STREAM_CHUNKS}-chunk chat stream",
    "responses-stream": f"{STREAM_CHUNKS}-event response stream",
    "embeddings": "embeddings",
    "plumbing-chat-short": f"one chat chunk of {SHORT_PLUMBING_CHUNKS}",
    "plumbing-chat": "one chat chunk",
    "plumbing-responses": "one response event",
}

_FRAMES = {
    "append": "`input_audio_buffer.append` sent",
    "delta": "`response.output_audio.delta` received",
    "append-text": "sent as text, with `send_raw()`",
    "delta-bytes": "received with `recv_bytes()`, and not parsed",
    "response": f"a whole response of {DELTAS} such frames",
}


def calls_table(run: Run) -> str:
    """Added CPU time: a table for synchronous clients, one for asynchronous ones."""
    first = run.present[0]
    what = "CPU time with content" if run.with_content else "CPU time"
    about = (
        f"{what}. openai {first.openai}, OpenTelemetry SDK {first.opentelemetry}, "
        f"Python {first.python}, {run.machine}; the quieter half of {run.rounds} rounds."
    )
    lines = [about, ""]
    there = {(one.contender, one.environment): one for one in run.present}
    by_key = {(f.scenario, f.contender, f.environment): f for f in run.figures}
    for mode, title in (("sync", "Synchronous"), ("async", "Asynchronous")):
        columns = {
            f"{name}-{mode}": heading
            for name, heading in _COLUMNS.items()
            if any(f.scenario == f"{name}-{mode}" for f in run.figures)
        }
        if not columns:
            continue
        lines += _head([title, *columns.values(), "peak memory"])
        for key, name in shown(run.present).items():
            cells = [_cell(by_key.get((scenario, *key)), run) for scenario in columns]
            lines.append(_row([_bold(key[0], name), *cells, _memory(there[key])]))
        lines.append("")
    return "\n".join(lines)


def websocket_table(run: Run) -> str:
    """What the SDK takes for a frame, and what is added: with ready-made events, where that was measured."""
    first = run.present[0]
    about = (
        f"CPU time of a frame of 4 KB. openai {first.openai}, OpenTelemetry SDK {first.opentelemetry}, "
        f"Python {first.python}, {run.machine}; the quieter half of {run.rounds} rounds."
    )
    own = {f.scenario: f for f in run.figures if (f.contender, f.environment) == (discovery.OURS, HERE)}
    bare = {f.scenario: f for f in run.figures if (f.contender, f.environment) == (discovery.BARE, HERE)}
    headings = ["", "bare SDK, sync", "Gossamer adds", "bare SDK, async", "Gossamer adds"]
    lines = [about, "", *_head(headings)]
    for name, frame in _FRAMES.items():
        cells = []
        for mode in ("sync", "async"):
            base = bare.get(f"{name}-{mode}")
            ours = own.get(f"plumbing-{name}-{mode}") or own.get(f"{name}-{mode}")
            cells.append("" if base is None else time_of(base.cpu_ns.median))
            cells.append("" if ours is None or ours.added_ns is None else _with_margin(ours.added_ns))
        if any(cells):
            lines.append(_row([frame, *cells]))
    return "\n".join([*lines, ""])


def load_table(run: LoadRun) -> str:
    """Throughput and latencies under load."""
    first = run.present[0]
    about = (
        f"{run.at_once} requests at once, {run.requests} a round, {run.rounds} rounds; "
        f"openai {first.openai}, Python {first.python}, {run.machine}."
    )
    lines = [
        about,
        "",
        *_head(["", "requests/s", "x bare", "app CPU a request", "x bare", "p50", "p95", "p99"]),
    ]
    figures = {(f.contender, f.environment): f for f in run.figures}
    for key, name in shown(run.present).items():
        lines.append(_row([_bold(key[0], name), *_load_cells(figures[key])]))
    return "\n".join([*lines, ""])


def import_table(run: ImportRun) -> str:
    """What importing and switching on costs."""
    about = (
        f"CPU time, {run.rounds} processes of each; openai {run.openai}, OpenTelemetry API "
        f"{run.opentelemetry}, Python {run.python}, {run.machine}."
    )
    lines = [about, "", *_head(["", "import and switch on", "quartiles", "of `import openai`"])]
    for figure in run.figures:
        name = _bold(figure.name, label(figure.name, figure.version))
        spread = figure.cpu_ns
        quartiles = f"{time_of(spread.low)} to {time_of(spread.high)}"
        lines.append(_row([name, time_of(spread.median), quartiles, f"{figure.percent.median:.1f} %"]))
    return "\n".join([*lines, ""])


def _load_cells(figure: LoadFigure) -> list[str]:
    return [
        f"{figure.throughput.median:.1f}",
        f"{figure.ratio.median:.3f}",
        f"{figure.cpu_ns.median / 1e6:.1f} ms",
        f"{figure.cpu_ratio.median:.3f}",
        *(f"{1000 * seconds:,.0f} ms" for seconds in (figure.p50, figure.p95, figure.p99)),
    ]


def _bold(contender: str, name: str) -> str:
    return f"**{name}**" if contender == discovery.OURS else name


def _cell(figure: Figure | None, run: Run) -> str:
    if figure is None:
        return ""
    if figure.added_ns is None:
        return time_of(figure.cpu_ns.median)
    sign = "+" if figure.added_ns.median >= 0 else ""
    added = f"{sign}{time_of(figure.added_ns.median)}"
    # Plumbing is too small a base for a ratio to mean anything.
    cell = added if BY_NAME[figure.scenario].plumbing else f"{added} ({figure.ratio:.2f} x)"
    remark = content.remark(figure.content, with_content=run.with_content)
    return f"{cell}, {remark}" if remark else cell


def _with_margin(added: Spread) -> str:
    sign = "+" if added.median >= 0 else ""
    return f"{sign}{time_of(added.median)} ± {time_of(added.margin)}"


def _memory(one: Present) -> str:
    return "" if one.peak_bytes is None else f"{one.peak_bytes / 1e6:.0f} MB"


def time_of(nanoseconds: float) -> str:
    """A time in the unit that suits it."""
    size = abs(nanoseconds)
    if size < 1e3:
        return f"{nanoseconds:.0f} ns"
    if size < 1e6:
        return f"{nanoseconds / 1e3:.{1 if size < 1e5 else 0}f} µs"
    return f"{nanoseconds / 1e6:.1f} ms"


def _head(headings: list[str]) -> list[str]:
    return [_row(headings), "|---|" + "---:|" * (len(headings) - 1)]


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def put(page: Path, section: str, text: str) -> None:
    """Put `text` between the two marks of a section; a page without them gets it at its end."""
    begin, end = f"<!-- bench: {section} -->", f"<!-- end of bench: {section} -->"
    before = page.read_text(encoding="utf-8") if page.exists() else ""
    block = f"{begin}\n\n{text.strip()}\n\n{end}"
    if begin in before and end in before:
        head, _, rest = before.partition(begin)
        after = head + block + rest.partition(end)[2]
    else:
        after = f"{before.rstrip()}\n\n{block}\n".lstrip()
    page.write_text(after, encoding="utf-8")
