"""capture(): for the tests of an app, beside whatever the app has instrumented."""

from __future__ import annotations

import openai
import pytest
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

from gossamer import OpenAIInstrumentor, errors
from gossamer.cli.fake import mock_client
from gossamer.testing import Telemetry, capture


def chat() -> openai.types.chat.ChatCompletion:
    """One chat with the fake API."""
    client = openai.OpenAI(api_key="sk-fake", base_url="https://llm.test/v1", http_client=mock_client())
    return client.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": "hi"}])


def test_in_an_instrumented_app_it_says_so_and_leaves_the_app_instrumented():
    of_app, instrumentor = Telemetry(), OpenAIInstrumentor()
    instrumentor.instrument(tracer_provider=of_app.tracer_provider, meter_provider=of_app.meter_provider)
    try:
        with pytest.raises(RuntimeError, match=r"instrumented already: call .*uninstrument\(\)"), capture():
            pytest.fail("entered")
        assert instrumentor.is_instrumented_by_opentelemetry
        assert not errors.strict
        chat()
        assert len(of_app.spans) == 1
    finally:
        instrumentor.uninstrument()


def test_each_block_has_its_own_telemetry():
    blocks = []
    for _ in range(2):
        with capture() as telemetry:
            chat()
        chat()  # of no block
        blocks.append(telemetry)
    for telemetry in blocks:
        assert len(telemetry.spans) == 1
        (point,) = telemetry.metrics["gen_ai.client.inference.duration"]
        assert point["count"] == 1
    assert not OpenAIInstrumentor().is_instrumented_by_opentelemetry


@pytest.mark.parametrize("strict", [True, False])
def test_a_block_that_raises_leaves_the_sdk_and_the_strictness_as_they_were(strict):
    seen = []

    def use() -> None:
        with capture(strict=strict):
            seen.append(errors.strict)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        use()
    assert seen == [strict]
    assert not errors.strict
    assert not OpenAIInstrumentor().is_instrumented_by_opentelemetry


def test_spans_are_plain_dicts(telemetry):
    answer = chat()
    (span,) = telemetry.spans
    assert set(span) == {
        "name", "kind", "attributes", "status", "description", "events",
        "trace_id", "span_id", "parent_id", "start", "end", "seconds",
    }  # fmt: skip
    assert (span["name"], span["kind"], span["status"]) == ("chat gpt-4o", "CLIENT", "UNSET")
    assert (span["description"], span["events"], span["parent_id"]) == (None, [], None)
    assert type(span["attributes"]) is dict
    assert span["attributes"]["gen_ai.usage.input_tokens"] == answer.usage.prompt_tokens
    assert span["seconds"] == (span["end"] - span["start"]) / 1e9 > 0
    telemetry.clear()
    assert telemetry.spans == []


def test_metrics_are_lists_of_plain_points_by_name(telemetry):
    assert telemetry.metrics == {}
    answer = chat()
    (histogram,) = telemetry.metrics["gen_ai.client.inference.operation.input_tokens"]
    (counter,) = telemetry.metrics["gen_ai.client.inference.usage.input_tokens"]
    assert {"attributes", "count", "sum", "explicit_bounds"} <= set(histogram)
    assert "value" not in histogram
    assert (histogram["count"], histogram["sum"]) == (1, answer.usage.prompt_tokens)
    assert {"attributes", "value"} <= set(counter)
    assert counter["value"] == answer.usage.prompt_tokens
    assert type(counter["attributes"]) is dict


def test_the_sampler_and_the_settings_are_passed_on():
    with capture(sampler=ALWAYS_OFF, semconv="1.37") as telemetry:
        chat()
    assert telemetry.spans == []
    assert "gen_ai.client.token.usage" in telemetry.metrics
