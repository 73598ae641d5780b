"""The exchanges that are watched: a request with every field that is read, and answers likewise.

One request body and one answer serve all operations: each takes what it reads. Nothing leaves the process.
"""

from __future__ import annotations

import inspect
import json
from typing import TYPE_CHECKING, Any, Final

import openai
from docs_markdown import DriftError

from gossamer.openai_sdk import OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Callable

    from gossamer.operations import Operation

#: The HTTP library that the installed SDK is built on.
_base: Final[Any] = openai._base_client  # noqa: SLF001
http: Final[Any] = getattr(_base, "httpx2", None) or _base.httpx

#: Longer than a part of a message may be made to be.
_QUESTION: Final = "What weighs less than a feather? " * 10
_ANSWER: Final = "Gossamer. " * 30

REQUEST: Final[dict[str, Any]] = {
    "model": "gpt-5-mini",
    "temperature": 0.2,
    "top_p": 0.9,
    "top_k": 40,
    "max_tokens": 256,
    "max_completion_tokens": 256,
    "max_output_tokens": 256,
    "frequency_penalty": 0.1,
    "presence_penalty": 0.1,
    "stop": ["END"],
    "seed": 7,
    "n": 2,
    "service_tier": "flex",
    "modalities": ["text", "audio"],
    "reasoning": {"effort": "low"},
    "reasoning_effort": "low",
    "response_format": {"type": "json_object"},
    "text": {"format": {"type": "json_schema"}},
    "conversation": "conv_asked",
    "previous_response_id": "resp_before",
    "prompt": {"id": "pmpt_1", "version": "2"},
    "dimensions": 2,
    "encoding_format": "float",
    "messages": [{"role": "user", "content": _QUESTION}],
    "instructions": "Answer in one word.",
    "input": _QUESTION,
    "tools": [{"type": "function", "name": "weigh", "function": {"name": "weigh"}}],
    "assistant_id": "asst_asked",
    "agent_id": "agent_asked",
    "agent": {"model": "gpt-5-mini", "instructions": "Weigh.", "tools": [{"type": "web_search"}]},
    "name": "Weigher",
    "description": "Weighs things.",
    "query": _QUESTION,
    "max_num_results": 5,
}

#: What makes media takes a text where others take the id of a stored prompt.
_PROMPTED: Final = ("images", "videos", "transcripts")

_MODALITIES: Final = {"text_tokens": 8, "image_tokens": 4, "audio_tokens": 2}
_INPUT: Final = {
    **{key: 4 * tokens for key, tokens in _MODALITIES.items()},
    "cached_tokens": 14,
    "cache_write_tokens": 3,
    "cached_tokens_details": _MODALITIES,
}
_OUTPUT: Final = {**_MODALITIES, "reasoning_tokens": 5}
_USAGE: Final = {
    "prompt_tokens": 56,
    "prompt_tokens_details": _INPUT,
    "completion_tokens": 14,
    "completion_tokens_details": _OUTPUT,
    "input_tokens": 56,
    "input_tokens_details": _INPUT,
    "output_tokens": 14,
    "output_tokens_details": _OUTPUT,
    "input_token_details": _INPUT,
    "output_token_details": _OUTPUT,
    "seconds": 2.5,
}
ANSWER: Final[dict[str, Any]] = {
    "id": "answer_1",
    "model": "gpt-5-mini-2025-08-07",
    "service_tier": "default",
    "system_fingerprint": "fp_1",
    "usage": _USAGE,
    "choices": [
        {
            "index": index,
            "finish_reason": "stop",
            "message": {"role": "assistant", "content": _ANSWER},
            "delta": {"content": _ANSWER},
            "text": _ANSWER,
        }
        for index in (0, 1)
    ],
    "status": "completed",
    "output": [
        {"type": "compaction"},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": _ANSWER}]},
    ],
    "conversation": {"id": "conv_answered"},
    "data": [
        {
            "index": 0,
            "embedding": [0.0, 1.0],
            "url": f"https://images.test/{'long-' * 80}.png",
            "file_id": "file_1",
            "score": 0.9,
            "content": [{"type": "text", "text": _ANSWER}],
        }
    ],
    "text": _ANSWER,
    "assistant_id": "asst_1",
    "thread_id": "thread_1",
    "agent": {"id": "agent_1", "name": "Weigher"},
    "finish_reason": "stop",
    "required_action": {
        "submit_tool_outputs": {"tool_calls": [{"type": "function", "function": {"name": _ANSWER}}]}
    },
}


REALTIME_SESSION: Final = {
    "id": "sess_1",
    "model": "gpt-realtime",
    "instructions": "Answer in one word.",
    "output_modalities": ["audio"],
    "max_output_tokens": 256,
    "tools": REQUEST["tools"],
}
REALTIME_ITEM: Final = {
    "type": "message",
    "role": "user",
    "content": [{"type": "input_text", "text": _QUESTION}],
}
REALTIME_ANSWER: Final = {
    "id": "resp_1",
    "status": "completed",
    "conversation_id": "conv_1",
    "output_modalities": ["audio"],
    "output": [
        {
            "type": "message",
            "role": "assistant",
            "content": [{"type": "output_audio", "transcript": _ANSWER}],
        }
    ],
    "usage": {key: _USAGE[key] for key in _USAGE if key.startswith(("input", "output"))},
}
REALTIME_FAILURE: Final = {
    "id": "resp_1",
    "status": "failed",
    "status_details": {"error": {"code": "server_error", "message": "never recorded"}},
}


def failed_answer(code: str) -> dict[str, Any]:
    """An answer of the Responses API that says that it failed."""
    return {**ANSWER, "status": "failed", "error": {"code": code, "message": "never recorded"}}


HEADERS: Final = {"x-request-id": "req_1", "retry-after-ms": "1", "openai-processing-ms": "417"}

CALLS: Final[dict[str, Callable[..., Any]]] = {
    "/chat/completions": lambda client, **more: client.chat.completions.create(
        model="", messages=[], extra_body=REQUEST, **more
    ),
    "/responses": lambda client, **more: client.responses.create(extra_body=REQUEST, **more),
    "/responses/{id}": lambda client, **more: client.responses.retrieve("resp_1", starting_after=3, **more),
    "/completions": lambda client, **more: client.completions.create(
        model="", prompt="", extra_body={**REQUEST, "prompt": _QUESTION}, **more
    ),
    "/embeddings": lambda client, **more: client.embeddings.create(
        model="", input="", extra_body=REQUEST, **more
    ),
}


def call(operation: Operation, client: Any, *, stream: bool = False) -> Any:
    """Make a call of this operation, by a method of the SDK if it has one here."""
    method = CALLS.get(operation.path)
    if method is not None:
        return method(client, **({"stream": True} if stream else {}))
    kind = openai.Stream[object] if stream else None
    return client.request(object, options(operation), stream=stream, stream_cls=kind)


def options(operation: Operation) -> Any:
    """The request of an operation as `client.request()` takes it."""
    body = REQUEST if operation.method == "POST" else None
    if operation.content in _PROMPTED:
        body = {**REQUEST, "prompt": _QUESTION}
    path = operation.path.replace("{id}", "resp_1")
    return openai._models.FinalRequestOptions.construct(  # noqa: SLF001
        method=operation.method.lower(), url=path, json_data=body
    )


def events(operation: Operation) -> list[dict[str, Any]]:
    """The answer as the events of a stream."""
    kept = operation.kept_events
    if kept is None:
        return [ANSWER, ANSWER]
    if "response.completed" not in kept:
        ends = [kind for kind in sorted(map(str, kept)) if kind.endswith(("completed", "done"))]
        told = {"session": ANSWER, "session_id": "session_1", "turn_id": "turn_1", "turn": ANSWER}
        events = [{**ANSWER, **told, "type": kind} for kind in ends]
        return [*events, {"event": "thread.run.completed", "data": ANSWER}]
    return [{"type": kind, "response": ANSWER} for kind in ("response.created", "response.completed")]


def sse(payloads: list[dict[str, Any]]) -> bytes:
    """Payloads as server-sent events."""
    return b"".join(b"data: %s\n\n" % json.dumps(payload).encode() for payload in payloads)


def reply(payload: dict[str, Any], status: int = 200) -> Any:
    """A JSON response, as the API would give it."""
    return http.Response(status, json=payload, headers=HEADERS)


def streamed(body: Any) -> Any:
    """A response that streams: all of it as bytes, or a body that is read piece by piece."""
    content = {"content": body} if isinstance(body, bytes) else {"stream": body}
    return http.Response(
        200, headers={"content-type": "text/event-stream", "x-request-id": "req_1"}, **content
    )


def rate_limited() -> Any:
    """The refusal of a request that came too early."""
    return reply({"error": {"code": "rate_limit_exceeded", "message": "never recorded"}}, 429)


def client(handle: Callable[[Any], Any], **options: Any) -> openai.OpenAI:
    """A client whose requests a function answers."""
    transport = http.Client(transport=http.MockTransport(handle))
    given = {"base_url": "https://api.openai.com/v1", **options}
    return openai.OpenAI(api_key="none", http_client=transport, **given)


def async_client(handle: Callable[[Any], Any]) -> openai.AsyncOpenAI:
    """The same, async; the function may be."""
    transport = http.AsyncClient(transport=http.MockTransport(handle))
    return openai.AsyncOpenAI(api_key="none", base_url="https://api.openai.com/v1", http_client=transport)


def check_request() -> None:
    """Every field that an operation reads of a request body is in `REQUEST`.

    Raises:
        DriftError: one is not.
    """
    for operation in OPERATIONS:
        read = inspect.getclosurevars(operation.describe_request).nonlocals.get("table", {})
        if missing := set(read) - set(REQUEST):
            raise DriftError(f"{operation.path} reads {sorted(missing)}: let REQUEST set it")
