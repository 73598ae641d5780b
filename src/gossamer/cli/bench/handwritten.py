"""The yardstick: one span and the same metric points around each call, written by hand.

As a careful user of the OpenTelemetry SDK would write it: attributes known beforehand are given at
start, those of the answer in one `set_attributes`, instruments are made once; points are recorded
inside the span, so that they have exemplars. Attributes and metric points are those that Gossamer
records for the same calls; a test compares them.
"""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any

from opentelemetry.trace import SpanKind

from gossamer.cli.bench import calls
from gossamer.cli.bench.calls import CHAT_REQUEST

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gossamer.cli.bench.calls import AsyncCall, SyncCall
    from gossamer.cli.bench.telemetry import Telemetry

_SERVER = {"server.address": "llm.invalid", "server.port": 80}
_CHAT = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": calls.CHAT_REQUEST["model"],
    **_SERVER,
}
_EMBEDDINGS = {
    "gen_ai.operation.name": "embeddings",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": calls.EMBEDDINGS_REQUEST["model"],
    **_SERVER,
}
_SECONDS = tuple(0.01 * 2**n for n in range(14))
_TOKENS = tuple(4.0**n for n in range(14))

Attributes = dict[str, Any]


class HandWritten:
    """The calls of `calls.py`, each inside its span."""

    def __init__(self, telemetry: Telemetry) -> None:
        self._tracer = telemetry.tracer_provider.get_tracer("handwritten")
        meter = telemetry.meter_provider.get_meter("handwritten")

        def histogram(name: str, unit: str, buckets: tuple[float, ...]) -> Any:
            return meter.create_histogram(
                f"gen_ai.client.{name}", unit, explicit_bucket_boundaries_advisory=buckets
            )

        self._duration = histogram("inference.duration", "s", _SECONDS)
        self._first_chunk = histogram("inference.time_to_first_chunk", "s", _SECONDS)
        self._input = histogram("inference.operation.input_tokens", "{token}", _TOKENS)
        self._output = histogram("inference.operation.output_tokens", "{token}", _TOKENS)
        self._embeddings_duration = histogram("embeddings.duration", "s", _SECONDS)
        self._embeddings_input = histogram("embeddings.operation.input_tokens", "{token}", _TOKENS)

    def calls(self) -> tuple[Mapping[str, SyncCall], Mapping[str, AsyncCall]]:
        """The synchronous and the asynchronous calls, under the names that `calls.py` gives."""
        return (
            {
                "chat": self.chat,
                "chat_long": self.chat_long,
                "chat_stream": self.chat_stream,
                "responses_stream": self.responses_stream,
                "embeddings": self.embeddings,
            },
            {
                "chat": self.chat_async,
                "chat_long": self.chat_long_async,
                "chat_stream": self.chat_stream_async,
                "responses_stream": self.responses_stream_async,
                "embeddings": self.embeddings_async,
            },
        )

    def _span(self, attributes: Attributes) -> Any:
        name = f"{attributes['gen_ai.operation.name']} {attributes['gen_ai.request.model']}"
        return self._tracer.start_as_current_span(name, kind=SpanKind.CLIENT, attributes=attributes)

    def chat(self, client: Any, request: Mapping[str, Any] = CHAT_REQUEST) -> int:
        """A plain chat completion."""
        started = perf_counter()
        with self._span(of_chat(request)) as span:
            completion = client.chat.completions.create(**request)
            span.set_attributes(of_completion(completion))
            self._record(perf_counter() - started, completion)
        return len(completion.choices)

    async def chat_async(self, client: Any, request: Mapping[str, Any] = CHAT_REQUEST) -> int:
        """A plain chat completion, awaited."""
        started = perf_counter()
        with self._span(of_chat(request)) as span:
            completion = await client.chat.completions.create(**request)
            span.set_attributes(of_completion(completion))
            self._record(perf_counter() - started, completion)
        return len(completion.choices)

    def chat_long(self, client: Any) -> int:
        """The same, at the end of a long conversation."""
        return self.chat(client, calls.CHAT_LONG_REQUEST)

    async def chat_long_async(self, client: Any) -> int:
        """The same, awaited."""
        return await self.chat_async(client, calls.CHAT_LONG_REQUEST)

    def chat_stream(self, client: Any) -> int:
        """A streamed chat completion: the span covers the reading too."""
        started = perf_counter()
        count, first = 0, 0.0
        reasons: list[str] = []
        with self._span(of_chat(calls.CHAT_STREAM_REQUEST)) as span:
            for chunk in client.chat.completions.create(**calls.CHAT_STREAM_REQUEST):
                if not count:
                    first = perf_counter() - started
                if chunk.choices and chunk.choices[0].finish_reason:
                    reasons.append(chunk.choices[0].finish_reason)
                count += 1
            span.set_attributes(of_last_chunk(chunk, reasons, first))
            self._record(perf_counter() - started, chunk, first)
        return count

    async def chat_stream_async(self, client: Any) -> int:
        """A streamed chat completion, awaited."""
        started = perf_counter()
        count, first = 0, 0.0
        reasons: list[str] = []
        with self._span(of_chat(calls.CHAT_STREAM_REQUEST)) as span:
            async for chunk in await client.chat.completions.create(**calls.CHAT_STREAM_REQUEST):
                if not count:
                    first = perf_counter() - started
                if chunk.choices and chunk.choices[0].finish_reason:
                    reasons.append(chunk.choices[0].finish_reason)
                count += 1
            span.set_attributes(of_last_chunk(chunk, reasons, first))
            self._record(perf_counter() - started, chunk, first)
        return count

    def responses_stream(self, client: Any) -> int:
        """A streamed response."""
        started = perf_counter()
        count, first = 0, 0.0
        with self._span(of_response_request()) as span:
            for event in client.responses.create(  # noqa: B007
                **calls.RESPONSES_STREAM_REQUEST
            ):
                if not count:
                    first = perf_counter() - started
                count += 1
            span.set_attributes(of_response(event.response, first))
            self._record_response(perf_counter() - started, event.response, first)
        return count

    async def responses_stream_async(self, client: Any) -> int:
        """A streamed response, awaited."""
        started = perf_counter()
        count, first = 0, 0.0
        with self._span(of_response_request()) as span:
            async for event in await client.responses.create(  # noqa: B007
                **calls.RESPONSES_STREAM_REQUEST
            ):
                if not count:
                    first = perf_counter() - started
                count += 1
            span.set_attributes(of_response(event.response, first))
            self._record_response(perf_counter() - started, event.response, first)
        return count

    def embeddings(self, client: Any) -> int:
        """An embedding."""
        started = perf_counter()
        with self._span(_of_embeddings()) as span:
            answer = client.embeddings.create(**calls.EMBEDDINGS_REQUEST)
            span.set_attributes(_of_vectors(answer))
            self._record_embeddings(perf_counter() - started, answer)
        return len(answer.data)

    async def embeddings_async(self, client: Any) -> int:
        """An embedding, awaited."""
        started = perf_counter()
        with self._span(_of_embeddings()) as span:
            answer = await client.embeddings.create(**calls.EMBEDDINGS_REQUEST)
            span.set_attributes(_of_vectors(answer))
            self._record_embeddings(perf_counter() - started, answer)
        return len(answer.data)

    def _record(self, seconds: float, answer: Any, first_chunk: float = 0.0) -> None:
        attributes = {**_CHAT, "gen_ai.response.model": answer.model}
        if first_chunk:
            self._first_chunk.record(first_chunk, attributes)
        attributes = {
            **attributes,
            "openai.response.service_tier": answer.service_tier,
            "openai.response.system_fingerprint": answer.system_fingerprint,
        }
        self._duration.record(seconds, attributes)
        self._input.record(answer.usage.prompt_tokens, attributes)
        self._output.record(answer.usage.completion_tokens, attributes)

    def _record_response(self, seconds: float, response: Any, first_chunk: float) -> None:
        attributes = {**_CHAT, "gen_ai.response.model": response.model}
        self._first_chunk.record(first_chunk, attributes)
        attributes = {**attributes, "openai.response.service_tier": response.service_tier}
        self._duration.record(seconds, attributes)
        self._input.record(response.usage.input_tokens, attributes)
        self._output.record(response.usage.output_tokens, attributes)

    def _record_embeddings(self, seconds: float, answer: Any) -> None:
        attributes = {**_EMBEDDINGS, "gen_ai.response.model": answer.model}
        self._embeddings_duration.record(seconds, attributes)
        self._embeddings_input.record(answer.usage.prompt_tokens, attributes)


def of_chat(request: Mapping[str, Any]) -> Attributes:
    """What is known when a chat begins."""
    attributes = {
        **_CHAT,
        "openai.api.type": "chat_completions",
        "gen_ai.request.temperature": request["temperature"],
        "gen_ai.request.max_tokens": request["max_tokens"],
    }
    if request.get("stream"):
        attributes["gen_ai.request.stream"] = True
    return attributes


def of_completion(completion: Any) -> Attributes:
    """What a completion tells."""
    return {
        "gen_ai.response.id": completion.id,
        "gen_ai.response.model": completion.model,
        "gen_ai.response.finish_reasons": [c.finish_reason for c in completion.choices],
        "gen_ai.usage.input_tokens": completion.usage.prompt_tokens,
        "gen_ai.usage.output_tokens": completion.usage.completion_tokens,
        "openai.response.service_tier": completion.service_tier,
        "openai.response.system_fingerprint": completion.system_fingerprint,
    }


def of_last_chunk(chunk: Any, reasons: list[str], first_chunk: float) -> Attributes:
    """What the last chunk tells, and the others together."""
    return {
        "gen_ai.response.id": chunk.id,
        "gen_ai.response.model": chunk.model,
        "gen_ai.response.finish_reasons": reasons,
        "gen_ai.response.time_to_first_chunk": first_chunk,
        "gen_ai.usage.input_tokens": chunk.usage.prompt_tokens,
        "gen_ai.usage.output_tokens": chunk.usage.completion_tokens,
        "openai.response.service_tier": chunk.service_tier,
        "openai.response.system_fingerprint": chunk.system_fingerprint,
    }


def of_response_request() -> Attributes:
    """What is known when a response begins."""
    request = calls.RESPONSES_STREAM_REQUEST
    return {
        **_CHAT,
        "openai.api.type": "responses",
        "gen_ai.request.temperature": request["temperature"],
        "gen_ai.request.max_tokens": request["max_output_tokens"],
        "gen_ai.request.stream": True,
    }


def of_response(response: Any, first_chunk: float) -> Attributes:
    """What a response tells."""
    return {
        "gen_ai.response.id": response.id,
        "gen_ai.response.model": response.model,
        "gen_ai.response.finish_reasons": ["stop"],
        "gen_ai.response.time_to_first_chunk": first_chunk,
        "gen_ai.usage.input_tokens": response.usage.input_tokens,
        "gen_ai.usage.output_tokens": response.usage.output_tokens,
        "openai.response.service_tier": response.service_tier,
    }


def _of_embeddings() -> Attributes:
    formats = [calls.EMBEDDINGS_REQUEST["encoding_format"]]
    return {**_EMBEDDINGS, "gen_ai.request.encoding_formats": formats}


def _of_vectors(answer: Any) -> Attributes:
    return {
        "gen_ai.response.model": answer.model,
        "gen_ai.usage.input_tokens": answer.usage.prompt_tokens,
    }
