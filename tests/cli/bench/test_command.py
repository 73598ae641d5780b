"""`gossamer bench` as a user calls it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner

from gossamer.cli.bench import modes, run
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
    monkeypatch.setattr(run, "run", lambda *_, **__: slow)
    assert CliRunner().invoke(command, ["--budget"]).exit_code == 1
    assert CliRunner().invoke(command, []).exit_code == 0


def test_an_unknown_name_is_told_in_one_line() -> None:
    done = CliRunner().invoke(command, ["-c", "nobody"])
    assert done.exit_code == 1
    assert "no contender 'nobody'" in done.stderr
    assert "Traceback" not in done.stderr


def test_content_has_figures_promises_and_a_section_of_its_own(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    samples: Callable[..., Samples],
    a_run: Callable[..., Run],
) -> None:
    asked: list[Any] = []
    measured = samples("chat-long-sync", bare=[600.0] * 4, by_hand=[650.0] * 4, ours=[900.0] * 4)

    def measure(_contenders: Any, what: Any, *_: Any, with_content: bool) -> Run:
        asked.append(([scenario.name for scenario in what], with_content))
        return replace(a_run(measured), with_content=with_content)

    monkeypatch.setattr(run, "run", measure)
    options = ["--content", "-s", "chat-long-sync", "--budget", "--json", "-"]
    files = ["--markdown", f"{tmp_path}/page.md", "--svg", f"{tmp_path}/chart.svg"]
    done = CliRunner().invoke(command, [*options, *files])
    assert asked == [(["chat-long-sync"], True)]
    assert done.exit_code == 1  # 6 x by hand
    data = json.loads(done.stdout)
    assert data["with_content"] is True
    assert data["verdicts"][0]["promise"] == "chat-long-sync: added, x the same JSON by hand"
    assert "<!-- bench: content -->" in (tmp_path / "page.md").read_text()
    assert "with content; openai" in (tmp_path / "chart.svg").read_text()


def test_content_is_profiled(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[tuple[Any, ...]] = []

    @contextmanager
    def running(_contenders: Any, *options: str) -> Iterator[list[Any]]:
        started.append(options)
        yield [SimpleNamespace(ask=lambda **_: {"functions": []})]

    monkeypatch.setattr(modes, "running", running)
    done = CliRunner().invoke(command, ["--content", "--profile", "handwritten", "--json", "-"])
    assert done.exit_code == 0, done.output
    assert started == [("gossamer.cli.bench.worker", "--profile", "--content")]
    assert json.loads(done.stdout)["with_content"] is True
    assert "hand-written span, with content" in done.stderr


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--load"], "not with --load"),
        (["--websocket"], "not with --websocket"),
        (["--with-the-old-fault"], "the old fault records nothing"),
        (["-c", "old-fault"], "the old fault records nothing"),
        (["--profile", "old-fault"], "the old fault records nothing"),
        (["-s", "embeddings"], "no scenario 'embeddings' with --content"),
    ],
)
def test_what_content_does_not_go_with_is_told(options: list[str], told: str) -> None:
    done = CliRunner().invoke(command, ["--content", *options])
    assert done.exit_code == 1
    assert told in done.stderr
    assert "Traceback" not in done.stderr
