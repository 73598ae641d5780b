"""docs/attributes.md: what spans and metric points were seen to have."""

from __future__ import annotations

from typing import Final

import docs_endings as endings
from docs_markdown import code, codes, demand_same, table
from docs_meanings import ATTRIBUTES, METRICS, POINT_ATTRIBUTES
from docs_observed import Observed, labels, observe

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
    new, old = observe("0.1.0"), observe("1.37")
    _demand_all(new, old)
    sections = [
        "## Spans",
        *(f"### {title}\n\n{_attributes(new, told)}" for title, told in ATTRIBUTES.items()),
        f"## Streams\n\n{endings.outcomes()}",
        f"## Failures\n\n{endings.failures()}",
        f"## Metrics\n\nEvery point has, as far as they are known, {codes(_COMMON)}.\n\n{_metrics(new)}",
        f"With `GOSSAMER_SEMCONV=1.37`, in place of these:\n\n{_metrics(old)}",
        f"With `GOSSAMER_SEMCONV=both`: all of them.\n\n{_point_attributes()}\n\n{_buckets()}",
    ]
    return "\n\n".join(sections)


def _demand_all(new: Observed, old: Observed) -> None:
    """Everything seen has its sentence, and every name of the library has been seen."""
    told = {name for section in ATTRIBUTES.values() for name in section}
    demand_same(new.attributes, told, "span attributes")
    metrics = {**new.metrics, **old.metrics}
    demand_same(metrics, METRICS, "metrics")
    on_points = {name for metric in metrics.values() for name in metric.attributes} - set(new.attributes)
    demand_same(on_points, POINT_ATTRIBUTES, "attributes of points")
    names = {value for name, value in vars(semconv).items() if name.isupper() and isinstance(value, str)}
    demand_same(names, told | set(METRICS) | set(POINT_ATTRIBUTES), "names in semconv.py")


def _attributes(observed: Observed, told: dict[str, str]) -> str:
    rows = []
    for name, meaning in told.items():
        seen = observed.attributes[name]
        at = ", ".join(sorted(seen.at, reverse=True))
        rows.append((code(name), ", ".join(sorted(seen.kinds)), at, labels(seen.operations), meaning))
    return table(("Attribute", "Type", "Set at", "Operations", "Meaning"), rows)


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
