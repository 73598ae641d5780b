"""Token counters: exact sums, split by modality."""

from __future__ import annotations

from typing import Any

import pytest
from opentelemetry.metrics import CallbackOptions

from gossamer import semconv
from gossamer.tally import COUNTERS, Tally


class Meter:
    """Keeps the callbacks of the observable counters."""

    def __init__(self) -> None:
        self.observers: dict[str, Any] = {}

    def create_observable_counter(self, name, *, callbacks, unit, description):
        (self.observers[name],) = callbacks

    def read(self, name: str) -> dict[tuple[Any, ...], int]:
        """(other attributes…, modality) → tokens."""
        found = {}
        for observation in self.observers[name](CallbackOptions()):
            attributes = dict(observation.attributes)
            modality = attributes.pop(semconv.TOKEN_MODALITY)
            key = (*attributes.values(), modality)
            assert key not in found
            found[key] = observation.value
        return found


@pytest.fixture
def meter() -> Meter:
    return Meter()


@pytest.fixture
def counters(meter) -> Tally:
    return Tally(meter)


INPUT, OUTPUT = semconv.USAGE_INPUT_TOKENS, semconv.USAGE_OUTPUT_TOKENS
POINT = {"gen_ai.request.model": "m"}


def test_what_was_never_added_is_not_there(meter, counters):
    assert {name: meter.read(name) for name in COUNTERS} == {name: {} for name in COUNTERS}


def test_tokens_of_no_known_modality_are_unknown(meter, counters):
    counters.add(POINT, {semconv.INPUT_TOKENS: 24, semconv.OUTPUT_TOKENS: 0})
    assert meter.read(INPUT) == {("m", "unknown"): 24}
    assert meter.read(OUTPUT) == {("m", "unknown"): 0}  # reported, and zero
    for name in (
        semconv.USAGE_CACHE_READ_INPUT_TOKENS,
        semconv.USAGE_CACHE_WRITE_INPUT_TOKENS,
        semconv.USAGE_REASONING_OUTPUT_TOKENS,
    ):
        assert meter.read(name) == {}


def test_modalities_add_up_to_the_total_with_an_unknown_rest(meter, counters):
    usage = {
        semconv.INPUT_TOKENS: 100,
        semconv.TEXT_INPUT_TOKENS: 60,
        semconv.IMAGE_INPUT_TOKENS: 30,
        semconv.CACHE_READ_INPUT_TOKENS: 40,
        semconv.TEXT_CACHE_READ_INPUT_TOKENS: 40,
        semconv.CACHE_WRITE_INPUT_TOKENS: 3,
        semconv.OUTPUT_TOKENS: 50,
        semconv.AUDIO_OUTPUT_TOKENS: 50,
        semconv.REASONING_OUTPUT_TOKENS: 5,
    }
    counters.add(POINT, usage)
    assert meter.read(INPUT) == {("m", "text"): 60, ("m", "image"): 30, ("m", "unknown"): 10}
    assert meter.read(semconv.USAGE_CACHE_READ_INPUT_TOKENS) == {("m", "text"): 40}
    assert meter.read(semconv.USAGE_CACHE_WRITE_INPUT_TOKENS) == {("m", "unknown"): 3}
    output = meter.read(OUTPUT)
    assert output.pop(("m", "unknown"), 0) == 0
    assert output == {("m", "audio"): 50}
    assert meter.read(semconv.USAGE_REASONING_OUTPUT_TOKENS) == {("m", "unknown"): 5}


def test_parts_that_are_more_than_the_total_never_make_the_sum_wrong(meter, counters):
    counters.add(
        POINT,
        {semconv.INPUT_TOKENS: 10, semconv.TEXT_INPUT_TOKENS: 8, semconv.AUDIO_INPUT_TOKENS: 8},
    )
    assert meter.read(INPUT) == {("m", "text"): 8, ("m", "unknown"): 2}


def test_each_set_of_attributes_has_its_own_sum_which_only_grows(meter, counters):
    seen = []
    for _ in range(3):
        counters.add({"gen_ai.request.model": "a"}, {semconv.INPUT_TOKENS: 5})
        counters.add({"gen_ai.request.model": "b"}, {semconv.INPUT_TOKENS: 7})
        seen.append(meter.read(INPUT))
    assert seen == [{("a", "unknown"): 5 * n, ("b", "unknown"): 7 * n} for n in (1, 2, 3)]
