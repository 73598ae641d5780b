"""The legacy Completions."""

from __future__ import annotations

from typing import Any

import pytest

from gossamer.operations.completions import COMPLETIONS

REQUEST = {"gen_ai.operation.name": "text_completion"}
ANSWER = {
    "id": "cmpl-1",
    "object": "text_completion",
    "created": 1,
    "model": "gpt-3.5-turbo-instruct",
    "system_fingerprint": "fp_1",
    "choices": [
        {"index": 0, "text": "Very.", "finish_reason": "stop"},
        {"index": 1, "text": "Ver", "finish_reason": "length"},
    ],
    "usage": {"prompt_tokens": 5, "completion_tokens": 8, "total_tokens": 13},
}
TOLD = {
    "gen_ai.response.id": "cmpl-1",
    "gen_ai.response.model": "gpt-3.5-turbo-instruct",
    "gen_ai.response.finish_reasons": ("stop", "length"),
    "openai.response.system_fingerprint": "fp_1",
    "gen_ai.usage.input_tokens": 5,
    "gen_ai.usage.output_tokens": 8,
}
BODIES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"model": "m"}, {"gen_ai.request.model": "m"}),
    (
        {
            "temperature": 1,
            "top_p": 0.5,
            "top_k": 3,
            "max_tokens": 16,
            "frequency_penalty": 1,
            "presence_penalty": 0.5,
            "stop": "\n",
            "seed": 7,
            "n": 2,
            "service_tier": "flex",
        },
        {
            "gen_ai.request.temperature": 1.0,
            "gen_ai.request.top_p": 0.5,
            "gen_ai.request.top_k": 3,
            "gen_ai.request.max_tokens": 16,
            "gen_ai.request.frequency_penalty": 1.0,
            "gen_ai.request.presence_penalty": 0.5,
            "gen_ai.request.stop_sequences": ("\n",),
            "gen_ai.request.seed": 7,
            "gen_ai.request.choice.count": 2,
            "openai.request.service_tier": "flex",
        },
    ),
    ({"prompt": "How light?", "best_of": 3, "suffix": "!", "echo": True, "user": "alice"}, {}),
    ({"prompt": {"id": "pmpt_1"}, "reasoning_effort": "low"}, {}),  # of other operations
]


@pytest.mark.parametrize(("body", "expected"), BODIES)
def test_a_request_tells_what_it_asks_for(post, body, expected):
    assert post("/completions", body, {}).attributes == {**REQUEST, **expected}


def test_each_key_that_is_read_has_a_body_above(table):
    assert table(COMPLETIONS) == {key for body, expected in BODIES if expected for key in body}


def test_an_answer_tells_its_name_usage_and_end(trace):
    traced = trace(lambda client: client.completions.create(model="m", prompt="How light?", n=2), ANSWER)
    assert traced.attributes == {
        **REQUEST,
        "gen_ai.request.model": "m",
        "gen_ai.request.choice.count": 2,
        **TOLD,
    }
    assert traced.span["name"] == "text_completion m"


def test_a_stream_tells_the_same(trace):
    """Two prompts in one request: the request does not say how many choices to expect."""
    pieces = [("Ve", 0, None), ("V", 1, None), ("ry.", 0, "stop"), ("er", 1, "length")]
    chunks = [
        {**ANSWER, "usage": None, "choices": [{"index": index, "text": piece, "finish_reason": reason}]}
        for piece, index, reason in pieces
    ]
    chunks.append({**ANSWER, "choices": []})
    traced = trace(
        lambda client: client.completions.create(model="m", prompt=["How light?", "How?"], stream=True),
        chunks,
    )
    assert traced.attributes == {
        **REQUEST,
        "gen_ai.request.model": "m",
        "gen_ai.request.stream": True,
        "gossamer.stream.outcome": "completed",
        **TOLD,
    }
