"""Every operation, run once in each way that leaves something, and what it has left.

`observe()` sees what is recorded by default, `observe_more()` what there is when everything is asked for.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache, partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final
from unittest.mock import patch

import docs_exchanges as exchanges
import openai
from docs_markdown import DriftError
from opentelemetry.sdk.metrics.export import Histogram
from opentelemetry.sdk.trace import SpanProcessor

from gossamer import attributes, finalizers, semconv
from gossamer.openai_sdk import OPERATIONS, OpenAIInstrumentor
from gossamer.operations.realtime import REALTIME
from gossamer.providers import server_at
from gossamer.scope import _NAMES
from gossamer.testing import Telemetry, capture
from gossamer.websocket.realtime import RealtimeSession

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gossamer.operations import Operation

#: Argument of `gossamer.attributes()` → the attribute that it becomes.
OWN: Final = _NAMES

#: What stands for the attribute of any header.
HEADER: Final = f"{semconv.HTTP_RESPONSE_HEADER}.<name>"

_DEPLOYMENT: Final = "https://r.openai.azure.com/openai/deployments/gpt/"
_FOUNDRY: Final = "https://r.services.ai.azure.com/models"
_TYPES = {str: "string", int: "int", float: "double", bool: "boolean", tuple: "string[]"}


@dataclass
class SpanAttribute:
    """An attribute as it was seen on spans."""

    kinds: set[str] = field(default_factory=set)
    at: set[str] = field(default_factory=set)
    """`start`, where a sampler sees it, and `end`, where it has a value of its own."""
    operations: set[str] = field(default_factory=set)


@dataclass
class Metric:
    """A metric as it was seen."""

    instrument: str
    unit: str
    buckets: tuple[float, ...]
    attributes: set[str] = field(default_factory=set)
    operations: set[str] = field(default_factory=set)


@dataclass
class Event:
    """An event as it was seen."""

    severity: str
    attributes: set[str] = field(default_factory=set)
    operations: set[str] = field(default_factory=set)


@dataclass
class Observed:
    """All that was seen under some settings."""

    attributes: dict[str, SpanAttribute] = field(default_factory=dict)
    metrics: dict[str, Metric] = field(default_factory=dict)
    events: dict[str, Event] = field(default_factory=dict)
    span_names: dict[str, str] = field(default_factory=dict)
    retries: set[str] = field(default_factory=set)
    """Names of the events of spans, and of their attributes."""


class _Starts(SpanProcessor):
    """The attributes that spans have when they start."""

    def __init__(self) -> None:
        self.seen: list[dict[str, Any]] = []

    def on_start(self, span: Any, parent_context: Any = None) -> None:  # noqa: ARG002
        self.seen.append(dict(span.attributes or {}))


#: First segment of the path → how the pages call all those operations together.
_FAMILIES: Final = {
    "agents": "agents",
    "audio": "audio",
    "images": "images",
    "threads": "runs",
    "videos": "videos",
}
_FEW: Final = 4
_NAMES_OF: Final = {
    "/chat/completions": "chat_completions",
    "/responses": "responses",
    "/realtime": "realtime",
}
#: A response on a websocket is no request, and in no table.
_EVERY: Final = (*OPERATIONS, REALTIME)


def label(operation: Operation) -> str:
    """How the pages call an operation: by its name, or by a method where two have the same name."""
    namesakes = [other for other in _EVERY if other.name == operation.name]
    if len(namesakes) == 1:
        return operation.name
    return _NAMES_OF.get(operation.path) or operation.calls.split("`")[1].removeprefix("beta.")


def labels(found: set[str]) -> str:
    """Several operations, in their usual order; those of a family by one name, where all are there."""
    every = {label(operation): operation for operation in _EVERY}
    missing = set(every) - found
    if len(missing) < _FEW:
        return f"all but {labels(missing)}" if missing else "all"
    families: dict[str, set[str]] = {}
    for name, operation in every.items():
        families.setdefault(_family(operation) or name, set()).add(name)
    told = []
    for family, members in families.items():
        told += [family] if members <= found else [name for name in every if name in members & found]
    return ", ".join(told)


def _family(operation: Operation) -> str | None:
    return _FAMILIES.get(operation.path.split("/")[1])


@lru_cache
def observe(convention: str) -> Observed:
    """Run everything as it is by default, under one choice of metric names."""
    return _observe(semconv=convention, time_per_output_chunk=True)


@lru_cache
def observe_more() -> Observed:
    """Run everything with content that is too long, the app's own attributes, and counted tokens."""
    words = SimpleNamespace(of=lambda _: str.split)
    with patch("gossamer.tokens.load_encodings", lambda: words), attributes(dict.fromkeys(OWN, "said")):
        return _observe(
            capture="SPAN_AND_EVENT", content_part_limit=256, count_tokens=True, response_headers=True
        )


def _observe(**settings: Any) -> Observed:
    exchanges.check_request()
    observed = Observed()
    for operation in _EVERY:
        starts = _Starts()
        with watch(**settings) as telemetry:
            telemetry.tracer_provider.add_span_processor(starts)
            _run(operation)
            spans, events = telemetry.spans, telemetry.events
            for finished in telemetry.exporter.get_finished_spans():
                for retry in finished.events:
                    observed.retries |= {retry.name, *(retry.attributes or ())}
            _see_metrics(observed, operation, telemetry)
        for start, span in zip(starts.seen, spans, strict=True):
            _see_span(observed, operation, start, span)
        for event in events:
            _see_event(observed, operation, event, spans)
    return observed


@contextmanager
def watch(**settings: Any) -> Iterator[Telemetry]:
    """Capture, and leave no call of it for the next one."""
    with capture(**settings) as telemetry:
        yield telemetry
        finalizers.drain()


def _run(operation: Operation) -> None:
    if operation is REALTIME:
        _talk()
        return
    call = partial(exchanges.call, operation)
    # The first attempt is refused, the second answered.
    replies = iter([exchanges.rate_limited(), exchanges.reply(exchanges.ANSWER)])
    call(exchanges.client(lambda _: next(replies)))
    for base_url in (_DEPLOYMENT, _FOUNDRY):
        call(exchanges.client(lambda _: exchanges.reply(exchanges.ANSWER), base_url=base_url))
    try:
        call(exchanges.client(lambda _: exchanges.rate_limited(), max_retries=0))
    except openai.RateLimitError:
        pass
    # The SDK's types leave out what they do not declare; an untyped call shows all that the API said.
    untyped = exchanges.client(lambda _: exchanges.reply(exchanges.ANSWER))
    untyped.request(object, exchanges.options(operation))
    silent = exchanges.client(lambda _: exchanges.reply({**exchanges.ANSWER, "usage": None}))
    silent.request(object, exchanges.options(operation))
    if operation.binary:
        speech = exchanges.client(lambda _: exchanges.reply(exchanges.ANSWER)).audio.speech
        with speech.with_streaming_response.create(model="m", input="", voice="alloy") as response:
            response.read()
    if operation.fold is not None:
        body = exchanges.sse(exchanges.events(operation))
        list(call(exchanges.client(lambda _: exchanges.streamed(body)), stream=True))


def _talk() -> None:
    """Two responses of a realtime session, without a connection: what its events say is all that counts."""
    hook: Any = OpenAIInstrumentor()._websockets  # noqa: SLF001
    for ended in (exchanges.REALTIME_ANSWER, exchanges.REALTIME_FAILURE):
        session = RealtimeSession(hook.telemetry, server_at("wss://api.openai.com"), "gpt-realtime")
        session.received("session.created", {"session": exchanges.REALTIME_SESSION})
        session.sending("conversation.item.create", {"item": exchanges.REALTIME_ITEM})
        session.sending("response.create", {"response": {**exchanges.REQUEST, "input": None}})
        session.received("response.created", {"response": {"id": "resp_1", "status": "in_progress"}})
        session.received("response.output_text.delta", {"response_id": "resp_1", "delta": "Goss"})
        session.received("response.done", {"response": ended})


def _see_span(observed: Observed, operation: Operation, start: dict[str, Any], span: dict[str, Any]) -> None:
    subject = start.get(operation.subject, "")
    name = span["name"].replace(subject, f"{{{operation.subject}}}") if subject else span["name"]
    observed.span_names[label(operation)] = name
    for key, value in span["attributes"].items():
        seen = observed.attributes.setdefault(_told_as(key), SpanAttribute())
        seen.kinds.add(_TYPES[type(value)])
        seen.operations.add(label(operation))
        if key in start:
            seen.at.add("start")
        if start.get(key) != value:
            seen.at.add("end")


def _told_as(name: str) -> str:
    return HEADER if name.startswith(semconv.HTTP_RESPONSE_HEADER) else name


def _see_event(
    observed: Observed, operation: Operation, event: dict[str, Any], spans: list[dict[str, Any]]
) -> None:
    made = Event(event["severity"])
    seen = observed.events.setdefault(event["name"], made)
    seen.operations.add(label(operation))
    seen.attributes.update(map(_told_as, event["attributes"]))
    (span,) = (span for span in spans if span["span_id"] == event["span_id"])
    if event["name"] == semconv.DETAILS_EVENT and set(span["attributes"]) != set(event["attributes"]):
        raise DriftError(f"{operation.path}: the event of the details has not what its span has")


def _see_metrics(observed: Observed, operation: Operation, telemetry: Telemetry) -> None:
    data = telemetry.reader.get_metrics_data()
    for resource in data.resource_metrics if data else ():
        for metric in (metric for scope in resource.scope_metrics for metric in scope.metrics):
            points = metric.data.data_points
            if not points:
                continue
            is_histogram = isinstance(metric.data, Histogram)
            buckets = tuple(getattr(points[0], "explicit_bounds", ()))
            made = Metric("histogram" if is_histogram else "counter", metric.unit or "", buckets)
            seen = observed.metrics.setdefault(metric.name, made)
            seen.operations.add(label(operation))
            for point in points:
                seen.attributes.update(point.attributes or ())
