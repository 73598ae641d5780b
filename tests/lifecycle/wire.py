"""What the fake API says: an answer, and the same answer as a stream of events, for each API."""

from __future__ import annotations

import importlib.util
import json
from typing import Any

#: Must appear in no log line and in no telemetry.
PROMPT = "the prompt that nobody may see"
MODEL = "gpt-test"
#: As the app asks for it; parses as a structured output.
TEXT = ('{"answer":', " 42}")
INPUT_TOKENS, OUTPUT_TOKENS = 24, 5

_MESSAGES = [{"role": "user", "content": PROMPT}]
REQUESTS: dict[str, dict[str, Any]] = {
    "chat": {"model": MODEL, "messages": _MESSAGES},
    "completions": {"model": MODEL, "prompt": PROMPT},
    "responses": {"model": MODEL, "input": PROMPT},
    "embeddings": {"model": MODEL, "input": PROMPT, "encoding_format": "float"},
}
HAS_RESPONSES = importlib.util.find_spec("openai.resources.responses") is not None
#: With `.parse()` and `.stream()`: structured outputs and the helper streams came together.
HAS_CHAT_STREAM = importlib.util.find_spec("openai.lib.streaming.chat") is not None
HAS_RESPONSES_STREAM = importlib.util.find_spec("openai.lib.streaming.responses") is not None

_USAGE = {
    "prompt_tokens": INPUT_TOKENS,
    "completion_tokens": OUTPUT_TOKENS,
    "total_tokens": INPUT_TOKENS + OUTPUT_TOKENS,
}
_RESPONSES_USAGE = {
    "input_tokens": INPUT_TOKENS,
    "input_tokens_details": {"cached_tokens": 0},
    "output_tokens": OUTPUT_TOKENS,
    "output_tokens_details": {"reasoning_tokens": 0},
    "total_tokens": INPUT_TOKENS + OUTPUT_TOKENS,
}
DONE = b"data: [DONE]\n\n"


def event(data: Any, name: str | None = None) -> bytes:
    """One server-sent event."""
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(data)}\n\n".encode()


ERROR_EVENT = event({"error": {"message": PROMPT, "type": "server_error", "code": "server_error"}})
NAMED_ERROR_EVENT = event(
    {"error": {"message": PROMPT, "type": "server_error", "code": "server_error"}}, "error"
)


def chat(content: str = "".join(TEXT), finish_reason: str = "stop") -> dict[str, Any]:
    """A chat completion."""
    message = {"role": "assistant", "content": content, "refusal": None}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish_reason}
    return _object("chat.completion", choices=[choice], usage=_USAGE)


def chat_event(delta: dict[str, Any], finish_reason: str | None = None) -> bytes:
    """A chunk of a chat completion with one choice."""
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
    return event(_object("chat.completion.chunk", choices=[choice], usage=None))


def chat_events(*texts: str, finish_reason: str = "stop") -> list[bytes]:
    """A whole chat completion as a stream, with the usage in its last chunk."""
    return [
        chat_event({"role": "assistant", "content": ""}),
        *(chat_event({"content": text}) for text in texts),
        chat_event({}, finish_reason),
        event(_object("chat.completion.chunk", choices=[], usage=_USAGE)),
        DONE,
    ]


def _completions_event(text: str, finish_reason: str | None = None) -> bytes:
    choice = {"index": 0, "text": text, "logprobs": None, "finish_reason": finish_reason}
    return event(_object("text_completion", choices=[choice]))


def _object(kind: str, **rest: Any) -> dict[str, Any]:
    return {"id": "answer-1", "object": kind, "created": 1, "model": MODEL, **rest}


def response(status: str = "completed", text: str = "".join(TEXT), **rest: Any) -> dict[str, Any]:
    """A response of the Responses API."""
    whole = {"output": [_message(text)], "usage": _RESPONSES_USAGE}
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1,
        "model": MODEL,
        "status": status,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
        "parallel_tool_calls": True,
        "temperature": 1.0,
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        **(whole if status == "completed" else {"output": [], "usage": None}),
        **rest,
    }


def _message(text: str | None) -> dict[str, Any]:
    content = [] if text is None else [_part(text)]
    status = "in_progress" if text is None else "completed"
    return {"type": "message", "id": "msg_1", "status": status, "role": "assistant", "content": content}


def _part(text: str) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": []}


def responses_events(*texts: str, last: dict[str, Any] | None = None) -> list[bytes]:
    """A whole response as a stream, without [DONE]: the Responses API sends none."""
    text = "".join(texts)
    last = last or response(text=text)
    in_message = {"output_index": 0, "content_index": 0, "item_id": "msg_1"}
    said: list[tuple[str, dict[str, Any]]] = [
        ("response.created", {"response": response("in_progress")}),
        ("response.output_item.added", {"output_index": 0, "item": _message(None)}),
        ("response.content_part.added", {**in_message, "part": _part("")}),
        *(("response.output_text.delta", {**in_message, "delta": part, "logprobs": []}) for part in texts),
        ("response.output_text.done", {**in_message, "text": text, "logprobs": []}),
        ("response.content_part.done", {**in_message, "part": _part(text)}),
        ("response.output_item.done", {"output_index": 0, "item": _message(text)}),
        (f"response.{last['status']}", {"response": last}),
    ]
    return [
        event({"type": name, "sequence_number": number, **data}, name)
        for number, (name, data) in enumerate(said)
    ]


ANSWERS: dict[str, dict[str, Any]] = {
    "/chat/completions": chat(),
    "/completions": _object(
        "text_completion",
        choices=[{"index": 0, "text": TEXT[0], "logprobs": None, "finish_reason": "stop"}],
        usage=_USAGE,
    ),
    "/responses": response(),
    "/embeddings": {
        "object": "list",
        "model": MODEL,
        "data": [{"object": "embedding", "index": 0, "embedding": [0.5, 0.25]}],
        "usage": {"prompt_tokens": INPUT_TOKENS, "total_tokens": INPUT_TOKENS},
    },
}
EVENTS: dict[str, list[bytes]] = {
    "/chat/completions": chat_events(*TEXT),
    "/completions": [
        *map(_completions_event, TEXT),
        _completions_event("", "stop"),
        event(_object("text_completion", choices=[], usage=_USAGE)),
        DONE,
    ],
    "/responses": responses_events(*TEXT),
}
