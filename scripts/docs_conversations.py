"""The calls that docs/content.md shows: what is sent, and what comes back. Nothing leaves the process."""

from __future__ import annotations

import re
from typing import Any, Final

_IMAGE: Final = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="

CHAT: Final[dict[str, Any]] = {
    "model": "gpt-4o",
    "messages": [
        {"role": "system", "content": "You are a travel guide."},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "How warm is it here? My ticket is 4711."},
                {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{_IMAGE}"}},
            ],
        },
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {
                    "id": "call_1",
                    "type": "function",
                    "function": {"name": "get_weather", "arguments": '{"city": "Paris"}'},
                }
            ],
        },
        {"role": "tool", "tool_call_id": "call_1", "content": "21 degrees, sunny"},
    ],
    "tools": [
        {
            "type": "function",
            "function": {
                "name": "get_weather",
                "description": "The weather of a city.",
                "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
            },
        }
    ],
}

LONG: Final[dict[str, Any]] = {
    "model": "gpt-4o",
    "messages": [
        {"role": "user", "content": "Where shall I go?"},
        {"role": "assistant", "content": "To Paris."},
        {"role": "user", "content": "This is what I like: " + "a walk along a river, and then " * 40},
        {"role": "assistant", "content": "To the bank of the Seine. " + "It is long. " * 40},
        {"role": "user", "content": "And " + "then, " * 40 + "where?"},
    ],
}

CHAT_ANSWER: Final[dict[str, Any]] = {
    "id": "chatcmpl_1",
    "model": "gpt-4o-2024-08-06",
    "choices": [
        {
            "index": 0,
            "finish_reason": "stop",
            "message": {"role": "assistant", "content": "That is Paris: 21 degrees and sunny."},
        }
    ],
    "usage": {"prompt_tokens": 76, "completion_tokens": 10, "total_tokens": 86},
}

RESPONSE: Final[dict[str, Any]] = {
    "model": "gpt-5-mini",
    "instructions": "Answer in one sentence.",
    "input": "What is on in Paris tonight?",
    "tools": [{"type": "web_search", "user_location": {"type": "approximate", "city": "Paris"}}],
}

RESPONSE_ANSWER: Final[dict[str, Any]] = {
    "id": "resp_1",
    "model": "gpt-5-mini-2025-08-07",
    "status": "completed",
    "output": [
        {
            "id": "rs_1",
            "type": "reasoning",
            "summary": [{"type": "summary_text", "text": "I look for concerts."}],
            "encrypted_content": "gAAAAABo…",
        },
        {
            "id": "ws_1",
            "type": "web_search_call",
            "status": "completed",
            "action": {"type": "search", "query": "concerts Paris tonight"},
        },
        {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "content": [{"type": "output_text", "text": "Fauré's Requiem, at eight.", "annotations": []}],
        },
    ],
    "usage": {"input_tokens": 40, "output_tokens": 60, "total_tokens": 100},
}

REFUSAL: Final[dict[str, Any]] = {
    "error": {
        "code": "invalid_prompt",
        "message": "Invalid prompt: 'My ticket is 4711' is not allowed here.",
    }
}


def redact(part: dict[str, Any]) -> dict[str, Any] | None:
    """Record no image, and no number in a text or in a result."""
    if part["type"] == "blob":
        return None
    for key in ("content", "response"):
        if isinstance(part.get(key), str):
            part[key] = re.sub(r"\d+", "#", part[key])
    return part
