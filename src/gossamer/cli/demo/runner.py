"""One side of the comparison: `python -m gossamer.cli.demo.runner bare|by-hand|traced CALLS CHUNKS`.

Each line on standard input starts a round of streamed calls, answered inside the process; the CPU
seconds that it took are printed.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from openai import OpenAI
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from gossamer import OpenAIInstrumentor
from gossamer.cli.demo.by_hand import ByHand
from gossamer.cli.fake import mock_client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from openai.types.chat import ChatCompletionChunk
    from opentelemetry.sdk.trace import ReadableSpan


class _Nowhere(SpanExporter):
    """Takes the spans and forgets them: what an exporter costs is not the question here."""

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:  # noqa: ARG002
        return SpanExportResult.SUCCESS


def main(name: str, calls: int, chunks: int) -> None:
    """Serve rounds until the input ends."""
    read = _reader(name)
    client = OpenAI(api_key="sk-fake", base_url="http://127.0.0.1/v1", http_client=mock_client(chunks))

    def call(times: int) -> None:
        for _ in range(times):
            read(_chunks(client))

    call(3)  # what happens once, such as building pydantic validators
    for _ in sys.stdin:
        start = time.process_time()
        call(calls)
        print(time.process_time() - start, flush=True)


def _reader(name: str) -> Callable[[Iterable[ChatCompletionChunk]], None]:
    """Set up one of the three sides; give what reads a stream to its end there."""
    if name == "bare":
        return _read
    tracer_provider = TracerProvider()
    tracer_provider.add_span_processor(BatchSpanProcessor(_Nowhere()))
    meter_provider = MeterProvider(metric_readers=[InMemoryMetricReader()])
    if name == "by-hand":
        return ByHand(tracer_provider, meter_provider).read
    OpenAIInstrumentor().instrument(tracer_provider=tracer_provider, meter_provider=meter_provider)
    return _read


def _read(chunks: Iterable[ChatCompletionChunk]) -> None:
    for _ in chunks:
        pass


def _chunks(client: OpenAI) -> Iterator[ChatCompletionChunk]:
    """Make the request when the first chunk is asked for: inside the span of whoever reads."""
    yield from client.chat.completions.create(
        model="gpt-4o-mini",
        messages=[{"role": "user", "content": "Tell me about gossamer."}],
        stream=True,
        stream_options={"include_usage": True},
    )


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
