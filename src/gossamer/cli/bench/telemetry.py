"""A whole OpenTelemetry SDK that exports to nowhere: what a contender reports to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ALWAYS_ON

if TYPE_CHECKING:
    from collections.abc import Sequence


class _Nowhere(SpanExporter):
    """Takes every span and drops it: sending is the same for all, and not what is compared."""

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        del spans
        return SpanExportResult.SUCCESS


@dataclass(frozen=True)
class Outlets:
    """Where spans and metrics leave the SDK."""

    span_processor: BatchSpanProcessor
    metric_reader: InMemoryMetricReader

    @classmethod
    def build(cls) -> Outlets:
        """Batched spans, as in production, and a reader that reads when it is told to."""
        return cls(BatchSpanProcessor(_Nowhere()), InMemoryMetricReader())

    def settle(self) -> None:
        """Export what waits, between two timed blocks, so that no block pays for another's."""
        self.span_processor.force_flush()
        self.metric_reader.get_metrics_data()


@dataclass(frozen=True)
class Telemetry:
    """The three providers that a contender is given."""

    tracer_provider: TracerProvider
    meter_provider: MeterProvider
    logger_provider: LoggerProvider

    @classmethod
    def build(cls, outlets: Outlets) -> Telemetry:
        """Providers as an app sets them up, with every span sampled."""
        tracer_provider = TracerProvider(sampler=ALWAYS_ON, shutdown_on_exit=False)
        tracer_provider.add_span_processor(outlets.span_processor)
        meter_provider = MeterProvider([outlets.metric_reader], shutdown_on_exit=False)
        return cls(tracer_provider, meter_provider, LoggerProvider(shutdown_on_exit=False))
