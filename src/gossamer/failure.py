"""What a failure tells: its type, HTTP status and request id.

Its text may quote a prompt, and is only read where the content of the call is captured.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from traceback import format_exception
from typing import Any, Final

from gossamer import semconv
from gossamer.fields import Fields, fields
from gossamer.masking import without_secrets

#: The close code of a websocket that ended without one.
_NO_CLOSE_FRAME: Final = 1006


@dataclass(frozen=True)
class Failure:
    """Why a call failed, in values of low cardinality."""

    error_type: str
    """`error.type`: the qualified class of the exception, or the code that the answer carries."""
    description: str
    """Of the span's status: class, code and HTTP status."""
    attributes: dict[str, Any]
    raised: bool = False
    """It is an exception that the app got, and not what an answer says of itself."""
    message: str | None = None
    """None unless the content of the call is captured, as is the stack trace."""
    stacktrace: str | None = None

    def with_text(self, message: str | None, stacktrace: str | None) -> Failure:
        """The same failure with this text."""
        return replace(self, message=message, stacktrace=stacktrace)


def of_exception(
    error: BaseException, headers: Any = None, *, message: bool = False, stacktrace: bool = False
) -> Failure:
    """The failure behind an exception of the SDK, of the HTTP library or of anything else.

    Args:
        error: the exception, which is read and not kept.
        headers: of the HTTP response, when the exception was raised after there was one.
        message: keep its message, too.
        stacktrace: keep its stack trace, too: source files are read for it.
    """
    kind = type(error)
    attributes: dict[str, Any] = {}
    details = []
    code = _code_of(error)
    if _is_code(code):
        details.append(f"code {code}")
    status = getattr(error, "status_code", None)
    if type(status) is int:
        attributes[semconv.HTTP_STATUS_CODE] = status
        details.append(f"status {status}")
    request_id = getattr(error, "request_id", None) or _request_id_in(headers)
    if type(request_id) is str and request_id:
        attributes[semconv.REQUEST_ID] = request_id
    description = f"{kind.__name__} ({', '.join(details)})" if details else kind.__name__
    return Failure(
        _name_of(kind),
        description,
        attributes,
        raised=True,
        message=_masked(_text_of(error), error) if message else None,
        stacktrace=_masked("".join(format_exception(error)), error) if stacktrace else None,
    )


def _code_of(error: BaseException) -> Any:
    if "rcvd" not in vars(error):
        return getattr(error, "code", None)
    # A websocket was closed; asked for its `code`, that exception warns that this is deprecated.
    return getattr(vars(error)["rcvd"], "code", _NO_CLOSE_FRAME)


def _text_of(error: BaseException) -> str | None:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - an exception of the app's may be of any kind
        return None


def _masked(text: str | None, error: BaseException) -> str | None:
    """The text without the keys that the request had: an HTTP library or a proxy may quote it."""
    try:
        request = getattr(error, "request", None)
        return text if not text or request is None else without_secrets(text, request)
    except Exception:  # noqa: BLE001 - httpx raises where there is no request; that of an app may be anything
        return text


def of_answer(code: str, answer: Fields, headers: Any = None, *, message: bool = False) -> Failure:
    """The failure that an answer states itself, as a failed response of the Responses API does."""
    code = code if _is_code(code) else "_OTHER"
    request_id = answer.get("_request_id") or _request_id_in(headers)
    attributes = {semconv.REQUEST_ID: request_id} if type(request_id) is str else {}
    text = fields(answer.get("error") or answer.get("last_error")).get("message") if message else None
    text = text if type(text) is str else None
    return Failure(code, f"response failed (code {code})", attributes, message=text)


def of_retry(error: BaseException | None) -> dict[str, Any]:
    """Why a request is sent again: the HTTP status that came, or the class of what went wrong."""
    if error is None:
        return {}
    status = getattr(getattr(error, "response", None), "status_code", None)
    if type(status) is int:
        return {semconv.ERROR_TYPE: str(status), semconv.HTTP_STATUS_CODE: status}
    return {semconv.ERROR_TYPE: _name_of(type(error))}


def _name_of(kind: type[BaseException]) -> str:
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


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
