"""Audio: text spoken, and speech written down. What is heard is never looked at."""

from __future__ import annotations

from typing import Any, Final

from gossamer import semconv
from gossamer.fields import NOTHING, Fields, fields
from gossamer.operations.operation import Attributes, Operation
from gossamer.operations.request import body_reader, number, text
from gossamer.operations.usage import AUDIO_USAGE, read_usage

_model = text(semconv.REQUEST_MODEL)


def measure(answer: Fields, attributes: Attributes) -> None:
    """Usage, in tokens or in seconds. The answer names no model, and may be a plain text."""
    usage = fields(answer.get("usage"))
    seconds = usage.get("seconds")
    if (type(seconds) is float or type(seconds) is int) and 0 <= seconds <= _LONGEST:
        attributes[semconv.AUDIO_SECONDS] = float(seconds)
    read_usage(usage, AUDIO_USAGE, attributes)


#: Seconds. A longer sound is an odd number: one that no float can hold, or infinity.
_LONGEST: Final = 10**9
_OUTPUT_TYPES: Final = {"json": "json", "verbose_json": "json", "diarized_json": "json"}


def _output_type(value: Any, attributes: Attributes) -> None:
    """What the text comes in: JSON when it is asked for, else text as such."""
    attributes[semconv.OUTPUT_TYPE] = _OUTPUT_TYPES.get(value, "text") if type(value) is str else "text"


class TranscriptFold:
    """Events of a transcript, folded: the last one has all of the text, and the usage."""

    __slots__ = ("_done",)

    def __init__(self, _: Attributes) -> None:
        self._done: Fields = NOTHING

    def add(self, chunk: Any) -> bool:
        """See `Fold.add`."""
        event = fields(chunk)
        if event.get("type") == _DONE:
            self._done = event
        return True

    def answer(self) -> Fields:
        """See `Fold.answer`."""
        return self._done


_DONE: Final = "transcript.text.done"
_KEPT_EVENTS: Final = frozenset({_DONE, None})

SPEECH = Operation(
    name="generate_content",
    method="POST",
    path="/audio/speech",
    calls="`audio.speech.create`",
    metrics="inference",
    describe_request=body_reader({"model": _model}),
    always={semconv.OUTPUT_TYPE: "speech"},
    binary=True,
    content="speech",
)
TRANSCRIPTION = Operation(
    name="generate_content",
    method="POST",
    path="/audio/transcriptions",
    calls="`audio.transcriptions.create`",
    metrics="inference",
    describe_request=body_reader(
        {
            "model": _model,
            "temperature": number(semconv.REQUEST_TEMPERATURE),
            "response_format": _output_type,
        }
    ),
    measure=measure,
    always={semconv.OUTPUT_TYPE: "text"},
    fold=TranscriptFold,
    kept_events=_KEPT_EVENTS,
    content="transcripts",
)
TRANSLATION = Operation(
    name="generate_content",
    method="POST",
    path="/audio/translations",
    calls="`audio.translations.create`",
    metrics="inference",
    describe_request=TRANSCRIPTION.describe_request,
    measure=measure,
    always={semconv.OUTPUT_TYPE: "text"},
    content="transcripts",
)
