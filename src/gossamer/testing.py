"""For tests of applications, and our own: what the calls in a block have recorded.

    from gossamer.testing import capture

    with capture() as telemetry:
        client.chat.completions.create(...)
    assert telemetry.spans[0]["attributes"]["gen_ai.usage.input_tokens"] == 24
    assert telemetry.events == []

Needs opentelemetry-sdk.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from opentelemetry.sdk._logs import LoggerProvider, export
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, Sampler

from gossamer import errors, finalizers
from gossamer.openai_sdk import OpenAIInstrumentor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gossamer.instrumentor import Instrumentor


# Called InMemoryLogExporter before 1.39.
_InMemoryLogs: Any = getattr(export, "InMemoryLogRecordExporter", None) or vars(export)["InMemoryLogExporter"]


class Telemetry:
    """What has been recorded so far, as plain dicts. The providers are real ones of the SDK."""

    def __init__(self, sampler: Sampler = ALWAYS_ON) -> None:
        self.exporter: InMemorySpanExporter = InMemorySpanExporter()
        self.reader: InMemoryMetricReader = InMemoryMetricReader()
        self.tracer_provider: TracerProvider = TracerProvider(sampler=sampler, shutdown_on_exit=False)
        self.tracer_provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.meter_provider: MeterProvider = MeterProvider([self.reader], shutdown_on_exit=False)
        self.log_exporter: Any = _InMemoryLogs()
        self.logger_provider: LoggerProvider = LoggerProvider(shutdown_on_exit=False)
        self.logger_provider.add_log_record_processor(export.SimpleLogRecordProcessor(self.log_exporter))

    @property
    def spans(self) -> list[dict[str, Any]]:
        """Ended spans, in the order of their ends."""
        finalizers.drain()
        return [_span(span) for span in self.exporter.get_finished_spans()]

    @property
    def metrics(self) -> dict[str, list[dict[str, Any]]]:
        """Metric name → its points: attributes, and value, or count and sum."""
        finalizers.drain()
        data = self.reader.get_metrics_data()
        return {
            metric.name: [_point(point) for point in metric.data.data_points]
            for resource in (data.resource_metrics if data else [])
            for scope in resource.scope_metrics
            for metric in scope.metrics
        }

    @property
    def events(self) -> list[dict[str, Any]]:
        """Events, in the order in which they were emitted."""
        finalizers.drain()
        return [_event(data.log_record) for data in self.log_exporter.get_finished_logs()]

    def clear(self) -> None:
        """Forget the spans and events; metrics are cumulative and stay."""
        self.exporter.clear()
        self.log_exporter.clear()


@contextmanager
def capture(
    *,
    sampler: Sampler = ALWAYS_ON,
    strict: bool = True,
    instrumentor: Instrumentor | None = None,
    **settings: Any,
) -> Iterator[Telemetry]:
    """Instrument the SDK for a block, and give what its calls record.

    Args:
        sampler: of the tracer provider.
        strict: raise a failure of Gossamer where it happens, instead of logging it.
        instrumentor: of another SDK; by default OpenAI's.
        **settings: as `instrument()` takes them.

    Raises:
        RuntimeError: the SDK is instrumented already, and its calls are recorded elsewhere.
    """
    instrumentor = OpenAIInstrumentor() if instrumentor is None else instrumentor
    if instrumentor.is_instrumented_by_opentelemetry:
        name = type(instrumentor).__name__
        raise RuntimeError(f"the SDK is instrumented already: call {name}().uninstrument() first")
    telemetry = Telemetry(sampler)
    before, errors.strict = errors.strict, strict
    instrumentor.instrument(
        tracer_provider=telemetry.tracer_provider,
        meter_provider=telemetry.meter_provider,
        logger_provider=telemetry.logger_provider,
        **settings,
    )
    try:
        yield telemetry
    finally:
        instrumentor.uninstrument()
        errors.strict = before


def _span(span: ReadableSpan) -> dict[str, Any]:
    context = span.get_span_context()
    start, end = span.start_time, span.end_time
    return {
        "name": span.name,
        "kind": span.kind.name,
        "attributes": dict(span.attributes or {}),
        "status": span.status.status_code.name,
        "description": span.status.description,
        "events": [event.name for event in span.events],
        "trace_id": context.trace_id if context else None,
        "span_id": context.span_id if context else None,
        "parent_id": span.parent.span_id if span.parent else None,
        "start": start,
        "end": end,
        "seconds": (end - start) / 1e9 if start is not None and end is not None else None,
    }


def _event(record: Any) -> dict[str, Any]:
    return {
        "name": record.event_name,
        "severity": record.severity_number.name,
        "attributes": dict(record.attributes or {}),
        "body": record.body,
        "trace_id": record.trace_id,
        "span_id": record.span_id,
        "time": record.timestamp,
    }


def _point(point: Any) -> dict[str, Any]:
    found = {"attributes": dict(point.attributes)}
    for name in ("value", "count", "sum", "explicit_bounds", "exemplars"):
        if hasattr(point, name):
            found[name] = getattr(point, name)
    return found
