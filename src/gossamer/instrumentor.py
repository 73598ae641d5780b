"""The OpenTelemetry instrumentor: settings and providers become a `Telemetry`, and the hook goes in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opentelemetry import metrics as metrics_api
from opentelemetry import trace as trace_api
from opentelemetry.instrumentation.instrumentor import (  # type: ignore[attr-defined]  # the module is not typed
    BaseInstrumentor,
)

from gossamer import finalizers
from gossamer._version import __version__
from gossamer.backlog import settle_all
from gossamer.errors import logger, swallow
from gossamer.hook import Hook
from gossamer.metrics import Metrics
from gossamer.sdk import SDK, SDKMovedError, locate
from gossamer.settings import Settings
from gossamer.telemetry import Telemetry

if TYPE_CHECKING:
    from collections.abc import Collection

# The API's own variables: private, so their absence must not hurt. Without them what `instrument()` found
# stays in use, and the API's proxies follow the global providers.
_trace_globals = vars(trace_api)
_metrics_globals = vars(getattr(metrics_api, "_internal", metrics_api))
_ProxyMeter: Any = _metrics_globals.get("_ProxyMeter", metrics_api.NoOpMeter)


class OpenAIInstrumentor(BaseInstrumentor):  # type: ignore[misc]
    """Traces and measures the calls of the OpenAI SDK.

        OpenAIInstrumentor().instrument()

    `instrument()` takes, all optional:

    - `tracer_provider`, `meter_provider`: by default the global ones, also when they are set later;
    - `logger_provider`: accepted, and not used as long as there are no events;
    - `semconv`, `time_per_output_chunk`: see docs/settings.md; by default from the environment.

    A second `instrument()` does nothing but warn; `uninstrument()` puts the SDK's own methods back.
    """

    #: Made once: BaseInstrumentor gives out one object, but runs __init__ each time.
    _hook: Hook | None = None

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
        settings = Settings.load(**kwargs)
        providers = Providers(sdk, settings, kwargs.get("tracer_provider"), kwargs.get("meter_provider"))
        finalizers.install()
        if self._hook is None:
            self._hook = Hook(sdk)
        self._hook.install(providers.current)

    def _uninstrument(self, **_: Any) -> None:
        if self._hook is not None:
            self._hook.remove()
        finalizers.remove()
        settle_all()


class Providers:
    """The providers in use: those that were given, else the global ones, which may be set later."""

    def __init__(self, sdk: SDK, settings: Settings, tracer_provider: Any, meter_provider: Any) -> None:
        self._sdk = sdk
        self._settings = settings
        self._given = (tracer_provider, meter_provider)
        self._telemetry: Telemetry | None = None
        self._global_tracer_provider: Any = None
        self._global_meter_provider: Any = None
        self._bind()

    def current(self) -> Telemetry | None:
        """The telemetry that is on now; None when nothing listens.

        Asked at the start of every call, so the API's variables are looked at, and not its functions, which
        read the environment as long as no provider is set.
        """
        if (
            _trace_globals.get("_TRACER_PROVIDER") is not self._global_tracer_provider
            or _metrics_globals.get("_METER_PROVIDER") is not self._global_meter_provider
        ):
            try:
                self._bind()
            except Exception as error:
                swallow(error)
        return self._telemetry

    def _bind(self) -> None:
        seen = _trace_globals.get("_TRACER_PROVIDER"), _metrics_globals.get("_METER_PROVIDER")
        tracer_provider, meter_provider = self._given
        tracer_provider = tracer_provider or trace_api.get_tracer_provider()
        meter_provider = meter_provider or metrics_api.get_meter_provider()
        tracer = tracer_provider.get_tracer("gossamer", __version__)
        if isinstance(tracer, (trace_api.NoOpTracer, trace_api.ProxyTracer)):
            tracer = None
        meter = meter_provider.get_meter("gossamer", __version__)
        metrics = None
        if not isinstance(meter, (metrics_api.NoOpMeter, _ProxyMeter)):
            metrics = Metrics(meter, meter_provider, self._settings)
        telemetry = None
        if tracer is not None or metrics is not None:
            telemetry = Telemetry(self._sdk, self._settings, tracer, metrics)
        # Other threads go by the old ones until all is made.
        self._telemetry = telemetry
        self._global_tracer_provider, self._global_meter_provider = seen
        finalizers.finish_before_providers()
