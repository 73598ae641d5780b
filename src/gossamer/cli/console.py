"""The console that pages for people are printed on."""

from __future__ import annotations

import sys

from rich.console import Console

__all__ = ["page_console"]

_WIDTH = 100


def page_console() -> Console:
    """Make a console that is as wide as reads well, on a terminal and off it."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")  # better a question mark than no page
    console = Console(highlight=False)
    console.width = min(console.width, _WIDTH) if console.is_terminal else _WIDTH
    return console
