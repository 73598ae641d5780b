"""Prompts of what makes images, videos and speech, and what is written down of speech.

What is uploaded is not looked at: a file is read by the SDK alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gossamer.fields import Fields, fields
from gossamer.messages.message import Base64, Message, Part, Reader, at_url, data, generic, text
from gossamer.messages.response_parts import content_part, content_parts, listed, string
from gossamer.operations.images import COMPLETED, ImagesFold

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gossamer.operations.operation import Attributes


def _said_in(key: str) -> Callable[[Fields], Sequence[Any]]:
    def inputs(body: Fields) -> Sequence[Any]:
        """See `Reader.inputs`: one text."""
        said = string(body.get(key))
        return (said,) if said else ()

    return inputs


def _user(said: str) -> Message:
    return {"role": "user", "parts": [text(said)]}


def _pictured(body: Fields) -> Sequence[Any]:
    """See `Reader.inputs`: a prompt, and the images that are named beside it."""
    return (body,) if string(body.get("prompt")) or listed(body.get("images")) else ()


def _picture(body: Any) -> Message:
    said = string(body.get("prompt"))
    parts = [text(said)] if said else []
    for entry in listed(body.get("images")):
        part = content_part({"type": "input_image", **fields(entry)})
        if part is not None:
            parts.append(part)
    return {"role": "user", "parts": parts}


def images(answer: Fields) -> list[Message]:
    """See `Reader.outputs`: a message for each image, and what the model made of the prompt."""
    mime_type = string(answer.get("output_format"))
    messages: list[Message] = []
    for entry in listed(answer.get("data")):
        found = fields(entry)
        parts = [_image(found, string(found.get("output_format")) or mime_type)]
        revised = string(found.get("revised_prompt"))
        if revised:
            parts.append(generic("revised_prompt", content=revised))
        messages.append({"role": "assistant", "parts": [part for part in parts if part is not None]})
    return messages


def _image(found: Fields, kind: str | None) -> Part | None:
    url, content = string(found.get("url")), string(found.get("b64_json"))
    if url:
        return at_url("image", url)
    return data("image", f"image/{kind}" if kind else None, Base64(content)) if content else None


class ContentImagesFold(ImagesFold):
    """As `ImagesFold`, with the images."""

    __slots__ = ("_images",)

    def __init__(self, request: Attributes, _: int) -> None:
        super().__init__(request)
        self._images: list[Fields] = []

    def add(self, chunk: Any) -> bool:
        """See `Fold.add`."""
        event = fields(chunk)
        if event.get("type") in COMPLETED:
            self._images.append(event)
        return super().add(chunk)

    def answer(self) -> Fields:
        """See `Fold.answer`."""
        return {**super().answer(), "data": self._images} if self._images else super().answer()


def transcripts(answer: Fields) -> list[Message]:
    """See `Reader.outputs`: the text."""
    said = string(answer.get("text"))
    return [{"role": "assistant", "parts": [text(said)]}] if said else []


def _voice(body: Fields) -> list[Part]:
    return content_parts(body.get("instructions"))


IMAGES = Reader(inputs=_pictured, message=_picture, outputs=images)
VIDEOS = Reader(inputs=_said_in("prompt"), message=_user)
SPEECH = Reader(inputs=_said_in("input"), message=_user, instructions=_voice)
TRANSCRIPTS = Reader(inputs=_said_in("prompt"), message=_user, outputs=transcripts)
