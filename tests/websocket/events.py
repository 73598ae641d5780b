"""Events of the realtime and of the Responses API, as short as they can be."""

from __future__ import annotations

from typing import Any

Event = dict[str, Any]

USAGE = {
    "total_tokens": 150,
    "input_tokens": 100,
    "output_tokens": 50,
    "input_token_details": {
        "text_tokens": 60,
        "audio_tokens": 40,
        "image_tokens": 0,
        "cached_tokens": 30,
        "cached_tokens_details": {"text_tokens": 20, "audio_tokens": 10, "image_tokens": 0},
    },
    "output_token_details": {"text_tokens": 10, "audio_tokens": 40},
}
USAGE_ATTRIBUTES = {
    "gen_ai.usage.input_tokens": 100,
    "gen_ai.usage.output_tokens": 50,
    "gen_ai.usage.cache_read.input_tokens": 30,
    "gen_ai.usage.text.input_tokens": 60,
    "gen_ai.usage.audio.input_tokens": 40,
    "gen_ai.usage.text.cache_read.input_tokens": 20,
    "gen_ai.usage.audio.cache_read.input_tokens": 10,
    "gen_ai.usage.text.output_tokens": 10,
    "gen_ai.usage.audio.output_tokens": 40,
}
CREATE = {"type": "response.create"}
AUDIO = "AAAA" * 1000
APPEND = {"type": "input_audio_buffer.append", "audio": AUDIO}


def session(kind: str = "session.created", **settings: Any) -> Event:
    """The server tells what holds for the session."""
    told = {
        "id": "sess_1",
        "object": "realtime.session",
        "type": "realtime",
        "model": "gpt-realtime-snapshot",
    }
    return {
        "type": kind,
        "event_id": "event_0",
        "session": {**told, "output_modalities": ["audio"], **settings},
    }


def created(response_id: str = "resp_1", **fields: Any) -> Event:
    """A response begins."""
    response = {"id": response_id, "object": "realtime.response", "status": "in_progress", "output": []}
    return {"type": "response.created", "event_id": "event_1", "response": {**response, **fields}}


def delta(response_id: str = "resp_1", piece: str = AUDIO, kind: str = "output_audio") -> Event:
    """A piece of output."""
    return {
        "type": f"response.{kind}.delta",
        "event_id": "event_2",
        "response_id": response_id,
        "item_id": "item_1",
        "output_index": 0,
        "content_index": 0,
        "delta": piece,
    }


def message(transcript: str = "Hello!") -> Event:
    """What was said, as an item."""
    part = {"type": "output_audio", "transcript": transcript}
    return {"id": "item_1", "type": "message", "role": "assistant", "status": "completed", "content": [part]}


def done(response_id: str = "resp_1", **fields: Any) -> Event:
    """A response is at its end."""
    response = {
        "id": response_id,
        "object": "realtime.response",
        "conversation_id": "conv_1",
        "status": "completed",
        "output_modalities": ["audio"],
        "output": [message()],
        "usage": USAGE,
    }
    return {"type": "response.done", "event_id": "event_3", "response": {**response, **fields}}


def whole(response_id: str = "resp_1", **fields: Any) -> list[Event]:
    """A response from its beginning to its end."""
    return [created(response_id), delta(response_id), delta(response_id), done(response_id, **fields)]


# Of the Responses API


def answer(response_id: str = "resp_1", **fields: Any) -> Event:
    """A response."""
    return {
        "id": response_id,
        "object": "response",
        "created_at": 1,
        "model": "gpt-4o-mini-2024-07-18",
        "status": "completed",
        "output": [],
        "usage": {"input_tokens": 7, "output_tokens": 3, "total_tokens": 10},
        **fields,
    }


def on(lane: str | None, kind: str, **fields: Any) -> Event:
    """An event on a lane."""
    return {"type": kind, "sequence_number": 0, **({} if lane is None else {"stream_id": lane}), **fields}
