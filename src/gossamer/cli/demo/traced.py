"""The process in which the demo's app runs, traced: `python -m gossamer.cli.demo.traced URL`.

Its setup is the one of any app: providers, one call of `instrument()`. Only the exporters differ:
they keep everything in memory, and it is printed as JSON at the end.
"""

from __future__ import annotations

import json
import sys

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from gossamer import OpenAIInstrumentor
from gossamer.cli.demo.app import App
from gossamer.cli.demo.record import metric_records, span_records


def main(base_url: str) -> None:
    """Run the app against the API at `base_url`; print what was recorded."""
    spans, metrics = InMemorySpanExporter(), InMemoryMetricReader()
    tracer_provider = TracerProvider()
    tracer_provider.add_span_processor(SimpleSpanProcessor(spans))
    meter_provider = MeterProvider(metric_readers=[metrics])

    instrumentor = OpenAIInstrumentor()
    instrumentor.instrument(tracer_provider=tracer_provider, meter_provider=meter_provider)
    App(base_url, tracer_provider.get_tracer("travel-agency")).run()
    points = metrics.get_metrics_data()
    instrumentor.uninstrument()

    recorded = {
        "spans": span_records(spans.get_finished_spans()),
        "metrics": metric_records(points),
    }
    json.dump(recorded, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1])
