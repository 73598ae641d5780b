"""Metric points: which, with which attributes, and with which values."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

import openai
import pytest
from openai import _base_client
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

from gossamer import OpenAIInstrumentor
from gossamer.cli.fake import mock_async_client, mock_client
from gossamer.testing import Telemetry, capture

http = getattr(_base_client, "httpx2", None) or _base_client.httpx
MESSAGES = [{"role": "user", "content": "How light is gossamer?"}]
BASE = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "server.address": "llm.test",
    "server.port": 443,
}
OPENAI = {"openai.response.service_tier": "default", "openai.response.system_fingerprint": "fp_60554a3e12"}
INFERENCE = "gen_ai.client.inference"


def client(**options: Any) -> openai.OpenAI:
    """A client of the fake API."""
    options = {"base_url": "https://llm.test/v1", "max_retries": 0, **options}
    return openai.OpenAI(api_key="sk-fake", http_client=mock_client(chunks=5), **options)


def chat(model: str = "gpt-4o", **options: Any) -> Any:
    """One chat."""
    return client().chat.completions.create(model=model, messages=MESSAGES, **options)


@contextmanager
def recorded(call: Callable[[], Any], **settings: Any) -> Iterator[Telemetry]:
    """The telemetry of one call."""
    with capture(**settings) as telemetry:
        call()
        yield telemetry


def attributes(telemetry: Telemetry) -> dict[str, list[dict[str, Any]]]:
    """Metric → the attributes of its points."""
    return {name: [point["attributes"] for point in points] for name, points in telemetry.metrics.items()}


def named(model: str, answered: str | None = None) -> dict[str, Any]:
    """`BASE` with the models."""
    return {**BASE, "gen_ai.request.model": model, "gen_ai.response.model": answered or model}


def test_a_chat_leaves_these_points(telemetry):
    answer = chat()
    point = {**named("gpt-4o", answer.model), **OPENAI}
    counted = {**point, "gen_ai.token.modality": "unknown"}
    assert attributes(telemetry) == {
        f"{INFERENCE}.duration": [point],
        f"{INFERENCE}.operation.input_tokens": [point],
        f"{INFERENCE}.operation.output_tokens": [point],
        f"{INFERENCE}.usage.input_tokens": [counted],
        f"{INFERENCE}.usage.output_tokens": [counted],
    }
    metrics = telemetry.metrics
    for side, tokens in (("input", answer.usage.prompt_tokens), ("output", answer.usage.completion_tokens)):
        (histogram,) = metrics[f"{INFERENCE}.operation.{side}_tokens"]
        (counter,) = metrics[f"{INFERENCE}.usage.{side}_tokens"]
        assert (histogram["count"], histogram["sum"], counter["value"]) == (1, tokens, tokens)


def test_the_duration_is_that_of_the_span(telemetry):
    chat()
    (span,) = telemetry.spans
    (point,) = telemetry.metrics[f"{INFERENCE}.duration"]
    assert point["sum"] == pytest.approx(span["seconds"], abs=1e-6)


def test_every_part_of_the_usage_is_counted_and_the_rest_is_unknown(telemetry):
    """The fake's details: 1024 cached, 256 written, 32 of audio in; 64 reasoning, 16 of audio out."""
    usage = chat("fake-usage-details").usage
    counters = {
        (name.rpartition("usage.")[2], point["attributes"]["gen_ai.token.modality"]): point["value"]
        for name, points in telemetry.metrics.items()
        if ".usage." in name
        for point in points
    }
    assert counters == {
        ("input_tokens", "audio"): 32,
        ("input_tokens", "unknown"): usage.prompt_tokens - 32,
        ("output_tokens", "audio"): 16,
        ("output_tokens", "unknown"): usage.completion_tokens - 16,
        ("cache_read.input_tokens", "unknown"): 1024,
        ("cache_write.input_tokens", "unknown"): 256,
        ("reasoning.output_tokens", "unknown"): 64,
    }


def test_what_its_parts_explain_leaves_no_unknown_rest(telemetry):
    usage = {
        "prompt_tokens": 30,
        "prompt_tokens_details": {"text_tokens": 30},
        "completion_tokens": 7,
        "completion_tokens_details": {"text_tokens": 5, "audio_tokens": 2},
    }
    answer = http.Response(200, json={"id": "1", "model": "m-1", "choices": [], "usage": usage})
    api = openai.OpenAI(
        api_key="sk-fake",
        base_url="https://llm.test/v1",
        http_client=http.Client(transport=http.MockTransport(lambda request: answer)),
    )
    api.chat.completions.create(model="m", messages=MESSAGES)
    counted = {
        (side, point["attributes"]["gen_ai.token.modality"]): point["value"]
        for side in ("input", "output")
        for point in telemetry.metrics[f"{INFERENCE}.usage.{side}_tokens"]
    }
    assert counted == {("input", "text"): 30, ("output", "text"): 5, ("output", "audio"): 2}


def test_attributes_are_a_fixed_set_of_scalars(telemetry):
    """Whatever stands in the request: a list in a point's attributes would break the app's call."""
    chat(
        stop=["a", "b"],
        tools=[{"type": "function", "function": {"name": "f", "parameters": {}}}],
        user="alice",
        logit_bias={"1": 1},
        extra_body={"metadata": {"a": ["b"]}, "top_k": 3},
    )
    chat(stream=True).close()
    with pytest.raises(openai.APIError):
        chat("fake-error-500")
    allowed = {
        *BASE,
        *OPENAI,
        "gen_ai.request.model",
        "gen_ai.response.model",
        "gen_ai.token.modality",
        "error.type",
    }
    for name, points in attributes(telemetry).items():
        for point in points:
            assert set(point) <= allowed, name
            assert {type(value) for value in point.values()} <= {str, int}, name


def test_a_failure_is_told_on_the_duration_alone(telemetry):
    with pytest.raises(openai.RateLimitError):
        chat("fake-error-429")
    point = {**BASE, "gen_ai.request.model": "fake-error-429", "error.type": "openai.RateLimitError"}
    assert attributes(telemetry) == {f"{INFERENCE}.duration": [point]}


def test_a_failed_response_is_told_with_its_tokens(telemetry):
    if find_spec("openai.resources.responses") is None:
        pytest.skip("this SDK has no Responses API")
    client().responses.create(model="fake-failed", input="x")
    told = attributes(telemetry)
    assert [point.get("error.type") for point in told[f"{INFERENCE}.duration"]] == ["server_error"]
    for name in (f"{INFERENCE}.operation.input_tokens", f"{INFERENCE}.usage.input_tokens"):
        assert ["error.type" in point for point in told[name]] == [False]


def test_a_stream_tells_the_time_to_its_first_chunk(telemetry):
    list(chat(stream=True))
    (point,) = telemetry.metrics[f"{INFERENCE}.time_to_first_chunk"]
    (span,) = telemetry.spans
    assert point["attributes"] == named("gpt-4o", "gpt-4o-2024-08-06")
    assert point["sum"] == pytest.approx(span["attributes"]["gen_ai.response.time_to_first_chunk"], abs=1e-9)
    assert 0 < point["sum"] < span["seconds"]


def test_a_stream_without_usage_has_no_token_points(telemetry):
    list(chat(stream=True))
    assert set(telemetry.metrics) == {f"{INFERENCE}.duration", f"{INFERENCE}.time_to_first_chunk"}


def test_a_stream_with_usage_has_them(telemetry):
    *_, last = chat(stream=True, stream_options={"include_usage": True})
    (point,) = telemetry.metrics[f"{INFERENCE}.operation.input_tokens"]
    assert (point["count"], point["sum"]) == (1, last.usage.prompt_tokens)
    assert point["attributes"] == {**named("gpt-4o", "gpt-4o-2024-08-06"), **OPENAI}


def test_a_stream_that_is_never_read_has_no_time_to_its_first_chunk(telemetry):
    chat(stream=True).close()
    assert set(telemetry.metrics) == {f"{INFERENCE}.duration"}


@pytest.mark.parametrize("asked", [True, False])
def test_the_time_between_chunks_is_recorded_only_when_asked_for(asked):
    with capture(time_per_output_chunk=asked) as telemetry:
        chunks = list(chat(stream=True))
        points = telemetry.metrics.get(f"{INFERENCE}.time_per_output_chunk", [])
    if asked:
        (point,) = points
        assert point["count"] == len(chunks) - 1
        assert 0 < point["sum"] <= telemetry.spans[0]["seconds"]
        assert point["attributes"] == named("gpt-4o", "gpt-4o-2024-08-06")
    else:
        assert points == []


def test_embeddings_leave_these_points(telemetry):
    answer = client().embeddings.create(model="text-embedding-3-small", input="x", dimensions=4)
    point = {**named("text-embedding-3-small"), "gen_ai.operation.name": "embeddings"}
    assert attributes(telemetry) == {
        "gen_ai.client.embeddings.duration": [point],
        "gen_ai.client.embeddings.operation.input_tokens": [point],
    }
    (tokens,) = telemetry.metrics["gen_ai.client.embeddings.operation.input_tokens"]
    assert (tokens["count"], tokens["sum"]) == (1, answer.usage.prompt_tokens)


def test_a_fetch_leaves_a_duration(telemetry):
    client().get("/responses/resp_1", cast_to=object)
    (points,) = attributes(telemetry).values()
    assert set(telemetry.metrics) == {"gen_ai.client.operation.duration"}
    assert points[0].items() >= {**BASE, "gen_ai.operation.name": "fetch_response"}.items()


def test_the_duration_of_a_fetch_tells_the_service_tier(telemetry):
    client().get("/responses/resp_1", cast_to=object)
    ((point,),) = attributes(telemetry).values()
    assert point["openai.response.service_tier"] == "default"


def test_another_provider_has_no_openai_attributes(telemetry):
    groq = client(base_url="https://api.groq.com/openai/v1")
    groq.chat.completions.create(model="gpt-4o", messages=MESSAGES)
    for points in attributes(telemetry).values():
        assert not [name for point in points for name in point if name.startswith("openai.")]


def call_each_kind() -> None:
    """A chat, a stream of it with usage, an embedding."""
    chat()
    list(chat(stream=True, stream_options={"include_usage": True}))
    client().embeddings.create(model="text-embedding-3-small", input="x")


def test_the_names_of_1_37():
    with recorded(call_each_kind, semconv="1.37", time_per_output_chunk=True) as telemetry:
        metrics = telemetry.metrics
    assert set(metrics) == {
        "gen_ai.client.operation.duration",
        "gen_ai.client.operation.time_to_first_chunk",
        "gen_ai.client.operation.time_per_output_chunk",
        "gen_ai.client.token.usage",
    }
    operations = {
        p["attributes"]["gen_ai.operation.name"] for p in metrics["gen_ai.client.operation.duration"]
    }
    assert operations == {"chat", "embeddings"}
    kinds = {
        (p["attributes"]["gen_ai.operation.name"], p["attributes"]["gen_ai.token.type"], p["count"])
        for p in metrics["gen_ai.client.token.usage"]
    }
    assert kinds == {("chat", "input", 2), ("chat", "output", 2), ("embeddings", "input", 1)}


def test_both_names_at_once_tell_the_same():
    with recorded(call_each_kind, semconv="both") as telemetry:
        metrics = telemetry.metrics
    old, new = metrics["gen_ai.client.operation.duration"], metrics[f"{INFERENCE}.duration"]
    of_chats = [point for point in old if point["attributes"]["gen_ai.operation.name"] == "chat"]
    assert [(p["attributes"], p["count"], p["sum"]) for p in of_chats] == [
        (p["attributes"], p["count"], p["sum"]) for p in new
    ]
    spent = sum(p["sum"] for p in metrics[f"{INFERENCE}.operation.input_tokens"])
    told = [
        p["sum"]
        for p in metrics["gen_ai.client.token.usage"]
        if p["attributes"]["gen_ai.token.type"] == "input"
        and p["attributes"]["gen_ai.operation.name"] == "chat"
    ]
    assert sum(told) == spent


def test_exemplars_lead_to_the_span(telemetry):
    chat()
    (span,) = telemetry.spans
    for name, points in telemetry.metrics.items():
        if ".usage." not in name:  # an observable counter has none
            (exemplar,) = points[0]["exemplars"]
            assert (exemplar.trace_id, exemplar.span_id) == (span["trace_id"], span["span_id"]), name


def test_metrics_do_not_depend_on_the_sampling_of_spans():
    with recorded(call_each_kind) as telemetry:
        sampled = attributes(telemetry)
    with recorded(call_each_kind, sampler=ALWAYS_OFF) as telemetry:
        assert telemetry.spans == []
        assert attributes(telemetry) == sampled


def test_sums_are_right_from_many_threads(telemetry):
    shared, calls = client(), 40

    def work(_: int) -> int:
        answer = shared.chat.completions.create(model="gpt-4o", messages=MESSAGES)
        return answer.usage.prompt_tokens

    with ThreadPoolExecutor(8) as pool:
        tokens = sum(pool.map(work, range(calls)))
    (counter,) = telemetry.metrics[f"{INFERENCE}.usage.input_tokens"]
    (histogram,) = telemetry.metrics[f"{INFERENCE}.operation.input_tokens"]
    assert (counter["value"], histogram["sum"], histogram["count"]) == (tokens, tokens, calls)


def test_the_counters_go_on_after_another_instrument():
    """With the same provider: its reader must see one sum that only grows."""
    with recorded(chat) as telemetry:
        provider = telemetry.meter_provider
        (before,) = telemetry.metrics[f"{INFERENCE}.usage.input_tokens"]
    OpenAIInstrumentor().instrument(tracer_provider=telemetry.tracer_provider, meter_provider=provider)
    try:
        chat()
    finally:
        OpenAIInstrumentor().uninstrument()
    (after,) = telemetry.metrics[f"{INFERENCE}.usage.input_tokens"]
    assert after["value"] == 2 * before["value"]


def test_async_calls_leave_the_same_points(run):
    if run.kind == "sync":
        pytest.skip("compares with the sync client")

    async def achat() -> None:
        api = openai.AsyncOpenAI(
            api_key="sk-fake", base_url="https://llm.test/v1", http_client=mock_async_client(chunks=5)
        )
        await api.chat.completions.create(model="gpt-4o", messages=MESSAGES)

    with recorded(lambda: run(achat())) as telemetry:
        points = attributes(telemetry)
    with recorded(chat) as telemetry:
        assert attributes(telemetry) == points
