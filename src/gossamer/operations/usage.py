"""Token usage as the API reports it. Nothing is counted or guessed here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from gossamer import semconv
from gossamer.fields import fields

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gossamer.operations.operation import Attributes

_INPUT_PARTS: Final = {
    "cached_tokens": semconv.CACHE_READ_INPUT_TOKENS,
    "cache_write_tokens": semconv.CACHE_WRITE_INPUT_TOKENS,
    "text_tokens": semconv.TEXT_INPUT_TOKENS,
    "image_tokens": semconv.IMAGE_INPUT_TOKENS,
    "audio_tokens": semconv.AUDIO_INPUT_TOKENS,
}
_CACHED_PARTS: Final = {
    "text_tokens": semconv.TEXT_CACHE_READ_INPUT_TOKENS,
    "image_tokens": semconv.IMAGE_CACHE_READ_INPUT_TOKENS,
    "audio_tokens": semconv.AUDIO_CACHE_READ_INPUT_TOKENS,
}
_OUTPUT_PARTS: Final = {
    "reasoning_tokens": semconv.REASONING_OUTPUT_TOKENS,
    "text_tokens": semconv.TEXT_OUTPUT_TOKENS,
    "image_tokens": semconv.IMAGE_OUTPUT_TOKENS,
    "audio_tokens": semconv.AUDIO_OUTPUT_TOKENS,
}


#: More than any call can have. An exporter can write no sum that takes more than 63 bits, and then loses all
#: points that there are.
MOST_TOKENS: Final = 10**12


class UsageKeys(NamedTuple):
    """Where an API reports its totals, and what they are made of."""

    input: str
    output: str
    input_details: str
    output_details: str


CHOICES_USAGE: Final = UsageKeys(
    "prompt_tokens", "completion_tokens", "prompt_tokens_details", "completion_tokens_details"
)
RESPONSES_USAGE: Final = UsageKeys(
    "input_tokens", "output_tokens", "input_tokens_details", "output_tokens_details"
)
#: Of what is spoken: the details are called otherwise.
AUDIO_USAGE: Final = UsageKeys("input_tokens", "output_tokens", "input_token_details", "output_token_details")


def read_usage(usage: Any, keys: UsageKeys, attributes: Attributes) -> None:
    """Totals as reported; parts of them when they are reported and not zero."""
    if usage is None:
        return
    found = fields(usage)
    total = found.get(keys.input)
    if type(total) is int and 0 <= total <= MOST_TOKENS:
        attributes[semconv.INPUT_TOKENS] = total
        details = found.get(keys.input_details)
        if details is not None:
            details = fields(details)
            _read_parts(details, _INPUT_PARTS, total, attributes)
            cached = details.get("cached_tokens_details")
            if cached is not None:
                cached_total = attributes.get(semconv.CACHE_READ_INPUT_TOKENS, 0)
                _read_parts(fields(cached), _CACHED_PARTS, cached_total, attributes)
    total = found.get(keys.output)
    if type(total) is int and 0 <= total <= MOST_TOKENS:
        attributes[semconv.OUTPUT_TOKENS] = total
        details = found.get(keys.output_details)
        if details is not None:
            _read_parts(fields(details), _OUTPUT_PARTS, total, attributes)


def _read_parts(
    details: Mapping[str, Any], parts: Mapping[str, str], total: int, attributes: Attributes
) -> None:
    for key, value in details.items():
        # Servers are seen to report parts that exceed their total: such a number is not a part of it.
        if type(value) is int and 0 < value <= total:
            name = parts.get(key)
            if name is not None:
                attributes[name] = value
