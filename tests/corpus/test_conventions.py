"""The telemetry of the whole corpus, against the model files of the conventions."""

from __future__ import annotations

from typing import Any

import pytest


def plain(value: Any) -> Any:
    """An attribute value as JSON would carry it."""
    return [plain(entry) for entry in value] if isinstance(value, (tuple, list)) else value


def plain_dict(attributes: Any) -> dict[str, Any]:
    """Attributes as JSON would carry them."""
    return {name: plain(value) for name, value in attributes.items()}


def span_document(span: Any, at_start: set[str]) -> dict[str, Any]:
    """A span in the form that the checker reads."""
    return {
        "name": span.name,
        "kind": span.kind.name,
        "attributes": plain_dict(span.attributes),
        "start_attributes": sorted(at_start),
        "status": {"status_code": span.status.status_code.name},
        "events": [{"name": event.name} for event in span.events],
        "start_time_unix_nano": span.start_time,
        "end_time_unix_nano": span.end_time,
    }


def metric_document(metric: Any) -> dict[str, Any]:
    """A metric in the form that the checker reads."""
    is_sum = hasattr(metric.data, "is_monotonic")
    assert not is_sum or metric.data.is_monotonic
    return {
        "name": metric.name,
        "unit": metric.unit,
        "instrument": "counter" if is_sum else "histogram",
        "data_points": [
            {
                "attributes": plain_dict(point.attributes),
                "sum": point.value if is_sum else point.sum,
                **({} if is_sum else {"explicit_bounds": list(point.explicit_bounds)}),
            }
            for point in metric.data.data_points
        ],
    }


@pytest.fixture(scope="module")
def findings(corpus, checker) -> list[tuple[str, str, str, str]]:
    """What the checker finds: (level, code, place, message)."""
    checker.run(
        {
            "spans": [
                span_document(span, corpus.start_attributes[span.context.span_id])
                for run in corpus.runs
                for span in run.spans
            ],
            "metrics": [
                metric_document(metric)
                for resource in corpus.metrics.resource_metrics
                for scope in resource.scope_metrics
                for metric in scope.metrics
            ],
        }
    )
    return checker.f


#: (finding, what it says) → why it is right. An entry that nothing needs any more fails the test.
#: test_telemetry.py shows that whatever a body does say is recorded.
EXPECTED = {
    ("missing_required", "gen_ai.request.model"): "a stored prompt names the model, the request does not",
    ("missing_recommended", "openai.api.type"): "the legacy Completions: no value is defined for them",
    ("missing_recommended", "openai.response.service_tier"): "many servers do not tell one",
    ("missing_recommended", "gen_ai.usage.input_tokens"): "streams that did not ask for usage",
    ("missing_recommended", "gen_ai.usage.output_tokens"): "streams that did not ask for usage",
    ("missing_recommended", "gen_ai.embeddings.dimension.count"): "known when the request names it",
    ("missing_recommended", "gen_ai.response.finish_reasons"): "background responses that are at work",
    ("missing_conditional_maybe", "gen_ai.request.model: If available."): "requests that name no model",
    ("custom_enum_value", "openai.request.service_tier='priority' is not one of the well-known values"): (
        "the API has more tiers than the conventions list"
    ),
}


def test_the_telemetry_keeps_to_the_conventions(findings):
    unexpected = [found for found in findings if (found[1], found[3]) not in EXPECTED]
    assert unexpected == []


def test_a_span_without_a_model_is_of_a_request_without_one(corpus):
    for run in corpus.traced:
        if "gen_ai.request.model" not in run.spans[0].attributes and run.operation != "fetch_response":
            assert not isinstance(run.exchange["request"]["body"].get("model"), str), str(run)


def test_no_exception_to_the_conventions_is_out_of_date(corpus, findings):
    if len(corpus.runs) < 1600:
        pytest.skip("this SDK lacks a part of the recorded operations")
    assert {(found[1], found[3]) for found in findings} == set(EXPECTED)
