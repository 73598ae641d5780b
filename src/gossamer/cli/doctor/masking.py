"""What must not be shown? Values of the environment that may be secret, wherever they turn up."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Mask", "host_of"]

#: A variable with one of these words in its name holds a secret.
_SECRET: Final = re.compile(
    r"(?:^|_)(?:(?:API|ACCESS)?KEY|TOKEN|SECRET|PASS|PASSWORD|PASSWD|HEADERS?|AUTH|AUTHORIZATION|CREDENTIALS?|DSN"
    r"|COOKIES?)(?:_|$)",
    re.IGNORECASE,
)
_SHORTEST: Final = 6  # what is shorter may be any word of the page
_USER_INFO: Final = re.compile(r"(?<=://)[^/\s@]+@")
_LOOKS_LIKE_A_KEY: Final = re.compile(r"\bsk-[\w-]{8,}|\bBearer\s+\S+", re.IGNORECASE)
_HIDDEN: Final = "(hidden)"


class Mask:
    """Takes secrets out of texts."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        secrets: set[str] = set()
        for name, value in environ.items():
            if _SECRET.search(name):
                secrets.add(value.strip())
                # Of `name=value,name=value` each value, too, also without a `Bearer ` before it.
                for pair in value.split(","):
                    secrets.update((pair.partition("=")[2].strip(), pair.rpartition(" ")[2].strip()))
        # The longest first, for one may be a part of another.
        self._secrets = sorted((each for each in secrets if len(each) >= _SHORTEST), key=len, reverse=True)

    def text(self, text: str) -> str:
        """Give a text without secrets."""
        for secret in self._secrets:
            text = text.replace(secret, _HIDDEN)
        text = _USER_INFO.sub(f"{_HIDDEN}@", text)
        return _LOOKS_LIKE_A_KEY.sub(_HIDDEN, text)

    def data(self, value: Any) -> Any:
        """Give JSON data without secrets."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {name: self.data(each) for name, each in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.data(each) for each in value]
        return value


def host_of(url: str) -> str:
    """Give scheme, host and port of a URL: its user, path and query may hold a key."""
    try:
        parts = urlsplit(url if "://" in url else f"//{url}")
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return _HIDDEN
    scheme = f"{parts.scheme}://" if parts.scheme else ""
    return f"{scheme}{parts.hostname}{port}" if parts.hostname else _HIDDEN
