"""What images, videos and sounds are made of, and what is written down of speech, as messages."""

from __future__ import annotations

from typing import Any

import pytest
from openai.types import ImagesResponse
from openai.types.audio import Transcription

from gossamer.messages.media import IMAGES, SPEECH, TRANSCRIPTS, VIDEOS
from gossamer.messages.message import Base64, Reader

PNG = "iVBORw0KGgo="
DATA_URL = f"data:image/webp;base64,{PNG}"
URL = "https://llm.test/web.png"


def said(content: str, role: str = "user") -> dict[str, Any]:
    """A message with one text."""
    return {"role": role, "parts": [{"type": "text", "content": content}]}


def shown(value: Any) -> Any:
    """With data as its size: two that are the same are not equal."""
    if isinstance(value, Base64):
        return value.byte_size
    if isinstance(value, dict):
        return {key: shown(entry) for key, entry in value.items()}
    return [shown(entry) for entry in value] if isinstance(value, list) else value


def inputs(reader: Reader, body: dict[str, Any]) -> list[Any]:
    """The messages of a request."""
    return [shown(reader.message(item)) for item in reader.inputs(body)]


@pytest.mark.parametrize(
    ("reader", "key"), [(IMAGES, "prompt"), (VIDEOS, "prompt"), (SPEECH, "input"), (TRANSCRIPTS, "prompt")]
)
def test_the_prompt_is_a_message_of_the_user(reader, key):
    assert inputs(reader, {key: "Light.", "model": "m"}) == [said("Light.")]
    for odd in ("", None, 5, ["Light."], {"text": "Light."}):
        assert inputs(reader, {key: odd}) == []
    assert inputs(reader, {}) == []


#: Images named beside a prompt → parts.
NAMED: list[tuple[Any, list[dict[str, Any]]]] = [
    ([{"image_url": URL}], [{"type": "uri", "modality": "image", "uri": URL}]),
    ([{"file_id": "file_1"}], [{"type": "file", "modality": "image", "file_id": "file_1"}]),
    (
        [{"image_url": DATA_URL}],
        [{"type": "blob", "modality": "image", "mime_type": "image/webp", "content": 8}],
    ),
    ([], []),
    (None, []),
    ("web.png", []),
    ([{"image_url": 5}], [{"type": "generic", "generic_type": "input_image", "image_url": 5}]),
]


@pytest.mark.parametrize(("images", "parts"), NAMED)
def test_images_that_are_named_stand_beside_the_prompt(images, parts):
    text = {"type": "text", "content": "At night"}
    assert inputs(IMAGES, {"prompt": "At night", "images": images}) == [
        {"role": "user", "parts": [text, *parts]}
    ]
    assert inputs(IMAGES, {"images": images}) == ([{"role": "user", "parts": parts}] if parts else [])


IMAGE_DATA: list[dict[str, Any]] = [
    {"b64_json": PNG, "revised_prompt": "A web, light as air."},
    {"url": URL, "b64_json": None},
    {"url": DATA_URL},
    {},
]
IMAGE_PARTS = [
    {"type": "blob", "modality": "image", "mime_type": "image/png", "content": 8},
    {"type": "generic", "generic_type": "revised_prompt", "content": "A web, light as air."},
    {"type": "uri", "modality": "image", "uri": URL},
    {"type": "blob", "modality": "image", "mime_type": "image/webp", "content": 8},
]
IMAGE_MESSAGES = [
    {"role": "assistant", "parts": parts}
    for parts in (IMAGE_PARTS[:2], IMAGE_PARTS[2:3], IMAGE_PARTS[3:], [])
]


@pytest.mark.parametrize("typed", [True, False], ids=["model", "dict"])
def test_each_image_is_a_message(typed):
    answer = {"created": 1, "output_format": "png", "data": IMAGE_DATA}
    if typed:
        answer = {**vars(ImagesResponse.construct(**answer)), "output_format": "png"}
    assert shown(IMAGES.outputs(answer)) == IMAGE_MESSAGES


def test_an_image_of_a_stream_names_its_own_format():
    answer = {"data": [{"b64_json": PNG, "output_format": "webp"}]}
    (message,) = shown(IMAGES.outputs(answer))
    assert message["parts"][0]["mime_type"] == "image/webp"


def test_an_image_of_no_named_format_has_no_type():
    (message,) = shown(IMAGES.outputs({"data": [{"b64_json": PNG}]}))
    assert message["parts"] == [{"type": "blob", "modality": "image", "content": 8}]


@pytest.mark.parametrize("data", [None, [], "text", 5, {}])
def test_an_answer_without_images_has_no_messages(data):
    assert IMAGES.outputs({"data": data}) == []


@pytest.mark.parametrize("entry", [None, 5, "text", [], {"b64_json": 5, "url": 5, "revised_prompt": 5}])
def test_an_odd_image_is_a_message_without_parts(entry):
    assert IMAGES.outputs({"data": [entry]}) == [{"role": "assistant", "parts": []}]


def test_the_voice_is_instructed_beside_the_text():
    assert SPEECH.instructions({"instructions": "Softly."}) == [{"type": "text", "content": "Softly."}]
    for odd in (None, "", 5, {}):
        assert SPEECH.instructions({"instructions": odd}) == []


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"text": "Very light."}, [said("Very light.", "assistant")]),
        (vars(Transcription.construct(text="Very light.")), [said("Very light.", "assistant")]),
        ({"text": ""}, []),
        ({"text": None}, []),
        ({"text": ["Very light."]}, []),
        ({}, []),
    ],
)
def test_a_transcript_is_a_message(answer, expected):
    assert TRANSCRIPTS.outputs(answer) == expected


@pytest.mark.parametrize("reader", [VIDEOS, SPEECH])
def test_neither_a_job_nor_a_sound_says_anything(reader):
    assert reader.outputs({"prompt": "Light.", "text": "Light."}) == []
