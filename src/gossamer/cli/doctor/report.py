"""How is it shown? A page for people, with what is to be done under each finding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from rich import box
from rich.console import Group
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from gossamer.cli.doctor.examination import SECTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console, RenderableType

    from gossamer.cli.doctor.examination import Examination
    from gossamer.cli.doctor.findings import Finding
    from gossamer.cli.doctor.masking import Mask

__all__ = ["show"]

_COLOURS: Final = {"ok": "green", "warning": "yellow", "problem": "bold red"}


def show(console: Console, found: Examination, mask: Mask) -> None:
    """Print the page."""
    for section, title in SECTIONS.items():
        if not found.findings[section]:
            continue
        console.print(Rule(title))
        console.print(_findings(found.findings[section], mask))
        if section == "settings":
            console.print(_settings(found, mask))
            console.print(_variables(found, mask))
        for span in found.trial.spans if section == "trial" else ():
            console.print(_span(span, mask))
    console.print(Rule())
    console.print(_verdict(found))


def _findings(findings: list[Finding], mask: Mask) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(width=7)
    table.add_column(overflow="fold")
    for each in findings:
        what: RenderableType = Text(mask.text(each.what))
        if each.do:
            what = Group(what, Text(f"→ {mask.text(each.do)}", style="cyan"))
        table.add_row(Text(each.severity, style=_COLOURS[each.severity]), what)
    return table


def _settings(found: Examination, mask: Mask) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for name in ("setting", "value", "from"):
        table.add_column(name, overflow="fold")
    for each in found.values:
        cells = (Text(each.name), Text(mask.text(each.shown)), Text(mask.text(each.source)))
        table.add_row(*cells, style="dim" if each.source.startswith("default") and each.is_default else "")
    return table


def _variables(found: Examination, mask: Mask) -> Table:
    table = Table.grid(padding=(0, 2))
    for each in found.variables:
        table.add_row(Text(f" {each.name}"), Text(mask.text(each.shown)))
    return table


def _span(span: dict[str, Any], mask: Mask) -> RenderableType:
    table = Table.grid(padding=(0, 2))
    table.add_column(overflow="fold")
    table.add_column(overflow="fold")
    for name, value in span["attributes"].items():
        table.add_row(Text(name, style="dim"), Text(mask.text(_plain(value))))
    title = Text(span["name"], style="bold cyan")
    title.append(f"  {span['milliseconds']} ms", style="not bold yellow")
    if span["status"] == "ERROR":
        title.append("  error", style="bold red")
    return Padding(Group(title, Padding(table, (0, 0, 0, 2))), (1, 0, 0, 9))


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return f"{value:.6f}" if isinstance(value, float) else str(value)


def _verdict(found: Examination) -> Text:
    counts = list(_counts(found))
    if not counts:
        return Text("All is well.", style="green")
    worst = "problem" if found.count("problem") else "warning"
    return Text(", ".join(counts), style=_COLOURS[worst])


def _counts(found: Examination) -> Iterator[str]:
    for severity in ("problem", "warning"):
        if number := found.count(severity):
            yield f"{number} {severity}{'' if number == 1 else 's'}"
