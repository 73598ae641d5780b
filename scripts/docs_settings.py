"""docs/settings.md: each setting, and the warning for a value that is none."""

from __future__ import annotations

import logging
import os
from dataclasses import fields
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from docs_markdown import code, codes, table

from gossamer.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping


def page() -> str:
    """The generated part."""
    rows = [
        (
            code(entry.metadata["variable"]),
            code(f"{entry.name}="),
            _accepted(entry.metadata["accepts"]),
            code(_spelling(entry.metadata["accepts"], entry.default)),
            entry.metadata["help"],
        )
        for entry in fields(Settings)
    ]
    heads = ("Variable", "Argument of `instrument()`", "Takes", "Default", "Meaning")
    return f"{table(heads, rows)}\n\n{_bad_value()}"


def _accepted(accepts: Mapping[str, Any]) -> str:
    """Each value by its first spelling, with the others behind it."""
    spellings: dict[Any, list[str]] = {}
    for spelling, value in accepts.items():
        spellings.setdefault(value, []).append(spelling)
    return ", ".join(
        code(first) + (f" (or {codes(others)})" if others else "") for first, *others in spellings.values()
    )


def _spelling(accepts: Mapping[str, Any], value: Any) -> str:
    return next(spelling for spelling, means in accepts.items() if means == value)


def _bad_value() -> str:
    """What is really logged for `GOSSAMER_SEMCONV=latest`."""
    told: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: told.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("gossamer")
    logger.addHandler(handler)
    propagates, logger.propagate = logger.propagate, False
    try:
        with patch.dict(os.environ, {"GOSSAMER_SEMCONV": "latest"}, clear=True):
            Settings.load()
    finally:
        logger.removeHandler(handler)
        logger.propagate = propagates
    return "`GOSSAMER_SEMCONV=latest` is told as:\n\n```text\n" + "\n".join(told) + "\n```"
