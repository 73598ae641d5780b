"""The bytes that the server would have sent, made once before anything is timed."""

from __future__ import annotations

import json
from typing import Any

from gossamer.cli.bench.scenarios import STREAM_CHUNKS

MODEL = "gpt-4o-mini-2024-07-18"

_CHAT_USAGE = {
    "prompt_tokens": 24,
    "completion_tokens": 97,
    "total_tokens": 121,
    "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
}
_CHAT_HEAD = {
    "id": "chatcmpl-C0",
    "created": 1750000000,
    "model": MODEL,
    "service_tier": "default",
    "system_fingerprint": "fp_0123456789",
}
MARK = "silk"
"""In every answer and in no prompt: where it is recorded, the answer is."""

_SENTENCE = f"As much as {MARK}: enough to carry its weight, and so little that nobody counts it."


def chat() -> list[bytes]:
    """A plain chat completion."""
    message: dict[str, Any] = {"role": "assistant", "content": _SENTENCE, "refusal": None, "annotations": []}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    answer = {**_CHAT_HEAD, "object": "chat.completion", "choices": [choice], "usage": _CHAT_USAGE}
    return [json.dumps(answer).encode()]


def chat_long() -> list[bytes]:
    """The same: a long conversation makes no longer answer."""
    return chat()


def chat_stream(chunks: int = STREAM_CHUNKS) -> list[bytes]:
    """A streamed chat completion: a role, words, the finish reason, the usage."""

    def chunk(choices: list[dict[str, Any]], usage: dict[str, Any] | None = None) -> bytes:
        head = {**_CHAT_HEAD, "object": "chat.completion.chunk"}
        return b"data: " + json.dumps({**head, "choices": choices, "usage": usage}).encode()

    def part(delta: dict[str, Any], finish: str | None = None) -> bytes:
        return chunk([{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}])

    words = [part({"content": _piece(n)}) for n in range(chunks - 3)]
    first = part({"role": "assistant", "content": "", "refusal": None})
    events = [first, *words, part({}, "stop"), chunk([], _CHAT_USAGE), b"data: [DONE]"]
    return [event + b"\n\n" for event in events]


def responses_stream() -> list[bytes]:
    """A streamed response: its opening, a text in many deltas, its closing with the whole text."""
    pieces = [_piece(n) for n in range(STREAM_CHUNKS - 8)]  # four events open it, four close it
    whole = "".join(pieces)
    text = {"type": "output_text", "text": whole, "annotations": [], "logprobs": []}
    item = {"type": "message", "id": "msg_0", "status": "completed", "role": "assistant"}
    done_item = {**item, "content": [text]}
    at = {"output_index": 0, "item_id": "msg_0"}
    part = {**at, "content_index": 0}
    opening: list[dict[str, Any]] = [
        {"type": "response.created", "response": _response("in_progress", [])},
        {"type": "response.in_progress", "response": _response("in_progress", [])},
        {"type": "response.output_item.added", "output_index": 0, "item": {**item, "content": []}},
        {"type": "response.content_part.added", **part, "part": {**text, "text": ""}},
    ]
    closing: list[dict[str, Any]] = [
        {"type": "response.output_text.done", **part, "text": whole, "logprobs": []},
        {"type": "response.content_part.done", **part, "part": text},
        {"type": "response.output_item.done", "output_index": 0, "item": done_item},
        {"type": "response.completed", "response": _response("completed", [done_item])},
    ]
    deltas: list[dict[str, Any]] = [
        {"type": "response.output_text.delta", **part, "delta": piece, "logprobs": []} for piece in pieces
    ]
    events = enumerate([*opening, *deltas, *closing])
    return [
        b"event: %s\ndata: %s\n\n"
        % (event["type"].encode(), json.dumps({**event, "sequence_number": number}).encode())
        for number, event in events
    ]


def _piece(number: int) -> str:
    return f" {MARK}{number}"


def _response(status: str, output: list[dict[str, Any]]) -> dict[str, Any]:
    usage = {
        "input_tokens": 24,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": 92,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 116,
    }
    return {
        "id": "resp_0",
        "object": "response",
        "created_at": 1750000000,
        "model": MODEL,
        "status": status,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
        "output": output,
        "parallel_tool_calls": True,
        "service_tier": "default",
        "temperature": 0.2,
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "usage": usage if status == "completed" else None,
    }


def embeddings() -> list[bytes]:
    """One vector of a small model."""
    vector = [round(n / 777 - 0.3, 6) for n in range(256)]
    answer = {
        "object": "list",
        "data": [{"object": "embedding", "index": 0, "embedding": vector}],
        "model": "text-embedding-3-small",
        "usage": {"prompt_tokens": 8, "total_tokens": 8},
    }
    return [json.dumps(answer).encode()]
