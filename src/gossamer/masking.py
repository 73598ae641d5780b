"""Which words of a request are secret? The text of a failure, which may quote it, is told without them."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import unquote_plus, urlsplit

#: Headers that hold no secret; those of gateways have any name.
_HARMLESS: Final = {
    "accept", "accept-encoding", "accept-language", "baggage", "connection", "content-encoding",
    "content-length", "content-type", "host", "openai-beta", "openai-organization", "openai-project",
    "traceparent", "tracestate", "transfer-encoding", "user-agent",
}  # fmt: skip
_OF_THE_SDK: Final = "x-stainless-"
#: What is no secret in a query.
_KNOWN: Final = ("api-version", "model")
_SHORTEST: Final = 6  # what is shorter may be any word of the text
_HIDDEN: Final = "(hidden)"


def without_secrets(text: str, request: Any) -> str:
    """A text without the keys, tokens and passwords that an HTTP request was sent with."""
    # The longest first, for one may be a part of another.
    for secret in sorted(_secrets_of(request), key=len, reverse=True):
        text = text.replace(secret, _HIDDEN)
    return text


def _secrets_of(request: Any) -> set[str]:
    found = set()
    for name, value in request.headers.items():
        if name.lower() not in _HARMLESS and not name.lower().startswith(_OF_THE_SDK):
            found |= {value.strip(), value.strip().rpartition(" ")[2]}  # also without a `Bearer ` before it
            found |= {cookie.partition("=")[2] for cookie in value.split(";")}
    url = urlsplit(str(request.url))
    found |= {url.username or "", url.password or ""}
    for pair in url.query.split("&"):
        name, _, value = pair.partition("=")
        if name not in _KNOWN:
            found |= {value, unquote_plus(value)}
    found |= {repr(secret)[1:-1] for secret in found}  # as it is quoted with a line end inside
    return {secret for secret in found if len(secret) >= _SHORTEST}
