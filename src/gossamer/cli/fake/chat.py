"""`POST /chat/completions`."""

from __future__ import annotations

from typing import Any

from gossamer.cli.fake.prose import Speech, speak
from gossamer.cli.fake.reply import STREAM_ERROR, Event, Reply, encode, json_reply, stream_reply
from gossamer.cli.fake.request import CREATED, Request, count_tokens
from gossamer.cli.fake.usage import Usage, measure

__all__ = ["chat_completion"]


def chat_completion(request: Request) -> Reply:
    """Answer a chat, plain or streamed; both say the same."""
    body = request.body
    speech = speak(
        request.behaviour,
        tools=_wanted_tools(body),
        schema=_wanted_schema(body),
        limit=body.get("max_completion_tokens") or body.get("max_tokens"),
    )
    count = int(body.get("n") or 1)
    prompt = count_tokens(body.get("messages"), body.get("tools"))
    usage = measure(request, prompt, speech.tokens * count)
    finish = _finish_reason(request, speech)
    if request.streamed:
        return stream_reply(request, _events(request, speech, count, usage, finish), STREAM_ERROR)
    choices = [
        {
            "index": index,
            "message": _message(request, speech, index),
            "logprobs": None,
            "finish_reason": finish,
        }
        for index in range(count)
    ]
    completion = {**_envelope(request, "chat.completion"), "choices": choices}
    return json_reply(request, {**completion, "usage": usage.chat()}, speech.tokens)


def _wanted_tools(body: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Choose the functions to call: the named one, all with parallel calls, else the first."""
    messages = body.get("messages") or [{}]
    choice = body.get("tool_choice")
    if choice == "none" or messages[-1].get("role") == "tool":
        return []
    offered = [tool["function"] for tool in body.get("tools") or () if "function" in tool]
    functions = [(tool["name"], tool.get("parameters") or {}) for tool in offered]
    if isinstance(choice, dict):
        named = (choice.get("function") or {}).get("name")
        functions = [function for function in functions if function[0] == named]
    return functions if body.get("parallel_tool_calls") is True else functions[:1]


def _wanted_schema(body: dict[str, Any]) -> dict[str, Any] | None:
    wanted = body.get("response_format") or {}
    if wanted.get("type") == "json_schema":
        return (wanted.get("json_schema") or {}).get("schema") or {}
    if wanted.get("type") == "json_object":
        return {"type": "object", "properties": {"answer": {"type": "string"}}}
    return None


def _finish_reason(request: Request, speech: Speech) -> str:
    if speech.tool_calls:
        return "tool_calls"
    if request.behaviour.ending == "content_filter":
        return "content_filter"
    return "length" if speech.cut_short else "stop"


def _envelope(request: Request, kind: str) -> dict[str, Any]:
    return {
        "id": "chatcmpl-" + request.mark("completion"),
        "object": kind,
        "created": CREATED,
        "model": request.model,
        "service_tier": request.service_tier,
        "system_fingerprint": "fp_60554a3e12",
    }


def _message(request: Request, speech: Speech, index: int) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": speech.text, "refusal": None}
    message["annotations"] = []
    if speech.tool_calls:
        message["content"] = None
        message["tool_calls"] = [
            {
                "id": _call_id(request, index, position),
                "type": "function",
                "function": {"name": call.name, "arguments": "".join(call.arguments)},
            }
            for position, call in enumerate(speech.tool_calls)
        ]
    return message


def _call_id(request: Request, index: int, position: int) -> str:
    return "call_" + request.mark(f"call {index} {position}")


def _events(request: Request, speech: Speech, count: int, usage: Usage, finish: str) -> list[Event]:
    """Stream the choices side by side, then their ends, then the usage where it was asked for."""
    envelope = _envelope(request, "chat.completion.chunk")
    with_usage = bool((request.body.get("stream_options") or {}).get("include_usage"))

    def event(choices: list[Any], **more: object) -> bytes:
        usage_field = {"usage": None} if with_usage else {}
        return b"data: " + encode({**envelope, "choices": choices, **usage_field, **more}) + b"\n\n"

    def choice(index: int, delta: object, finish_reason: str | None = None) -> bytes:
        one = {"index": index, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        return event([one])

    indexes = range(count)
    opening = {"role": "assistant", "content": None if speech.tool_calls else "", "refusal": None}
    events: list[Event] = [(choice(index, opening), False) for index in indexes]
    events += [
        (choice(index, {"content": piece}), index == 0) for piece in speech.pieces for index in indexes
    ]
    events += [
        (choice(index, {"tool_calls": [delta]}), index == 0)
        for index in indexes
        for delta in _tool_deltas(request, speech, index)
    ]
    events += [(choice(index, {}, finish), False) for index in indexes]
    if with_usage:
        events.append((event([], usage=usage.chat()), False))
    events.append((b"data: [DONE]\n\n", False))
    return events


def _tool_deltas(request: Request, speech: Speech, index: int) -> list[dict[str, Any]]:
    deltas: list[dict[str, Any]] = []
    for position, call in enumerate(speech.tool_calls):
        deltas.append(
            {
                "index": position,
                "id": _call_id(request, index, position),
                "type": "function",
                "function": {"name": call.name, "arguments": ""},
            }
        )
        deltas += [{"index": position, "function": {"arguments": piece}} for piece in call.arguments]
    return deltas
