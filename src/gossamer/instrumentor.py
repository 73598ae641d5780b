"""The OpenTelemetry instrumentor: settings and providers become a `Telemetry`, and the hook goes in."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from opentelemetry import metrics as metrics_api
from opentelemetry import trace as trace_api
from opentelemetry.instrumentation.instrumentor import (  # type: ignore[attr-defined]  # the module is not typed
    BaseInstrumentor,
)

from gossamer import finalizers
from gossamer._version import __version__
from gossamer.errors import logger
from gossamer.hook import Hook
from gossamer.metrics import Metrics
from gossamer.sdk import SDK, SDKMovedError, locate
from gossamer.settings import Settings
from gossamer.telemetry import Telemetry

if TYPE_CHECKING:
    from collections.abc import Collection

_SCOPE = "gossamer"


class OpenAIInstrumentor(BaseInstrumentor):  # type: ignore[misc]
    """Traces and measures the calls of the OpenAI SDK.

        OpenAIInstrumentor().instrument()

    `instrument()` takes, all optional:

    - `tracer_provider`, `meter_provider`, `logger_provider`: by default the global ones, also when they are
      set later;
    - `semconv`, `time_per_output_chunk`: see docs/settings.md; by default from the environment.

    A second `instrument()` does nothing but warn; `uninstrument()` puts the SDK's own methods back.
    """

    def __init__(self) -> None:
        # BaseInstrumentor makes one object of this class: a second __init__ must not forget the first.
        if not hasattr(self, "_hook"):
            self._hook: Hook | None = None
            self._switch: Switch | None = None

    def instrumentation_dependencies(self) -> Collection[str]:
        """What is instrumented, and from which version on."""
        return ("openai >= 1.26.0",)

    def _instrument(self, **kwargs: Any) -> None:
        try:
            sdk = locate()
        except ImportError:
            logger.warning("openai is not installed: there is nothing to instrument.")
            return
        except SDKMovedError as moved:
            logger.warning(
                "This release of openai is not built as Gossamer knows it (%s); its calls are not traced.",
                moved,
            )
            return
        settings = Settings.load(**{name: kwargs.get(name) for name in Settings.__dataclass_fields__})
        switch = Switch(sdk, settings, kwargs.get("tracer_provider"), kwargs.get("meter_provider"))
        finalizers.install()
        if self._hook is not None and self._switch is not None:
            # Somebody wrapped our wrappers before the last uninstrument(): they are still in place.
            self._switch.become(switch)
        else:
            self._switch = switch
            self._hook = Hook(sdk, switch.current)
            self._hook.install()

    def _uninstrument(self, **_: Any) -> None:
        if self._switch is not None:
            self._switch.off()
        if self._hook is not None and self._hook.remove():
            self._hook = self._switch = None
        finalizers.remove()


class Switch:
    """What is on now. Follows the global providers where none were given, as they may be set later."""

    def __init__(self, sdk: SDK, settings: Settings, tracer_provider: Any, meter_provider: Any) -> None:
        self._sdk = sdk
        self._settings = settings
        self._given = (tracer_provider, meter_provider)
        self._on = True
        # importlib, not `import`: the API's own packages hide these modules behind names.
        self._trace_globals = importlib.import_module("opentelemetry.trace").__dict__
        self._metrics_globals = importlib.import_module("opentelemetry.metrics._internal").__dict__
        self._bind()

    def current(self) -> Telemetry | None:
        """The telemetry that is on now; None when nothing listens. Asked at the start of every call."""
        if self._following and (
            self._trace_globals.get("_TRACER_PROVIDER") is not self._seen[0]
            or self._metrics_globals.get("_METER_PROVIDER") is not self._seen[1]
        ):
            self._bind()
        return self._telemetry

    def become(self, other: Switch) -> None:
        """Take over another switch's providers and settings."""
        self.__dict__.update(other.__dict__)

    def off(self) -> None:
        """Pass every call through from now on."""
        self._on = False
        self._following = False
        self._telemetry: Telemetry | None = None

    def _bind(self) -> None:
        tracer_provider, meter_provider = self._given
        self._following = self._on and (tracer_provider is None or meter_provider is None)
        tracer_provider = tracer_provider or trace_api.get_tracer_provider()
        meter_provider = meter_provider or metrics_api.get_meter_provider()
        self._seen = (
            self._trace_globals.get("_TRACER_PROVIDER"),
            self._metrics_globals.get("_METER_PROVIDER"),
        )
        tracer = tracer_provider.get_tracer(_SCOPE, __version__)
        if isinstance(tracer, (trace_api.NoOpTracer, trace_api.ProxyTracer)):
            tracer = None
        meter = meter_provider.get_meter(_SCOPE, __version__)
        listens = not isinstance(meter, metrics_api.NoOpMeter) and type(meter).__name__ != "_ProxyMeter"
        metrics = Metrics(meter, meter_provider, self._settings) if listens else None
        nothing_listens = tracer is None and metrics is None
        self._telemetry = None if nothing_listens else Telemetry(self._sdk, self._settings, tracer, metrics)
