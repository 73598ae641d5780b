"""The telemetry of the whole corpus, with content and without, against the model files of the conventions."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from opentelemetry._logs import SeverityNumber

from .recorded import plain


def span_document(span: Any, at_start: set[str]) -> dict[str, Any]:
    """A span in the form that the checker reads."""
    return {
        "name": span.name,
        "kind": span.kind.name,
        "attributes": plain(span.attributes),
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
                "attributes": plain(point.attributes),
                "sum": point.value if is_sum else point.sum,
                **({} if is_sum else {"explicit_bounds": list(point.explicit_bounds)}),
            }
            for point in metric.data.data_points
        ],
    }


def event_document(event: dict[str, Any]) -> dict[str, Any]:
    """An event in the form that the checker reads."""
    return {
        "event_name": event["name"],
        "severity_number": SeverityNumber[event["severity"]].value,
        "body": event["body"],
        "attributes": plain(event["attributes"]),
        "trace_id": event["trace_id"],
        "span_id": event["span_id"],
    }


@pytest.fixture(scope="module")
def findings(either, check_semconv, shared) -> list[tuple[str, str, str, str]]:
    """What the checker finds: (level, code, place, message)."""
    checker = check_semconv.Checker(check_semconv.Model(shared / "semconv" / "data"))
    checker.run(
        {
            "spans": [
                span_document(span, either.start_attributes[span.context.span_id])
                for run in either.runs
                for span in run.spans
            ],
            "metrics": [
                metric_document(metric)
                for resource in either.metrics.resource_metrics
                for scope in resource.scope_metrics
                for metric in scope.metrics
            ],
            "logs": [event_document(event) for run in either.runs for event in run.events],
        }
    )
    return checker.f


#: (finding, what it says) → why it is right. An entry that nothing needs any more fails the test.
#: test_telemetry.py shows that whatever a body does say is recorded.
EXPECTED = {
    ("missing_required", "gen_ai.request.model"): "a stored prompt names the model, the request does not",
    (
        "missing_required",
        "gen_ai.operation.name",
    ): "moderations, cancelling: there is none",
    (
        "missing_recommended",
        "openai.api.type",
    ): "of legacy Completions, images, audio: there is none",
    ("missing_recommended", "gen_ai.response.id"): "images and audio: the API tells none",
    ("missing_recommended", "gen_ai.response.model"): "images and audio: the API tells none",
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
#: The same for content, on spans and on events; `[]` stands for any place in a list.
EXPECTED_OF_CONTENT = {
    ("custom_role", "gen_ai.input.messages[].role='developer'"): "what the API calls its system role now",
    (
        "tool_arguments_string",
        "gen_ai.output.messages[].parts[].arguments is a string, best effort should give an object",
    ): "the input of a custom tool is free text",
}


def named(found: tuple[str, str, str, str]) -> tuple[str, str]:
    """A finding as it stands in these tables."""
    return found[1], re.sub(r"\[\d+\]", "[]", found[3])


def test_the_telemetry_keeps_to_the_conventions(either, findings):
    expected = {**EXPECTED, **EXPECTED_OF_CONTENT} if either.has_content else EXPECTED
    assert [found for found in findings if named(found) not in expected] == []


def test_no_exception_to_the_conventions_is_out_of_date(either, findings):
    if len(either.runs) < 1600:
        pytest.skip("this SDK lacks a part of the recorded operations")
    expected = {**EXPECTED, **EXPECTED_OF_CONTENT} if either.has_content else EXPECTED
    assert {named(found) for found in findings} == set(expected)


def test_the_violations_are_spans_of_what_names_no_model_and_of_what_is_no_operation(either, findings):
    violations = {named(found) for found in findings if found[0] in ("violation", "deprecated")}
    assert violations <= {
        ("missing_required", "gen_ai.request.model"),
        ("missing_required", "gen_ai.operation.name"),
    }
    for run in either.traced:
        told = run.span.attributes
        body = run.exchange["request"]["body"]
        if "gen_ai.request.model" not in told and isinstance(body, dict):
            assert not isinstance(body.get("model"), str), str(run)
        assert ("gen_ai.operation.name" in told) == ("gossamer.method" not in told), str(run)


def test_arguments_that_are_no_object_are_the_input_of_custom_tools(content):
    for run in content.traced:
        messages = json.loads(run.spans[0].attributes.get("gen_ai.output.messages", "[]"))
        for part in (part for message in messages for part in message["parts"]):
            if part["type"] == "tool_call" and isinstance(part["arguments"], str):
                assert "custom_tool_call" in run.exchange["features"], str(run)
