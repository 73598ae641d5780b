"""Does another package trace the calls of openai, too? Which, when, and how is it switched off?

A package is found by its metadata, which does not say whether the app uses it. So each is told with what
switches it on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gossamer.cli.doctor.findings import Finding, ok, warning
from gossamer.cli.doctor.packages import ENTRY_POINT, INSTRUMENTORS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gossamer.cli.doctor.installed import EntryPoint, Installed

__all__ = ["DISABLED", "disabled", "examine"]

DISABLED: Final = "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS"


@dataclass(frozen=True)
class _Known:
    """A package that traces openai by other means than an entry point."""

    distribution: str
    begins: str
    """What switches it on."""
    leaves: str
    """What each call then has beside our span."""
    off: str
    doubles: bool = False
    """Whether whoever uses the package at all has two OpenTelemetry spans a call."""
    variable: str = ""
    """Switches it off by being false."""


_SECOND: Final = "a second span"

_KNOWN: Final = (
    _Known("logfire", "logfire.instrument_openai() traces openai", _SECOND, "Leave that call out."),
    _Known(
        "langfuse",
        "an import from langfuse.openai traces openai",
        _SECOND,
        "Import from openai itself.",
    ),
    _Known(
        "openlit",
        "openlit.init() traces openai",
        _SECOND,
        'Switch that off: openlit.init(..., disabled_instrumentors=["openai"])',
        doubles=True,
    ),
    _Known(
        "traceloop-sdk",
        "Traceloop.init() traces openai",
        _SECOND,
        "Switch that off: Traceloop.init(..., block_instruments={Instruments.OPENAI}), with Instruments from "
        "traceloop.sdk.instruments",
        doubles=True,
    ),
    _Known(
        "agentops",
        "agentops.init() traces openai",
        _SECOND,
        "Switch that off: agentops.init(..., instrument_llm_calls=False)",
        doubles=True,
    ),
    _Known(
        "lmnr",
        "Laminar.initialize() traces openai",
        _SECOND,
        "Switch that off: Laminar.initialize(..., disabled_instruments={Instruments.OPENAI})",
        doubles=True,
    ),
    _Known(
        "litellm",
        'litellm.callbacks = ["otel"] traces calls of litellm, of which many go through openai',
        "a span of litellm above ours",
        'Leave "otel" out of litellm.callbacks, if one span a call is enough.',
    ),
    _Known(
        "sentry-sdk",
        "sentry_sdk.init() traces openai where Sentry's tracing is on",
        "a span in Sentry",
        "Switch that off: sentry_sdk.init(..., disabled_integrations=[OpenAIIntegration()]), with "
        "OpenAIIntegration from sentry_sdk.integrations.openai",
    ),
    _Known(
        "ddtrace",
        "ddtrace-run and ddtrace.auto trace openai",
        "a span in Datadog",
        "Switch that off: DD_TRACE_OPENAI_ENABLED=false",
        variable="DD_TRACE_OPENAI_ENABLED",
    ),
    _Known(
        "langsmith",
        "wrap_openai() of langsmith traces a client",
        "a run in LangSmith",
        "Leave the client unwrapped, or set LANGSMITH_TRACING=false.",
    ),
    _Known(
        "braintrust",
        "wrap_openai() of braintrust traces a client",
        "a span in Braintrust",
        "Leave the client unwrapped.",
    ),
    _Known(
        "opik",
        "track_openai() of opik traces a client",
        "a span in Opik",
        "Leave the client untracked.",
    ),
    _Known(
        "mlflow",
        "mlflow.openai.autolog() traces openai, and so does mlflow.autolog()",
        "a span in MLflow",
        "Switch that off: mlflow.openai.autolog(disable=True)",
    ),
    _Known(
        "weave",
        "weave.init() traces openai",
        "a call in Weave",
        'Switch that off: weave.init(..., autopatch_settings={"openai": {"enabled": False}})',
    ),
)

#: Both are the module opentelemetry.instrumentation.openai.
_SAME_MODULE: Final = ("opentelemetry-instrumentation-openai", "elastic-opentelemetry-instrumentation-openai")


def disabled(environ: Mapping[str, str]) -> list[str]:
    """List the entry points that `opentelemetry-instrument` is told to leave off."""
    return [name.strip() for name in environ.get(DISABLED, "").split(",") if name.strip()]


def examine(installed: Installed, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Find them all."""
    found = [
        *_by_entry_point(installed, environ),
        *_same_module(installed),
        *(
            _known(each, version, environ)
            for each in _KNOWN
            if (version := installed.version(each.distribution)) is not None
        ),
    ]
    yield from found or [ok("no-others", "No other package that traces openai is installed.")]


def _by_entry_point(installed: Installed, environ: Mapping[str, str]) -> Iterator[Finding]:
    off = disabled(environ)
    for point in installed.entry_points(INSTRUMENTORS):
        if not _traces_openai(point):
            continue
        told = f"{point.distribution} {installed.version(point.distribution)}"
        if point.name in off or "*" in off:
            yield ok(
                "other-switched-off",
                f"{told} is switched off for opentelemetry-instrument by {DISABLED}",
                "See that the app does not call its instrument() itself.",
            )
            continue
        names = ",".join([*off, point.name])
        yield warning(
            "other-doubles-spans",
            f"{told}: opentelemetry-instrument switches it on as {point.name!r}, and so does its "
            "instrument(); each call then has a second span.",
            f"Set {DISABLED}={names}, which leaves Gossamer on, and do not call its instrument().",
        )


def _traces_openai(point: EntryPoint) -> bool:
    """Whether it is the SDK itself that it traces, and not a framework with the same word in its name."""
    if point.name == ENTRY_POINT:
        return False
    parts = point.name.replace("-", "_").split("_")
    return "openai" in parts and not {"agents", "langchain"} & set(parts)


def _same_module(installed: Installed) -> Iterator[Finding]:
    if all(installed.version(name) for name in _SAME_MODULE):
        yield warning(
            "others-overwrite-each-other",
            f"{' and '.join(_SAME_MODULE)} install the same module, so one has overwritten the other.",
            "Uninstall both, and install the one that is wanted anew, if any is.",
        )


def _known(known: _Known, version: str, environ: Mapping[str, str]) -> Finding:
    told = f"{known.distribution} {version}"
    if known.variable and environ.get(known.variable, "").strip().lower() in ("false", "0"):
        return ok("other-switched-off", f"{told} is switched off for openai by {known.variable}")
    what = f"{told}: {known.begins}, and each call then has {known.leaves}."
    if known.doubles:
        return warning("other-doubles-spans", what, known.off)
    return ok("other-on-request", what, known.off)
