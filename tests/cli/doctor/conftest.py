"""Environments that exist in no place but a test: distributions are written to a folder, as pip does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from gossamer.cli.doctor.findings import Finding
from gossamer.cli.doctor.installed import Installed

#: What an environment in good order holds, beside the exporters.
GOOD = {
    "gossamer": "0.1.0",
    "openai": "3.54.0",
    "opentelemetry-api": "1.45.2",
    "opentelemetry-sdk": "1.45.2",
    "opentelemetry-instrumentation": "0.66b2",
    "opentelemetry-distro": "0.66b2",
}
OURS = {"opentelemetry_instrumentor": ["gossamer_openai = gossamer:OpenAIInstrumentor"]}
SETS_UP = {"opentelemetry_configurator": ["configurator = opentelemetry.distro:OpenTelemetryConfigurator"]}


@pytest.fixture(autouse=True)
def environment_of_no_test(monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable of our own tests is no setting, and would be told."""
    monkeypatch.delenv("GOSSAMER_SHARED", raising=False)


class Site:
    """A folder on the path, with distributions in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(
        self,
        name: str,
        version: str = "1.0",
        points: Mapping[str, Iterable[str]] | None = None,
        needs: Iterable[str] = (),
    ) -> None:
        """Install a distribution: its metadata, that is."""
        folder = self.folder / f"{name.replace('-', '_')}-{version}.dist-info"
        folder.mkdir(parents=True)
        lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
        lines += [f"Requires-Dist: {need}" for need in needs]
        (folder / "METADATA").write_text("\n".join(lines) + "\n")
        groups = [f"[{group}]\n" + "\n".join(lines) for group, lines in (points or {}).items()]
        (folder / "entry_points.txt").write_text("\n".join(groups) + "\n")

    def add_good(self, *without: str) -> None:
        """Install what an environment in good order holds."""
        points = {"gossamer": OURS, "opentelemetry-distro": SETS_UP}
        for name, version in GOOD.items():
            if name not in without:
                self.add(name, version, points.get(name))

    def add_exporter(self, component: str, *signals: str) -> None:
        """Install an exporter."""
        made = {
            f"opentelemetry_{signal}_exporter": [f"{component} = exporter:Exporter"]
            for signal in signals or ("traces", "metrics", "logs")
        }
        self.add(f"opentelemetry-exporter-{component.replace('_', '-')}", points=made)

    @property
    def installed(self) -> Installed:
        """What is in the folder, and nothing else."""
        return Installed([str(self.folder)])


@pytest.fixture
def site(tmp_path: Path) -> Site:
    (folder := tmp_path / "site").mkdir()
    return Site(folder)


@pytest.fixture
def only() -> Callable[[Iterable[Finding], str], Finding]:
    """The one finding of a code, which says what to do wherever something is wrong."""

    def pick(findings: Iterable[Finding], code: str) -> Any:
        found = list(findings)
        for each in found:
            assert each.do or each.severity == "ok", each
        (one,) = [each for each in found if each.code == code]
        return one

    return pick
