"""What the bench and its workers say to each other: JSON, one message a line.

A worker opens with a `hello`. Then each request gets one reply; a request that fails gets
`{"error": ...}`, and one that this environment's SDK cannot serve `{"unsupported": ...}`.
The worker ends when its input does.
"""

from __future__ import annotations

import json
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

Message = dict[str, Any]


class ProtocolError(Exception):
    """The other end said something that is not a message, or nothing more."""


def send(stream: IO[str], message: Message) -> None:
    """Write one message."""
    stream.write(json.dumps(message, separators=(",", ":")) + "\n")
    stream.flush()


def receive(stream: IO[str]) -> Message:
    """Read one message."""
    line = stream.readline()
    if not line:
        raise ProtocolError("the other end is gone")
    return parse(line)


def parse(line: str) -> Message:
    """The message that a line holds."""
    try:
        message = json.loads(line)
    except ValueError as error:
        raise ProtocolError(f"not a message: {line[:200]!r}") from error
    if not isinstance(message, dict):
        raise ProtocolError(f"not a message: {line[:200]!r}")
    return message


def messages(stream: IO[str]) -> Iterator[Message]:
    """Every message until the other end closes."""
    for line in stream:
        yield parse(line)
