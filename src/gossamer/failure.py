"""What a failure tells: its type, HTTP status and request id; never its message, which may quote a prompt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gossamer import semconv


@dataclass(frozen=True)
class Failure:
    """Why a call failed, in values of low cardinality."""

    error_type: str
    """`error.type`: the qualified class of the exception, or the code that the answer carries."""
    description: str
    """Of the span's status: class, code and HTTP status."""
    attributes: dict[str, Any]


def of_exception(error: BaseException, headers: Any = None) -> Failure:
    """The failure behind an exception of the SDK, of the HTTP library or of anything else.

    Args:
        error: the exception, which is read and not kept.
        headers: of the HTTP response, when the exception was raised after there was one.
    """
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    attributes: dict[str, Any] = {}
    details = []
    code = getattr(error, "code", None)
    if _is_code(code):
        details.append(f"code {code}")
    status = getattr(error, "status_code", None)
    if type(status) is int:
        attributes[semconv.HTTP_STATUS_CODE] = status
        details.append(f"status {status}")
    request_id = getattr(error, "request_id", None) or _request_id_in(headers)
    if type(request_id) is str and request_id:
        attributes[semconv.REQUEST_ID] = request_id
    return Failure(name, f"{kind.__name__} ({', '.join(details)})" if details else kind.__name__, attributes)


def of_answer(code: str, answer: Any, headers: Any = None) -> Failure:
    """The failure that an answer states itself, as a failed response of the Responses API does."""
    code = code if _is_code(code) else "_OTHER"
    request_id = answer.get("_request_id") or _request_id_in(headers)
    attributes = {semconv.REQUEST_ID: request_id} if type(request_id) is str else {}
    return Failure(code, f"response failed (code {code})", attributes)


def _is_code(value: Any) -> bool:
    """Whether this is a code as APIs use them, and not a sentence that happens to stand in that place."""
    return type(value) is int or (
        type(value) is str
        and len(value) <= 64
        and value.isascii()
        and (value.isdigit() or value.replace("-", "_").replace(".", "_").isidentifier())
    )


def _request_id_in(headers: Any) -> Any:
    return headers.get("x-request-id") if headers is not None else None
