"""Which of the SDK's classes are websocket connections: every name of the SDK's that matters here.

Each module has four of them: `{name}Connection`, which sends and receives, `{name}ConnectionManager`, which
`connect()` returns, and the async twin of each, whose name begins with `Async`.

`realtime.translations` is not among them: a translation runs as long as its session does, and is no
generation with a beginning and an end.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

#: What is spoken on a connection.
Protocol = Literal["realtime", "responses", "live"]


class Connections(NamedTuple):
    """The connection classes of one module."""

    name: str
    protocol: Protocol


CONNECTIONS: Final = {
    "openai.resources.realtime.realtime": Connections("Realtime", "realtime"),
    "openai.resources.beta.realtime.realtime": Connections("Realtime", "realtime"),
    "openai.resources.responses.responses": Connections("Responses", "responses"),
    "openai.resources.beta.responses.responses": Connections("Responses", "responses"),
    "openai.resources.live.live": Connections("Live", "live"),
    "openai.resources.live.forks": Connections("Forks", "live"),
    "openai.resources.live.sideband": Connections("Sideband", "live"),
}

#: `ResponsesWebSocketLane` here, one of several on a connection, sends past the connection's own methods.
LANES: Final = "openai.lib.responses_websocket._session"
