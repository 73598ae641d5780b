"""Prompts and answers of the legacy Completions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gossamer.fields import Fields, fields
from gossamer.messages.choices import in_order
from gossamer.messages.message import Message, Part, Reader, generic, text
from gossamer.messages.response_parts import string

if TYPE_CHECKING:
    from collections.abc import Sequence


def inputs(body: Fields) -> Sequence[Any]:
    """See `Reader.inputs`: a prompt, or a list of them. One can be a list of tokens itself."""
    prompt = body.get("prompt")
    if not isinstance(prompt, (list, tuple)):
        return () if prompt is None else [prompt]
    return [prompt] if _are_tokens(prompt) else prompt


def message(item: Any) -> Message | None:
    """See `Reader.message`."""
    said = string(item)
    part: Part | None = None
    if said:
        part = text(said)
    elif isinstance(item, (list, tuple)) and _are_tokens(item):
        part = generic("tokens", count=len(item))  # what they say, only the provider's tokenizer can tell
    return {"role": "user", "parts": [part]} if part is not None else None


def outputs(answer: Fields) -> list[Message]:
    """See `Reader.outputs`."""
    messages = []
    for choice in in_order(answer):
        # Some servers put the message of a chat beside the text; an untyped stream of theirs has only that.
        said = string(choice.get("text")) or string(fields(choice.get("message")).get("content"))
        messages.append({"role": "assistant", "parts": [text(said)] if said else []})
    return messages


def _are_tokens(prompt: list[Any] | tuple[Any, ...]) -> bool:
    return bool(prompt) and isinstance(prompt[0], int)


COMPLETIONS = Reader(inputs=inputs, message=message, outputs=outputs)
