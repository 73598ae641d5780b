"""docs/attributes.md: what spans, metric points and events were seen to have."""

from __future__ import annotations

from typing import Final

import docs_endings as endings
from docs_markdown import code, codes, demand_same, table
from docs_meanings import (
    ATTRIBUTES,
    CONTENT,
    EVENT_ATTRIBUTES,
    EVENTS,
    METRICS,
    OPT_IN,
    POINT_ATTRIBUTES,
    RETRY_ATTRIBUTES,
)
from docs_observed import HEADER, OWN, Observed, labels, observe, observe_more

from gossamer import semconv

#: What the points of every metric have, as far as it is known.
_COMMON: Final = (
    semconv.OPERATION_NAME,
    semconv.PROVIDER_NAME,
    semconv.REQUEST_MODEL,
    semconv.RESPONSE_MODEL,
    semconv.SERVER_ADDRESS,
    semconv.SERVER_PORT,
)


def page() -> str:
    """The generated part."""
    new, old, more = observe("0.1.0"), observe("1.37"), observe_more()
    _demand_all(new, old, more)
    sections = [
        "## Spans",
        *(f"### {title}\n\n{_attributes(told, new, more)}" for title, told in ATTRIBUTES.items()),
        f"### Content\n\n{_CONTENT}\n\n{_attributes(CONTENT, more)}",
        f"### Your own\n\n{_OWN}\n\n{_own(more)}",
        f"## Streams\n\n{endings.outcomes()}",
        f"## Retries\n\n{_RETRIES}\n\n{_retries(new)}",
        f"## Failures\n\n{endings.failures()}",
        f"## Events\n\n{_EVENTS}\n\n{_events(more)}\n\n{_event_attributes(new)}",
        f"## Metrics\n\n{_METRICS}\n\n{_metrics(new)}",
        f"With `GOSSAMER_SEMCONV=1.37`, in place of these:\n\n{_metrics(old)}",
        f"With `GOSSAMER_SEMCONV=both`: all of them.\n\n{_point_attributes()}\n\n{_buckets()}",
    ]
    return "\n\n".join(sections)


_CONTENT: Final = (
    "Only where [content is captured](content.md): a string of JSON on spans, lists and maps on events, in "
    "the form of the conventions' schemas."
)
_OWN: Final = (
    "What [`gossamer.attributes()`](content.md#your-own-attributes) says of a call, and the entries of the "
    "baggage that `GOSSAMER_BAGGAGE_KEYS` names. Five arguments become names of the conventions; all else is "
    "called as you call it."
)
_RETRIES: Final = (
    "The SDK's own retries are inside the one span. Each leaves an event on it:\n\n"
    f"- {code(semconv.RETRY_EVENT)}: when the SDK has decided to wait and try again."
)
_EVENTS: Final = (
    "Log records with an event name and without a body, in the context of the span. They need OpenTelemetry "
    "1.37 or later and a logger provider of its SDK: `instrument(logger_provider=…)`, or a global one, which "
    "`opentelemetry-instrument` sets for `OTEL_LOGS_EXPORTER`. Without one there are none, and no warning."
)
_METRICS: Final = (
    f"Every point has, as far as they are known, {codes(_COMMON)}, and of [your own](#your-own) what "
    "`GOSSAMER_METRIC_ATTRIBUTES` names."
)


def _demand_all(new: Observed, old: Observed, more: Observed) -> None:
    """Everything seen has its sentence, and every name of the library has been seen."""
    told = {name for section in ATTRIBUTES.values() for name in section}
    demand_same(new.attributes, told - OPT_IN, "span attributes by default")
    demand_same(more.attributes, told | OPT_IN | set(OWN.values()), "span attributes")
    metrics = {**new.metrics, **old.metrics}
    demand_same(metrics, METRICS, "metrics")
    on_points = {name for metric in metrics.values() for name in metric.attributes} - set(new.attributes)
    demand_same(on_points, POINT_ATTRIBUTES, "attributes of points")
    demand_same(more.events, EVENTS, "events")
    on_events = {name for event in more.events.values() for name in event.attributes} - set(more.attributes)
    demand_same(on_events, EVENT_ATTRIBUTES, "attributes of events")
    demand_same(new.retries, {semconv.RETRY_EVENT, *RETRY_ATTRIBUTES}, "events of a span")
    names = {value for name, value in vars(semconv).items() if name.isupper() and isinstance(value, str)}
    names = names - {semconv.HTTP_RESPONSE_HEADER} | {HEADER}
    every = told.union(OPT_IN, METRICS, POINT_ATTRIBUTES, EVENTS, EVENT_ATTRIBUTES, new.retries)
    demand_same(names, every, "names in semconv.py")


def _attributes(told: dict[str, str], *observed: Observed) -> str:
    """Each as the first of these has seen it."""
    rows = []
    for name, meaning in told.items():
        seen = next(some.attributes[name] for some in observed if name in some.attributes)
        at = ", ".join(sorted(seen.at, reverse=True))
        rows.append((code(name), ", ".join(sorted(seen.kinds)), at, labels(seen.operations), meaning))
    return table(("Attribute", "Type", "Set at", "Operations", "Meaning"), rows)


def _retries(observed: Observed) -> str:
    rows = [(code(name), meaning) for name, meaning in RETRY_ATTRIBUTES.items() if name in observed.retries]
    return table(("Attribute", "Meaning"), rows)


def _own(observed: Observed) -> str:
    rows = [
        (code(f"{argument}="), code(name), ", ".join(sorted(observed.attributes[name].at, reverse=True)))
        for argument, name in OWN.items()
    ]
    return table(("Argument", "Attribute", "Set at"), rows)


def _events(observed: Observed) -> str:
    rows = []
    for name, when in EVENTS.items():
        seen = observed.events[name]
        rows.append((code(name), seen.severity, labels(seen.operations), when, _carried(observed, name)))
    return table(("Event", "Severity", "Operations", "When", "Attributes"), rows)


def _carried(observed: Observed, name: str) -> str:
    if name == semconv.DETAILS_EVENT:  # compared with its span when it was seen
        return "all that the span has, and the content"
    carried = observed.events[name].attributes - set(OWN.values())
    return f"{codes(sorted(carried))}, and your own"


def _event_attributes(by_default: Observed) -> str:
    silent = by_default.events[semconv.EXCEPTION_EVENT].attributes
    rows = [
        (code(name), "all" if name in silent else "`EVENT_ONLY`, `SPAN_AND_EVENT`", meaning)
        for name, meaning in EVENT_ATTRIBUTES.items()
    ]
    return table(("Attribute of an exception", "Modes", "Meaning"), rows)


def _metrics(observed: Observed) -> str:
    rows = []
    for name, meaning in METRICS.items():
        if (seen := observed.metrics.get(name)) is not None:
            also = codes(sorted(seen.attributes.difference(_COMMON))) or "none"
            rows.append(
                (code(name), seen.instrument, code(seen.unit), labels(seen.operations), also, meaning)
            )
    return table(("Metric", "Instrument", "Unit", "Operations", "Further attributes", "Meaning"), rows)


def _point_attributes() -> str:
    return "\n".join(f"- {code(name)}: {meaning}" for name, meaning in POINT_ATTRIBUTES.items())


def _buckets() -> str:
    metrics = {**observe("0.1.0").metrics, **observe("1.37").metrics}.values()
    found = {(seen.unit, seen.buckets) for seen in metrics if seen.buckets}
    lines = [
        f"- in {code(unit)}: {', '.join(f'{bound:,.12g}' for bound in bounds)}"
        for unit, bounds in sorted(found)
    ]
    return "Bucket boundaries of the histograms, which a view may change:\n\n" + "\n".join(lines)
