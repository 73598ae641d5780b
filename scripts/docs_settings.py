"""docs/settings.md: each setting, and the warnings for values that are none."""

from __future__ import annotations

import logging
import os
from dataclasses import fields
from enum import Enum
from typing import TYPE_CHECKING, Any, Final
from unittest.mock import patch

from docs_markdown import code, codes, table

from gossamer.setting_kinds import Choice
from gossamer.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from dataclasses import Field

_BAD_VALUES: Final = {
    "GOSSAMER_SEMCONV": "latest",
    "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "true",
    "GOSSAMER_CONTENT_LIMIT": "64k",
    "GOSSAMER_REDACT": "shop.privacy:redact",
    "GOSSAMER_PROVIDER_HOSTS": "llm.corp.example",
}


def page() -> str:
    """The generated part."""
    rows = [
        (
            code(entry.metadata["variable"]) if entry.metadata["variable"] else "none",
            code(f"{entry.name}="),
            _takes(entry),
            _default(entry),
            entry.metadata["help"],
        )
        for entry in fields(Settings)
    ]
    heads = ("Variable", "Argument of `instrument()`", "Takes", "Default", "Meaning")
    return f"{table(heads, rows)}\n\n{_bad_values()}"


def _takes(entry: Field[Any]) -> str:
    kind = entry.metadata["kind"]
    return _accepted(kind.accepts) if isinstance(kind, Choice) else str(entry.metadata["shown"])


def _accepted(accepts: Mapping[str, Any]) -> str:
    """Each value by its first spelling, with the others behind it."""
    spellings: dict[Any, list[str]] = {}
    for spelling, value in accepts.items():
        spellings.setdefault(value, []).append(spelling)
    return ", ".join(
        code(first) + (f" (or {codes(others)})" if others else "") for first, *others in spellings.values()
    )


def _default(entry: Field[Any]) -> str:
    value, kind = entry.default, entry.metadata["kind"]
    if isinstance(kind, Choice):
        return code(next(spelling for spelling, means in kind.accepts.items() if means == value))
    if value is None or value == ():
        return "none"
    return code(value.name if isinstance(value, Enum) else value)


def _bad_values() -> str:
    """What is really logged for values that are not accepted."""
    told: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: told.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("gossamer")
    logger.addHandler(handler)
    propagates, logger.propagate = logger.propagate, False
    try:
        with patch.dict(os.environ, _BAD_VALUES, clear=True):
            Settings.load()
    finally:
        logger.removeHandler(handler)
        logger.propagate = propagates
    given = "\n".join(f"{variable}={value}" for variable, value in _BAD_VALUES.items())
    return f"These values\n\n```text\n{given}\n```\n\nare told as:\n\n```text\n" + "\n".join(told) + "\n```"
