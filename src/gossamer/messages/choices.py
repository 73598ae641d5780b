"""Answers that are a list of choices, in order."""

from __future__ import annotations

from gossamer.fields import Fields, fields
from gossamer.messages.response_parts import listed


def in_order(answer: Fields) -> list[Fields]:
    """The choices of an answer by their index; by their place where a server sends none."""
    found = []
    for position, choice in enumerate(listed(answer.get("choices"))):
        of_choice = fields(choice)
        index = of_choice.get("index")
        found.append((index if type(index) is int else position, position, of_choice))
    found.sort(key=lambda entry: entry[:2])
    return [of_choice for _, _, of_choice in found]
