"""Embeddings."""

from __future__ import annotations

from typing import Any

import pytest

from gossamer.operations.embeddings import EMBEDDINGS

REQUEST = {"gen_ai.operation.name": "embeddings"}
ANSWER = {
    "object": "list",
    "model": "text-embedding-3-small",
    "data": [{"object": "embedding", "index": 0, "embedding": [0.25, -0.5]}],
    "usage": {"prompt_tokens": 8, "total_tokens": 8},
}
TOLD = {"gen_ai.response.model": "text-embedding-3-small", "gen_ai.usage.input_tokens": 8}
BODIES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"model": "m"}, {"gen_ai.request.model": "m"}),
    ({"dimensions": 256}, {"gen_ai.embeddings.dimension.count": 256}),
    ({"encoding_format": "float"}, {"gen_ai.request.encoding_formats": ("float",)}),
    ({"dimensions": None, "encoding_format": None}, {}),
    ({"dimensions": "256", "encoding_format": 7}, {}),
    ({"input": ["a", "b"], "user": "alice", "temperature": 1}, {}),
]


@pytest.mark.parametrize(("body", "expected"), BODIES)
def test_a_request_tells_what_it_asks_for(post, body, expected):
    assert post("/embeddings", body, {}).attributes == {**REQUEST, **expected}


def test_each_key_that_is_read_has_a_body_above(table):
    assert table(EMBEDDINGS) == {key for body, expected in BODIES if expected for key in body}


@pytest.mark.parametrize("given", ["text", ["a", "b"], [1, 2, 3], [[1, 2], [3]]], ids=repr)
def test_an_answer_tells_its_model_and_usage(trace, given):
    traced = trace(
        lambda client: client.embeddings.create(model="m", input=given, encoding_format="float"), ANSWER
    )
    assert traced.attributes == {
        **REQUEST,
        "gen_ai.request.model": "m",
        "gen_ai.request.encoding_formats": ("float",),
        **TOLD,
    }
    assert traced.span["name"] == "embeddings m"
    assert traced.result.data[0].embedding == [0.25, -0.5]


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ({"usage": None}, "gen_ai.usage.input_tokens"),
        ({"usage": {}}, "gen_ai.usage.input_tokens"),
        ({"usage": {"prompt_tokens": -8}}, "gen_ai.usage.input_tokens"),
        ({"usage": {"prompt_tokens": 2**63}}, "gen_ai.usage.input_tokens"),
        ({"usage": [8]}, "gen_ai.usage.input_tokens"),
        ({"model": None}, "gen_ai.response.model"),
        ({"model": ["m"]}, "gen_ai.response.model"),
        ({"data": None}, None),
        ({"data": {}}, None),
    ],
)
def test_an_odd_answer_is_told_as_far_as_it_can_be_read(post, change, missing):
    traced = post("/embeddings", {"model": "m"}, {**ANSWER, **change})
    told = {name: value for name, value in TOLD.items() if name != missing}
    assert traced.attributes == {**REQUEST, "gen_ai.request.model": "m", **told}
    assert traced.result == {**ANSWER, **change}


class Untouchable(list):  # type: ignore[type-arg]
    """Vectors that must not be walked, measured, copied or compared."""

    def touched(self, *_: Any) -> Any:
        raise AssertionError("the vectors were looked at")

    __iter__ = __len__ = __getitem__ = __eq__ = __repr__ = touched  # type: ignore[assignment]
    __hash__ = None  # type: ignore[assignment]


def test_the_vectors_are_never_looked_at():
    attributes: dict[str, Any] = {}
    answer = {**ANSWER, "data": Untouchable()}
    EMBEDDINGS.measure(answer, attributes)
    EMBEDDINGS.describe(answer, attributes)
    assert attributes == TOLD
