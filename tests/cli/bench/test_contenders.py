"""Who takes part: what is found here, and in the environments of others."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gossamer.cli.bench import (
    contenders,
    discovery,
    environments,
    scenarios,
)
from gossamer.cli.bench.errors import BenchError


def entry_point(name: str, distribution: str) -> Any:
    return SimpleNamespace(name=name, dist=SimpleNamespace(name=distribution))


def test_others_are_found_by_entry_point_and_ours_is_not_one_of_them() -> None:
    found = discovery.others(
        [
            entry_point("openai", "elastic-opentelemetry-instrumentation-openai"),
            entry_point("genai_openai", "something-new"),
            entry_point("gossamer_openai", "gossamer"),
            entry_point("requests", "opentelemetry-instrumentation-requests"),
            SimpleNamespace(name="openai", dist=None),  # type: ignore[list-item]
        ]
    )
    assert found - {"logfire"} == {"elastic-opentelemetry-instrumentation-openai", "something-new"}


def test_our_own_entry_point_is_a_contender() -> None:
    entry_point: Any = discovery.entry_point("gossamer")
    assert (entry_point.name, entry_point.value) == ("gossamer_openai", "gossamer:OpenAIInstrumentor")
    with pytest.raises(LookupError, match="there are: bare"):
        discovery.entry_point("nobody")


def test_bare_always_takes_part() -> None:
    assert [one.name for one in contenders.here(("gossamer",))] == ["bare", "gossamer"]
    assert [one.name for one in contenders.here((), old_fault=True)][-1] == "old-fault"
    with pytest.raises(BenchError, match="no contender 'nobody'"):
        contenders.here(("nobody",))


def test_scenarios_are_chosen_by_name_or_by_beginning() -> None:
    assert [one.name for one in scenarios.choose(("embeddings",), quick=False)] == [
        "embeddings-sync",
        "embeddings-async",
    ]
    assert [one.name for one in scenarios.choose(("chat-sync",), quick=True)] == ["chat-sync"]
    assert [one.name for one in scenarios.choose(("chat",), quick=False)] == ["chat-sync", "chat-async"]
    assert len(scenarios.choose(("plumbing",), quick=False)) == 4
    assert len(scenarios.choose((), quick=True)) < len(scenarios.choose((), quick=False))
    with pytest.raises(BenchError, match="no scenario 'nothing'"):
        scenarios.choose(("nothing",), quick=False)


def test_with_content_there_are_other_scenarios() -> None:
    def named(*patterns: str, quick: bool = False) -> set[str]:
        return {one.name for one in scenarios.choose(patterns, quick=quick, with_content=True)}

    usual = {one.name for one in scenarios.choose((), quick=False)}
    kinds = {"chat-long", "plumbing-chat-short"}
    assert named() - usual == {f"{kind}-{mode}" for kind in kinds for mode in ("sync", "async")}
    assert usual - named() == {"embeddings-sync", "embeddings-async"}
    assert named("chat") == {"chat-sync", "chat-async"}
    assert named(quick=True) == {one.name for one in scenarios.choose((), quick=True)}
    with pytest.raises(BenchError, match="no scenario 'embeddings' with --content; there are: chat-sync"):
        named("embeddings")
    with pytest.raises(BenchError, match="no scenario 'chat-long' without --content"):
        scenarios.choose(("chat-long",), quick=False)


def test_an_environment_without_requirements_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="no requirement files"):
        environments.peers(tmp_path, print)


def test_uv_s_complaint_is_passed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "peer.in").write_text("nothing\n")
    monkeypatch.setattr(environments, "_find_uv", lambda: "uv")

    def complain(command: tuple[str, ...], **_: object) -> Any:
        return subprocess.CompletedProcess(command, 1, "", "no such package")

    monkeypatch.setattr(environments.subprocess, "run", complain)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BenchError, match="no such package"):
        environments.peers(tmp_path, print)


def test_what_an_environment_holds_is_asked_of_its_interpreter() -> None:
    assert contenders.installed_at(Path(sys.executable))[:3] == list(discovery.BUILT_IN)
