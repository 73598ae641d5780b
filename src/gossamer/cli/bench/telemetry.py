"""A whole OpenTelemetry SDK that exports to nowhere: what a contender reports to."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ALWAYS_ON

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class _Nowhere(SpanExporter):
    """Takes spans and log records and drops them: sending is the same for all, and not what is compared."""

    def __init__(self) -> None:
        self.kept: list[Any] | None = None

    def export(self, spans: Sequence[Any]) -> SpanExportResult:
        if self.kept is not None:
            self.kept += spans
        return SpanExportResult.SUCCESS


@dataclass(frozen=True)
class Outlets:
    """Where spans, metrics and log records leave the SDK."""

    exporter: _Nowhere
    span_processor: BatchSpanProcessor
    metric_reader: InMemoryMetricReader
    log_processor: BatchLogRecordProcessor | None

    @classmethod
    def build(cls, *, logs: bool = False) -> Outlets:
        """Batched spans, as in production, and a reader that reads when it is told to.

        Args:
            logs: batch log records too, which some contenders put content into.
        """
        exporter = _Nowhere()
        log_processor = BatchLogRecordProcessor(exporter) if logs else None  # type: ignore[arg-type]
        return cls(exporter, BatchSpanProcessor(exporter), InMemoryMetricReader(), log_processor)

    def settle(self) -> None:
        """Export what waits, between two timed blocks, so that no block pays for another's."""
        self.span_processor.force_flush()
        self.metric_reader.get_metrics_data()
        if self.log_processor is not None:
            self.log_processor.force_flush()

    @contextmanager
    def watched(self) -> Iterator[list[Any]]:
        """The spans and log records of a block; complete when it has ended."""
        self.settle()
        kept: list[Any] = []
        self.exporter.kept = kept
        yield kept
        self.settle()
        self.exporter.kept = None


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
        logger_provider = LoggerProvider(shutdown_on_exit=False)
        if outlets.log_processor is not None:
            logger_provider.add_log_record_processor(outlets.log_processor)
        return cls(tracer_provider, meter_provider, logger_provider)
