"""The instruments, and the points that one finished call leaves on them."""

from __future__ import annotations

import weakref
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from gossamer import semconv
from gossamer.backlog import Backlog
from gossamer.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Mapping

    from opentelemetry.context import Context
    from opentelemetry.metrics import Histogram, Meter, MeterProvider

    from gossamer.settings import Settings

_OPENAI: Final = (semconv.RESPONSE_SERVICE_TIER, semconv.RESPONSE_SYSTEM_FINGERPRINT)

#: Observable counters are created once per provider: a second one of the same name would not be asked.
_observed: weakref.WeakKeyDictionary[MeterProvider, Observed] = weakref.WeakKeyDictionary()


class Observed:
    """What a reader asks for its values. The backlog comes first: instruments are asked in their order."""

    def __init__(self, meter: Meter) -> None:
        self.backlog = Backlog(meter)
        self._meter = meter
        self._tally: Tally | None = None

    @property
    def tally(self) -> Tally:
        """Made when it is wanted first: former metric names have no such counters."""
        if self._tally is None:
            self._tally = Tally(self._meter)
        return self._tally


class Metrics:
    """All instruments of one meter, created once."""

    def __init__(self, meter: Meter, provider: MeterProvider, settings: Settings) -> None:
        new = settings.semconv in ("0.1.0", "both")
        old = settings.semconv in ("1.37", "both")

        def seconds(name: str, description: str) -> Histogram:
            return _histogram(meter, name, "s", description, semconv.SECONDS_BUCKETS)

        def tokens(name: str, description: str) -> Histogram:
            return _histogram(meter, name, "{token}", description, semconv.TOKEN_BUCKETS)

        duration = "Duration of {}, from issuing the request to the end of its answer."
        operation = seconds(semconv.OPERATION_DURATION, duration.format("a client operation"))
        inference, embeddings, first, between = [], [], [], []
        self._input_tokens: dict[str, Histogram] = {}
        self._output_tokens: dict[str, Histogram] = {}
        observed = _observed_by(provider, meter)
        self._backlog = observed.backlog
        self._tally: Tally | None = observed.tally if new else None
        self._token_usage: Histogram | None = None
        if new:
            inference.append(seconds(semconv.INFERENCE_DURATION, duration.format("an inference")))
            embeddings.append(seconds(semconv.EMBEDDINGS_DURATION, duration.format("an embeddings call")))
            first.append(
                seconds(semconv.INFERENCE_TIME_TO_FIRST_CHUNK, "Time to the first chunk of a stream.")
            )
            between.append(
                seconds(semconv.INFERENCE_TIME_PER_OUTPUT_CHUNK, "Time between chunks of a stream.")
            )
            self._input_tokens = {
                "inference": tokens(semconv.INFERENCE_INPUT_TOKENS, "Input tokens of an inference."),
                "embeddings": tokens(semconv.EMBEDDINGS_INPUT_TOKENS, "Input tokens of an embeddings call."),
            }
            self._output_tokens = {
                "inference": tokens(semconv.INFERENCE_OUTPUT_TOKENS, "Output tokens of an inference."),
            }
        if old:
            inference.append(operation)
            embeddings.append(operation)
            first.append(
                seconds(semconv.OPERATION_TIME_TO_FIRST_CHUNK, "Time to the first chunk of a stream.")
            )
            between.append(
                seconds(semconv.OPERATION_TIME_PER_OUTPUT_CHUNK, "Time between chunks of a stream.")
            )
            self._token_usage = tokens(semconv.TOKEN_USAGE, "Tokens used by an operation.")
        plain = seconds(semconv.METHOD_DURATION, duration.format("a call of a method of the SDK"))
        self._durations = {
            "inference": inference,
            "embeddings": embeddings,
            "other": [operation],
            "plain": [plain],
        }
        self._first_chunk = first
        self._between_chunks = between

    def record(
        self,
        kind: str,
        point: dict[str, Any],
        answer: Mapping[str, Any],
        context: Context,
        seconds: float,
        first_chunk: float | None,
    ) -> None:
        """The points of one finished call: recorded soon, and before any collection.

        Args:
            kind: `Operation.metrics`.
            point: the attributes that each of them has; theirs from here on.
            answer: the span's attributes at its end, `error.type` among them when the call failed.
            context: with the call's span, for exemplars.
            seconds: from issuing the request to its end.
            first_chunk: seconds to the first chunk, of a stream.
        """
        self._backlog.add(partial(self._record, kind, point, answer, context, seconds, first_chunk))

    def _record(
        self,
        kind: str,
        point: dict[str, Any],
        answer: Mapping[str, Any],
        context: Context,
        seconds: float,
        first_chunk: float | None,
    ) -> None:
        model = answer.get(semconv.RESPONSE_MODEL)
        if model is not None:
            point[semconv.RESPONSE_MODEL] = model
        if kind == "inference" and first_chunk is not None:
            for histogram in self._first_chunk:
                histogram.record(first_chunk, point, context)
            point = point.copy()  # the conventions leave tier and fingerprint out of that one
        if kind != "embeddings":
            for name in _OPENAI:
                value = answer.get(name)
                if value is not None:
                    point[name] = value
        error = answer.get(semconv.ERROR_TYPE)
        timed = point if error is None else {**point, semconv.ERROR_TYPE: error}
        for histogram in self._durations[kind]:
            histogram.record(seconds, timed, context)
        if kind in ("inference", "embeddings"):
            self._record_tokens(kind, point, answer, context)

    def _record_tokens(
        self, kind: str, point: dict[str, Any], answer: Mapping[str, Any], context: Context
    ) -> None:
        spent = answer.get(semconv.INPUT_TOKENS)
        made = answer.get(semconv.OUTPUT_TOKENS)
        if spent is None and made is None:
            return  # not reported, so not known: 0 would be a lie
        if self._tally is not None:
            if spent is not None:
                self._input_tokens[kind].record(spent, point, context)
            if made is not None and kind == "inference":
                self._output_tokens[kind].record(made, point, context)
            if kind == "inference":
                self._tally.add(point, answer)
        if self._token_usage is not None:
            if spent is not None:
                self._token_usage.record(spent, {**point, semconv.TOKEN_TYPE: "input"}, context)
            if made is not None:
                self._token_usage.record(made, {**point, semconv.TOKEN_TYPE: "output"}, context)

    def record_gap(self, point: dict[str, Any], seconds: float, context: Context) -> None:
        """The time between two chunks of a stream; only called when the settings ask for it."""
        for histogram in self._between_chunks:
            histogram.record(seconds, point, context)


def _histogram(meter: Meter, name: str, unit: str, description: str, buckets: tuple[float, ...]) -> Histogram:
    return meter.create_histogram(
        name, unit=unit, description=description, explicit_bucket_boundaries_advisory=buckets
    )


def _observed_by(provider: MeterProvider, meter: Meter) -> Observed:
    try:
        observed = _observed.get(provider)
        if observed is None:
            observed = _observed[provider] = Observed(meter)
        return observed
    except TypeError:  # a provider of somebody's own that cannot be hashed or weakly referenced
        return Observed(meter)
