"""How a websocket has ended: asked of itself, for an exception of the app's may be about anything."""

from __future__ import annotations

from typing import Any


def protocol_of(connection: Any) -> Any:
    """The state of a connection's websocket, as websockets holds it. None where that is unknown."""
    return getattr(getattr(connection, "_connection", None), "protocol", None)


def end_of(connection: Any) -> BaseException | None:
    """What any use of the websocket raises now. None where it has not ended."""
    protocol = protocol_of(connection)
    if getattr(getattr(protocol, "state", None), "name", None) != "CLOSED":
        return None
    error = protocol.close_exc
    return error if isinstance(error, BaseException) else None


def holds_unsent(connection: Any) -> bool:
    """Whether messages wait for another connection to be made (since 2.22)."""
    return bool(getattr(connection, "_send_queue", None))
