"""What importing and switching on costs: who is asked, and what is made of the answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.table import Table

from gossamer.cli.bench import importing, markdown, tables
from gossamer.cli.bench.command import command
from gossamer.cli.bench.errors import BenchError
from gossamer.cli.bench.importing import ImportRun

#: CPU time of the SDK, of the API and of the contender itself, one row a process.
STEPS = {"gossamer": [[400e6, 40e6, 12e6]] * 4, "elastic": [[400e6, 40e6, 100e6]] * 4}


@pytest.fixture
def a_run(monkeypatch: pytest.MonkeyPatch) -> ImportRun:
    monkeypatch.setattr("gossamer.cli.bench.discovery.version", lambda _: None)  # not all are installed
    return ImportRun("a machine", "3.11.7", "3.54.0", "1.45.2", 4, importing.figures(STEPS))


def test_each_is_a_share_of_importing_the_sdk(a_run: ImportRun, shown: Callable[[Table | None], str]) -> None:
    assert {figure.name: figure.percent.median for figure in a_run.figures} == {
        "bare": 100,
        "opentelemetry-api": 10,
        "gossamer": 3,
        "elastic": 25,
    }
    assert "| **Gossamer** | 12.0 ms | 12.0 ms to 12.0 ms | 3.0 % |" in markdown.import_table(a_run)
    assert "OpenTelemetry API" in shown(tables.importing(a_run))


def test_only_ours_is_held_to_the_promise(a_run: ImportRun) -> None:
    (verdict,) = importing.verdicts(a_run)
    assert (verdict.measured, verdict.limit, verdict.outcome) == (3, 5, "kept")


def test_who_cannot_be_switched_on_is_not_asked() -> None:
    code = importing.programs(["bare", "handwritten", "gossamer", "logfire"])
    assert list(code) == ["gossamer", "logfire"]
    assert "gossamer.OpenAIInstrumentor().instrument()" in code["gossamer"]
    for program in code.values():
        compile(program, "program", "exec")


def test_a_process_tells_its_steps(tmp_path: Path) -> None:
    program = "import sys\nassert not sys.dont_write_bytecode\nprint('1 2 3')"
    assert importing.steps("made up", program, str(tmp_path)) == [1, 2, 3]
    with pytest.raises(BenchError, match="made up: ZeroDivisionError"):
        importing.steps("made up", "1 / 0", str(tmp_path))


@pytest.mark.parametrize(("own", "code"), [(12e6, 0), (90e6, 1)], ids=["kept", "missed"])
def test_the_command_measures_and_judges(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, own: float, code: int
) -> None:
    monkeypatch.setattr(importing, "steps", lambda *_: [400e6, 40e6, own])
    page = tmp_path / "page.md"
    options = ["--import", "-c", "gossamer", "--rounds", "4", "--budget", "--json", "-"]
    done = CliRunner().invoke(command, [*options, "--markdown", str(page)])
    assert done.exit_code == code, done.output
    data = json.loads(done.stdout)
    assert data["rounds"] == 4
    assert [figure["name"] for figure in data["figures"]] == ["bare", "opentelemetry-api", "gossamer"]
    assert "<!-- bench: import -->" in page.read_text()
