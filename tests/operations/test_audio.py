"""Audio: text spoken, speech written down and translated; plain and streamed."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import openai
import pytest

from gossamer.operations.audio import SPEECH, TRANSCRIPTION, TRANSLATION

pytestmark = pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")  # of translations
REQUEST = {"gen_ai.operation.name": "generate_content"}
SPOKEN = {**REQUEST, "gen_ai.output.type": "speech"}
WRITTEN = {**REQUEST, "gen_ai.output.type": "text"}
SOUND = ("web.wav", b"RIFF", "audio/wav")
TOKENS = {
    "type": "tokens",
    "input_tokens": 14,
    "output_tokens": 45,
    "total_tokens": 59,
    "input_token_details": {"text_tokens": 2, "audio_tokens": 12},
}
TOTALS = {"gen_ai.usage.input_tokens": 14, "gen_ai.usage.output_tokens": 45}
TOLD = {**TOTALS, "gen_ai.usage.text.input_tokens": 2, "gen_ai.usage.audio.input_tokens": 12}
ANSWER = {"text": "Very light.", "usage": TOKENS}

# Speech

SPEECH_BODIES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"model": "tts-1"}, {"gen_ai.request.model": "tts-1"}),
    ({"model": None}, {}),
    ({"model": 1}, {}),
    ({"input": "Light.", "voice": "alloy", "instructions": "Softly.", "response_format": "wav"}, {}),
]  # fmt: skip


@pytest.mark.parametrize(("body", "expected"), SPEECH_BODIES)
def test_a_request_for_speech_tells_its_model(post, body, expected):
    assert post("/audio/speech", body, {}).attributes == {**SPOKEN, **expected}


def test_each_key_that_is_read_of_speech_has_a_body_above(table):
    assert table(SPEECH) == {key for body, expected in SPEECH_BODIES if expected for key in body}


def test_speech_is_a_call_like_any_other(trace, telemetry):
    """All of it has come when `create()` returns, so nothing is streamed."""
    traced = trace(
        lambda client: client.audio.speech.create(model="tts-1", voice="alloy", input="Light."), b"\xff\xfb"
    )
    assert traced.result.content == b"\xff\xfb"
    assert traced.attributes == {**SPOKEN, "gen_ai.request.model": "tts-1"}
    assert traced.span["name"] == "generate_content tts-1"
    assert "gen_ai.response.time_to_first_chunk" not in traced.span["attributes"]
    assert set(telemetry.metrics) == {"gen_ai.client.inference.duration"}


# Transcripts and translations

BODIES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"model": "whisper-1"}, {"gen_ai.request.model": "whisper-1"}),
    ({"temperature": 0}, {"gen_ai.request.temperature": 0.0}),
    ({"temperature": "0"}, {}),
    ({"temperature": None, "model": None}, {}),
    ({"language": "en", "prompt": "Gossamer", "stream": False, "include": ["logprobs"]}, {}),
    *(({"response_format": kind}, {"gen_ai.output.type": "json"})
      for kind in ("json", "verbose_json", "diarized_json")),
    *(({"response_format": kind}, {"gen_ai.output.type": "text"})
      for kind in ("text", "srt", "vtt", "new", None, 5, ["json"], {"type": "json"})),
]  # fmt: skip
OPERATIONS = {operation.path: operation for operation in (TRANSCRIPTION, TRANSLATION)}
METHODS = ("transcriptions", "translations")


@pytest.mark.parametrize("path", OPERATIONS)
@pytest.mark.parametrize(("body", "expected"), BODIES)
def test_a_request_tells_what_it_asks_for(post, path, body, expected):
    assert post(path, body, {}).attributes == {**WRITTEN, **expected}


@pytest.mark.parametrize("path", OPERATIONS)
def test_each_key_that_is_read_has_a_body_above(table, path):
    assert table(OPERATIONS[path]) == {key for body, expected in BODIES if expected for key in body}


@pytest.mark.parametrize("method", METHODS)
def test_an_answer_tells_its_usage(trace, method):
    traced = trace(
        lambda client: getattr(client.audio, method).create(model="gpt-4o-transcribe", file=SOUND), ANSWER
    )
    assert traced.attributes == {**WRITTEN, "gen_ai.request.model": "gpt-4o-transcribe", **TOLD}
    assert traced.span["name"] == "generate_content gpt-4o-transcribe"
    assert traced.result.text == "Very light."


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", ["text", "srt"])
@pytest.mark.parametrize("text", ["Very light.\n", ""])
def test_an_answer_may_be_a_plain_text(trace, telemetry, method, kind, text):
    traced = trace(
        lambda client: getattr(client.audio, method).create(
            model="whisper-1", file=SOUND, response_format=kind
        ),
        text,
    )
    assert traced.result == text
    assert type(traced.result) is str
    assert traced.attributes == {**WRITTEN, "gen_ai.request.model": "whisper-1"}
    assert set(telemetry.metrics) == {"gen_ai.client.inference.duration"}


@pytest.mark.parametrize(
    ("usage", "told"),
    [
        ({"type": "duration", "seconds": 27}, {"gossamer.usage.audio_seconds": 27.0}),
        ({"type": "duration", "seconds": 0.5}, {"gossamer.usage.audio_seconds": 0.5}),
        ({"type": "duration", "seconds": 0}, {"gossamer.usage.audio_seconds": 0.0}),
        ({"type": "duration", "seconds": "27"}, {}),
        ({"type": "duration", "seconds": -27}, {}),
        ({"type": "duration", "seconds": True}, {}),
        ({"type": "duration", "seconds": 10**400}, {}),  # which no float can hold
        ({"type": "duration", "seconds": float("inf")}, {}),
        ({"type": "duration", "seconds": None}, {}),
        ({"type": "duration"}, {}),
        ({**TOKENS, "input_token_details": None}, TOTALS),
        ({**TOKENS, "input_token_details": {"audio_tokens": 15, "text_tokens": -1}}, TOTALS),
        ({**TOKENS, "input_token_details": ["audio_tokens"]}, TOTALS),
        ({**TOKENS, "seconds": 3.5}, {**TOLD, "gossamer.usage.audio_seconds": 3.5}),
        (None, {}),
        ([], {}),
        ("27 seconds", {}),
    ],
)
def test_usage_is_told_in_tokens_or_in_seconds(post, usage, told):
    assert post("/audio/transcriptions", {}, {**ANSWER, "usage": usage}).attributes == {**WRITTEN, **told}


def test_seconds_are_no_tokens(trace, telemetry):
    answer = {**ANSWER, "usage": {"type": "duration", "seconds": 27}}
    trace(lambda client: client.audio.transcriptions.create(model="whisper-1", file=SOUND), answer)
    assert set(telemetry.metrics) == {"gen_ai.client.inference.duration"}


def test_tokens_are_counted_by_modality(trace, telemetry):
    trace(lambda client: client.audio.transcriptions.create(model="m", file=SOUND), ANSWER)
    spent = telemetry.metrics["gen_ai.client.inference.usage.input_tokens"]
    assert {point["attributes"]["gen_ai.token.modality"]: point["value"] for point in spent} == {
        "text": 2,
        "audio": 12,
    }


# Streams

streams_transcripts = pytest.mark.skipif(
    find_spec("openai.types.audio.transcription_stream_event") is None,
    reason="this SDK does not stream transcripts",
)
STREAM = {**WRITTEN, "gen_ai.request.model": "m", "gen_ai.request.stream": True}
DELTAS = [{"type": "transcript.text.delta", "delta": piece} for piece in ("Very ", "light", ".")]
DONE = {"type": "transcript.text.done", "text": "Very light.", "usage": TOKENS}


@streams_transcripts
def test_a_stream_tells_the_usage_of_its_last_event(trace):
    events = [*DELTAS, DONE]
    traced = trace(
        lambda client: client.audio.transcriptions.create(model="m", file=SOUND, stream=True), events
    )
    assert [chunk.type for chunk in traced.result] == [event["type"] for event in events]
    assert traced.attributes == {**STREAM, **TOLD, "gossamer.stream.outcome": "completed"}
    assert 0 < traced.span["attributes"]["gen_ai.response.time_to_first_chunk"] <= traced.span["seconds"]


@pytest.mark.parametrize(
    ("events", "told"),
    [
        ([*DELTAS, DONE], TOLD),
        ([DONE], TOLD),
        ([*DELTAS, {**DONE, "usage": None}], {}),
        ([*DELTAS, {**DONE, "usage": {"seconds": 2}}], {"gossamer.usage.audio_seconds": 2.0}),
        (DELTAS, {}),  # cut before its end
        ([*DELTAS, DONE, {}], TOLD),
        ([*DELTAS, {"type": "transcript.text.segment", "text": "Very light."}, DONE], TOLD),
        ([None, 5, "text", [], {}, {"type": None}, {"type": ["transcript.text.done"]}, DONE], TOLD),
        ([], {}),
    ],
)  # fmt: skip
def test_a_stream_without_types_is_folded_too(post, events, told):
    traced = post("/audio/transcriptions", {"model": "m", "stream": True}, events)
    assert traced.result == events
    assert traced.attributes == {**STREAM, **told, "gossamer.stream.outcome": "completed"}


@streams_transcripts
def test_a_stream_that_is_left_early_tells_no_usage(trace, telemetry, leave):
    call = leave(lambda client: client.audio.transcriptions.create(model="m", file=SOUND, stream=True))
    traced = trace(call, [*DELTAS, DONE])
    assert len(traced.result) == 1
    assert traced.attributes == {**STREAM, "gossamer.stream.outcome": "closed"}
    assert set(telemetry.metrics) == {
        "gen_ai.client.inference.duration",
        "gen_ai.client.inference.time_to_first_chunk",
    }


def test_a_refused_upload_is_told(telemetry, run, client):
    caller = client({"error": {"message": "secret", "code": "invalid_file"}}, status=400)

    def ask() -> Any:
        return caller.audio.transcriptions.create(model="m", file=SOUND)

    async def aask() -> None:
        await ask()

    with pytest.raises(openai.BadRequestError):
        run(aask() if run.kind == "async" else ask())
    (span,) = telemetry.spans
    assert span["name"] == "generate_content m"
    assert span["description"] == "BadRequestError (code invalid_file, status 400)"
