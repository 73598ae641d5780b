"""Messages that the app writes and reads itself, as text or bytes: which of them matter?

Most are audio, and those are not parsed: a type is looked for where it stands, near one of the ends.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any, Final

#: Characters at either end. In between is what the message carries.
_NEAR: Final = 256

_A_DELTA: Final = '.delta"'


def event_in(message: Any, kinds: frozenset[str], *, or_delta: bool = False) -> dict[str, Any] | None:
    """The event in a message that may be of one of these types, or a piece of output where that is asked for.

    A type that stands further from both ends is not found.
    """
    if not isinstance(message, (str, bytes, bytearray)):
        if not isinstance(message, memoryview):
            return None  # fragments, or nothing that can be sent
        message = message.tobytes()
    ends = message if len(message) <= 2 * _NEAR else message[:_NEAR] + message[-_NEAR:]
    near = ends if isinstance(ends, str) else bytes(ends).decode("latin-1")
    for kind in _quoted(kinds):
        if kind in near:
            break
    else:
        if not or_delta or _A_DELTA not in near:
            return None
    try:
        event = json.loads(message)
    except (ValueError, RecursionError):
        return None  # whose message it is will see
    return event if isinstance(event, dict) else None


@cache
def _quoted(kinds: frozenset[str]) -> tuple[str, ...]:
    return tuple(f'"{kind}"' for kind in kinds)
