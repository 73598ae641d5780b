"""A second SDK of the same make is a table and an instrumentor: shown with Groq's, the real one."""

from __future__ import annotations

import asyncio
import dataclasses
import gc
import json
from collections.abc import Iterator
from typing import Any

import openai
import pytest

from gossamer import finalizers
from gossamer.cli.fake import mock_client
from gossamer.instrumentor import Instrumentor
from gossamer.messages import Content, Reader
from gossamer.openai_sdk import OPENAI, OpenAIInstrumentor
from gossamer.operations.audio import TRANSCRIPTION
from gossamer.operations.chat import CHAT
from gossamer.operations.embeddings import EMBEDDINGS
from gossamer.sdk import Package, locate
from gossamer.testing import Telemetry, capture

groq = pytest.importorskip("groq", reason="needs groq, which is pinned with what `make test` installs")
httpx = pytest.importorskip("httpx")

GROQ = Package(
    name="groq",
    requires="groq >= 1.0",
    clients=("Groq", "AsyncGroq"),
    operations=tuple(
        dataclasses.replace(operation, path=f"/openai/v1{operation.path}")
        for operation in (CHAT, EMBEDDINGS, TRANSCRIPTION)
    ),
    administration=None,
    provider="groq",
)


class GroqInstrumentor(Instrumentor):
    """All that an entry point would name."""

    package = GROQ


MESSAGES = [{"role": "user", "content": "How light is gossamer?"}]
USAGE = {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}
ANSWER = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1,
    "model": "llama-answered",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Very."}}],
    "usage": USAGE,
}
CHUNK = {**ANSWER, "object": "chat.completion.chunk"}
# Groq tells the usage of a stream here, unless it is asked for it.
CHUNKS = [
    {**CHUNK, "usage": None, "choices": [{"index": 0, "delta": {"content": "Very."}}]},
    {
        **CHUNK,
        "usage": None,
        "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}],
        "x_groq": {"id": "req_1", "usage": USAGE},
    },
]


def answer(request: Any) -> Any:
    """The API, with an answer to each request."""
    assert request.url.path == "/openai/v1/chat/completions"
    body = json.loads(request.content)
    if body["model"] == "refused":
        return httpx.Response(401, json={"error": {"message": "no", "code": "invalid_api_key"}})
    if body.get("stream"):
        lines = "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in CHUNKS) + "data: [DONE]\n\n"
        return httpx.Response(200, headers={"content-type": "text/event-stream"}, content=lines.encode())
    return httpx.Response(200, json=ANSWER)


async def aanswer(request: Any) -> Any:
    return answer(request)


@pytest.fixture
def telemetry() -> Iterator[Telemetry]:
    """OpenAI's SDK and Groq's, both instrumented, to the same providers."""
    with capture(instrumentor=GroqInstrumentor()) as captured:
        OpenAIInstrumentor().instrument(
            tracer_provider=captured.tracer_provider, meter_provider=captured.meter_provider
        )
        try:
            yield captured
        finally:
            OpenAIInstrumentor().uninstrument()


@pytest.fixture
def client(run) -> Any:
    """Groq's client, sync or async."""
    if run.kind == "async":
        session = httpx.AsyncClient(transport=httpx.MockTransport(aanswer))
        return groq.AsyncGroq(api_key="none", http_client=session, max_retries=0)
    return groq.Groq(
        api_key="none", http_client=httpx.Client(transport=httpx.MockTransport(answer)), max_retries=0
    )


def test_a_chat_is_traced(telemetry, client, run):
    result = run(client.chat.completions.create(model="llama", messages=MESSAGES))
    assert result.choices[0].message.content == "Very."
    (span,) = telemetry.spans
    assert span["name"] == "chat llama"
    assert span["attributes"] == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "groq",
        "server.address": "api.groq.com",
        "server.port": 443,
        "gen_ai.request.model": "llama",
        "gen_ai.response.id": "chatcmpl-1",
        "gen_ai.response.model": "llama-answered",
        "gen_ai.response.finish_reasons": ("stop",),
        "gen_ai.usage.input_tokens": 5,
        "gen_ai.usage.output_tokens": 2,
    }
    assert telemetry.metrics["gen_ai.client.inference.duration"][0]["count"] == 1


def test_a_stream_is_tapped_and_stays_what_it_is(telemetry, client, run):
    async def aread() -> list[Any]:
        stream = await client.chat.completions.create(model="llama", messages=MESSAGES, stream=True)
        assert type(stream) is groq.AsyncStream
        return [chunk async for chunk in stream]

    def read() -> list[Any]:
        stream = client.chat.completions.create(model="llama", messages=MESSAGES, stream=True)
        assert type(stream) is groq.Stream
        return list(stream)

    assert len(asyncio.run(aread()) if run.kind == "async" else read()) == 2
    (span,) = telemetry.spans
    assert span["attributes"]["gossamer.stream.outcome"] == "completed"
    assert span["attributes"]["gen_ai.usage.output_tokens"] == 2


def test_a_dropped_stream_ends_at_once(telemetry, run, no_collection):
    if run.kind == "async":
        pytest.skip("there, the event loop ends it")
    transport = httpx.MockTransport(answer)
    client = groq.Groq(api_key="none", http_client=httpx.Client(transport=transport))
    stream = client.chat.completions.create(model="llama", messages=MESSAGES, stream=True)
    next(stream)
    del stream
    (span,) = telemetry.spans
    assert span["attributes"]["gossamer.stream.outcome"] == "abandoned"


def test_a_raw_response_is_seen_when_it_is_parsed(telemetry, client, run):
    async def ask() -> Any:
        raw = await client.chat.completions.with_raw_response.create(model="llama", messages=MESSAGES)
        return await raw.parse()

    if run.kind == "async":
        result = asyncio.run(ask())
    else:
        result = client.chat.completions.with_raw_response.create(model="llama", messages=MESSAGES).parse()
    assert result.id == "chatcmpl-1"
    (span,) = telemetry.spans
    assert span["attributes"]["gen_ai.response.id"] == "chatcmpl-1"


def test_a_failure_is_the_sdks_own(telemetry, client, run):
    with pytest.raises(groq.AuthenticationError):
        run(client.chat.completions.create(model="refused", messages=MESSAGES))
    (span,) = telemetry.spans
    assert span["attributes"]["error.type"] == "groq.AuthenticationError"


def test_both_sdks_are_traced_side_by_side(telemetry, client, run):
    run(client.chat.completions.create(model="llama", messages=MESSAGES))
    other = openai.OpenAI(api_key="none", base_url="https://api.openai.com/v1", http_client=mock_client())
    other.chat.completions.create(model="gpt", messages=MESSAGES)
    assert [span["attributes"]["gen_ai.provider.name"] for span in telemetry.spans] == ["groq", "openai"]


def test_one_is_switched_off_and_the_other_goes_on(telemetry, client, run):
    GroqInstrumentor().uninstrument()
    run(client.chat.completions.create(model="llama", messages=MESSAGES))
    other = openai.OpenAI(api_key="none", base_url="https://api.openai.com/v1", http_client=mock_client())
    stream = other.chat.completions.create(model="gpt", messages=MESSAGES, stream=True)
    next(stream)
    cycle: list[Any] = [stream]
    cycle.append(cycle)
    del stream, cycle
    gc.collect()  # what ends in a collection is put aside, as long as any of them is on
    assert len(finalizers.pending) == 1
    other.chat.completions.create(model="gpt", messages=MESSAGES)
    assert [span["attributes"]["gen_ai.request.model"] for span in telemetry.spans] == ["gpt", "gpt"]


def test_an_operation_of_its_own_has_content_of_its_own(monkeypatch, client, run):
    """Nothing of it need be known here."""
    reader = Reader(
        outputs=lambda answer: [{"role": "assistant", "parts": [{"type": "text", "content": answer["id"]}]}]
    )
    mine = dataclasses.replace(GROQ.operations[0], content=Content(reader))
    monkeypatch.setattr(GroqInstrumentor, "package", dataclasses.replace(GROQ, operations=(mine,)))
    with capture(instrumentor=GroqInstrumentor(), capture="SPAN_ONLY") as telemetry:
        run(client.chat.completions.create(model="llama", messages=MESSAGES))
    (span,) = telemetry.spans
    assert "chatcmpl-1" in span["attributes"]["gen_ai.output.messages"]
    assert "gen_ai.input.messages" not in span["attributes"]


def test_the_usage_of_its_streams_is_asked_for_where_it_says(monkeypatch):
    asking = dataclasses.replace(GROQ, told_when_asked=frozenset({"api.groq.com"}))
    monkeypatch.setattr(GroqInstrumentor, "package", asking)
    sent: list[Any] = []

    def handle(request: Any) -> Any:
        sent.append(json.loads(request.content))
        return answer(request)

    with capture(instrumentor=GroqInstrumentor(), stream_usage="auto"):
        client = groq.Groq(api_key="none", http_client=httpx.Client(transport=httpx.MockTransport(handle)))
        list(client.chat.completions.create(model="llama", messages=MESSAGES, stream=True))
    assert sent[0]["stream_options"] == {"include_usage": True}


def test_what_is_no_client_of_it_is_refused():
    other = openai.OpenAI(api_key="none", http_client=mock_client())
    with pytest.raises(TypeError, match=r"is no client of groq: pass what Groq\(…\) or AsyncGroq"):
        GroqInstrumentor().instrument_client(other)


def test_each_sdk_has_its_own_parts():
    assert locate(GROQ).stream is groq.Stream
    assert locate(OPENAI).stream is openai.Stream
    assert len(locate(GROQ).raw_responses) == 1
