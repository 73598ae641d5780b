"""A call ends once, and tells, also when a part of ours or of OpenTelemetry fails on its way."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import Any

import openai
import pytest

from gossamer import stream, telemetry
from gossamer.call import Call
from gossamer.cli.fake import mock_async_client, mock_client
from gossamer.fields import NOTHING
from gossamer.metrics import Metrics
from gossamer.raw import RawParser
from gossamer.telemetry import Telemetry as Starter
from gossamer.testing import Telemetry, capture

OPTIONS = {"api_key": "sk-fake", "base_url": "https://llm.test/v1", "max_retries": 0}
CHAT: dict[str, Any] = {
    "model": "gpt-4o",
    "messages": [{"role": "user", "content": "How light is gossamer?"}],
}
CHUNKS = 4


def client() -> openai.OpenAI:
    """A client of the fake API."""
    return openai.OpenAI(http_client=mock_client(chunks=CHUNKS), **OPTIONS)


def fail(*_: Any, **__: Any) -> Any:
    """What a bug of ours does."""
    raise LookupError("a bug")


@pytest.fixture
def lenient() -> Iterator[Telemetry]:
    """The SDK instrumented as in production: a failure of ours is logged."""
    with capture(strict=False, time_per_output_chunk=True) as captured:
        yield captured


def ask(run: Any, **options: Any) -> Any:
    """One chat by either client; of a stream the list of its chunks."""

    async def aask() -> Any:
        api = openai.AsyncOpenAI(http_client=mock_async_client(chunks=CHUNKS), **OPTIONS)
        made = await api.chat.completions.create(**CHAT, **options)
        return [chunk async for chunk in made] if options.get("stream") else made

    if run.kind == "async":
        return run(aask())
    made = client().chat.completions.create(**CHAT, **options)
    return list(made) if options.get("stream") else made


def test_a_gap_that_cannot_be_recorded_never_reaches_the_app(lenient, run, monkeypatch):
    bare = len(ask(run, stream=True))
    lenient.clear()
    monkeypatch.setattr(Metrics, "record_gap", fail)
    assert len(ask(run, stream=True)) == bare > CHUNKS
    (span,) = lenient.spans
    assert span["attributes"]["gossamer.stream.outcome"] == "completed"


def test_a_start_that_fails_when_its_span_has_begun_ends_it(lenient, run, monkeypatch):
    monkeypatch.setattr(telemetry, "watch_parser", fail)
    assert ask(run).choices
    (span,) = lenient.spans
    assert (span["name"], span["status"]) == ("chat gpt-4o", "UNSET")
    assert lenient.metrics == {}


@pytest.mark.parametrize("streamed", [False, True])
def test_a_start_that_fails_as_it_becomes_current_ends_the_span(lenient, run, monkeypatch, streamed):
    monkeypatch.setattr("gossamer.call.attach", fail)
    assert ask(run, stream=streamed)
    assert len(lenient.spans) == 1


def test_a_finish_that_fails_before_there_is_a_tap_ends_the_span(lenient, run, monkeypatch):
    monkeypatch.setattr(stream, "_source", fail)
    assert len(ask(run, stream=True)) > CHUNKS
    gc.collect()
    assert len(lenient.spans) == 1


def test_a_finish_that_fails_behind_its_tap_ends_the_span_at_the_end_of_the_stream(lenient, run, monkeypatch):
    monkeypatch.setattr(stream, "watch_body", fail)
    assert len(ask(run, stream=True)) > CHUNKS
    (span,) = lenient.spans
    assert span["attributes"]["gossamer.stream.outcome"] == "completed"


def leave_and_fail(call: Any, options: Any) -> None:
    """What it undoes must be undone."""
    LEAVE(call, options)
    fail()


LEAVE = Call.leave


@pytest.mark.parametrize(
    "seam", [(Call, "leave", leave_and_fail), (telemetry, "watch_raw", fail)], ids=["leave", "watch_raw"]
)
def test_a_finish_of_a_raw_response_that_fails_ends_the_span(lenient, monkeypatch, seam):
    monkeypatch.setattr(*seam)
    raw = client().chat.completions.with_raw_response.create(**CHAT)
    assert raw.parse().choices
    del raw
    gc.collect()
    assert len(lenient.spans) == 1


def test_an_abort_that_fails_ends_the_span_with_the_apps_error(lenient, run, monkeypatch):
    monkeypatch.setattr(Call, "leave", leave_and_fail)
    with pytest.raises(openai.RateLimitError):
        ask(run, extra_body={"model": "fake-error-429"})
    (span,) = lenient.spans
    assert (span["status"], span["attributes"]["error.type"]) == ("ERROR", "openai.RateLimitError")


def test_a_second_end_changes_nothing(telemetry, monkeypatch):
    calls, start = [], Starter.start

    def keep(*arguments: Any) -> Any:
        calls.append(start(*arguments))
        return calls[-1]

    monkeypatch.setattr(Starter, "start", keep)
    client().chat.completions.create(**CHAT)
    (call,) = calls
    call.end("failed")
    call.fail(ValueError())
    (span,) = telemetry.spans
    assert span["status"] == "UNSET"


@pytest.mark.parametrize("way", ["read", "closed", "parsed", "parsed and read"])
def test_an_ended_call_keeps_nothing_of_the_answer_while_the_app_keeps_its_object(telemetry, way):
    chats = client().chat.completions
    if way == "parsed":
        kept: Any = chats.with_raw_response.create(**CHAT)
        parser = kept._options.post_parser
        assert type(parser) is RawParser
        call = parser._call
        kept.parse()
    else:
        raw = chats.with_raw_response if way == "parsed and read" else None
        made: Any = (raw or chats).create(**CHAT, stream=True)
        kept = made.parse() if raw else made
        call = kept.response.stream._call
        assert next(kept)
        assert call.fold is not None
        assert call.headers is not None
        if way == "closed":
            kept.close()
        else:
            list(kept)
    assert len(telemetry.spans) == 1
    assert (call.fold, call.headers) == (None, None)
    assert call.parsed is NOTHING
