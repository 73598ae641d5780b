"""The shape of a reply: status, headers, and the body in timed pieces."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gossamer.cli.fake.behaviour import Behaviour
    from gossamer.cli.fake.request import Request

__all__ = ["STREAM_ERROR", "Event", "Reply", "encode", "error_reply", "json_reply", "stream_reply"]

# One server-sent event, and whether time passes before it (it carries a token).
Event = tuple[bytes, bool]

_KINDS = {
    400: ("invalid_request_error", "context_length_exceeded", "The prompt is too long."),
    401: ("invalid_request_error", "invalid_api_key", "Incorrect API key provided: sk-fake."),
    403: ("invalid_request_error", "model_not_allowed", "The project may not use this model."),
    404: ("invalid_request_error", "model_not_found", "The model does not exist."),
    429: ("requests", "rate_limit_exceeded", "Rate limit reached: 3 requests per minute."),
}
_SERVER_ERROR = "The server had an error while processing the request."
_RETRYABLE = frozenset({408, 409, 429})


@dataclass(frozen=True)
class Reply:
    """What goes over the wire: `chunks` are (seconds to wait before it, bytes)."""

    status: int
    headers: Mapping[str, str]
    chunks: list[tuple[float, bytes]]
    cut: bool = False  # the connection breaks after the last chunk


def encode(value: object) -> bytes:
    """Write compact JSON, as the API does."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


STREAM_ERROR = b"data: %s\n\n" % encode(
    {
        "error": {
            "message": _SERVER_ERROR,
            "type": "server_error",
            "param": None,
            "code": "server_error",
        }
    }
)


def json_reply(request: Request, value: object, tokens: int = 0) -> Reply:
    """Answer with one JSON document, after the time that its tokens would have taken to stream."""
    behaviour, body = request.behaviour, encode(value)
    cut = behaviour.ending == "drop"
    return Reply(
        status=200,
        headers={
            "content-type": "application/json",
            "content-length": str(len(body)),
            **_headers(request),
        },
        chunks=[(behaviour.wait + behaviour.delay * tokens, body[: len(body) // 2] if cut else body)],
        cut=cut,
    )


def stream_reply(request: Request, events: list[Event], error: bytes) -> Reply:
    """Answer with server-sent events; `error` is what a stream that breaks half-way ends with."""
    behaviour = request.behaviour
    timed = [(behaviour.delay if token else 0.0, event) for event, token in events]
    timed[0] = (behaviour.wait + behaviour.delay, timed[0][1])
    if behaviour.ending in ("drop", "error"):
        del timed[len(timed) // 2 :]
    if behaviour.ending == "error":
        timed.append((behaviour.delay, error))
    return Reply(
        status=200,
        headers={"content-type": "text/event-stream; charset=utf-8", **_headers(request)},
        chunks=timed,
        cut=behaviour.ending == "drop",
    )


def error_reply(request: Request, status: int, message: str | None = None, code: str | None = None) -> Reply:
    """Answer with an error, which asks for a quick retry where the SDK may retry at all."""
    kind, known_code, known_message = _KINDS.get(status, ("server_error", None, _SERVER_ERROR))
    error = {
        "message": message or known_message,
        "type": kind,
        "param": None,
        "code": code or known_code,
    }
    body = encode({"error": error})
    headers = {"content-type": "application/json", "content-length": str(len(body))}
    if status in _RETRYABLE or status >= 500:
        headers["retry-after-ms"] = "20"
    return Reply(status, {**headers, **_headers(request)}, [(0.0, body)])


def _headers(request: Request) -> dict[str, Any]:
    """Give the headers that every reply of the API carries."""
    return {
        "openai-organization": "org-fake",
        "openai-processing-ms": str(_processing_ms(request.behaviour)),
        "openai-version": "2020-10-01",
        "x-ratelimit-limit-requests": "30000",
        "x-ratelimit-limit-tokens": "150000000",
        "x-ratelimit-remaining-requests": "29999",
        "x-ratelimit-remaining-tokens": "149999987",
        "x-ratelimit-reset-requests": "2ms",
        "x-ratelimit-reset-tokens": "0s",
        "x-request-id": "req_" + request.mark("request", 32),
    }


def _processing_ms(behaviour: Behaviour) -> int:
    return 12 + round(1000 * (behaviour.wait + behaviour.delay))
