"""Finished spans and metric points as plain data, ready for JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opentelemetry.sdk.metrics.export import HistogramDataPoint

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from opentelemetry.sdk.metrics.export import MetricsData
    from opentelemetry.sdk.trace import ReadableSpan

__all__ = ["metric_records", "span_records"]


def span_records(spans: Iterable[ReadableSpan]) -> list[dict[str, Any]]:
    """List spans in the order in which they started; times are milliseconds."""
    started = sorted(spans, key=lambda span: span.start_time or 0)
    origin = (started[0].start_time or 0) if started else 0
    return [_span(span, origin) for span in started]


def _span(span: ReadableSpan, origin: int) -> dict[str, Any]:
    start, end = span.start_time or 0, span.end_time or 0
    return {
        "name": span.name,
        "kind": span.kind.name,
        "span_id": f"{span.context.span_id:016x}" if span.context else "",
        "parent_id": f"{span.parent.span_id:016x}" if span.parent else None,
        "start_ms": (start - origin) / 1e6,
        "duration_ms": (end - start) / 1e6,
        "status": span.status.status_code.name,
        "attributes": _plain(span.attributes),
    }


def metric_records(data: MetricsData | None) -> list[dict[str, Any]]:
    """List metrics by name, each with its points: count and sum of a histogram, or a value."""
    metrics = [
        metric
        for resource in (data.resource_metrics if data else ())
        for scope in resource.scope_metrics
        for metric in scope.metrics
    ]
    return [
        {
            "name": metric.name,
            "unit": metric.unit,
            "points": [_point(point) for point in metric.data.data_points],
        }
        for metric in sorted(metrics, key=lambda metric: metric.name)
    ]


def _point(point: Any) -> dict[str, Any]:
    attributes = _plain(point.attributes)
    if isinstance(point, HistogramDataPoint):
        return {"attributes": attributes, "count": point.count, "sum": point.sum}
    return {"attributes": attributes, "value": point.value}


def _plain(attributes: Mapping[str, Any] | None) -> dict[str, Any]:
    """Give attributes by name; the SDK keeps lists as tuples."""
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in sorted((attributes or {}).items())
    }
