"""A fake API that knows every route: it gives each request an answer that ends whatever has asked.

One answer serves all routes; each result type takes the fields that it has. Runs and files are done at once,
so that no helper polls twice, and lists come to an end. Nothing leaves the process.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import openai
from sdk_arguments import ID

#: The HTTP library that the installed SDK is built on.
_base: Final[Any] = openai._base_client  # noqa: SLF001
http: Final[Any] = getattr(_base, "httpx2", None) or _base.httpx

BASE: Final = "https://llm.test/v1"

_TOKENS: Final = {"input_tokens": 5, "output_tokens": 2, "total_tokens": 7}
ANSWER: Final[dict[str, Any]] = {
    "id": ID,
    "created": 1,
    "created_at": 1,
    "model": "m-1",
    "status": "completed",
    "thread_id": ID,
    "choices": [
        {
            "index": 0,
            "finish_reason": "stop",
            "text": "words",
            "message": {"role": "assistant", "content": "words"},
            "delta": {"role": "assistant", "content": "words"},
        }
    ],
    "output": [],
    "usage": {**_TOKENS, "prompt_tokens": 5, "completion_tokens": 2},
    "data": [{"id": ID, "embedding": [0.5]}],
    "has_more": False,
    "file_counts": {"in_progress": 0, "completed": 1, "cancelled": 0, "failed": 0, "total": 1},
}
#: Path → what its answers say otherwise: how they call it that they are done.
_OTHERWISE: Final = {
    "/files": {"status": "processed"},
    "/agents/sessions": {"status": "idle"},
    "/audio/transcriptions": {"text": "words"},
}

_TURN: Final = {"id": ID, "session_id": ID, "status": "completed", "usage": _TOKENS}
_TEXT: Final = {"index": 0, "type": "text", "text": {"value": "words", "annotations": []}}
_MESSAGE: Final = {"id": ID, "role": "assistant", "content": [_TEXT]}
_SESSION: Final = {"id": ID, "status": "idle", "usage": _TOKENS}
#: Path → the events of its stream, by type. Chunks of choices are the answer itself.
_EVENTS: Final[dict[str, dict[str, dict[str, Any]]]] = {
    "/responses": {
        "response.created": {"response": {**ANSWER, "status": "in_progress"}},
        "response.completed": {"response": ANSWER},
    },
    "/threads": {
        "thread.run.created": ANSWER,
        "thread.message.created": _MESSAGE,
        "thread.message.delta": {"id": ID, "delta": {"content": [_TEXT]}},
        "thread.message.completed": _MESSAGE,
        "thread.run.completed": ANSWER,
    },
    "/images/generations": {"image_generation.completed": {"b64_json": "", "usage": _TOKENS}},
    "/images/edits": {"image_edit.completed": {"b64_json": "", "usage": _TOKENS}},
    "/audio/transcriptions": {
        "transcript.text.delta": {"delta": "words"},
        "transcript.text.done": {"text": "words", "usage": _TOKENS},
    },
    "/agents/sessions": {
        "agent.session.created": {"session": _SESSION},
        "agent.session.turn.created": {"session_id": ID, "turn_id": ID, "turn": _TURN},
        "agent.session.turn.completed": {"session_id": ID, "turn_id": ID, "turn": _TURN, "usage": _TOKENS},
        "agent.session.idle": {"session": _SESSION},
    },
}


class Sent(NamedTuple):
    """A request as the server sees it."""

    verb: str
    path: str
    """Below the API's base, without query; each id is `{id}`."""
    kind: str
    """Of the body: JSON, multipart, another content type, or none."""
    body: bytes
    streamed: bool
    poll: bool
    """A helper asks whether something is done."""


@dataclass
class Server:
    """What has been asked, in order; answers everything."""

    requests: list[Sent] = field(default_factory=list)

    def handle(self, request: Any) -> Any:
        """The answer to a request of the SDK."""
        sent = _sent(request, request.read())
        self.requests.append(sent)
        if sent.streamed:
            return _streamed(sent.path)
        answer = {**ANSWER, **_OTHERWISE.get(sent.path.removesuffix("/{id}"), {})}
        if "after" in request.url.params:  # older releases ask for a second page whatever `has_more` says
            answer["data"] = []
        return http.Response(200, json=answer)

    async def ahandle(self, request: Any) -> Any:
        """The same; the files of an async request can only be read asynchronously."""
        await request.aread()
        return self.handle(request)


def sync_client(server: Server) -> openai.OpenAI:
    """A client of that server."""
    session = http.Client(transport=http.MockTransport(server.handle))
    return openai.OpenAI(http_client=session, **_options(openai.OpenAI))


def async_client(server: Server) -> openai.AsyncOpenAI:
    """The same, async."""
    session = http.AsyncClient(transport=http.MockTransport(server.ahandle))
    return openai.AsyncOpenAI(http_client=session, **_options(openai.AsyncOpenAI))


def _options(kind: Any) -> dict[str, Any]:
    takes = kind.__init__.__code__.co_varnames
    keys = {name: "sk-test" for name in ("api_key", "admin_api_key") if name in takes}
    return {"base_url": BASE, "max_retries": 0, **keys}


def _sent(request: Any, body: bytes) -> Sent:
    segments = request.url.path.removeprefix("/v1").split("/")
    content_type, _, rest = request.headers.get("content-type", "").partition(";")
    boundary = re.search(r"boundary=(.+)", rest)
    if boundary is not None:  # another one in each request
        body = body.replace(boundary[1].encode(), b"boundary")
    return Sent(
        verb=request.method,
        path="/".join("{id}" if segment == ID else segment for segment in segments),
        kind=content_type.removeprefix("application/").removesuffix("/form-data") if body else "none",
        body=body,
        streamed="text/event-stream" in request.headers.get("accept", "")
        or request.url.params.get("stream") == "true"
        or re.search(rb'"stream": ?true|name="stream"\s+true', body) is not None,
        poll="x-stainless-poll-helper" in request.headers,
    )


def _streamed(path: str) -> Any:
    events = next((events for prefix, events in _EVENTS.items() if path.startswith(prefix)), None)
    if events is None:
        lines = [f"data: {json.dumps(ANSWER)}\n\n"] * 2
    elif path.startswith("/threads"):  # these are named, and their data is the object itself
        lines = [f"event: {name}\ndata: {json.dumps(data)}\n\n" for name, data in events.items()]
    else:
        lines = [_event(number, name, data) for number, (name, data) in enumerate(events.items())]
    content = "".join([*lines, "data: [DONE]\n\n"]).encode()
    return http.Response(200, headers={"content-type": "text/event-stream"}, content=content)


def _event(number: int, name: str, data: dict[str, Any]) -> str:
    marked = {"type": name, "event_id": f"event-{number}", "sequence_number": number, **data}
    return f"event: {name}\ndata: {json.dumps(marked)}\n\n"
