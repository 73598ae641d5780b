"""Markdown, and the one way in which making a page fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence


class DriftError(Exception):
    """The code does something that the pages have no words for, or the other way round."""


def code(text: object) -> str:
    """Text as code."""
    return f"`{text}`"


def codes(texts: Iterable[object]) -> str:
    """Several of them."""
    return ", ".join(map(code, texts))


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; a `|` in a cell stays a character."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def demand_same(found: Collection[str], told: Collection[str], what: str) -> None:
    """Each of these has a sentence, and each sentence is about one of these.

    Raises:
        DriftError: naming those without a partner.
    """
    silent = sorted(set(found) - set(told))
    idle = sorted(set(told) - set(found))
    if silent or idle:
        raise DriftError(f"{what}: no sentence for {silent}; a sentence but nothing seen of {idle}")
