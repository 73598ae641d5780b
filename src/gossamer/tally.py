"""Token counters that cost next to nothing to add to.

An SDK counter takes 5 to 12 µs a point. The same monotonic sums come from observable counters over a dict,
which the reader asks for when it exports. Added to by `Backlog` alone, which lets in one thread at a time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from opentelemetry.metrics import CallbackOptions, Observation

from gossamer import semconv

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from opentelemetry.metrics import Meter

#: Metric → (the usage attribute of its total, modality → the usage attribute of that part, description)
COUNTERS: Final[dict[str, tuple[str, dict[str, str], str]]] = {
    semconv.USAGE_INPUT_TOKENS: (
        semconv.INPUT_TOKENS,
        {
            "text": semconv.TEXT_INPUT_TOKENS,
            "image": semconv.IMAGE_INPUT_TOKENS,
            "audio": semconv.AUDIO_INPUT_TOKENS,
        },
        "Input tokens used, cached ones included.",
    ),
    semconv.USAGE_OUTPUT_TOKENS: (
        semconv.OUTPUT_TOKENS,
        {
            "text": semconv.TEXT_OUTPUT_TOKENS,
            "image": semconv.IMAGE_OUTPUT_TOKENS,
            "audio": semconv.AUDIO_OUTPUT_TOKENS,
        },
        "Output tokens used, reasoning included.",
    ),
    semconv.USAGE_CACHE_READ_INPUT_TOKENS: (
        semconv.CACHE_READ_INPUT_TOKENS,
        {
            "text": semconv.TEXT_CACHE_READ_INPUT_TOKENS,
            "image": semconv.IMAGE_CACHE_READ_INPUT_TOKENS,
            "audio": semconv.AUDIO_CACHE_READ_INPUT_TOKENS,
        },
        "Input tokens that came from the provider's cache.",
    ),
    semconv.USAGE_CACHE_WRITE_INPUT_TOKENS: (
        semconv.CACHE_WRITE_INPUT_TOKENS,
        {},
        "Input tokens written to the provider's cache.",
    ),
    semconv.USAGE_REASONING_OUTPUT_TOKENS: (
        semconv.REASONING_OUTPUT_TOKENS,
        {},
        "Output tokens used for reasoning.",
    ),
}

_TOTALS: Final = (semconv.INPUT_TOKENS, semconv.OUTPUT_TOKENS)


class Tally:
    """Sums of tokens per set of metric attributes."""

    def __init__(self, meter: Meter) -> None:
        #: Metric attributes → the same as a dict, and (metric, modality) → tokens.
        self._sums: dict[tuple[Any, ...], tuple[dict[str, Any], dict[tuple[str, str], int]]] = {}
        for name, (_, _, description) in COUNTERS.items():
            meter.create_observable_counter(
                name, callbacks=[self._observer(name)], unit="{token}", description=description
            )

    def add(self, point: dict[str, Any], usage: Mapping[str, Any]) -> None:
        """Count the tokens of one call: `usage` holds `gen_ai.usage.*`, `point` the metric attributes."""
        key = tuple(point.items())  # always made in the same order
        entry = self._sums.get(key)
        if entry is None:
            entry = self._sums[key] = (point, {})
        sums = entry[1]
        for name, (total, parts, _) in COUNTERS.items():
            rest = usage.get(total)
            if rest is None:
                continue
            unexplained = rest == 0 and total in _TOTALS  # a total of zero is told too, as its parts are not
            for modality, part in parts.items():
                tokens = usage.get(part)
                if tokens is not None and tokens <= rest:
                    sums[name, modality] = sums.get((name, modality), 0) + tokens
                    rest -= tokens
            if rest or unexplained:
                # What no part accounts for is of unknown modality: the conventions say not to guess.
                sums[name, "unknown"] = sums.get((name, "unknown"), 0) + rest

    def _observer(self, name: str) -> Any:
        def observe(_: CallbackOptions) -> Iterable[Observation]:
            return [
                Observation(tokens, {**point, semconv.TOKEN_MODALITY: modality})
                for point, sums in list(self._sums.values())
                for (of, modality), tokens in list(sums.items())
                if of == name
            ]

        return observe
