"""What is a finding? One fact about this environment, how bad it is, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Finding", "Severity", "ok", "problem", "warning"]

Severity = Literal["ok", "warning", "problem"]


@dataclass(frozen=True)
class Finding:
    """A fact, for a person and (by its code) for a program."""

    severity: Severity
    """`problem`: something that was asked for does not happen. `warning`: it may not, or not as expected."""
    code: str
    what: str
    do: str = ""
    """One sentence; empty where there is nothing to do."""


def ok(code: str, what: str, do: str = "") -> Finding:
    """Tell that something is as it should be; `do` is then a hint."""
    return Finding("ok", code, what, do)


def warning(code: str, what: str, do: str) -> Finding:
    """Tell that something may not be as expected."""
    return Finding("warning", code, what, do)


def problem(code: str, what: str, do: str) -> Finding:
    """Tell that something does not work."""
    return Finding("problem", code, what, do)
