"""Prompts and answers of the legacy Completions as messages."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from openai.types import Completion

from gossamer.messages.completions import COMPLETIONS


def said(content: str, role: str = "user") -> dict[str, Any]:
    """A message with one text."""
    return {"role": role, "parts": [{"type": "text", "content": content}]}


def tokens(count: int) -> dict[str, Any]:
    """A prompt of so many tokens."""
    return {"role": "user", "parts": [{"type": "generic", "generic_type": "tokens", "count": count}]}


#: `prompt` → messages.
PROMPTS: list[tuple[Any, list[Any]]] = [
    ("How light?", [said("How light?")]),
    (["How light?", "How 光?"], [said("How light?"), said("How 光?")]),
    (("How light?",), [said("How light?")]),
    ([11, 22, 33], [tokens(3)]),
    ([[11, 22], [33]], [tokens(2), tokens(1)]),
    ([[11, 22], "and"], [tokens(2), said("and")]),
    ("", [None]),
    (["", "a"], [None, said("a")]),
    ([], []),
    (None, []),
    (7, [None]),
    ({"text": "a"}, [None]),
    ([None, [], {"a": 1}, ["a"], object()], [None, None, None, None, None]),
]


@pytest.mark.parametrize(("prompt", "expected"), PROMPTS)
def test_each_prompt_is_a_message_of_the_user(prompt, expected):
    items = COMPLETIONS.inputs({"prompt": prompt})
    assert [COMPLETIONS.message(item) for item in items] == expected


def test_a_request_without_a_prompt_has_no_messages():
    assert list(COMPLETIONS.inputs({"model": "m"})) == []


def test_there_are_neither_instructions_nor_tools():
    body = {"prompt": "a", "instructions": "b", "tools": [{"type": "function"}]}
    assert COMPLETIONS.instructions(body) == []
    assert list(COMPLETIONS.tools(body)) == []
    assert COMPLETIONS.tool({"type": "function", "name": "f"}, True) is None


CHOICES = [
    {"index": 1, "text": "Ver", "finish_reason": "length"},
    {"index": 0, "text": "Very.", "finish_reason": "stop"},
    {"index": 2, "text": "", "finish_reason": "stop"},
]
MESSAGES = [said("Very.", "assistant"), said("Ver", "assistant"), {"role": "assistant", "parts": []}]


@pytest.mark.parametrize(
    "answer",
    [{"choices": CHOICES}, Completion.construct(choices=CHOICES).__dict__],
    ids=["dict", "model"],
)
def test_each_choice_is_a_message_in_the_order_of_their_indexes(answer):
    assert COMPLETIONS.outputs(answer) == MESSAGES


@pytest.mark.parametrize(
    ("choice", "text"),
    [
        ({"text": "a", "message": {"content": "b"}}, "a"),
        ({"message": {"content": "b"}}, "b"),
        ({"text": 7}, None),
        ({"text": ["a"]}, None),
        (None, None),
        ("a", None),
        (SimpleNamespace(text="a"), "a"),
    ],
)
def test_an_odd_choice_is_a_message_too(choice, text):
    (message,) = COMPLETIONS.outputs({"choices": [choice]})
    assert message == (said(text, "assistant") if text else {"role": "assistant", "parts": []})


@pytest.mark.parametrize("answer", [{}, {"choices": None}, {"choices": []}, {"choices": "a"}])
def test_an_answer_without_choices_has_no_messages(answer):
    assert COMPLETIONS.outputs(answer) == []
