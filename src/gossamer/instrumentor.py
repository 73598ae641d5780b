"""The OpenTelemetry instrumentor: settings and providers become a `Telemetry`, and the hook goes in."""

from __future__ import annotations

import os
from dataclasses import fields
from importlib import import_module
from threading import RLock
from typing import TYPE_CHECKING, Any, ClassVar

from opentelemetry import _logs as logs_api
from opentelemetry import metrics as metrics_api
from opentelemetry import trace as trace_api
from opentelemetry.instrumentation.instrumentor import (  # type: ignore[attr-defined]  # the module is not typed
    BaseInstrumentor,
)

from gossamer import finalizers
from gossamer._version import __version__
from gossamer.backlog import settle_all
from gossamer.clients import OwnClients
from gossamer.envelope import read_headers
from gossamer.errors import logger, swallow
from gossamer.events import Events
from gossamer.hook import Hook
from gossamer.metrics import Metrics
from gossamer.operations import Table
from gossamer.outputs import AppHook, Outputs
from gossamer.recording import record
from gossamer.scope import CaptureMode
from gossamer.sdk import SDK, Package, SDKMovedError, locate
from gossamer.settings import Settings
from gossamer.telemetry import Telemetry
from gossamer.websocket.hook import WebsocketHook

if TYPE_CHECKING:
    from collections.abc import Collection

    from typing_extensions import Self

    from gossamer.completion.hook import CompletionHook
    from gossamer.content.capture import Capture
    from gossamer.propagation import Propagation
    from gossamer.tokens import TokenCounter

# The API's own variables: private, so their absence must not hurt. Without them what `instrument()` found
# stays in use, and the API's proxies follow the global providers.
_trace_globals = vars(trace_api)
_metrics_globals = vars(getattr(metrics_api, "_internal", metrics_api))
_logs_globals = vars(getattr(logs_api, "_internal", logs_api))
_ProxyMeter: Any = _metrics_globals.get("_ProxyMeter", metrics_api.NoOpMeter)


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
    _all: Providers | None = None
    _own: OwnClients[Providers] | None = None

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
            providers = self._providers(kwargs)
            if providers is not None:
                self._own.add(client, providers)
                self._switch()

    def uninstrument_client(self, client: Any) -> None:
        """Trace a client no more by itself: as all others are, if they are."""
        with _switching:
            if self._own is not None:
                self._own.discard(client)
                self._switch()

    def _instrument(self, **kwargs: Any) -> None:
        self._all = self._providers(kwargs)
        self._switch()

    def _uninstrument(self, **_: Any) -> None:
        self._all = None
        self._switch()

    def _providers(self, kwargs: dict[str, Any]) -> Providers | None:
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
        return Providers(sdk, Settings.load(**kwargs), *given)

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
        self._hook.install(current, headers=any(each.settings.response_headers for each in wanted))
        if self.package.websockets:
            if self._websockets is None:
                self._websockets = WebsocketHook(wanted[0].sdk)
            hosts = [pair for each in wanted for pair in each.settings.provider_hosts]
            self._websockets.install(current, hosts)

    def _current(self, client: Any) -> Telemetry | None:
        """The telemetry that is on now for a client."""
        providers = (None if self._own is None else self._own.of(client)) or self._all
        return None if providers is None else providers.current(client)


class Providers:
    """The providers in use: those that were given, else the global ones, which may be set later."""

    def __init__(
        self, sdk: SDK, settings: Settings, tracer_provider: Any, meter_provider: Any, logger_provider: Any
    ) -> None:
        self.sdk = sdk
        self.settings = settings
        self._given = (tracer_provider, meter_provider, logger_provider)
        self._hooks = {
            name: AppHook(name, function)
            for name in ("request_hook", "response_hook")
            if (function := getattr(settings, name)) is not None
        }
        self._completion_hook = _completion_hook(settings)
        self._counter = _counter(settings)
        self._table = _table(sdk.package, settings)
        self._propagation = _propagation(settings)
        self._telemetry: Telemetry | None = None
        self._global_tracer_provider: Any = None
        self._global_meter_provider: Any = None
        self._global_logger_provider: Any = None
        self._bind()

    def current(self, _: Any = None) -> Telemetry | None:
        """The telemetry that is on now, for whatever client; None when nothing listens.

        Asked at the start of every call, so the API's variables are looked at, and not its functions, which
        read the environment as long as no provider is set.
        """
        if (
            _trace_globals.get("_TRACER_PROVIDER") is not self._global_tracer_provider
            or _metrics_globals.get("_METER_PROVIDER") is not self._global_meter_provider
            or _logs_globals.get("_LOGGER_PROVIDER") is not self._global_logger_provider
        ):
            try:
                self._bind()
            except Exception as error:
                swallow(error)
        return self._telemetry

    def _bind(self) -> None:
        seen = (
            _trace_globals.get("_TRACER_PROVIDER"),
            _metrics_globals.get("_METER_PROVIDER"),
            _logs_globals.get("_LOGGER_PROVIDER"),
        )
        outputs = self._make_outputs()
        # Other threads go by the old ones until all is made.
        self._telemetry = (
            Telemetry(self.sdk, self.settings, self._table, outputs, self._propagation)
            if outputs is not None
            else None
        )
        self._global_tracer_provider, self._global_meter_provider, self._global_logger_provider = seen
        finalizers.finish_before_providers()

    def _make_outputs(self) -> Outputs | None:
        """Where the providers lead; None where all lead nowhere."""
        tracer_provider, meter_provider, logger_provider = self._given
        tracer_provider = tracer_provider or trace_api.get_tracer_provider()
        meter_provider = meter_provider or metrics_api.get_meter_provider()
        tracer = tracer_provider.get_tracer("gossamer", __version__)
        if isinstance(tracer, (trace_api.NoOpTracer, trace_api.ProxyTracer)):
            tracer = None
        meter = meter_provider.get_meter("gossamer", __version__)
        metrics = None
        if not isinstance(meter, (metrics_api.NoOpMeter, _ProxyMeter)):
            metrics = Metrics(meter, meter_provider, self.settings)
        asked = bool(self.settings.capture & CaptureMode.EVENT_ONLY)
        events = None
        try:
            events = Events.of(logger_provider, asked=asked)
        except Exception as error:  # a provider of somebody's own: no reason to lose the spans
            swallow(error)
        capture = _capture(self.settings, events, self._completion_hook, _attribute_limit(tracer))
        if tracer is None and metrics is None and events is None and capture is None:
            return None
        headers = read_headers if self.settings.response_headers else None
        return Outputs(
            record, tracer, metrics, events, capture, self._counter, **self._hooks, read_headers=headers
        )


def _attribute_limit(tracer: Any) -> int | None:
    """Characters at which the SDK cuts an attribute of a span: half a JSON text is none."""
    limit = getattr(getattr(tracer, "_span_limits", None), "max_span_attribute_length", None)
    return limit if type(limit) is int else None


# What most processes do not want is imported only where it is wanted: it takes longer than all else of ours.


def _table(package: Package, settings: Settings) -> Table:
    """All that is traced of the SDK's calls."""
    if not settings.all_operations or package.administration is None:
        return Table(package.operations)
    from gossamer.operations.plain import OTHER, plain_operations

    administration = import_module(package.administration).ADMINISTRATION
    return Table((*plain_operations(administration), *package.operations), other=OTHER)


def _propagation(settings: Settings) -> Propagation | None:
    if settings.propagation == "off":
        return None
    from gossamer.propagation import Propagation

    return Propagation(settings.propagation)


def _completion_hook(settings: Settings) -> CompletionHook | None:
    if settings.completion_hook is None:
        return None
    from gossamer.completion.hook import load

    return load(settings.completion_hook)


def _capture(
    settings: Settings, events: Events | None, hook: CompletionHook | None, attribute_limit: int | None
) -> Capture | None:
    """None where no call can ever have its content captured: the calls then need not ask."""
    if not settings.capture and not settings.capture_may_widen and hook is None:
        return None
    from gossamer.content.capture import Capture

    return Capture(settings, events, hook, attribute_limit)


def _counter(settings: Settings) -> TokenCounter | None:
    if not settings.count_tokens:
        return None
    from gossamer.tokens import TokenCounter

    return TokenCounter.load()
