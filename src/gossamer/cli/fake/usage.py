"""Token usage, in the two forms in which the API reports it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gossamer.cli.fake.request import Request

__all__ = ["Usage", "measure"]

_REASONING_MODEL = re.compile(r"o\d|gpt-5")


@dataclass(frozen=True)
class Usage:
    """The tokens of one call; the details are parts of `input` and `output`."""

    input: int
    output: int
    cached: int = 0
    cache_write: int = 0
    audio_input: int = 0
    reasoning: int = 0
    audio_output: int = 0
    accepted_prediction: int = 0
    rejected_prediction: int = 0

    def chat(self) -> dict[str, Any]:
        """Give the `usage` of a chat completion."""
        return {
            "prompt_tokens": self.input,
            "completion_tokens": self.output,
            "total_tokens": self.input + self.output,
            "prompt_tokens_details": {
                "cached_tokens": self.cached,
                "cache_write_tokens": self.cache_write,
                "audio_tokens": self.audio_input,
            },
            "completion_tokens_details": {
                "reasoning_tokens": self.reasoning,
                "audio_tokens": self.audio_output,
                "accepted_prediction_tokens": self.accepted_prediction,
                "rejected_prediction_tokens": self.rejected_prediction,
            },
        }

    def responses(self) -> dict[str, Any]:
        """Give the `usage` of a response."""
        return {
            "input_tokens": self.input,
            "input_tokens_details": {
                "cached_tokens": self.cached,
                "cache_write_tokens": self.cache_write,
            },
            "output_tokens": self.output,
            "output_tokens_details": {"reasoning_tokens": self.reasoning},
            "total_tokens": self.input + self.output,
        }


def measure(request: Request, prompt_tokens: int, spoken: int) -> Usage:
    """Count as the API does: reasoning is output, and only long prompts are cached."""
    if request.behaviour.usage_details:
        return Usage(
            input=2048 + prompt_tokens,
            output=64 + 16 + 2 + spoken,
            cached=1024,
            cache_write=256,
            audio_input=32,
            reasoning=64,
            audio_output=16,
            accepted_prediction=3,
            rejected_prediction=2,
        )
    reasoning = 64 if _REASONING_MODEL.match(request.model) else 0
    cached = prompt_tokens // 128 * 128 if prompt_tokens >= 1024 else 0
    return Usage(prompt_tokens, spoken + reasoning, cached=cached, reasoning=reasoning)
