"""The demo: its app is run for real, and its output is what a new user reads first."""

from __future__ import annotations

import json
from importlib.util import find_spec

import pytest
from click.testing import CliRunner

from gossamer.cli.app import group
from gossamer.cli.demo import command as demo
from gossamer.cli.demo.race import Result


@pytest.fixture(scope="module")
def hostile_environment():
    """What a user's shell may hold, none of which may reach the demo."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENAI_API_KEY", "sk-users-own")
        patch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
        patch.setenv("OTEL_SDK_DISABLED", "true")
        patch.setenv("OTEL_TRACES_SAMPLER", "always_off")
        patch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
        yield


@pytest.fixture(scope="module")
def recorded(hostile_environment):
    result = CliRunner().invoke(group, ["demo", "--json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture(scope="module")
def scenes(recorded):
    """The SDK's calls by the scene of the app that made them."""
    names = {span["span_id"]: span["name"] for span in recorded["spans"]}
    scenes: dict[str, list[dict]] = {}
    for span in recorded["spans"]:
        if span["kind"] == "CLIENT":
            scenes.setdefault(names[span["parent_id"]], []).append(span)
    return scenes


def test_every_scene_has_its_calls(scenes):
    expected = {
        "answer a question": ["chat gpt-4o-mini"],
        "stream an answer": ["chat gpt-4o-mini"],
        "look up the weather": ["chat gpt-4o", "chat gpt-4o"],
        "index the guides": ["embeddings text-embedding-3-small"],
        "compare three cities": ["chat gpt-4o-mini"] * 3,
        "ask at rush hour": ["chat fake-rate-limit-once"],
        "lose patience": ["chat gpt-4o-mini"],
        "paste the whole library": ["chat fake-error-400"],
    }
    if find_spec("openai.resources.responses"):
        expected["write a travel guide"] = ["chat gpt-5-mini"]
    if "read a letter" in scenes:  # SDKs before 1.40 cannot parse
        expected["read a letter"] = ["chat gpt-4o"]
    assert {scene: [span["name"] for span in spans] for scene, spans in scenes.items()} == expected


def test_the_stream_is_told_with_its_usage(scenes):
    (span,) = scenes["stream an answer"]
    attributes = span["attributes"]
    assert attributes["gossamer.stream.outcome"] == "completed"
    assert attributes["gen_ai.usage.output_tokens"] == 12
    assert attributes["gen_ai.response.finish_reasons"] == ["stop"]
    first_chunk = attributes["gen_ai.response.time_to_first_chunk"]
    assert 0 < first_chunk * 1000 < span["duration_ms"]


def test_the_retry_is_told(scenes):
    (span,) = scenes["ask at rush hour"]
    assert span["attributes"]["gossamer.request.retries"] == 1
    assert span["status"] != "ERROR"


def test_the_stream_that_was_left_is_no_error(scenes):
    (span,) = scenes["lose patience"]
    assert span["attributes"]["gossamer.stream.outcome"] == "closed"
    assert span["status"] != "ERROR"


def test_the_failure_is_told(scenes):
    (span,) = scenes["paste the whole library"]
    assert span["status"] == "ERROR"
    assert span["attributes"]["http.response.status_code"] == 400
    assert "BadRequestError" in span["attributes"]["error.type"]


def test_the_metrics_count_the_calls(recorded, scenes):
    metrics = {metric["name"]: metric["points"] for metric in recorded["metrics"]}
    calls = sum(len(spans) for scene, spans in scenes.items() if scene != "index the guides")
    durations = metrics["gen_ai.client.inference.duration"]
    assert sum(point["count"] for point in durations) == calls
    assert len(metrics["gen_ai.client.embeddings.duration"]) == 1


def test_nothing_of_what_was_said_is_recorded(recorded):
    text = json.dumps(recorded)
    for said in ("Lisbon", "Ada", "travel agency.", "gossamer weighs"):
        assert said not in text


def test_the_page_can_be_read_without_a_terminal(monkeypatch, recorded):
    monkeypatch.setattr(demo, "_run_app", lambda: recorded)
    monkeypatch.setattr(demo, "race", lambda: Result(bare=0.0090, by_hand=0.0092, traced=0.0091))
    result = CliRunner().invoke(group, ["demo"])
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert max(map(len, lines)) <= 100
    assert "\x1b" not in result.output
    for part in ("travel agency", "1 retry", "(HTTP 400)", "inference.duration", "1.011"):
        assert part in result.output


def test_a_failing_app_is_one_line(monkeypatch):
    def fail():
        raise RuntimeError("the app of the demo failed")

    monkeypatch.setattr(demo, "_run_app", fail)
    result = CliRunner().invoke(group, ["demo", "--json"])
    assert (result.exit_code, result.output) == (1, "Error: the app of the demo failed\n")


def test_the_race_is_run(monkeypatch):
    monkeypatch.setattr("gossamer.cli.demo.race._ROUNDS", 2)
    result = demo.race()
    assert 0 < result.bare < 1
    assert 0.5 < result.by_hand / result.bare < 2
    assert 0.5 < result.traced / result.bare < 2
