"""What the programs of these tests begin with: a provider that prints its spans, and clients for a fake API.

`from processes.program import *` gives a program `instrument()`, `client`, `async_client()` and `say()`.
"""

from __future__ import annotations

import json
import os
import signal
from typing import Any

import openai
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider

from gossamer import OpenAIInstrumentor, finalizers
from gossamer.cli.fake import mock_async_client, mock_client

__all__ = [
    "CHAT",
    "OpenAIInstrumentor",
    "async_client",
    "client",
    "finalizers",
    "instrument",
    "json",
    "openai",
    "os",
    "points",
    "say",
    "tracer",
]

# A shell without job control has what it starts in the background ignore it, and so all that this starts.
signal.signal(signal.SIGINT, signal.default_int_handler)

URL = "http://llm.invalid/v1"
CHAT: dict[str, Any] = {"model": "gpt-4o", "messages": [{"role": "user", "content": "How light?"}]}

reader = InMemoryMetricReader()
provider = TracerProvider(shutdown_on_exit=False)
client = openai.OpenAI(api_key="sk-fake", base_url=URL, http_client=mock_client())
tracer = provider.get_tracer("app")


def say(**what: Any) -> None:
    """Print a line, in one write: processes share the output."""
    os.write(1, (json.dumps({"pid": os.getpid(), **what}) + "\n").encode())


class _Printed(SpanProcessor):
    """Prints each span when it ends, with no queue and no thread of its own."""

    def on_end(self, span: ReadableSpan) -> None:
        attributes: Any = span.attributes or {}
        say(
            span=span.name,
            outcome=attributes.get("gossamer.stream.outcome"),
            error=attributes.get("error.type"),
            parent=span.parent.span_id if span.parent else None,
            id=span.context.span_id if span.context else None,
        )


def instrument(**settings: Any) -> None:
    """Instrument, with what prints."""
    provider.add_span_processor(_Printed())
    meters = MeterProvider([reader], shutdown_on_exit=False)
    OpenAIInstrumentor().instrument(tracer_provider=provider, meter_provider=meters, **settings)


def async_client() -> openai.AsyncOpenAI:
    """For one event loop."""
    return openai.AsyncOpenAI(api_key="sk-fake", base_url=URL, http_client=mock_async_client())


def points() -> int:
    """How many calls this process has measured."""
    data = reader.get_metrics_data()
    return sum(
        int(getattr(point, "count", 0))
        for resource in (data.resource_metrics if data else [])
        for scope in resource.scope_metrics
        for metric in scope.metrics
        if metric.name == "gen_ai.client.inference.duration"
        for point in metric.data.data_points
    )
