"""The soak: its ledger balances, and what is lost or left behind is found and named."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from gossamer import call
from gossamer.cli.soak import watch
from gossamer.cli.soak.apps import apps
from gossamer.cli.soak.command import command
from gossamer.cli.soak.complaints import listening
from gossamer.cli.soak.kinds import draw
from gossamer.cli.soak.percentiles import Latencies
from gossamer.cli.soak.traffic import KINDS
from gossamer.cli.soak.watch import Sample, Watch


def soak(*arguments: str) -> Result:
    return CliRunner().invoke(command, ["--seed", "7", *arguments])


@pytest.mark.parametrize("mode", ["in-process", "http"])
def test_a_soak_leaves_one_span_for_each_call_and_nothing_else(mode: str, tmp_path: Path) -> None:
    result = soak(f"--{mode}", "--calls", "300", "--json", str(tmp_path / "soak.json"))
    assert result.exit_code == 0, result.output
    assert "Every call has left its one span, and nothing else." in result.output
    (found,) = json.loads((tmp_path / "soak.json").read_text(encoding="utf-8"))["soak"]
    assert found["mode"] == mode
    assert found["calls"] == found["spans"] == found["points"] >= 300
    assert found["bare_calls"] > 100
    assert {"completed", "closed", "abandoned", "cancelled", "openai.APITimeoutError"} <= set(
        found["outcomes"]
    )
    assert [(one["client"], one["call"]) for one in found["latencies"]] == [
        ("sync", "chat"),
        ("sync", "stream"),
        ("async", "chat"),
        ("async", "stream"),
    ]
    assert all(0 < low <= high for one in found["latencies"] for low, _, high in (one["bare"], one["traced"]))
    assert (found["faults"], found["descriptors"], found["connections"], found["threads"]) == ([], 0, 0, 0)


def test_an_end_that_is_lost_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    end, ends = call.Call.end, iter(range(1, 10**6))

    def lossy(self: Any, *arguments: Any, **more: Any) -> None:
        if self._open and next(ends) % 100 == 0:
            self.forget()
        end(self, *arguments, **more)

    monkeypatch.setattr(call.Call, "end", lossy)
    result = soak("--in-process", "--calls", "200")
    assert result.exit_code == 1
    assert "no span; Mark(span=" in result.output
    assert "points of durations for" in result.output


def test_a_second_span_of_a_call_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    end, ends = call.Call.end, iter(range(1, 10**6))

    def doubling(self: Any, *arguments: Any, **more: Any) -> None:
        if self._open and next(ends) % 100 == 0:
            self.outputs.tracer.start_span("one more", self.context).end()
        end(self, *arguments, **more)

    monkeypatch.setattr(call.Call, "end", doubling)
    result = soak("--in-process", "--calls", "200")
    assert result.exit_code == 1
    assert "a second span of a call, or one of none: Mark(span='one more'" in result.output


def test_a_call_that_is_never_freed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    end, kept = call.Call.end, []

    def keeping(self: Any, *arguments: Any, **more: Any) -> None:
        if self._open:
            kept.append(self)
        end(self, *arguments, **more)

    monkeypatch.setattr(call.Call, "end", keeping)
    result = soak("--in-process", "--calls", "200")
    assert result.exit_code == 1
    assert "allocations of Gossamer are left by each call" in result.output


def test_an_exception_of_ours_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise LookupError

    monkeypatch.setattr(call.Call, "answered", broken)
    result = soak("--in-process", "--calls", "60")
    assert result.exit_code == 1
    assert "gossamer: Gossamer failed and left the call alone" in result.output


def test_an_exception_that_reaches_the_app_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> bool:
        raise LookupError

    monkeypatch.setattr(call.Call, "look", broken)
    result = soak("--in-process", "--calls", "60")
    assert result.exit_code == 1
    assert "the app saw what it should not: stream, async: LookupError" in result.output


# --- its parts


def test_the_same_seed_makes_the_same_calls() -> None:
    for app in apps(None):
        first, again, other = (draw(KINDS, app, seed, 50) for seed in ("1", "1", "2"))
        assert first == again != other
        app.stop()


def test_each_kind_of_call_has_a_name_of_its_own() -> None:
    assert len({kind.name for kind in KINDS}) == len(KINDS) > 25


def test_a_percentile_is_right_to_one_in_a_hundred() -> None:
    latencies = Latencies()
    assert latencies.percentile(50) is None
    for milliseconds in range(1, 1001):
        latencies.add(milliseconds / 1000)
    for percent in (50, 95, 99):
        assert latencies.percentile(percent) == pytest.approx(percent / 100, rel=0.011)


def a_watch(**grows: Callable[[int], int]) -> Watch:
    """Of thirty blocks of a thousand calls, each quantity as the function of the block's number says."""
    steady: dict[str, Any] = {
        "rss": lambda n: 90 << 20,
        "objects": lambda n: 100_000,
        "descriptors": lambda n: 9,
        "threads": lambda n: 1,
        "connections": lambda n: 0,
    }
    seen = Watch(Sample(0, 90 << 20, 100_000, watch.descriptors(), 1, 0))
    for number in range(30):
        values = {name: function(number) for name, function in {**steady, **grows}.items()}
        seen.note(Sample(calls=1000 * number, **values))
    return seen


@pytest.mark.parametrize(
    ("grows", "fault"),
    [
        ({}, None),
        ({"rss": lambda n: (90 << 20) + n % 7 * (1 << 20)}, None),
        ({"rss": lambda n: (90 << 20) + n * (4 << 20)}, "memory: 40.0 MiB more after 10,000 more calls"),
        ({"objects": lambda n: 100_000 + 500 * n}, "memory: 5,000 more objects after 10,000 more calls"),
        ({"connections": lambda n: n // 29}, "connections: 1 in use between two blocks"),
        ({"threads": lambda n: 2}, "threads: 2, and 1 before"),
    ],
)
def test_what_grows_is_told_from_what_wavers(grows: dict[str, Any], fault: str | None) -> None:
    seen = a_watch(**grows)
    assert seen.faults() == ([] if fault is None else [fault])
    assert seen.closed() == []


def test_a_descriptor_that_is_not_closed_is_named(tmp_path: Path) -> None:
    seen = a_watch()
    if not watch.descriptors():
        pytest.skip("this system does not tell")
    with (tmp_path / "left open").open("w"):
        assert seen.closed() == ["descriptors: 1 not closed"]


def test_a_long_soak_keeps_few_samples() -> None:
    seen = a_watch()
    for number in range(10_000):
        seen.note(Sample(number, 1, 1, 1, 1, 0))
    assert len(seen.samples) <= 601


def test_what_the_bare_sdk_says_too_is_no_fault() -> None:
    with listening() as complaints:
        logging.getLogger("asyncio").error("Task was destroyed but it is pending!\n<Task 1>")
        complaints.traced = True
        logging.getLogger("asyncio").error("Task was destroyed but it is pending!\n<Task 2>")
        logging.getLogger("opentelemetry.context").error("Failed to detach context")
        logging.getLogger("asyncio").error("Unclosed <thing>")
    assert complaints.faults() == [
        "said 1 times: opentelemetry.context: Failed to detach context",
        "said 1 times: asyncio: Unclosed",
    ]
