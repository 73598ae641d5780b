"""Moderations, for which the conventions have no operation."""

from __future__ import annotations

from typing import Any

import pytest

from gossamer.operations.moderations import MODERATION

REQUEST = {"gossamer.method": "moderations.create"}
ANSWER: dict[str, Any] = {
    "id": "modr-1",
    "model": "omni-moderation-2024-09-26",
    "results": [{"flagged": True, "categories": {"violence": True}, "category_scores": {"violence": 0.99}}],
}
TOLD = {"gen_ai.response.id": "modr-1", "gen_ai.response.model": "omni-moderation-2024-09-26"}
BODIES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"model": "omni-moderation-latest"}, {"gen_ai.request.model": "omni-moderation-latest"}),
    ({"model": None}, {}),
    ({"model": 5}, {}),
    ({"input": "A text"}, {}),
    ({"input": [{"type": "image_url", "image_url": {"url": "https://llm.test/a.png"}}]}, {}),
]


@pytest.mark.parametrize(("body", "expected"), BODIES)
def test_a_request_tells_its_model(post, body, expected):
    assert post("/moderations", body, {}).attributes == {**REQUEST, **expected}


def test_each_key_that_is_read_has_a_body_above(table):
    assert table(MODERATION) == {key for body, expected in BODIES if expected for key in body}


@pytest.mark.parametrize("given", ["A text", ["A text", "another"]], ids=repr)
def test_an_answer_tells_its_model_and_nothing_of_what_was_found(trace, given):
    traced = trace(lambda client: client.moderations.create(input=given), ANSWER)
    assert traced.attributes == {**REQUEST, **TOLD}
    assert traced.span["name"] == "moderations.create"
    assert traced.result.results[0].flagged is True


def test_the_name_has_the_model_that_was_asked_for(trace):
    traced = trace(lambda client: client.moderations.create(input="A", model="text-moderation-007"), ANSWER)
    assert traced.span["name"] == "moderations.create text-moderation-007"


def test_its_metric_is_one_of_ours(trace, telemetry):
    """An operation that the conventions do not know is in none of their metrics."""
    trace(lambda client: client.moderations.create(input="A text", model="m"), ANSWER)
    assert set(telemetry.metrics) == {"gossamer.client.method.duration"}
    (point,) = telemetry.metrics["gossamer.client.method.duration"]
    assert point["attributes"] == {
        "gossamer.method": "moderations.create",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "m",
        "gen_ai.response.model": "omni-moderation-2024-09-26",
        "server.address": "llm.test",
        "server.port": 8080,
    }


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ({"id": None}, "gen_ai.response.id"),
        ({"id": 5}, "gen_ai.response.id"),
        ({"model": None}, "gen_ai.response.model"),
        ({"model": []}, "gen_ai.response.model"),
        ({"results": None}, None),
        ({"results": "flagged"}, None),
    ],
)
def test_an_odd_answer_is_told_as_far_as_it_can_be_read(post, change, missing):
    traced = post("/moderations", {}, {**ANSWER, **change})
    told = {name: value for name, value in TOLD.items() if name != missing}
    assert traced.attributes == {**REQUEST, **told}
    assert traced.result == {**ANSWER, **change}
