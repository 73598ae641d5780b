"""The figures as a picture: an SVG of horizontal bars, readable on light and on dark pages."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from gossamer.cli.bench import discovery
from gossamer.cli.bench.contenders import HERE
from gossamer.cli.bench.labels import shown
from gossamer.cli.bench.markdown import time_of
from gossamer.cli.bench.scenarios import STREAM_CHUNKS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.cli.bench.run import Run

WIDTH = 760
_LABELS, _BARS = 250, 390  # where bars begin, and how long the longest is
_BAR, _PITCH = 16, 24
_PANEL_HEAD, _PANEL_GAP = 34, 22

_STYLE = """
text { font: 13px system-ui, sans-serif; fill: #24292f }
.title { font-weight: 600 }
.figure { font-variant-numeric: tabular-nums }
.note { fill: #57606a; font-size: 12px }
.bar { fill: #8c959f }
.ours { fill: #1a7f37 }
.cut { stroke: #ffffff; stroke-width: 2 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .note { fill: #8b949e }
  .bar { fill: #6e7681 }
  .ours { fill: #3fb950 }
  .cut { stroke: #0d1117 }
}
"""


@dataclass(frozen=True)
class Bar:
    """One contender in one panel."""

    name: str
    added_ns: float
    ours: bool = False


@dataclass(frozen=True)
class Panel:
    """One scenario: what is added to it, the least first."""

    title: str
    bars: Sequence[Bar]


def panels(run: Run) -> list[Panel]:
    """The two scenarios that say most: a chat completion, and a streamed one."""
    titles = {
        "chat-sync": "CPU time added to one chat completion",
        "chat-stream-sync": f"CPU time added to one stream of {STREAM_CHUNKS} chunks",
    }
    names = shown(run.present)
    found = []
    for scenario, title in titles.items():
        bars = [
            Bar(
                names[figure.contender, figure.environment],
                figure.added_ns.median,
                figure.contender == discovery.OURS,
            )
            for figure in run.figures
            if figure.scenario == scenario
            and figure.added_ns is not None
            and (figure.contender, figure.environment) in names
            and (figure.contender != discovery.OURS or figure.environment == HERE)
        ]
        if bars:
            found.append(Panel(title, sorted(bars, key=lambda bar: bar.added_ns)))
    return found


def svg(drawn: Sequence[Panel], note: str) -> str:
    """The picture."""
    body: list[str] = []
    y = 8
    for panel in drawn:
        body.append(_text(0, y + 18, panel.title, "title"))
        y += _PANEL_HEAD
        scale = _scale(panel.bars)
        for bar in panel.bars:
            body += _bar(bar, y, scale)
            y += _PITCH
        y += _PANEL_GAP
    body.append(_text(0, y + 4, note, "note"))
    height = y + 16
    title = "What OpenAI instrumentations add"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'width="{WIDTH}" height="{height}" role="img" aria-labelledby="title">\n'
        f'<title id="title">{escape(title)}</title>\n<style>{_STYLE}</style>\n'
        + "\n".join(body)
        + "\n</svg>\n"
    )


def _scale(bars: Sequence[Bar]) -> float:
    """What the longest bar stands for. One that is far beyond the next is cut, not the others."""
    values = sorted(max(bar.added_ns, 0.0) for bar in bars)
    longest = values[-1]
    if len(values) > 1 and longest > 4 * values[-2] > 0:
        longest = 1.3 * values[-2]
    return longest or 1.0


def _bar(bar: Bar, y: int, scale: float) -> list[str]:
    share = max(bar.added_ns, 0.0) / scale
    length = max(2.0, _BARS * min(share, 1.0))
    middle = y + _BAR - 3
    kind = "bar ours" if bar.ours else "bar"
    drawn = [
        _text(_LABELS - 10, middle, bar.name, "title" if bar.ours else "", "end"),
        f'<rect class="{kind}" x="{_LABELS}" y="{y}" width="{length:.1f}" height="{_BAR}" rx="2"/>',
        _text(_LABELS + length + 8, middle, f"+{time_of(bar.added_ns)}", "figure"),
    ]
    if share > 1:  # a gap in the bar says that it goes on
        x = _LABELS + length - 24
        drawn.append(f'<path class="cut" d="M{x:.1f} {y + _BAR + 2}l8 -{_BAR + 4}"/>')
    return drawn


def _text(x: float, y: float, text: str, kind: str = "", anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y}" class="{kind}" text-anchor="{anchor}">{escape(text)}</text>'
