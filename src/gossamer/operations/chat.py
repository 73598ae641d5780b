"""Chat Completions."""

from __future__ import annotations

from gossamer import semconv
from gossamer.operations import choices
from gossamer.operations.operation import Operation
from gossamer.operations.request import (
    SAMPLING,
    body_reader,
    inside,
    modalities,
    output_type,
    text,
    whole,
)

CHAT = Operation(
    name="chat",
    method="POST",
    path="/chat/completions",
    calls="`chat.completions.create`, `.parse`, `.stream`",
    metrics="inference",
    api_type="chat_completions",
    describe_request=body_reader(
        {
            **SAMPLING,
            "max_completion_tokens": whole(semconv.REQUEST_MAX_TOKENS),
            "modalities": modalities,
            "reasoning": inside("effort", text(semconv.REQUEST_REASONING_LEVEL)),  # OpenRouter
            "reasoning_effort": text(semconv.REQUEST_REASONING_LEVEL),
            "response_format": inside("type", output_type),
        }
    ),
    measure=choices.measure,
    describe=choices.describe,
    fold=choices.ChoicesFold,
    tells_usage_when_asked=True,
    content="chat",
)
