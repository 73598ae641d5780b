"""Decisions: questions whose answers are one of a few values."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import pytest

from gossamer.operations.decisions import DECISION

needs_decisions = pytest.mark.skipif(
    find_spec("openai.resources.decisions") is None, reason="this SDK asks for no decisions"
)
REQUEST = {"gen_ai.operation.name": "generate_content", "gen_ai.output.type": "json"}
ANSWER: dict[str, Any] = {
    "model": "gpt-6-luna",
    "answers": [{"type": "predicate", "name": "is_light", "probability": 0.99}],
    "usage": {
        "input_tokens": 24,
        "output_tokens": 7,
        "total_tokens": 31,
        "input_tokens_details": {"cached_tokens": 16, "cache_write_tokens": 8},
        "output_tokens_details": {"reasoning_tokens": 0},
    },
}
TOKENS = {
    "gen_ai.usage.input_tokens": 24,
    "gen_ai.usage.output_tokens": 7,
    "gen_ai.usage.cache_read.input_tokens": 16,
    "gen_ai.usage.cache_write.input_tokens": 8,
}
TOLD = {"gen_ai.response.model": "gpt-6-luna", **TOKENS}
BODIES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"model": "gpt-6-luna"}, {"gen_ai.request.model": "gpt-6-luna"}),
    ({"model": None}, {}),
    ({"model": 6}, {}),
    ({"input": "Gossamer", "questions": [{"type": "predicate", "text": "Is it light?"}]}, {}),
]


@pytest.mark.parametrize(("body", "expected"), BODIES)
def test_a_request_tells_its_model(post, body, expected):
    assert post("/decisions", body, {}).attributes == {**REQUEST, **expected}


def test_each_key_that_is_read_has_a_body_above(table):
    assert table(DECISION) == {key for body, expected in BODIES if expected for key in body}


@needs_decisions
def test_an_answer_tells_its_model_and_usage(trace, telemetry):
    traced = trace(
        lambda client: client.decisions.create(
            model="gpt-6-luna",
            input="Gossamer",
            questions=[{"type": "predicate", "question": "Is it light?"}],
        ),
        ANSWER,
    )
    assert traced.attributes == {**REQUEST, "gen_ai.request.model": "gpt-6-luna", **TOLD}
    assert traced.span["name"] == "generate_content gpt-6-luna"
    assert traced.result.answers[0].probability == 0.99
    assert "gen_ai.client.inference.operation.input_tokens" in telemetry.metrics


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"model": None}, TOKENS),
        ({"usage": None}, {"gen_ai.response.model": "gpt-6-luna"}),
        ({"usage": [24]}, {"gen_ai.response.model": "gpt-6-luna"}),
        ({"answers": None}, TOLD),
        ({"answers": "yes"}, TOLD),
    ],
)
def test_an_odd_answer_is_told_as_far_as_it_can_be_read(post, change, told):
    traced = post("/decisions", {}, {**ANSWER, **change})
    assert traced.attributes == {**REQUEST, **told}
    assert traced.result == {**ANSWER, **change}
