"""Answers with what no recording has, in the form of recordings."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

DATA = b64encode(bytes(range(256))).decode()
TEXT = "So light 🕸\u2028that a breath lifts it"


def called(name: str, arguments: str) -> dict[str, Any]:
    """A call of a function."""
    return {"id": f"call_{name}", "type": "function", "function": {"name": name, "arguments": arguments}}


CHOICES: list[dict[str, Any]] = [
    {
        "content": TEXT,
        "reasoning_content": TEXT,
        "refusal": TEXT,
        "audio": {"id": "audio_1", "transcript": TEXT, "data": DATA, "expires_at": 1},
        "tool_calls": [
            called("nulls", '{"a": null, "b": [1, 2.50, "\\ud83d\\ude00 \\u00fc"], "c": {"d": null}}'),
            {"id": "call_free", "type": "custom", "custom": {"name": "free", "input": "{ free text"}},
            called("nothing", ""),
            called("empty", "{}"),
            called("odd", "no JSON"),
        ],
    },
    {"content": None, "function_call": {"name": "old", "arguments": '{"a": "b"}'}},
    {"content": ""},
    {"content": TEXT, "reasoning": TEXT},
]
CHAT = {
    "id": "chat_1",
    "object": "chat.completion",
    "created": 1,
    "model": "gpt-test",
    "choices": [
        {"index": index, "message": {"role": "assistant", **message}, "finish_reason": "stop"}
        for index, message in enumerate(CHOICES)
    ],
    "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
}
NULLS = {"a": [1, None, {"b": None}], "c": None}
ITEMS: list[dict[str, Any]] = [
    {"type": "reasoning", "summary": [{"type": "summary_text", "text": text} for text in (TEXT, "Hm.")]},
    {"type": "reasoning", "summary": [], "content": [{"type": "reasoning_text", "text": TEXT}]},
    {
        "type": "message",
        "role": "assistant",
        "content": [
            {"type": "output_text", "text": TEXT, "annotations": [], "logprobs": []},
            {"type": "refusal", "refusal": TEXT},
        ],
    },
    {"type": "function_call", "call_id": "call_1", "name": "weigh", "arguments": json.dumps(NULLS)},
    {"type": "custom_tool_call", "call_id": "call_2", "name": "free", "input": TEXT},
    {"type": "mcp_call", "server_label": "scales", "name": "t", "arguments": "{}", "output": None,
     "error": {"type": "http_error", "code": 500, "message": TEXT}},
    {"type": "code_interpreter_call", "container_id": "cntr_1", "code": TEXT,
     "outputs": [{"type": "logs", "logs": TEXT}, {"type": "image", "url": f"data:image/png;base64,{DATA}"}]},
    {"type": "image_generation_call", "result": DATA, "output_format": "webp", "revised_prompt": TEXT},
    {"type": "computer_call", "call_id": "call_3", "action": {"type": "type", "text": TEXT},
     "pending_safety_checks": []},
    {"type": "local_shell_call", "call_id": "call_4",
     "action": {"type": "exec", "command": [TEXT], "env": {}}},
    {"type": "shell_call", "call_id": "call_5", "action": {"commands": [TEXT], "timeout_ms": None}},
    {"type": "tool_search_call", "call_id": None, "execution": "server", "arguments": NULLS},
    {"type": "novelty", "text": TEXT, "inside": NULLS},
]  # fmt: skip
RESPONSE = {
    "id": "resp_1",
    "object": "response",
    "created_at": 1,
    "model": "gpt-test",
    "status": "completed",
    "error": None,
    "incomplete_details": None,
    "instructions": None,
    "metadata": {},
    "output": [{"id": f"item_{place}", "status": "completed", **item} for place, item in enumerate(ITEMS)],
    "parallel_tool_calls": True,
    "temperature": 1.0,
    "tool_choice": "auto",
    "tools": [],
    "top_p": 1.0,
}
COMPLETION = {
    "id": "cmpl_1",
    "object": "text_completion",
    "created": 1,
    "model": "gpt-test",
    "choices": [
        {"index": index, "text": text, "logprobs": None, "finish_reason": "stop"}
        for index, text in enumerate((TEXT, "", "x"))
    ],
}


def _recorded(api: str, path: str, answer: dict[str, Any], **asked: Any) -> dict[str, Any]:
    body = {"model": "gpt-test", **asked}
    request = {"method": "POST", "host": "api.openai.com", "path": f"/v1{path}", "api_path": path,
               "headers": {}, "query": [], "body_kind": "json", "body": body}  # fmt: skip
    headers = {"content-type": "application/json"}
    return {
        "id": "made up",
        "provider": "openai",
        "api": api,
        "operation": "create",
        "stream": False,
        "features": [],
        "request": request,
        "response": {"status": 200, "headers": headers, "body": json.dumps(answer)},
    }


EXCHANGES = {
    "chat": _recorded(
        "chat.completions", "/chat/completions", CHAT, messages=[{"role": "user", "content": TEXT}], n=4
    ),
    "completion": _recorded("completions", "/completions", COMPLETION, prompt=TEXT, n=3),
    "response": _recorded("responses", "/responses", RESPONSE, input=TEXT),
}
