"""`POST /responses` and `GET /responses/{id}`."""

from __future__ import annotations

from typing import Any

from gossamer.cli.fake.prose import Speech, speak
from gossamer.cli.fake.reply import Reply, json_reply, stream_reply
from gossamer.cli.fake.request import CREATED, Request, count_tokens
from gossamer.cli.fake.response_events import STREAM_ERROR, response_events
from gossamer.cli.fake.usage import Usage, measure

__all__ = ["model_response"]


def model_response(request: Request, known_id: str | None = None) -> Reply:
    """Create a response, or give the one of `known_id` again; plain or streamed."""
    body = request.body
    speech = speak(
        request.behaviour,
        tools=_wanted_tools(body),
        schema=_wanted_schema(body),
        limit=body.get("max_output_tokens"),
    )
    prompt = count_tokens(body.get("input"), body.get("instructions"), body.get("tools"))
    usage = measure(request, prompt, speech.tokens)
    response = _response(request, known_id or "resp_" + request.mark("response", 48))
    output = _output(request, speech, usage)
    ended = {**response, **_end(request, speech), "output": output, "usage": usage.responses()}
    if not request.streamed:
        return json_reply(request, ended, speech.tokens)
    events = response_events(response, ended, speech)
    seen = int(request.query.get("starting_after", -1))
    return stream_reply(request, events[seen + 1 :], STREAM_ERROR)


def _wanted_tools(body: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Choose the functions to call: the named one, all with parallel calls, else the first."""
    asked, choice = body.get("input"), body.get("tool_choice")
    last = asked[-1] if isinstance(asked, list) and asked else {}
    if choice == "none" or last.get("type") == "function_call_output":
        return []
    functions = [
        (tool["name"], tool.get("parameters") or {})
        for tool in body.get("tools") or ()
        if tool.get("type") == "function"
    ]
    if isinstance(choice, dict):
        functions = [function for function in functions if function[0] == choice.get("name")]
    return functions if body.get("parallel_tool_calls") is True else functions[:1]


def _wanted_schema(body: dict[str, Any]) -> dict[str, Any] | None:
    wanted = (body.get("text") or {}).get("format") or {}
    if wanted.get("type") == "json_schema":
        return wanted.get("schema") or {}
    if wanted.get("type") == "json_object":
        return {"type": "object", "properties": {"answer": {"type": "string"}}}
    return None


def _response(request: Request, identifier: str) -> dict[str, Any]:
    """Describe a response that has only begun; what the request set is echoed."""
    body = request.body
    echoed: dict[str, Any] = {
        "instructions": None,
        "max_output_tokens": None,
        "metadata": {},
        "parallel_tool_calls": True,
        "previous_response_id": None,
        "reasoning": {"effort": None, "summary": None},
        "store": True,
        "temperature": 1.0,
        "text": {"format": {"type": "text"}},
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "truncation": "disabled",
    }
    return {
        "id": identifier,
        "object": "response",
        "created_at": CREATED,
        "status": "in_progress",
        "background": False,
        "error": None,
        "incomplete_details": None,
        "model": request.model,
        "output": [],
        "service_tier": request.service_tier,
        "usage": None,
        **{name: body.get(name, default) for name, default in echoed.items()},
    }


def _end(request: Request, speech: Speech) -> dict[str, Any]:
    if request.behaviour.ending == "failed":
        error = {"code": "server_error", "message": "The model failed to generate a response."}
        return {"status": "failed", "error": error}
    if speech.cut_short:
        return {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}
    return {"status": "completed", "completed_at": CREATED + 1}


def _output(request: Request, speech: Speech, usage: Usage) -> list[dict[str, Any]]:
    """List the output items in their final state."""
    if request.behaviour.ending == "failed":
        return []
    items: list[dict[str, Any]] = []
    if usage.reasoning:
        items.append({"id": "rs_" + request.mark("rs", 48), "type": "reasoning", "summary": []})
    if not speech.tool_calls:
        items.append(
            {
                "id": "msg_" + request.mark("msg", 48),
                "type": "message",
                "status": "incomplete" if speech.cut_short else "completed",
                "content": [_text_part(speech.text)],
                "role": "assistant",
            }
        )
    items += [
        {
            "id": "fc_" + request.mark(f"fc {position}", 48),
            "type": "function_call",
            "status": "completed",
            "arguments": "".join(call.arguments),
            "call_id": "call_" + request.mark(f"call {position}"),
            "name": call.name,
        }
        for position, call in enumerate(speech.tool_calls)
    ]
    return items


def _text_part(text: str) -> dict[str, Any]:
    return {"type": "output_text", "annotations": [], "logprobs": [], "text": text}
