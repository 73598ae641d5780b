"""The wrappers on the beginning and the end of a connection."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import parse_qs

from gossamer.errors import swallow
from gossamer.websocket.live import LiveSession
from gossamer.websocket.loss import end_of, holds_unsent, protocol_of
from gossamer.websocket.realtime import RealtimeSession
from gossamer.websocket.responses import ResponsesSession
from gossamer.websocket.session import SESSION

if TYPE_CHECKING:
    from collections.abc import Mapping
    from weakref import WeakSet

    from gossamer.place import Layer, Method
    from gossamer.providers import Servers
    from gossamer.sdk import Connections
    from gossamer.telemetry import Telemetry
    from gossamer.websocket.session import Session


class Watch(Protocol):
    """What a new connection is watched with: `WebsocketHook`, as far as it matters here."""

    connections: Mapping[str, Connections]
    servers: Servers
    sessions: WeakSet[Session]

    def telemetry(self, client: Any, /) -> Telemetry | None:
        """What is on now for a client."""


_SESSIONS: Final[dict[str, type[Session]]] = {
    "realtime": RealtimeSession,
    "responses": ResponsesSession,
    "live": LiveSession,
}

#: The SDK's exception for a connection that has ended with messages still to be sent.
_UNSENT: Final = "WebSocketConnectionClosedError"


def enter(original: Method, layer: Layer) -> Method:
    """Of a manager that connects. A connection that fails leaves no span: nothing was asked yet."""

    @functools.wraps(original)
    def entered(self: Any) -> Any:
        queued = _queued(self) if layer.current is not None else []
        connection = original(self)
        hook = layer.current
        if hook is not None:
            _watch(connection, self, hook, queued)
        return connection

    return entered


def aenter(original: Method, layer: Layer) -> Method:
    """The async twin."""

    @functools.wraps(original)
    async def entered(self: Any) -> Any:
        queued = _queued(self) if layer.current is not None else []
        connection = await original(self)
        hook = layer.current
        if hook is not None:
            _watch(connection, self, hook, queued)
        return connection

    return entered


def leave(original: Method, layer: Layer) -> Method:
    """Of a manager at the end of its `with` block."""

    @functools.wraps(original)
    def left(self: Any, exc_type: Any, exc: Any, exc_tb: Any) -> Any:
        if layer.current is not None:
            _left_by(self, exc)
        return original(self, exc_type, exc, exc_tb)

    return left


def aleave(original: Method, layer: Layer) -> Method:
    """The async twin."""

    @functools.wraps(original)
    async def left(self: Any, exc_type: Any, exc: Any, exc_tb: Any) -> Any:
        if layer.current is not None:
            _left_by(self, exc)
        return await original(self, exc_type, exc, exc_tb)

    return left


def close(original: Method, layer: Layer) -> Method:
    """Of a connection."""

    @functools.wraps(original)
    def closed(self: Any, *, code: int = 1000, reason: str = "") -> Any:
        session = self.__dict__.get(SESSION)
        if session is not None and layer.current is not None:
            _close(self, session)
        try:
            return original(self, code=code, reason=reason)
        except Exception:
            if session is not None:
                session.reopen()
            raise

    return closed


def aclose(original: Method, layer: Layer) -> Method:
    """The async twin."""

    @functools.wraps(original)
    async def closed(self: Any, *, code: int = 1000, reason: str = "") -> Any:
        session = self.__dict__.get(SESSION)
        if session is not None and layer.current is not None:
            _close(self, session)
        try:
            return await original(self, code=code, reason=reason)
        except Exception:
            if session is not None:
                session.reopen()
            raise

    return closed


def _watch(connection: Any, manager: Any, hook: Watch, queued: list[Any]) -> None:
    """A connection is there: what was queued for it has been sent."""
    try:
        # By the SDK's class: an app may have made one of its own from it.
        modules = (kind.__module__ for kind in type(manager).__mro__)
        protocol = next(hook.connections[module].protocol for module in modules if module in hook.connections)
        uri = _uri(connection)
        client = _private(manager, "client")
        if uri is None:
            server, model = hook.servers.of(client), _private(manager, "model")
        else:
            host = f"[{uri.host}]" if ":" in uri.host else uri.host
            server = hook.servers.at(f"{'wss' if uri.secure else 'ws'}://{host}:{uri.port}{uri.path}", client)
            query = parse_qs(uri.query)
            model = (query.get("model") or query.get("deployment") or [None])[0]
        session = _SESSIONS[protocol](
            functools.partial(hook.telemetry, client), server, model if isinstance(model, str) else None
        )
        connection.__dict__[SESSION] = session
        hook.sessions.add(session)
        for message in queued:
            session.sending_raw(message)
    except Exception as error:
        swallow(error)


def _uri(connection: Any) -> Any:
    """Where a connection leads, as websockets knows it, whatever the SDK made it from."""
    protocol = protocol_of(connection)
    return getattr(protocol, "uri", None) or getattr(protocol, "wsuri", None)  # before websockets 14


def _queued(manager: Any) -> list[Any]:
    """Messages that the app has sent before the connection is there (since 2.22)."""
    try:
        queue = getattr(_private(manager, "send_queue"), "_queue", None)
        return [entry[0] for entry in queue] if isinstance(queue, list) else []
    except Exception as error:
        swallow(error)
        return []


def _private(manager: Any, name: str) -> Any:
    """An attribute of a manager whose name begins with two underscores."""
    for kind in type(manager).__mro__:
        value = vars(manager).get(f"_{kind.__name__}__{name}")
        if value is not None:
            return value
    return None


def _close(connection: Any, session: Session) -> None:
    """The app closes its connection. It may have been lost where nothing of ours looks: as sound was sent."""
    try:
        error = end_of(connection)
        if error is not None and holds_unsent(connection):
            session.fail(error)
        session.close(error)
    except Exception as own:
        swallow(own)


def _left_by(manager: Any, error: BaseException | None) -> None:
    """The block ends by an exception. What is none of `Exception` cancels. By another one the app closes its
    connection, but the SDK's own tells that it could not be made anew.
    """
    try:
        connection = _private(manager, "connection") if error is not None else None
        session = getattr(connection, SESSION, None)
        if session is None:
            return
        if not isinstance(error, Exception):
            session.end("abandoned" if type(error) is GeneratorExit else "cancelled")
        elif type(error).__name__ == _UNSENT and end_of(connection) is not None:
            session.fail(error)
    except Exception as own:
        swallow(own)
