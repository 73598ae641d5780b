"""The calls that are measured, and the yardstick beside them."""

from __future__ import annotations

import asyncio
import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from gossamer.cli.bench import (
    answers,
    blocks,
    calls,
    content,
    plumbing,
    scenarios,
    transport,
)
from gossamer.cli.bench.handwritten import HandWritten
from gossamer.cli.bench.handwritten_content import HandWrittenContent
from gossamer.cli.bench.installation import Installed
from gossamer.cli.bench.scenarios import BY_NAME
from gossamer.cli.bench.telemetry import Outlets, Telemetry
from gossamer.testing import capture


def skip_without(operation: str) -> None:
    if operation == "responses_stream" and find_spec("openai.resources.responses") is None:
        pytest.skip("this SDK has no Responses API")


@pytest.mark.parametrize(
    "scenario",
    [scenario for scenario in BY_NAME.values() if not scenario.websocket],
    ids=lambda scenario: scenario.name,
)
def test_every_scenario_gets_its_whole_answer(
    scenario: scenarios.Scenario, uninstrumented: Installed
) -> None:
    skip_without(scenario.operation)
    recorded = blocks.record(scenario.operation) if scenario.plumbing else []
    block = blocks.Blocks(scenario, uninstrumented, recorded)
    try:
        if scenario.asynchronous:
            block.warm_up()  # the SDK's first call waits for a thread
        assert block.run(1) > 0  # raises when the number of chunks is wrong
    finally:
        block.close()


def test_a_wrong_answer_is_no_figure(uninstrumented: Installed) -> None:
    block = blocks.Blocks(BY_NAME["chat-sync"], uninstrumented, [])
    block._sync = lambda _client: 7
    with pytest.raises(blocks.WrongAnswerError, match="7 instead of 1"):
        block.run(1)
    block.close()


@pytest.mark.parametrize("operation", ["chat_stream", "responses_stream"])
def test_the_streams_have_the_length_that_is_told(operation: str) -> None:
    skip_without(operation)
    assert len(blocks.record(operation)) == scenarios.STREAM_CHUNKS


def test_the_plumbing_source_is_gone_afterwards() -> None:
    recorded = blocks.record("chat_stream")
    client: Any = transport.client(answers.chat_stream(), asynchronous=False, streamed=True)
    with plumbing.ReadySource(recorded, 50):
        assert calls.chat_stream(client) == 50
    assert calls.chat_stream(client) == scenarios.STREAM_CHUNKS


def test_drive_refuses_to_wait_for_anything_real() -> None:
    class Elsewhere:
        def __await__(self) -> Any:
            yield "a socket"

    async def call() -> None:
        await Elsewhere()

    with pytest.raises(RuntimeError, match="a socket"):
        plumbing.drive(call())


def recorded_by_hand(
    operation: str, by_hand: type[HandWritten] = HandWritten, *, asynchronous: bool = False
) -> tuple[dict[str, Any], set[str]]:
    outlets = Outlets.build()
    pipeline = Telemetry.build(outlets)
    exporter = InMemorySpanExporter()
    pipeline.tracer_provider.add_span_processor(SimpleSpanProcessor(exporter))
    sync, awaited = by_hand(pipeline).calls()
    if asynchronous:
        asyncio.run(awaited[operation](client_for(operation, asynchronous=True)))  # type: ignore[arg-type]
    else:
        sync[operation](client_for(operation))
    (span,) = exporter.get_finished_spans()
    data = outlets.metric_reader.get_metrics_data()
    assert data is not None
    names = {
        metric.name
        for resource in data.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
    }
    outlets.span_processor.shutdown()
    return dict(span.attributes or {}), names


def client_for(operation: str, *, asynchronous: bool = False) -> Any:
    parts = getattr(answers, operation)()
    return transport.client(parts, asynchronous=asynchronous, streamed=operation.endswith("stream"))


TIMING = "gen_ai.response.time_to_first_chunk"
CONTENT = {
    "gen_ai.input.messages": "gen-ai-input-messages",
    "gen_ai.output.messages": "gen-ai-output-messages",
}


@pytest.mark.parametrize("by_hand", [HandWritten, HandWrittenContent])
@pytest.mark.parametrize("operation", sorted(calls.SYNC))
def test_the_yardstick_records_what_we_record(
    operation: str, by_hand: type[HandWritten], monkeypatch: pytest.MonkeyPatch
) -> None:
    skip_without(operation)
    attributes, metrics = recorded_by_hand(operation, by_hand)
    environment = content.environment("gossamer", with_content=by_hand is HandWrittenContent)
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    with capture() as telemetry:
        calls.SYNC[operation](client_for(operation))
    ours = telemetry.spans[0]["attributes"]
    theirs = {name: value for name, value in ours.items() if not name.startswith("gossamer.")}
    assert {**attributes, TIMING: 0} == {**theirs, TIMING: 0}  # content too, to the byte
    assert "gossamer.content.truncated" not in ours
    # Its histograms are ours; what we count beside them costs us, and is not in the yardstick.
    histograms = {name for name, points in telemetry.metrics.items() if "count" in points[0]}
    assert metrics == histograms


@pytest.mark.parametrize("by_hand", [HandWritten, HandWrittenContent])
@pytest.mark.parametrize("operation", sorted(calls.SYNC))
def test_the_yardstick_is_the_same_for_both_clients(operation: str, by_hand: type[HandWritten]) -> None:
    skip_without(operation)
    attributes, metrics = recorded_by_hand(operation, by_hand)
    awaited, its_metrics = recorded_by_hand(operation, by_hand, asynchronous=True)
    assert {**attributes, TIMING: 0} == {**awaited, TIMING: 0}
    assert metrics == its_metrics


@pytest.mark.parametrize("operation", sorted(calls.SYNC))
def test_the_yardstick_differs_by_its_content_alone(operation: str) -> None:
    skip_without(operation)
    without, metrics = recorded_by_hand(operation)
    attributes, its_metrics = recorded_by_hand(operation, HandWrittenContent)
    said = {name: attributes.pop(name) for name in CONTENT if name in attributes}
    assert {**attributes, TIMING: 0} == {**without, TIMING: 0}
    assert metrics == its_metrics
    assert bool(said) == (operation != "embeddings")


def texts(messages: str) -> list[tuple[str, str]]:
    return [(one["role"], part["content"]) for one in json.loads(messages) for part in one["parts"]]


def test_the_yardstick_records_the_whole_conversation() -> None:
    attributes, _ = recorded_by_hand("chat_long", HandWrittenContent)
    sent = calls.CHAT_LONG_REQUEST["messages"]
    recorded = attributes["gen_ai.input.messages"]
    assert texts(recorded) == [(message["role"], message["content"]) for message in sent]
    assert not recorded.isascii()
    assert '": ' not in recorded


def test_the_yardstick_joins_the_pieces_of_a_stream() -> None:
    attributes, _ = recorded_by_hand("chat_stream", HandWrittenContent)
    chunks = blocks.record("chat_stream")
    said = [chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices]
    assert texts(attributes["gen_ai.output.messages"]) == [("assistant", "".join(said))]


def test_a_response_ends_with_what_its_deltas_said() -> None:
    skip_without("responses_stream")
    attributes, _ = recorded_by_hand("responses_stream", HandWrittenContent)
    events = blocks.record("responses_stream")
    said = [event.delta for event in events if event.type == "response.output_text.delta"]
    assert texts(attributes["gen_ai.output.messages"]) == [("assistant", "".join(said))]
    assert texts(attributes["gen_ai.input.messages"]) == [("user", calls.RESPONSES_STREAM_REQUEST["input"])]


@pytest.mark.parametrize("operation", ["chat", "chat_long", "chat_stream", "responses_stream"])
def test_the_yardstick_s_content_is_as_the_conventions_shape_it(operation: str, shared: Path) -> None:
    skip_without(operation)
    attributes, _ = recorded_by_hand(operation, HandWrittenContent)
    for name, schema in CONTENT.items():
        text = (shared / "semconv" / "data" / f"{schema}.json").read_text(encoding="utf-8")
        jsonschema.validate(json.loads(attributes[name]), json.loads(text))
