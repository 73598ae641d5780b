"""Which OpenTelemetry providers are in use, and the `Telemetry` that is made of them and of the settings."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from opentelemetry import _logs as logs_api
from opentelemetry import metrics as metrics_api
from opentelemetry import trace as trace_api

from gossamer import finalizers
from gossamer._version import __version__
from gossamer.envelope import read_headers
from gossamer.errors import swallow
from gossamer.events import Events
from gossamer.metrics import Metrics
from gossamer.operations import Table
from gossamer.outputs import AppHook, Outputs
from gossamer.recording import record
from gossamer.scope import CaptureMode
from gossamer.telemetry import Telemetry

if TYPE_CHECKING:
    from collections.abc import Callable

    from gossamer.completion.hook import CompletionHook
    from gossamer.content.capture import Capture
    from gossamer.propagation import Propagation
    from gossamer.sdk import SDK, Package
    from gossamer.settings import Settings
    from gossamer.tokens import TokenCounter

# The API's own variables: private, so their absence must not hurt. Without them what `instrument()` found
# stays in use, and the API's proxies follow the global providers.
_trace_globals = vars(trace_api)
_metrics_globals = vars(getattr(metrics_api, "_internal", metrics_api))
_logs_globals = vars(getattr(logs_api, "_internal", logs_api))
_ProxyMeter: Any = _metrics_globals.get("_ProxyMeter", metrics_api.NoOpMeter)


class Binding:
    """The providers in use: those that were given, else the global ones, which may be set later."""

    def __init__(
        self,
        sdk: SDK,
        settings: Settings,
        meet: Callable[[type[Any]], object],
        tracer_provider: Any,
        meter_provider: Any,
        logger_provider: Any,
    ) -> None:
        self.sdk = sdk
        self._meet = meet
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
            Telemetry(self.sdk, self.settings, self._table, outputs, self._propagation, self._meet)
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
