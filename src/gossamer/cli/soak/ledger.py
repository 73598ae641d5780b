"""What each call must leave, beside what it left: exactly one span, the right one, under the right parent.

A call runs under a parent span of its own, whose id is the call's number: so a span tells whose it is. Spans
are counted when they end and are not kept.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any

from opentelemetry.context import attach, detach
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, set_span_in_context

from gossamer import semconv
from gossamer.cli.soak.kinds import Mark

if TYPE_CHECKING:
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader

_DURATIONS = (semconv.INFERENCE_DURATION, semconv.EMBEDDINGS_DURATION)


class Seen(SpanProcessor):
    """Takes note of each span that ends. Appending is atomic: no lock that a finalizer could meet."""

    def __init__(self) -> None:
        self.marks: deque[tuple[int, Mark]] = deque()

    def on_end(self, span: ReadableSpan) -> None:
        attributes: Any = span.attributes or {}
        mark = Mark(
            span.name,
            attributes.get(semconv.STREAM_OUTCOME),
            attributes.get(semconv.ERROR_TYPE),
            attributes.get(semconv.REQUEST_RETRIES, 0),
        )
        self.marks.append((span.parent.span_id if span.parent else 0, mark))


class Parent:
    """Makes the span of a caller current for a block; its id numbers the call."""

    def __init__(self, number: int) -> None:
        context = SpanContext(number, number, is_remote=False, trace_flags=TraceFlags(TraceFlags.SAMPLED))
        self._span = NonRecordingSpan(context)

    def __enter__(self) -> None:
        self._token: Any = attach(set_span_in_context(self._span))

    def __exit__(self, *_: object) -> None:
        detach(self._token)


@dataclass
class Ledger:
    """All calls of a soak, block by block."""

    seen: Seen = field(default_factory=Seen)
    calls: int = 0
    spans: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    #: What did not balance, and how often.
    faults: Counter[str] = field(default_factory=Counter)
    _expected: dict[int, tuple[str, Mark]] = field(default_factory=dict)
    _numbers: count[int] = field(default_factory=lambda: count(1))

    def open(self) -> int:
        """The number of a new call."""
        return next(self._numbers)

    def expect(self, number: int, kind: str, mark: Mark) -> None:
        """Note what a call must leave."""
        self._expected[number] = (kind, mark)

    def balance(self) -> None:
        """Compare, when all calls of a block are over."""
        found, self.seen.marks = self.seen.marks, deque()
        self.calls += len(self._expected)
        self.spans += len(found)
        for number, mark in found:
            self.outcomes[mark.error or mark.outcome or "answered"] += 1
            kind, wanted = self._expected.pop(number, ("", None))
            if wanted is None:
                self.faults[f"a second span of a call, or one of none: {mark}"] += 1
            elif wanted != mark:
                self.faults[f"{kind}: {wanted} was to be recorded, and {mark} was"] += 1
        for kind, wanted in self._expected.values():
            self.faults[f"{kind}: no span; {wanted} was to be recorded"] += 1
        self._expected.clear()

    def balance_points(self, reader: InMemoryMetricReader) -> int:
        """Compare the points of the durations, of which each call leaves one; give their number."""
        points = _recorded(reader)
        if points != self.calls:
            self.faults[f"{points} points of durations for {self.calls} calls"] += 1
        return points


def _recorded(reader: InMemoryMetricReader) -> int:
    data = reader.get_metrics_data()
    return sum(
        point.count
        for resource in (data.resource_metrics if data else [])
        for scope in resource.scope_metrics
        for metric in scope.metrics
        if metric.name in _DURATIONS
        for point in metric.data.data_points
        if hasattr(point, "count")
    )
