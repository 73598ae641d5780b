"""`gossamer bench` as a user calls it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner

from gossamer.cli.bench import (
    run,
)
from gossamer.cli.bench.command import command
from gossamer.cli.bench.rounds import Samples
from gossamer.cli.bench.run import Run


def test_the_command_measures_and_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "LAUNCHES", 1)
    options = ["-s", "chat-sync", "-c", "handwritten", "--rounds", "2"]
    files = ["--json", "-", "--markdown", f"{tmp_path}/page.md", "--svg", f"{tmp_path}/chart.svg"]
    done = CliRunner().invoke(command, [*options, *files])
    assert done.exit_code == 0, done.output
    data = json.loads(done.stdout)
    assert [figure["contender"] for figure in data["figures"]] == ["bare", "handwritten"]
    assert "hand-written span" in (tmp_path / "page.md").read_text()
    ET.parse(tmp_path / "chart.svg")


def test_a_missed_promise_is_exit_1(
    monkeypatch: pytest.MonkeyPatch, samples: Callable[..., Samples], a_run: Callable[..., Run]
) -> None:
    slow = a_run(samples("plumbing-chat-sync", bare=[50.0] * 4, ours=[900.0] * 4))
    monkeypatch.setattr(run, "run", lambda *_: slow)
    assert CliRunner().invoke(command, ["--budget"]).exit_code == 1
    assert CliRunner().invoke(command, []).exit_code == 0


def test_an_unknown_name_is_told_in_one_line() -> None:
    done = CliRunner().invoke(command, ["-c", "nobody"])
    assert done.exit_code == 1
    assert "no contender 'nobody'" in done.stderr
    assert "Traceback" not in done.stderr
