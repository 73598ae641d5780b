"""Where results go: tables to the terminal, documents to the files that were asked for."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

from gossamer.cli.bench import budget, tables

if TYPE_CHECKING:
    from rich.table import Table

    from gossamer.cli.bench.budget import Verdict

_FILE_WIDTH = 110
"""Columns where the output is no terminal, so that a log holds whole tables."""


@dataclass(frozen=True)
class Output:
    """The files that the user named, each of them or none."""

    json_to: str | None = None
    markdown_to: Path | None = None
    svg_to: Path | None = None

    def show(self, *shown: Table | None) -> None:
        """Print tables; to standard error where standard output is for the JSON."""
        console = Console(stderr=self.json_to == "-")
        if not console.is_terminal:
            console.width = _FILE_WIDTH
        for table in shown:
            if table is not None:
                console.print(table)

    def document(self, data: dict[str, Any]) -> None:
        """Write the JSON."""
        text = json.dumps(data, indent=2) + "\n"
        if self.json_to == "-":
            click.echo(text, nl=False)
        elif self.json_to is not None:
            Path(self.json_to).write_text(text, encoding="utf-8")

    def verdicts(self, verdicts: list[Verdict]) -> bool:
        """Show the verdicts; whether no promise was missed."""
        if verdicts:
            self.show(tables.budget(verdicts))
        return not budget.missed(verdicts)
