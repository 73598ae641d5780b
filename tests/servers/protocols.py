"""What is said on websockets: good events of each protocol, which random servers and apps spoil."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .kinds import TEXT

Event = dict[str, Any]
CREATE = "response.create"


@dataclass(frozen=True)
class Protocol:
    """Spoken by one `connect()` of the SDK."""

    api: str
    threads: list[list[Event]]
    """What a server says: each is in its order, and they are mixed."""
    sends: list[Event]
    """What an app may say."""
    arguments: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.api

    def resource(self, client: Any) -> Any:
        """Of the SDK, with a `connect()`; None where this release does not have it."""
        for name in self.api.split("."):
            client = getattr(client, name, None)
        return client if hasattr(client, "connect") else None


# --- realtime sessions

REALTIME_USAGE = {
    "total_tokens": 150,
    "input_tokens": 100,
    "output_tokens": 50,
    "input_token_details": {
        "audio_tokens": 40,
        "cached_tokens": 30,
        "cached_tokens_details": {"text_tokens": 20},
    },
    "output_token_details": {"text_tokens": 10, "audio_tokens": 40},
}
SESSION = {
    "id": "sess_1",
    "object": "realtime.session",
    "model": "gpt-test-1",
    "output_modalities": ["audio"],
}
REFUSED = {"type": "invalid_request_error", "code": "x", "message": "No.", "param": None}


def spoken(response_id: str, status: str = "completed", **fields: Any) -> list[Event]:
    """A response of a realtime session."""
    part = {"type": "output_audio", "transcript": TEXT}
    item = {"id": "item_1", "type": "message", "role": "assistant", "status": status, "content": [part]}
    response = {"id": response_id, "object": "realtime.response", "status": "in_progress", "output": []}
    at = {"event_id": "event_1", "response_id": response_id, "item_id": "item_1", "output_index": 0}
    details = {"type": status, "reason": "turn_detected", "error": {"code": "x"}}
    ended = {"status": status, "output": [item], "usage": REALTIME_USAGE, "status_details": details}
    return [
        {"type": "response.created", "event_id": "event_1", "response": {**response, **fields}},
        {"type": "response.output_audio.delta", **at, "content_index": 0, "delta": "AAAA"},
        {"type": "response.output_item.done", **at, "item": item},
        {"type": "response.done", "event_id": "event_3", "response": {**response, **fields, **ended}},
    ]


REALTIME = Protocol(
    "realtime",
    [
        [
            {"type": "session.created", "event_id": "event_0", "session": SESSION},
            {"type": "session.updated", "event_id": "event_0", "session": {**SESSION, "id": "sess_2"}},
        ],
        [
            {"type": "input_audio_buffer.speech_stopped", "event_id": "event_0", "item_id": "item_0"},
            {"type": "input_audio_buffer.committed", "event_id": "event_0", "item_id": "item_0"},
        ],
        spoken("resp_1", conversation_id="conv_1"),
        spoken("resp_2", "cancelled", metadata={"topic": "x"}),
        spoken("resp_3", "failed"),
        [
            {"type": "error", "event_id": "event_2", "error": {**REFUSED, "event_id": "mine"}},
            {"type": "error", "event_id": "event_2", "error": REFUSED},
        ],
    ],
    [
        {"type": CREATE},
        {"type": CREATE, "event_id": "mine", "response": {"metadata": {"topic": "x"}, "input": []}},
        {"type": "session.update", "session": {"instructions": TEXT, "tools": None}},
        {"type": "conversation.item.create", "item": {"type": "message", "role": "user", "content": []}},
        {"type": "input_audio_buffer.append", "audio": "AAAA"},
        {"type": "response.cancel", "response_id": "resp_1"},
    ],
    {"model": "gpt-test"},
)

# --- the Responses API


def answered(response_id: str, lane: str | None = None, ending: str = "completed") -> list[Event]:
    """A response, maybe on a lane."""
    item = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "status": "completed",
        "content": [{"type": "output_text", "text": TEXT, "annotations": []}],
    }
    response = {"id": response_id, "object": "response", "created_at": 1, "model": "gpt-test-1", "output": []}
    begun = {**response, "status": "in_progress", "usage": None}
    usage = {"input_tokens": 7, "output_tokens": 3, "total_tokens": 10}
    ended = {**response, "status": ending, "output": [item], "usage": usage}
    if ending == "failed":
        ended["error"] = {"code": "server_error", "message": "No."}
    at = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    events = [
        {"type": "response.created", "response": begun},
        {"type": "response.output_text.delta", **at, "delta": TEXT, "logprobs": []},
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": f"response.{ending}", "response": ended},
    ]
    on = {} if lane is None else {"stream_id": lane}
    return [{**event, "sequence_number": number, **on} for number, event in enumerate(events)]


ERRORS: list[Event] = [
    {"type": "error", "error": REFUSED, "status": 400},
    {"type": "error", "error": REFUSED, "stream_id": "a", "sequence_number": None},
    {"type": "error", "code": "server_error", "message": "No.", "param": None, "sequence_number": 3},
    {"type": "error", "error": None, "stream_id": "b", "sequence_number": 3},
]
ASKED = {"type": CREATE, "model": "gpt-test", "input": TEXT}
RESPONSES = Protocol(
    "responses",
    [
        answered("resp_1"),
        answered("resp_2", "a") + answered("resp_3", "a", "incomplete"),
        answered("resp_4", "b", "failed"),
        ERRORS,
    ],
    [
        ASKED,
        {**ASKED, "stream_id": "a"},
        {**ASKED, "stream_id": "b", "metadata": {"topic": "x"}, "tools": None},
        {"type": "response.steer", "response_id": "resp_1", "input": []},
        {"type": "response.cancel", "response_id": "resp_1"},
    ],
)

# --- live sessions


def delegated(delegation: str, events: list[Event]) -> list[Event]:
    """Events of the Responses API in a live session."""
    return [
        {"type": "response.event", "event_id": "e", "delegation_id": delegation, "event": event}
        for event in events
    ]


BACKEND = {"model": "gpt-test", "instructions": TEXT, "max_output_tokens": 50, "tools": None}
LIVE_SESSION = {
    "id": "live_1",
    "model": "gpt-live",
    "delegation": {"type": "responses", "responses": BACKEND},
}
LIVE_THREADS = [
    [
        {"type": "session.started", "event_id": "e", "session": LIVE_SESSION},
        {"type": "session.output_audio.delta", "event_id": "e", "audio": "AAAA", "delta": "AAAA"},
        {"type": "session.updated", "event_id": "e", "session": {**LIVE_SESSION, "id": "live_2"}},
    ],
    delegated("d1", answered("resp_1")) + delegated("d1", answered("resp_2", None, "failed")),
    delegated("d2", answered("resp_3", None, "incomplete") + ERRORS),
    [
        {"type": "error", "event_id": "e", "error": {**REFUSED, "client_event_id": "mine"}},
        {"type": "error", "event_id": "e", "error": REFUSED},
    ],
]
LIVE_SENDS: list[Event] = [
    {"type": CREATE},
    {"type": CREATE, "event_id": "mine"},
    {"type": "response.item.create", "item": {"type": "message", "role": "user", "content": []}},
    {"type": "session.input_audio.append", "audio": "AAAA"},
]

PROTOCOLS = [
    REALTIME,
    RESPONSES,
    Protocol("beta.responses", RESPONSES.threads, RESPONSES.sends),
    Protocol("live", LIVE_THREADS, LIVE_SENDS),
    *(
        Protocol(api, LIVE_THREADS, LIVE_SENDS, {"session_id": "live_1"})
        for api in ("live.forks", "live.sideband")
    ),
]
