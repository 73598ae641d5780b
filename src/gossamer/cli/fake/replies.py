"""Which reply a request gets. Nothing here touches a socket, a clock or a file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from gossamer.cli.fake.behaviour import Pace, behaviour_of
from gossamer.cli.fake.chat import chat_completion
from gossamer.cli.fake.completions import text_completion
from gossamer.cli.fake.embeddings import embeddings
from gossamer.cli.fake.reply import Reply, error_reply, json_reply
from gossamer.cli.fake.request import CREATED, Request
from gossamer.cli.fake.responses import model_response

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["RETRY_HEADER", "answer"]

# The SDK numbers its attempts in this header (since 1.47), so a fake needs no memory.
RETRY_HEADER = "x-stainless-retry-count"

_MODELS = ("gpt-4o", "gpt-4o-mini", "gpt-5-mini", "text-embedding-3-small")
_DEFAULT_PACE = Pace()

# What OpenAI and Azure put before the path of an operation.
_PREFIX = re.compile(r"^(/openai/deployments/[^/]+|(/openai)?/v1|/openai)?(?=/)")


def answer(
    method: str,
    path: str,
    body: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
    *,
    pace: Pace = _DEFAULT_PACE,
) -> Reply:
    """Answer one request; `path` may carry a query, `headers` are looked up in lower case."""
    target = urlsplit(path)
    route = _PREFIX.sub("", target.path)
    query = dict(parse_qsl(target.query))
    attempt = int((headers or {}).get(RETRY_HEADER) or 0)
    fields = dict(body or {})
    if method == "GET":
        fields.update(model=_model_of_response(route), stream=query.get("stream") == "true")
    model = fields.get("model")
    behaviour = behaviour_of(model if isinstance(model, str) else "", pace, attempt)
    request = Request(route, fields, behaviour, query)
    if behaviour.error_status is not None:
        return error_reply(request, behaviour.error_status)
    if method == "GET":
        return _get(request)
    operation = _POST.get(route) if method == "POST" else None
    if operation is None:
        return error_reply(request, 404, f"Invalid URL ({method} {target.path})", "unknown_url")
    if not model:
        return error_reply(request, 400, "you must provide a model parameter", "missing_model")
    return operation(request)


def _get(request: Request) -> Reply:
    resource, _, identifier = request.path.strip("/").partition("/")
    if resource == "responses" and identifier.startswith("resp_"):
        return model_response(request, identifier)
    if resource == "chat":  # stored completions: nothing is stored
        return json_reply(request, {"object": "list", "data": [], "has_more": False})
    if resource == "models":
        models = [_model(name) for name in ([identifier] if identifier else _MODELS)]
        return json_reply(request, models[0] if identifier else {"object": "list", "data": models})
    return error_reply(request, 404, f"Invalid URL (GET {request.path})", "unknown_url")


def _model(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": CREATED, "owned_by": "system"}


def _model_of_response(route: str) -> str:
    """Let `GET /responses/resp_fake-failed` be steered like a request that names a model."""
    name = route.rpartition("/resp_")[2]
    return name if name.startswith("fake-") else "gpt-4o-mini"


_POST: Mapping[str, Callable[[Request], Reply]] = {
    "/chat/completions": chat_completion,
    "/completions": text_completion,
    "/embeddings": embeddings,
    "/responses": model_response,
}
