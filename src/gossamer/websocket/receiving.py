"""The wrappers on what comes in. A message is looked at once: when it is parsed, or before the next one.

`recv()`, iteration and `dispatch_events()` call both methods here once for each message. An app that parses
for itself calls but the first.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from gossamer.websocket.session import SESSION

if TYPE_CHECKING:
    from gossamer.place import Layer, Method


def receive(original: Method, layer: Layer) -> Method:
    """Of a message as bytes."""

    @functools.wraps(original)
    def received(self: Any) -> Any:
        session = self.__dict__.get(SESSION)
        if session is None or layer.current is None:
            return original(self)
        if session.unread is not None:
            session.read()
        try:
            message = session.unread = original(self)
        except BaseException as error:
            session.lost(error)
            raise
        return message

    return received


def areceive(original: Method, layer: Layer) -> Method:
    """The async twin."""

    @functools.wraps(original)
    async def received(self: Any) -> Any:
        session = self.__dict__.get(SESSION)
        if session is None or layer.current is None:
            return await original(self)
        if session.unread is not None:
            session.read()
        try:
            message = session.unread = await original(self)
        except BaseException as error:
            session.lost(error)
            raise
        return message

    return received


def parse(original: Method, layer: Layer) -> Method:
    """Of a message that becomes an event: sync on both kinds of connection."""

    @functools.wraps(original)
    def parsed(self: Any, data: Any) -> Any:
        event = original(self, data)
        session = self.__dict__.get(SESSION)
        if layer.current is None or session is None:
            return event
        if data is session.unread:  # else it is one that was seen, or none of its own
            session.unread = None
            kind = event.get("type") if isinstance(event, dict) else getattr(event, "type", None)
            if type(kind) is str and (kind in session.receives or session.listens):
                session.received(kind, event)
        return event

    return parsed
