"""What the headers of a response say beside the answer, for those who ask for it.

Only headers that are known to tell limits, times and ids are read.
"""

from __future__ import annotations

from typing import Any, Final

from gossamer import semconv

_TELL_LIMITS: Final = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")
#: Begin of the headers that tell limits one by one: of requests, tokens, images, per minute or day.
_LIMITS: Final = tuple(f"{name}-" for name in _TELL_LIMITS)
#: Characters of a name. A server could send any, and each is an attribute of its own.
_LONGEST: Final = 64
HEADERS: Final = frozenset(
    {
        "apim-request-id",  # Azure
        "openai-organization",
        "openai-processing-ms",
        "openai-project",
        "openai-version",
        "retry-after",
        "retry-after-ms",
        "x-amzn-requestid",  # Bedrock
        "x-ms-region",  # Azure
        *_TELL_LIMITS,  # Together, OpenRouter
    }
)


def read_headers(headers: Any) -> dict[str, Any]:
    """Attributes for the headers of a response, named as the core conventions name them."""
    found: dict[str, Any] = {}
    for name, value in headers.items():
        key = name.lower()
        if key == "x-request-id":
            found[semconv.REQUEST_ID] = value
        elif key in HEADERS or (key.startswith(_LIMITS) and len(key) <= _LONGEST):
            found[f"{semconv.HTTP_RESPONSE_HEADER}.{key}"] = (value,)
    return found
