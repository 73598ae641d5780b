"""The wrappers on what goes out. Of an event only its type is looked at, unless it is one that matters.

Most of what is sent is audio: a wrapper spells out what another function would cost a call for.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from gossamer.fields import type_of
from gossamer.websocket.session import SESSION

if TYPE_CHECKING:
    from gossamer.place import Layer, Method
    from gossamer.websocket.generations import Generation
    from gossamer.websocket.session import Session


def send(original: Method, layer: Layer) -> Method:
    """Of an event as a dict or a model."""

    @functools.wraps(original)
    def sent(self: Any, event: Any) -> Any:
        session = self.__dict__.get(SESSION)
        if session is None or layer.current is None:
            return original(self, event)
        kind = (
            event.get("type") if isinstance(event, dict) else getattr(event, "type", None) or type_of(event)
        )
        if type(kind) is not str or kind not in session.sends:
            return original(self, event)
        generation = session.sending(kind, event)
        try:
            return original(self, event)
        except BaseException as error:
            session.unsent(generation, error)
            raise

    return sent


def asend(original: Method, layer: Layer) -> Method:
    """The async twin."""

    @functools.wraps(original)
    async def sent(self: Any, event: Any) -> Any:
        session = self.__dict__.get(SESSION)
        if session is None or layer.current is None:
            return await original(self, event)
        kind = (
            event.get("type") if isinstance(event, dict) else getattr(event, "type", None) or type_of(event)
        )
        if type(kind) is not str or kind not in session.sends:
            return await original(self, event)
        generation = session.sending(kind, event)
        try:
            return await original(self, event)
        except BaseException as error:
            session.unsent(generation, error)
            raise

    return sent


def send_raw(original: Method, layer: Layer) -> Method:
    """Of a message that the app has written itself."""

    @functools.wraps(original)
    def sent(self: Any, data: Any) -> Any:
        session = self.__dict__.get(SESSION) if layer.current is not None else None
        generation = session.sending_raw(data) if session is not None else None
        try:
            return original(self, data)
        except BaseException as error:
            if session is not None:
                session.unsent(generation, error)
            raise

    return sent


def asend_raw(original: Method, layer: Layer) -> Method:
    """The async twin."""

    @functools.wraps(original)
    async def sent(self: Any, data: Any) -> Any:
        session = self.__dict__.get(SESSION) if layer.current is not None else None
        generation = session.sending_raw(data) if session is not None else None
        try:
            return await original(self, data)
        except BaseException as error:
            if session is not None:
                session.unsent(generation, error)
            raise

    return sent


def send_on_lane(original: Method, layer: Layer) -> Method:
    """Of an event on a lane, which writes to the websocket itself."""

    @functools.wraps(original)
    def sent(self: Any, event: Any) -> Any:
        session, generation = _on_lane(layer, self, event)
        try:
            return original(self, event)
        except BaseException as error:
            if session is not None:
                session.unsent(generation, error)
            raise

    return sent


def asend_on_lane(original: Method, layer: Layer) -> Method:
    """The async twin."""

    @functools.wraps(original)
    async def sent(self: Any, event: Any) -> Any:
        session, generation = _on_lane(layer, self, event)
        try:
            return await original(self, event)
        except BaseException as error:
            if session is not None:
                session.unsent(generation, error)
            raise

    return sent


def _on_lane(layer: Layer, lane: Any, event: Any) -> tuple[Session | None, Generation | None]:
    if layer.current is None:
        return None, None
    connection = getattr(getattr(lane, "_session", None), "connection", None)
    session: Session | None = getattr(connection, SESSION, None)
    kind = event.get("type") if isinstance(event, dict) else getattr(event, "type", None) or type_of(event)
    if session is None or type(kind) is not str or kind not in session.sends:
        return session, None
    return session, session.sending(kind, event, getattr(getattr(lane, "_state", None), "stream_id", None))
