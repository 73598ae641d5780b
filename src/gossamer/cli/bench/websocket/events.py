"""What goes over the connection: a response that is spoken, in frames of 4 KB."""

from __future__ import annotations

import json
from typing import Any

_AUDIO = "UklG" * 1024  # 64 milliseconds at 24 kHz
DELTAS = 10
"""Frames of audio in a whole response."""

APPEND: dict[str, Any] = {"type": "input_audio_buffer.append", "audio": _AUDIO}
APPEND_TEXT = json.dumps(APPEND)
CREATE: dict[str, Any] = {"type": "response.create"}


def _message(kind: str, **fields: Any) -> bytes:
    return json.dumps({"type": kind, "event_id": "event_0", **fields}).encode()


_PLACE = {"response_id": "resp_0", "item_id": "item_0", "output_index": 0, "content_index": 0}
_PART = {"type": "output_audio", "transcript": "As much as silk."}
_ITEM = {
    "id": "item_0",
    "object": "realtime.item",
    "type": "message",
    "role": "assistant",
    "status": "completed",
    "content": [_PART],
}
_RESPONSE = {"id": "resp_0", "object": "realtime.response", "conversation_id": "conv_0", "metadata": None}
_USAGE = {
    "total_tokens": 150,
    "input_tokens": 100,
    "output_tokens": 50,
    "input_token_details": {"text_tokens": 60, "audio_tokens": 40, "image_tokens": 0, "cached_tokens": 0},
    "output_token_details": {"text_tokens": 10, "audio_tokens": 40},
}

SESSION = _message(
    "session.created",
    session={
        "id": "sess_0",
        "object": "realtime.session",
        "type": "realtime",
        "model": "gpt-realtime",
        "output_modalities": ["audio"],
    },
)
CREATED = _message("response.created", response={**_RESPONSE, "status": "in_progress", "output": []})
DELTA = _message("response.output_audio.delta", **_PLACE, delta=_AUDIO)
ITEM_DONE = _message("response.output_item.done", response_id="resp_0", output_index=0, item=_ITEM)
DONE = _message(
    "response.done",
    response={
        **_RESPONSE,
        "status": "completed",
        "output_modalities": ["audio"],
        "output": [_ITEM],
        "usage": _USAGE,
    },
)

RESPONSE = (CREATED, *[DELTA] * DELTAS, ITEM_DONE, DONE)
"""From its beginning to its end."""

RECEIVED = (SESSION, CREATED, DELTA, ITEM_DONE, DONE)
"""One of each."""
