"""Frames on a websocket that is none: what is measured, and what is made of the figures."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner
from rich.table import Table

from gossamer.cli.bench import calls, markdown, protocol, run, scenarios, tables, transport, worker
from gossamer.cli.bench.blocks import WrongAnswerError
from gossamer.cli.bench.command import command
from gossamer.cli.bench.errors import Unsupported
from gossamer.cli.bench.installation import Installed
from gossamer.cli.bench.rounds import Samples
from gossamer.cli.bench.run import Run
from gossamer.cli.bench.scenarios import BY_NAME, WEBSOCKET_SCENARIOS, Scenario
from gossamer.cli.bench.telemetry import Outlets
from gossamer.cli.bench.websocket import events, ready, standin
from gossamer.cli.bench.websocket.frames import Frames
from gossamer.testing import capture

try:
    RESOURCE = standin.realtime(asynchronous=False)
except Unsupported:
    RESOURCE = None

needs_realtime = pytest.mark.skipif(
    RESOURCE is None, reason="this release of the SDK has no realtime connections"
)
every_scenario = pytest.mark.parametrize("scenario", WEBSOCKET_SCENARIOS, ids=lambda scenario: scenario.name)


def a_block(scenario: Scenario, installed: Installed) -> int:
    """Three frames."""
    frames = Frames(replace(scenario, chunks=3 if scenario.plumbing else 0), installed)
    try:
        return frames.run(3)
    except Unsupported:
        pytest.skip("this release of the SDK sends no text")
    finally:
        frames.close()


@needs_realtime
@every_scenario
def test_every_scenario_sends_and_gets_its_frames(scenario: Scenario, uninstrumented: Installed) -> None:
    assert a_block(scenario, uninstrumented) > 0  # raises when a frame is lost, or is not what was sent


@needs_realtime
@every_scenario
def test_a_connection_is_traced_as_any(scenario: Scenario, uninstrumented: Installed) -> None:
    with capture() as telemetry:
        a_block(scenario, uninstrumented)
    responses = 1 + 3 if scenario.operation == "response" else 2
    assert [span["name"] for span in telemetry.spans] == ["chat gpt-realtime"] * responses
    assert {span["attributes"]["gossamer.stream.outcome"] for span in telemetry.spans} == {"completed"}
    assert {span["attributes"]["gen_ai.usage.output_tokens"] for span in telemetry.spans} == {50}
    assert {span["attributes"]["server.address"] for span in telemetry.spans} == {"llm.invalid"}


@needs_realtime
@pytest.mark.parametrize("name", ["delta-sync", "delta-async", "plumbing-delta-sync", "delta-bytes-sync"])
def test_a_frame_that_is_lost_is_no_figure(
    name: str, uninstrumented: Installed, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Frames._incoming
    monkeypatch.setattr(Frames, "_incoming", lambda self, steps: whole(self, steps - 1))
    with pytest.raises(WrongAnswerError, match=name):
        a_block(BY_NAME[name], uninstrumented)


@needs_realtime
@pytest.mark.parametrize("name", ["plumbing-append-sync", "plumbing-append-async", "plumbing-delta-sync"])
def test_plumbing_without_ready_events_is_no_figure(
    name: str, uninstrumented: Installed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ready, "ready_made", lambda *_: io.StringIO())  # replaces nothing
    with pytest.raises(WrongAnswerError, match=name):
        a_block(BY_NAME[name], uninstrumented)


@needs_realtime
def test_all_is_put_back() -> None:
    module = standin.module_of(RESOURCE)
    client, async_client = map(import_module, ("websockets.sync.client", "websockets.asyncio.client"))

    def replaceable() -> list[Any]:
        names = ("json", "construct_type_unchecked", "maybe_transform", "async_maybe_transform")
        return [*(vars(module)[name] for name in names), client.connect, async_client.connect.__await__]

    before = replaceable()
    with standin.connecting_to([]), ready.ready_made(module, {}):
        assert not {id(each) for each in before} & {id(each) for each in replaceable()}
    assert replaceable() == before


@needs_realtime
def test_an_sdk_that_is_built_otherwise_is_not_measured_as_plumbing() -> None:
    with pytest.raises(Unsupported, match="otherwise than is known"), ready.ready_made(events, {}):
        pass


def test_an_sdk_without_realtime_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "client", lambda *_, **__: SimpleNamespace(beta=SimpleNamespace()))
    done = CliRunner().invoke(command, ["--websocket"])
    assert done.exit_code == 1
    assert "has no realtime connections" in done.stderr
    assert "Traceback" not in done.stderr


@needs_realtime
def test_websockets_that_are_not_installed_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "websockets.sync.client", None)
    done = CliRunner().invoke(command, ["--websocket"])
    assert done.exit_code == 1
    assert "pip install 'openai[realtime]'" in done.stderr


def replies_of_a_worker(contender: str, *requests: dict[str, Any]) -> list[protocol.Message]:
    asked, replies = io.StringIO(), io.StringIO()
    for request in requests:
        protocol.send(asked, request)
    asked.seek(0)
    worker.serve(contender, asked, replies)
    replies.seek(0)
    return list(protocol.messages(replies))


@needs_realtime
def test_a_worker_measures_frames() -> None:
    prepare = {"do": "prepare", "scenario": "plumbing-delta-async"}
    _, ready_reply, ran = replies_of_a_worker("bare", prepare, {"do": "run", "calls": 1})
    assert ready_reply == {"ready": "plumbing-delta-async", "content": None}
    assert ran["ns"] > 0


@needs_realtime
def test_who_records_nothing_takes_no_part(monkeypatch: pytest.MonkeyPatch) -> None:
    silent = Installed("peer", calls.SYNC, calls.ASYNC, Outlets.build(), ())
    monkeypatch.setattr(worker, "install", lambda *_, **__: silent)
    monkeypatch.setattr(worker, "hello", lambda _: {})
    *_, reply = replies_of_a_worker("peer", {"do": "prepare", "scenario": "plumbing-append-sync"})
    assert reply == {"unsupported": "nothing is recorded of websockets"}


@pytest.fixture
def a_websocket_run(samples: Callable[..., Samples], a_run: Callable[..., Run]) -> Run:
    """Three kinds of frames, all promises kept."""
    return a_run(
        samples("append-sync", bare=[120e3] * 4, ours=[119e3] * 4),
        samples("plumbing-append-sync", bare=[2500.0] * 4, ours=[2760.0] * 4),
        samples("append-async", bare=[130e3] * 4, ours=[131e3] * 4),
        samples("plumbing-append-async", bare=[5000.0] * 4, ours=[5400.0] * 4),
        samples("delta-bytes-sync", bare=[1500.0] * 4, ours=[3500.0] * 4),
    )


def test_what_is_added_stands_beside_what_the_sdk_takes(a_websocket_run: Run) -> None:
    text = markdown.websocket_table(a_websocket_run)
    assert "openai 3.54.0" in text
    # Ours alone, not what is left of it in the noise of the SDK.
    first = "| `input_audio_buffer.append` sent | 120 µs | +260 ns ± 0 ns | 130 µs | +400 ns ± 0 ns |"
    assert text.splitlines()[4:] == [
        first,
        "| received with `recv_bytes()`, and not parsed | 1.5 µs | +2.0 µs ± 0 ns |  |  |",
    ]


def test_the_terminal_shows_all_of_it(a_websocket_run: Run, shown: Callable[[Table | None], str]) -> None:
    table = shown(tables.websocket(a_websocket_run))
    for cell in ("append-sync", "-1,000", "0.992", "plumbing-append-async", "+400", "delta-bytes-sync"):
        assert cell in table


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> Callable[[Run], None]:
    """What a run of the command shall have found."""

    def measure(result: Run) -> None:
        monkeypatch.setattr(standin, "realtime", lambda **_: None)
        monkeypatch.setattr(run, "run", lambda *_, **__: result)

    return measure


def test_the_command_judges_and_writes(
    a_websocket_run: Run, measured: Callable[[Run], None], tmp_path: Path
) -> None:
    measured(a_websocket_run)
    options = ["--websocket", "--budget", "--json", "-", "--markdown", f"{tmp_path}/page.md"]
    done = CliRunner().invoke(command, options)
    assert done.exit_code == 0, done.output
    assert [(verdict["promise"], verdict["outcome"]) for verdict in json.loads(done.stdout)["verdicts"]] == [
        ("plumbing-append-sync: added to a frame, ns", "kept"),
        ("plumbing-append-async: added to a frame, ns", "kept"),
    ]
    assert "<!-- bench: websocket -->" in (tmp_path / "page.md").read_text()


def test_a_missed_promise_is_exit_1(
    measured: Callable[[Run], None], samples: Callable[..., Samples], a_run: Callable[..., Run]
) -> None:
    measured(a_run(samples("plumbing-delta-sync", bare=[2e3] * 4, ours=[3.1e3] * 4)))
    assert CliRunner().invoke(command, ["--websocket", "--budget"]).exit_code == 1
    assert CliRunner().invoke(command, ["--websocket"]).exit_code == 0


def test_no_promise_is_kept_by_tracing_nothing(
    measured: Callable[[Run], None], samples: Callable[..., Samples], a_run: Callable[..., Run]
) -> None:
    measured(a_run(samples("plumbing-delta-sync", bare=[2e3] * 4)))
    done = CliRunner().invoke(command, ["--websocket", "--budget"])
    assert done.exit_code == 1
    assert "gossamer: nothing could be measured on websockets" in done.stderr


def test_the_scenarios_are_those_of_websockets() -> None:
    assert scenarios.choose(("delta",), quick=False, websocket=True) == [
        BY_NAME["delta-sync"],
        BY_NAME["delta-async"],
    ]
    quick = scenarios.choose((), quick=True, websocket=True)
    assert {one.name.rpartition("-")[0] for one in quick} == {"plumbing-append", "plumbing-delta"}
    done = CliRunner().invoke(command, ["--websocket", "-s", "chat"])
    assert done.exit_code == 1
