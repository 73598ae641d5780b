"""A streamed chat with a span and metrics written by hand, as a careful author would write them.

It records what Gossamer records for the same call, so the difference between the two is Gossamer's
own work, and what is left is the price of OpenTelemetry.
"""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

from opentelemetry.trace import SpanKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from openai.types.chat import ChatCompletionChunk
    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import TracerProvider

__all__ = ["ByHand"]

_REQUEST: dict[str, str | int] = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-4o-mini",
    "server.address": "127.0.0.1",
    "server.port": 80,
}
_SPAN: dict[str, str | int] = {
    **_REQUEST,
    "openai.api.type": "chat_completions",
    "gen_ai.request.stream": True,
}


class ByHand:
    """Reads streams, each inside its span."""

    def __init__(self, tracer_provider: TracerProvider, meter_provider: MeterProvider) -> None:
        self._tracer = tracer_provider.get_tracer("by-hand")
        meter = meter_provider.get_meter("by-hand")
        self._seconds = meter.create_histogram("gen_ai.client.inference.duration", "s")
        self._first = meter.create_histogram("gen_ai.client.inference.time_to_first_chunk", "s")
        self._input = meter.create_histogram("gen_ai.client.inference.operation.input_tokens")
        self._output = meter.create_histogram("gen_ai.client.inference.operation.output_tokens")

    def read(self, start: Iterable[ChatCompletionChunk]) -> None:
        """Read a stream to its end; `start` makes the request when it is first asked for a chunk."""
        began = perf_counter()
        first_chunk = None
        reasons: list[str] = []
        with self._tracer.start_as_current_span(
            "chat gpt-4o-mini", kind=SpanKind.CLIENT, attributes=_SPAN
        ) as span:
            for chunk in start:
                if first_chunk is None:
                    first_chunk = perf_counter() - began
                if chunk.choices and (reason := chunk.choices[0].finish_reason):
                    reasons.append(reason)
            usage = chunk.usage
            assert usage is not None
            assert first_chunk is not None
            span.set_attributes(
                {
                    "gen_ai.response.id": chunk.id,
                    "gen_ai.response.model": chunk.model,
                    "gen_ai.response.finish_reasons": reasons,
                    "gen_ai.response.time_to_first_chunk": first_chunk,
                    "gen_ai.usage.input_tokens": usage.prompt_tokens,
                    "gen_ai.usage.output_tokens": usage.completion_tokens,
                    "openai.response.service_tier": chunk.service_tier or "",
                    "openai.response.system_fingerprint": chunk.system_fingerprint or "",
                }
            )
        attributes = {**_REQUEST, "gen_ai.response.model": chunk.model}
        self._seconds.record(perf_counter() - began, attributes)
        self._first.record(first_chunk, attributes)
        self._input.record(usage.prompt_tokens, attributes)
        self._output.record(usage.completion_tokens, attributes)
