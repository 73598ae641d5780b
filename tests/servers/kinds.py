"""What is asked of the API, and a good answer to it: the ones that random servers spoil."""

from __future__ import annotations

import inspect
import json
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import openai

#: `(name, data)`: an event of a stream.
Event = tuple[str | None, Any]
MESSAGES = [{"role": "user", "content": "How heavy?"}]
TEXT = 'So light 🕸 that a "breath" lifts it'
DATA = b64encode(bytes(range(48))).decode()
MODEL = {"model": "gpt-test"}


@dataclass(frozen=True)
class Kind:
    """A method of the SDK. Untyped, the same request is posted past it, which every release can."""

    name: str
    path: str
    body: dict[str, Any]
    answer: Any
    """A list is a stream, event by event."""
    method: str = ""
    given: dict[str, Any] | None = None
    """What the method takes, where that is not the body."""

    def __str__(self) -> str:
        return self.name

    @property
    def streams(self) -> bool:
        """Whether it is answered by a stream."""
        return isinstance(self.answer, list)

    @property
    def arguments(self) -> dict[str, Any]:
        """Of the SDK's method."""
        return {
            **(self.body if self.given is None else self.given),
            **({"stream": True} if self.streams else {}),
        }

    def owner(self, client: Any) -> Any:
        """The resource with the method; None where this release has no such method."""
        *names, method = self.method.split(".")
        for name in names:
            client = getattr(client, name, None)
        found = getattr(client, method, None)
        fits = found is not None and set(self.arguments) <= set(inspect.signature(found).parameters)
        return client if fits else None

    def caller(self, client: Any, *, typed: bool, way: str = "") -> Callable[[], Any]:
        """Makes the request, by `with_raw_response` or another way of the SDK's where that is said."""
        owner = self.owner(client) if typed else None
        if owner is not None:
            method = getattr(getattr(owner, way) if way else owner, self.method.rpartition(".")[2])
            return lambda: method(**self.arguments)
        kind = openai.AsyncStream if isinstance(client, openai.AsyncOpenAI) else openai.Stream
        streamed: Any = {"stream": True, "stream_cls": kind[object]} if self.streams else {}
        body = {**self.body, "stream": True} if self.streams else self.body
        return lambda: client.post(self.path, cast_to=object, body=body, **streamed)


# --- chats and completions

USAGE = {
    "prompt_tokens": 24,
    "completion_tokens": 5,
    "total_tokens": 29,
    "prompt_tokens_details": {"cached_tokens": 8, "audio_tokens": 1},
    "completion_tokens_details": {"reasoning_tokens": 2, "audio_tokens": 1},
}
CALL = {
    "id": "call_1",
    "type": "function",
    "function": {"name": "weigh", "arguments": '{"what": ["web", null]}'},
}
MESSAGE = {
    "role": "assistant",
    "content": TEXT,
    "refusal": None,
    "reasoning_content": TEXT,
    "audio": {"id": "audio_1", "transcript": TEXT, "data": DATA, "expires_at": 1},
    "tool_calls": [
        CALL,
        {"id": "call_2", "type": "custom", "custom": {"name": "free", "input": "free text"}},
    ],
    "function_call": {"name": "old", "arguments": "{}"},
    "annotations": [{"type": "url_citation", "url_citation": {"url": "u", "title": "t", "start_index": 0}}],
}
ABOUT = {
    "id": "answer_1",
    "created": 1,
    "model": "gpt-test-1",
    "service_tier": "default",
    "system_fingerprint": "fp",
}
LOGPROBS = {
    "content": [{"token": "So", "logprob": -0.5, "bytes": [83, 111], "top_logprobs": []}],
    "refusal": None,
}
CHAT = {
    **ABOUT,
    "object": "chat.completion",
    "choices": [
        {"index": 0, "message": MESSAGE, "logprobs": LOGPROBS, "finish_reason": "tool_calls"},
        {
            "index": 1,
            "message": {"role": "assistant", "content": None, "refusal": TEXT},
            "finish_reason": "stop",
        },
    ],
    "usage": USAGE,
}
DELTAS: list[dict[str, Any]] = [
    {"role": "assistant", "content": "", "refusal": None},
    {"content": "So light 🕸"},
    {"reasoning_content": "Hm."},
    {"tool_calls": [{"index": 0, **CALL, "function": {"name": "weigh", "arguments": ""}}]},
    {"tool_calls": [{"index": 0, "function": {"arguments": '{"what": '}}]},
    {"tool_calls": [{"index": 0, "function": {"arguments": "1}"}}]},
    {"audio": {"id": "audio_1", "transcript": "So", "data": DATA}},
    {"function_call": {"name": "old", "arguments": "{}"}},
    {"refusal": "No."},
]


def _choices(kind: str, *choices: dict[str, Any], **rest: Any) -> Event:
    listed = [{"index": 0, "logprobs": None, "finish_reason": None, **choice} for choice in choices]
    return None, {**ABOUT, "object": kind, "choices": listed, "usage": None, **rest}


CHUNKS = [
    *(_choices("chat.completion.chunk", {"delta": delta}) for delta in DELTAS),
    _choices("chat.completion.chunk", {"index": 1, "delta": {"content": TEXT}}, {"delta": {"content": TEXT}}),
    _choices("chat.completion.chunk", {"delta": {}, "finish_reason": "tool_calls"}),
    _choices("chat.completion.chunk", usage=USAGE),
]
COMPLETION = {
    **ABOUT,
    "object": "text_completion",
    "choices": [{"index": 0, "text": TEXT, "logprobs": None, "finish_reason": "stop"}],
    "usage": USAGE,
}
TEXTS = [
    *(_choices("text_completion", {"text": piece}) for piece in ("So ", "light")),
    _choices("text_completion", {"text": "", "finish_reason": "length"}),
    _choices("text_completion", usage=USAGE),
]

# --- responses

RESPONSES_USAGE = {
    "input_tokens": 24,
    "input_tokens_details": {"cached_tokens": 8, "text_tokens": 20, "image_tokens": 4},
    "output_tokens": 5,
    "output_tokens_details": {"reasoning_tokens": 2},
    "total_tokens": 29,
}
PART = {"type": "output_text", "text": TEXT, "annotations": [], "logprobs": []}
ITEMS: list[dict[str, Any]] = [
    {"type": "reasoning", "summary": [{"type": "summary_text", "text": TEXT}], "encrypted_content": "xyz"},
    {"type": "message", "role": "assistant", "content": [PART, {"type": "refusal", "refusal": TEXT}]},
    {"type": "function_call", "call_id": "call_1", "name": "weigh", "arguments": '{"what": "web"}'},
    {"type": "custom_tool_call", "call_id": "call_2", "name": "free", "input": TEXT},
    {
        "type": "mcp_call",
        "server_label": "scales",
        "name": "t",
        "arguments": "{}",
        "output": TEXT,
        "error": None,
    },
    {"type": "mcp_list_tools", "server_label": "scales", "tools": [{"name": "t", "input_schema": {}}]},
    {
        "type": "code_interpreter_call",
        "container_id": "c",
        "code": TEXT,
        "outputs": [{"type": "logs", "logs": "1"}],
    },
    {"type": "image_generation_call", "result": DATA, "output_format": "webp"},
    {"type": "web_search_call", "action": {"type": "search", "query": TEXT}},
    {"type": "file_search_call", "queries": [TEXT], "results": [{"text": TEXT, "score": 0.5}]},
    {"type": "computer_call", "call_id": "call_3", "action": {"type": "type", "text": TEXT}},
    {
        "type": "local_shell_call",
        "call_id": "call_4",
        "action": {"type": "exec", "command": [TEXT], "env": {}},
    },
    {"type": "compaction", "encrypted_content": "xyz"},
    {"type": "novelty", "text": TEXT, "inside": {"a": [1, None]}},
]
RESPONSE: dict[str, Any] = {
    "id": "resp_1",
    "object": "response",
    "created_at": 1,
    "model": "gpt-test-1",
    "status": "completed",
    "error": None,
    "incomplete_details": {"reason": "max_output_tokens"},
    "instructions": None,
    "metadata": {},
    "output": [{"id": f"item_{place}", "status": "completed", **item} for place, item in enumerate(ITEMS)],
    "parallel_tool_calls": True,
    "service_tier": "default",
    "temperature": 1.0,
    "tool_choice": "auto",
    "tools": [],
    "top_p": 1.0,
    "conversation": {"id": "conv_1"},
    "usage": RESPONSES_USAGE,
}
_BEGUN = {**RESPONSE, "status": "in_progress", "output": [], "usage": None}


def _response_events() -> list[Event]:
    at: dict[str, Any] = {"item_id": "item_1", "output_index": 1, "content_index": 0}
    said: list[tuple[str, dict[str, Any]]] = [("created", {"response": _BEGUN})]
    for index, item in enumerate(RESPONSE["output"]):
        place = {"output_index": index, "item_id": item["id"]}
        said.append(
            ("output_item.added", {**place, "item": {**item, "status": "in_progress", "content": []}})
        )
        if item["type"] == "message":
            said += [
                ("content_part.added", {**at, "part": {**PART, "text": ""}}),
                *(
                    ("output_text.delta", {**at, "delta": piece, "logprobs": []})
                    for piece in ("So ", "light 🕸")
                ),
                ("refusal.delta", {**at, "content_index": 1, "delta": "No."}),
                ("output_text.annotation.added", {**at, "annotation_index": 0, "annotation": {"type": "x"}}),
                ("output_text.done", {**at, "text": TEXT, "logprobs": []}),
            ]
        if item["type"] == "reasoning":
            said.append(("reasoning_summary_text.delta", {**place, "summary_index": 0, "delta": "Hm."}))
        if item["type"] == "function_call":
            said.append(("function_call_arguments.delta", {**place, "delta": '{"what":'}))
        if item["type"] == "code_interpreter_call":
            said.append(("code_interpreter_call_code.delta", {**place, "delta": "print"}))
        if item["type"] == "image_generation_call":
            partial = {**place, "partial_image_b64": DATA, "partial_image_index": 0}
            said.append(("image_generation_call.partial_image", partial))
        said.append(("output_item.done", {**place, "item": item}))
    said.append(("completed", {"response": RESPONSE}))
    return [
        (f"response.{name}", {"type": f"response.{name}", "sequence_number": number, **data})
        for number, (name, data) in enumerate(said)
    ]


# --- runs of assistants, agents, images, audio

RUN = {
    "id": "run_1",
    "object": "thread.run",
    "created_at": 1,
    "thread_id": "thread_1",
    "assistant_id": "asst_1",
    "model": "gpt-test",
    "status": "completed",
    "incomplete_details": {"reason": "max_prompt_tokens"},
    "last_error": {"code": "server_error", "message": TEXT},
    "usage": USAGE,
}
PIECE = {"index": 0, "type": "text", "text": {"value": "So light", "annotations": []}}
RUN_EVENTS = [
    ("thread.run.created", {**RUN, "status": "queued", "usage": None}),
    ("thread.run.step.created", {"id": "step_1", "object": "thread.run.step", "run_id": "run_1"}),
    (
        "thread.message.delta",
        {"id": "msg_1", "object": "thread.message.delta", "delta": {"content": [PIECE]}},
    ),
    ("thread.message.completed", {"id": "msg_1", "object": "thread.message", "content": [PIECE]}),
    ("thread.run.completed", RUN),
    ("done", "[DONE]"),
]
ASSISTANT = {
    "id": "asst_1",
    "object": "assistant",
    "created_at": 1,
    "model": "gpt-test",
    "name": "W",
    "tools": [],
}
AUDIO_USAGE = {
    "type": "tokens",
    "input_tokens": 24,
    "input_token_details": {"text_tokens": 4, "audio_tokens": 20},
    "output_tokens": 5,
    "total_tokens": 29,
}
IMAGE_USAGE = {
    "input_tokens": 24,
    "input_tokens_details": {"text_tokens": 24},
    "output_tokens": 5,
    "total_tokens": 29,
}
IMAGE = {"b64_json": DATA, "output_format": "png", "created_at": 1, "size": "auto"}
TURN = {"id": "turn_1", "session_id": "sess_1", "status": "completed", "subagent_id": None, "error": None}
OF_TURN = {"event_id": "event_1", "session_id": "sess_1", "turn_id": "turn_1"}
SESSION = {
    "id": "sess_1",
    "object": "agent.session",
    "status": "idle",
    "agent": {"id": "agent_1", "name": "W"},
}
AGENT_EVENTS: list[Event] = [
    (None, {"type": "agent.session.created", "event_id": "event_0", "session": SESSION}),
    (None, {"type": "agent.session.turn.output_text.delta", **OF_TURN, "delta": "So light"}),
    (None, {"type": "agent.session.turn.completed", **OF_TURN, "turn": TURN, "usage": RESPONSES_USAGE}),
    (None, {"type": "agent.session.idle", "event_id": "event_9", "session": SESSION}),
]
SOUND = {"file": ("a.wav", b"RIFF", "audio/wav"), **MODEL}
_CHAT = {**MODEL, "messages": MESSAGES}
_FOUND = {
    "file_id": "f",
    "filename": "n",
    "score": 0.5,
    "attributes": {"a": 1},
    "content": [{"type": "text", "text": TEXT}],
}

KINDS = [
    Kind("chat", "/chat/completions", {**_CHAT, "n": 2}, CHAT, "chat.completions.create"),
    Kind("completion", "/completions", {**MODEL, "prompt": "How"}, COMPLETION, "completions.create"),
    Kind("response", "/responses", {**MODEL, "input": "How"}, RESPONSE, "responses.create"),
    Kind(
        "compaction",
        "/responses/compact",
        MODEL,
        {**RESPONSE, "object": "response.compaction"},
        "responses.compact",
    ),
    Kind("cancel", "/responses/resp_1/cancel", {}, RESPONSE, "responses.cancel", {"response_id": "resp_1"}),
    Kind(
        "embedding",
        "/embeddings",
        {**MODEL, "input": "How", "encoding_format": "float"},
        {"object": "list", "model": "e", "data": [{"object": "embedding", "index": 0, "embedding": [0.5, 1]}],
         "usage": {"prompt_tokens": 24, "total_tokens": 24}},
        "embeddings.create",
    ),
    Kind(
        "moderation",
        "/moderations",
        {"input": "How"},
        {"id": "modr_1", "model": "m", "results": [{"flagged": True, "categories": {"hate": False}}]},
        "moderations.create",
    ),
    Kind(
        "image",
        "/images/generations",
        {**MODEL, "prompt": "A web", "n": 2},
        {"created": 1, "output_format": "png", "data": [{"b64_json": DATA, "revised_prompt": TEXT}, {"url": "http://i"}],
         "usage": IMAGE_USAGE},
        "images.generate",
    ),
    Kind(
        "transcription",
        "/audio/transcriptions",
        MODEL,
        {"text": TEXT, "usage": AUDIO_USAGE, "logprobs": [], "duration": 1.5},
        "audio.transcriptions.create",
        SOUND,
    ),
    Kind(
        "transcription-by-the-second",
        "/audio/transcriptions",
        MODEL,
        {"text": TEXT, "usage": {"type": "duration", "seconds": 3}},
        "audio.transcriptions.create",
        SOUND,
    ),
    Kind("run", "/threads/thread_1/runs", {"assistant_id": "asst_1"}, RUN),
    Kind("assistant", "/assistants", {**MODEL, "name": "W"}, ASSISTANT),
    Kind("agent", "/agents", {**MODEL, "name": "W"}, {"id": "agent_1", "object": "agent", "name": "W"}),
    Kind("agent-session", "/agents/sessions", {"agent_id": "agent_1"}, {**SESSION, "usage": RESPONSES_USAGE}),
    Kind(
        "search",
        "/vector_stores/vs_1/search",
        {"query": "How heavy?"},
        {"object": "page", "search_query": ["How"], "data": [_FOUND], "has_more": False},
    ),
    Kind(
        "video",
        "/videos",
        {**MODEL, "prompt": "A web"},
        {"id": "v", "status": "failed", "error": {"code": "c"}},
    ),
    Kind("decision", "/decisions", MODEL, {"id": "d", "model": "m", "usage": RESPONSES_USAGE}),
]  # fmt: skip
STREAMS = [
    Kind("chat-stream", "/chat/completions", _CHAT, CHUNKS, "chat.completions.create"),
    Kind("completion-stream", "/completions", {**MODEL, "prompt": "How"}, TEXTS, "completions.create"),
    Kind("response-stream", "/responses", {**MODEL, "input": "How"}, _response_events(), "responses.create"),
    Kind("run-stream", "/threads/thread_1/runs", {"assistant_id": "asst_1"}, RUN_EVENTS),
    Kind("agent-stream", "/agents/sessions", {"agent_id": "agent_1"}, AGENT_EVENTS),
    Kind(
        "image-stream",
        "/images/generations",
        {**MODEL, "prompt": "A web"},
        [
            ("image_generation.partial_image", {"type": "image_generation.partial_image", **IMAGE}),
            (
                "image_generation.completed",
                {"type": "image_generation.completed", **IMAGE, "usage": IMAGE_USAGE},
            ),
        ],
        "images.generate",
    ),
    Kind(
        "transcript-stream",
        "/audio/transcriptions",
        MODEL,
        [
            (None, {"type": "transcript.text.delta", "delta": "So "}),
            (None, {"type": "transcript.text.done", "text": TEXT, "usage": AUDIO_USAGE}),
        ],
        "audio.transcriptions.create",
        SOUND,
    ),
]


def body_of(kind: Kind) -> list[bytes]:
    """The good answer, as it is sent: one piece an event."""
    if not kind.streams:
        return [json.dumps(kind.answer).encode()]
    return [*(event_of(name, json.dumps(data)) for name, data in kind.answer), b"data: [DONE]\n\n"]


def event_of(name: str | None, data: str) -> bytes:
    """An event with this data."""
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {data}\n\n".encode(errors="surrogatepass")
