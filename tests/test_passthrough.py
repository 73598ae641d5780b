"""Where nothing listens, or nothing may be heard, calls go straight to the SDK."""

from __future__ import annotations

import asyncio
import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import opentelemetry.metrics._internal as metrics_globals
import opentelemetry.trace as trace_globals
import pytest
from opentelemetry import context as context_api
from opentelemetry import metrics as metrics_api
from opentelemetry import trace as trace_api
from opentelemetry.instrumentation.utils import suppress_instrumentation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

import gossamer
from gossamer import OpenAIInstrumentor
from gossamer.cli.fake import mock_async_client, mock_client
from gossamer.testing import capture

MESSAGES = [{"role": "user", "content": "How light is gossamer?"}]
PACKAGE = str(Path(gossamer.__file__).parent)


def chat(**options: Any) -> Any:
    """One chat with the fake API."""
    client = openai.OpenAI(
        api_key="sk-fake", base_url="https://llm.test/v1", http_client=mock_client(chunks=4)
    )
    return client.chat.completions.create(model="gpt-4o", messages=MESSAGES, **options)


async def achat(**options: Any) -> Any:
    """The same by the async client."""
    http_client = mock_async_client(chunks=4)
    client = openai.AsyncOpenAI(api_key="sk-fake", base_url="https://llm.test/v1", http_client=http_client)
    return await client.chat.completions.create(model="gpt-4o", messages=MESSAGES, **options)


@pytest.fixture
def instrumentor() -> Iterator[OpenAIInstrumentor]:
    yield (instrumentor := OpenAIInstrumentor())
    instrumentor.uninstrument()


@pytest.fixture
def no_globals(monkeypatch) -> None:
    """As if no global provider had ever been set."""
    monkeypatch.setattr(trace_globals, "_TRACER_PROVIDER", None)
    monkeypatch.setattr(metrics_globals, "_METER_PROVIDER", None)
    monkeypatch.setattr(metrics_globals, "_PROXY_METER_PROVIDER", metrics_globals._ProxyMeterProvider())


def of_the_sdk(stream: Any) -> bool:
    """Whether the iterator of a stream is the SDK's own generator."""
    generator = stream._iterator
    frame = getattr(generator, "gi_frame", None) or generator.ag_frame
    return frame.f_code.co_filename == sys.modules["openai._streaming"].__file__


def disabled(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """`OTEL_SDK_DISABLED`: the SDK's own providers hand out no-ops."""
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    return {"tracer_provider": TracerProvider(), "meter_provider": MeterProvider()}


SILENCE = {
    "no provider": lambda monkeypatch: {},
    "no-op providers": lambda monkeypatch: {
        "tracer_provider": trace_api.NoOpTracerProvider(),
        "meter_provider": metrics_api.NoOpMeterProvider(),
    },
    "OTEL_SDK_DISABLED": disabled,
}


def made_by_us(call: Any) -> tuple[list[str], int]:
    """Our functions that ran during a call, without the wrappers, and the bytes that our lines hold after."""
    wrappers = {"traced", "counted", "current"}
    ran: list[str] = []

    def profile(frame: Any, event: str, _: Any) -> None:
        file, name = frame.f_code.co_filename, frame.f_code.co_name
        if event == "call" and file.startswith(PACKAGE) and "/cli/" not in file and name not in wrappers:
            ran.append(name)

    modules = ("call", "stream", "body", "raw", "telemetry", "providers", "metrics", "tally")
    ours = [tracemalloc.Filter(True, f"{PACKAGE}/{module}.py") for module in modules]
    tracemalloc.start()
    sys.setprofile(profile)
    try:
        kept = call()  # alive until the snapshot
    finally:
        sys.setprofile(None)
        held = tracemalloc.take_snapshot().filter_traces(ours)
        tracemalloc.stop()
    del kept
    return ran, sum(statistic.size for statistic in held.statistics("filename"))


@pytest.mark.parametrize("name", SILENCE)
def test_where_nothing_listens_calls_go_straight_through(
    no_globals, no_collection, monkeypatch, instrumentor, name
):
    instrumentor.instrument(**SILENCE[name](monkeypatch))

    def call() -> Any:
        stream = chat(stream=True)
        assert of_the_sdk(stream)
        return chat(), stream, list(chat(stream=True))

    call()
    ran, held = made_by_us(call)
    assert (ran, held) == ([], 0)

    async def acall() -> None:
        stream = await achat(stream=True)
        assert of_the_sdk(stream)
        assert len([chunk async for chunk in stream]) > 4

    asyncio.run(acall())


@pytest.mark.parametrize(
    "key",
    [
        "suppress_instrumentation",
        context_api._SUPPRESS_INSTRUMENTATION_KEY,
        "suppress_language_model_instrumentation",
    ],
    ids=["plain", "of the API", "of frameworks"],  # that of the API is made at each start
)
def test_a_suppress_key_in_the_context_lets_a_call_through(telemetry, no_collection, key):
    token = context_api.attach(context_api.set_value(key, True))
    try:
        chat()
        stream = chat(stream=True)
        assert of_the_sdk(stream)
        ran, _ = made_by_us(lambda: list(chat(stream=True)))
    finally:
        context_api.detach(token)
    assert ran == ["start", "find"]
    assert telemetry.spans == []
    assert telemetry.metrics == {}
    list(stream)  # made while suppressed: not ours, also when it is read later
    assert telemetry.spans == []
    chat()
    assert len(telemetry.spans) == 1


def test_suppression_ends_with_its_block(telemetry, run):
    def ask() -> Any:
        return run(achat()) if run.kind == "async" else chat()

    with suppress_instrumentation():
        ask()
    assert telemetry.spans == []
    ask()
    assert len(telemetry.spans) == 1


def test_other_operations_go_straight_through(telemetry, no_collection):
    client = openai.OpenAI(api_key="sk-fake", base_url="https://llm.test/v1", http_client=mock_client())
    assert client.models.list().data
    ran, _ = made_by_us(client.models.list)
    assert set(ran) <= {"start", "find", "_find_odd", "<listcomp>"}
    assert telemetry.spans == []
    assert telemetry.metrics == {}


def test_what_is_not_sampled_is_measured_and_so_are_its_children_not():
    with capture(sampler=ALWAYS_OFF) as telemetry:
        tracer = telemetry.tracer_provider.get_tracer("http")
        seen: list[Any] = []
        http_client = mock_client(chunks=4)
        http_client.event_hooks = {
            "request": [lambda request: seen.append(tracer.start_span("child").get_span_context())]
        }
        client = openai.OpenAI(api_key="sk-fake", base_url="https://llm.test/v1", http_client=http_client)
        list(
            client.chat.completions.create(
                model="gpt-4o", messages=MESSAGES, stream=True, stream_options={"include_usage": True}
            )
        )
        assert telemetry.spans == []
        metrics = telemetry.metrics
    (child,) = seen
    assert child.is_valid
    assert not child.trace_flags.sampled
    (point,) = metrics["gen_ai.client.inference.operation.input_tokens"]
    assert point["count"] == 1


def test_without_a_meter_what_is_not_sampled_is_not_tapped(no_globals, instrumentor):
    provider = TracerProvider(sampler=ALWAYS_OFF)
    instrumentor.instrument(tracer_provider=provider, meter_provider=metrics_api.NoOpMeterProvider())
    stream = chat(stream=True)
    assert of_the_sdk(stream)
    assert len(list(stream)) > 4
