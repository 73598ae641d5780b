"""The OpenTelemetry instrumentor: what is switched on, for whom, and the hooks go in or out."""

from __future__ import annotations

import os
from dataclasses import fields
from threading import RLock
from typing import TYPE_CHECKING, Any, ClassVar

from opentelemetry.instrumentation.instrumentor import (  # type: ignore[attr-defined]  # the module is not typed
    BaseInstrumentor,
)

from gossamer import finalizers
from gossamer.backlog import settle_all
from gossamer.binding import Binding
from gossamer.clients import OwnClients, session_of
from gossamer.errors import logger, swallow
from gossamer.hook import Hook
from gossamer.sdk import Package, SDKMovedError, locate
from gossamer.settings import Settings
from gossamer.websocket.hook import WebsocketHook

if TYPE_CHECKING:
    from collections.abc import Collection

    from typing_extensions import Self

    from gossamer.telemetry import Telemetry


#: What `instrument()` takes: the providers, what `opentelemetry-instrument` passes, and the settings.
_ARGUMENTS = {
    "tracer_provider",
    "meter_provider",
    "logger_provider",
    "skip_dep_check",
    "raise_exception_on_conflict",
    *(setting.name for setting in fields(Settings)),
}

#: Held while something is switched on or off: what is checked must still be so when it is acted upon.
_switching = RLock()


def _renew_lock() -> None:
    """In a forked child: the thread that holds it is not there."""
    global _switching  # noqa: PLW0603
    _switching = RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_lock)


class Instrumentor(BaseInstrumentor):  # type: ignore[misc]
    """Traces and measures the calls of one SDK: a subclass says of which."""

    package: ClassVar[Package]

    #: Made once: BaseInstrumentor gives out one object, but runs __init__ each time.
    _hook: Hook | None = None
    _websockets: WebsocketHook | None = None
    _all: Binding | None = None
    _own: OwnClients[Binding] | None = None

    def instrumentation_dependencies(self) -> Collection[str]:
        """What is instrumented, and from which version on."""
        return (self.package.requires,)

    def __new__(cls, *arguments: Any, **kwargs: Any) -> Self:
        """The one object of the class, also to threads that ask at once."""
        with _switching:
            made: Self = super().__new__(cls, *arguments, **kwargs)
            return made

    def instrument(self, **kwargs: Any) -> Any:
        """Trace the calls of all clients, until `uninstrument()`. A second call changes nothing.

        Args:
            **kwargs: providers (`tracer_provider`, `meter_provider`, `logger_provider`; else the global ones)
                and settings, as docs/settings.md lists them.
        """
        with _switching:
            return super().instrument(**kwargs)

    def uninstrument(self, **kwargs: Any) -> Any:
        """Put the SDK's methods back. Calls in flight are recorded to their end."""
        with _switching:
            return super().uninstrument(**kwargs)

    def instrument_client(self, client: Any, **kwargs: Any) -> None:
        """Trace one client, and the copies that `with_options()` makes of it, and leave all others alone, but
        those that were given the same `http_client`, by which it is known.

        It may have settings and providers of its own: they go before those of `instrument()`, which may be on
        for all others. A second call for the same client replaces the first.

        Args:
            client: of the SDK, sync or async.
            **kwargs: as `instrument()` takes them.

        Raises:
            TypeError: it is no client of the SDK.
        """
        with _switching:
            if self._own is None:
                self._own = OwnClients()
            binding = self._bind(kwargs)
            if binding is not None:
                clients = (binding.sdk.sync_client, binding.sdk.async_client)
                if not isinstance(client, clients) or session_of(client) is None:
                    given, wanted = (
                        type(client).__name__,
                        " or ".join(f"{kind}(…)" for kind in self.package.clients),
                    )
                    raise TypeError(
                        f"a {given} is no client of {self.package.name}: pass what {wanted} gives"
                    )
                self._own.add(client, binding)
                self._switch()

    def uninstrument_client(self, client: Any) -> None:
        """Trace a client no more by itself: as all others are, if they are."""
        with _switching:
            if self._own is not None:
                self._own.discard(client)
                self._switch()

    def _instrument(self, **kwargs: Any) -> None:
        self._all = self._bind(kwargs)
        self._switch()

    def _uninstrument(self, **_: Any) -> None:
        self._all = None
        self._switch()

    def _bind(self, kwargs: dict[str, Any]) -> Binding | None:
        """Where what is recorded goes, by these arguments; None, and a warning, where nothing can be."""
        name = self.package.name
        try:
            sdk = locate(self.package)
        except SDKMovedError as moved:
            logger.warning(
                "This release of %s is not built as Gossamer knows it (%s); its calls are not traced.",
                name,
                moved,
            )
            return None
        except Exception as error:  # the app has it from its own import
            if isinstance(error, ModuleNotFoundError) and error.name == name:
                logger.warning("%s is not installed: there is nothing to instrument.", name)
            else:
                why = type(error).__name__
                logger.warning("%s cannot be imported (%s: %s); nothing is traced.", name, why, error)
            return None
        for argument in kwargs.keys() - _ARGUMENTS:
            logger.warning(
                "instrument(%s=…) is no setting of Gossamer, and is not used. There are: %s.",
                argument,
                ", ".join(sorted(_ARGUMENTS)),
            )
        given = (kwargs.get(f"{kind}_provider") for kind in ("tracer", "meter", "logger"))
        return Binding(sdk, Settings.load(**kwargs), self._meet, *given)

    def _switch(self) -> None:
        """Put the wrappers where they are wanted, or take them away where nobody wants them any more."""
        everyone, own = self._all, [*(self._own or ())]
        wanted = own if everyone is None else [everyone, *own]
        if not wanted:
            if self._hook is not None:
                self._hook.remove()
            if self._websockets is not None:
                self._websockets.remove()
            finalizers.remove(self)
            settle_all()
            return
        finalizers.install(self)
        # Where all clients are treated alike, no call need ask which of them it is.
        current = everyone.current if everyone is not None and not own else self._current
        if self._hook is None:
            self._hook = Hook(wanted[0].sdk)
        self._hook.install(
            current,
            responses=any(each.settings.response_headers for each in wanted),
            headers=any(each.settings.propagation != "off" for each in wanted),
        )
        if self.package.connections:
            if self._websockets is None:
                self._websockets = WebsocketHook(wanted[0].sdk)
            hosts = [pair for each in wanted for pair in each.settings.provider_hosts]
            self._websockets.install(current, hosts)

    def _meet(self, kind: type[Any]) -> None:
        """A class of clients has its first call."""
        try:
            hook = self._hook
            if hook is not None and not hook.has_met(kind):
                with _switching:
                    hook.meet(kind)
        except Exception as error:  # a class that cannot be changed, perhaps: no reason to lose the span
            swallow(error)

    def _current(self, client: Any) -> Telemetry | None:
        """The telemetry that is on now for a client."""
        binding = (None if self._own is None else self._own.of(client)) or self._all
        return None if binding is None else binding.current(client)
