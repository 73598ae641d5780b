"""The patch of the websocket connections: each class is wrapped once the SDK has imported it.

The SDK imports a resource when it is first used, and most never are, so none is imported here. wrapt, which
OpenTelemetry's instrumentations are made with, tells when one has been.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from wrapt import register_post_import_hook

from gossamer.errors import swallow
from gossamer.place import Layers
from gossamer.providers import Servers

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import ModuleType

    from gossamer.hook import Current
    from gossamer.place import Place
    from gossamer.sdk import SDK
    from gossamer.telemetry import Telemetry
    from gossamer.websocket.session import Session


class WebsocketHook:
    """The wrappers on the connection classes. One for the process, as `hook.Hook` is."""

    def __init__(self, sdk: SDK) -> None:
        self._sdk = sdk
        self.servers: Servers
        #: The living ones, of connections made while this was on.
        self.sessions: WeakSet[Session] = WeakSet()
        self._places: list[Place] = []
        self._layers = Layers(None)
        #: Asked whenever a generation begins; None while this is off.
        self._current: Current | None = None
        self.connections = sdk.package.connections
        for module in self.connections:
            register_post_import_hook(self._imported, module)  # at once, if it has been

    def telemetry(self, client: Any = None) -> Telemetry | None:
        """The telemetry that is on now for a client, or None."""
        current = self._current
        return None if current is None else current(client)

    def install(self, current: Current, hosts: Iterable[tuple[str, str]] = ()) -> None:
        """Put the wrappers in place and switch them on.

        Args:
            current: gives the telemetry that is on.
            hosts: (host suffix, provider) each, as `Servers` takes them.
        """
        self.servers = Servers(self._sdk, hosts)
        self._current = current
        for place in self._places:
            self._layers.switch_on(place, self)

    def remove(self) -> None:
        """Switch the wrappers off and put the SDK's methods back.

        Generations in flight end here, as `abandoned`: nobody sees any more how they go on.
        """
        self._current = None
        self._layers.switch_off()
        for place in self._places:
            place.unwrap()
        for session in list(self.sessions):
            session.end("abandoned")

    def _imported(self, module: ModuleType) -> None:
        """A module with connections is there: the app is in the middle of its import."""
        try:
            from gossamer.websocket.places import places

            found = places(module, self.connections[module.__name__])
            self._places += found
            if self._current is not None:
                for place in found:
                    self._layers.switch_on(place, self)
        except Exception as error:
            swallow(error)
