"""The calls that are measured, and the yardstick beside them."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from gossamer.cli.bench import (
    answers,
    blocks,
    calls,
    handwritten,
    plumbing,
    scenarios,
    transport,
)
from gossamer.cli.bench.installation import Installed
from gossamer.cli.bench.scenarios import BY_NAME
from gossamer.cli.bench.telemetry import Outlets, Telemetry
from gossamer.testing import capture


def skip_without(operation: str) -> None:
    if operation == "responses_stream" and find_spec("openai.resources.responses") is None:
        pytest.skip("this SDK has no Responses API")


@pytest.mark.parametrize("scenario", scenarios.SCENARIOS, ids=lambda scenario: scenario.name)
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


def recorded_by_hand(operation: str) -> tuple[dict[str, Any], set[str]]:
    outlets = Outlets.build()
    pipeline = Telemetry.build(outlets)
    exporter = InMemorySpanExporter()
    pipeline.tracer_provider.add_span_processor(SimpleSpanProcessor(exporter))
    sync, _ = handwritten.HandWritten(pipeline).calls()
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


def client_for(operation: str) -> Any:
    parts = getattr(answers, operation)()
    return transport.client(parts, asynchronous=False, streamed=operation.endswith("stream"))


@pytest.mark.parametrize("operation", sorted(calls.SYNC))
def test_the_yardstick_records_what_we_record(operation: str) -> None:
    skip_without(operation)
    attributes, metrics = recorded_by_hand(operation)
    with capture() as telemetry:
        calls.SYNC[operation](client_for(operation))
    ours = telemetry.spans[0]["attributes"]
    timing = "gen_ai.response.time_to_first_chunk"
    theirs = {name: value for name, value in ours.items() if not name.startswith("gossamer.")}
    assert {**attributes, timing: 0} == {**theirs, timing: 0}
    # Its histograms are ours; what we count beside them costs us, and is not in the yardstick.
    histograms = {name for name, points in telemetry.metrics.items() if "count" in points[0]}
    assert metrics == histograms
