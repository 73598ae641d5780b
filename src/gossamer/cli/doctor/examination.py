"""What is the whole picture? Asks every question, in the order in which the answers are read."""

from __future__ import annotations

import os
import sys
from contextlib import redirect_stdout
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final

from gossamer import __version__
from gossamer.cli.doctor import configuration, exporters, others, packages, trial
from gossamer.cli.doctor.findings import Finding, ok
from gossamer.cli.doctor.installed import Installed
from gossamer.cli.doctor.trial import Trial

if TYPE_CHECKING:
    from gossamer.cli.doctor.configuration import Value, Variable

__all__ = ["SECTIONS", "Examination", "examine"]

SECTIONS: Final = {
    "installed": "What is installed",
    "others": "Who else traces openai",
    "export": "Where it goes",
    "settings": "Which settings apply",
    "trial": "What a call leaves",
}

#: With one of these there is no call to be tried.
_NO_CALL: Final = {
    "python-too-old",
    "openai-missing",
    "openai-too-old",
    "openai-moved",
    "openai-broken",
    "httpx-missing",
    "sdk-missing",
}


@dataclass(frozen=True)
class Examination:
    """All that was found."""

    versions: dict[str, str]
    values: list[Value]
    variables: list[Variable]
    findings: dict[str, list[Finding]]
    """By section."""
    trial: Trial = field(default_factory=Trial)

    def count(self, severity: str) -> int:
        """Count the findings of a severity."""
        return sum(each.severity == severity for found in self.findings.values() for each in found)

    def data(self) -> dict[str, Any]:
        """Give it all as JSON data."""
        return {
            "gossamer": __version__,
            "problems": self.count("problem"),
            "warnings": self.count("warning"),
            "findings": [
                {"section": section, **asdict(each)}
                for section, found in self.findings.items()
                for each in found
            ],
            "versions": self.versions,
            "settings": [asdict(each) for each in self.values],
            "variables": {each.name: each.shown for each in self.variables},
            "spans": self.trial.spans,
            "metrics": self.trial.metrics,
            "events": self.trial.events,
        }


def examine(*, with_hook: bool = False) -> Examination:
    """Look at this environment, from the current folder, as an app that is started here would."""
    here = os.getcwd()
    added = here not in sys.path and "" not in sys.path
    if added:  # the folder of the command itself is first, not the app's
        sys.path.insert(0, here)
    try:
        with redirect_stdout(sys.stderr):  # the app's modules may print when they are imported
            return _examine(with_hook)
    finally:
        if added and here in sys.path:
            sys.path.remove(here)


def _examine(with_hook: bool) -> Examination:
    installed, environ = Installed(), os.environ
    settings = configuration.read(installed)
    findings = {
        "installed": list(packages.examine(installed)),
        "others": list(others.examine(installed, environ)),
        "export": list(exporters.examine(installed, environ)),
        "settings": settings.findings,
    }
    obstacle = next((each for each in findings["installed"] if each.code in _NO_CALL), None)
    if obstacle is not None:
        made = Trial()
        findings["trial"] = [ok("no-trial", f"No fake call was made ({obstacle.code}).")]
    else:
        made = trial.run(environ, with_hook=with_hook)
        told = [each.what for each in settings.findings]
        disabled = any(each.code == "sdk-disabled" for each in settings.findings)
        findings["trial"] = trial.examine(made, told, disabled=disabled)
    return Examination(packages.versions(installed), settings.values, settings.variables, findings, made)
