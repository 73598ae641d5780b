"""Which settings apply here, and from where? What is asked for that cannot be had?"""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final

from opentelemetry import _logs as logs_api
from opentelemetry.version import __version__ as api_version

from gossamer.cli.doctor.exporters import asked_for, sets_up
from gossamer.cli.doctor.findings import Finding, ok, problem, warning
from gossamer.cli.doctor.hearing import warnings_heard
from gossamer.cli.doctor.masking import host_of
from gossamer.cli.doctor.others import DISABLED, disabled
from gossamer.cli.doctor.packages import ENTRY_POINT
from gossamer.events import _can_carry_events
from gossamer.scope import CaptureMode
from gossamer.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gossamer.cli.doctor.installed import Installed

__all__ = ["Configuration", "Value", "Variable", "read"]

#: Standard variables that decide whether and where telemetry goes. What they say is shown whole, ...
_SHOWN: Final = (
    "OTEL_SDK_DISABLED",
    DISABLED,
    "OTEL_SERVICE_NAME",
    "OTEL_TRACES_SAMPLER",
    "OTEL_TRACES_SAMPLER_ARG",
    "OTEL_TRACES_EXPORTER",
    "OTEL_METRICS_EXPORTER",
    "OTEL_LOGS_EXPORTER",
    "OTEL_EXPORTER_OTLP_PROTOCOL",
    "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT",
    "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT",
)
#: ... of these the host, ...
_URLS: Final = (
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
    "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT",
    "OPENAI_BASE_URL",
)
#: ... and of these, that they are set.
_HIDDEN: Final = (
    "OTEL_EXPORTER_OTLP_HEADERS",
    "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
    "OTEL_EXPORTER_OTLP_METRICS_HEADERS",
    "OTEL_EXPORTER_OTLP_LOGS_HEADERS",
    "OTEL_RESOURCE_ATTRIBUTES",
    "OPENAI_API_KEY",
)

_SAMPLES_NONE: Final = ("always_off", "parentbased_always_off")
_SAMPLES_BY_RATIO: Final = ("traceidratio", "parentbased_traceidratio")


@dataclass(frozen=True)
class Value:
    """A setting as it applies."""

    name: str
    """Of the argument of `instrument()`."""
    variable: str | None
    shown: str
    source: str
    is_default: bool


@dataclass(frozen=True)
class Variable:
    """A standard variable that is set."""

    name: str
    shown: str


@dataclass(frozen=True)
class Configuration:
    """What applies, and what is wrong with it."""

    values: list[Value]
    variables: list[Variable]
    findings: list[Finding]


def read(installed: Installed) -> Configuration:
    """Read the environment as `instrument()` does, and try what it asks for."""
    with warnings_heard() as heard:
        settings = Settings.load()
    # The first argument of each warning is the variable that it is about.
    faults = {record.args[0]: record.getMessage() for record in heard if isinstance(record.args, tuple)}
    findings = [
        *(_not_accepted(entry, faults) for entry in fields(Settings) if entry.metadata["variable"] in faults),
        *_unknown(),
        *_events(settings, installed),
        *_completion_hook(settings),
        *_token_counts(settings),
        *_switches(),
    ]
    if all(each.severity == "ok" for each in findings):
        findings.insert(0, ok("settings", "All that is set is accepted."))
    return Configuration(
        values=[_value(entry, settings, faults) for entry in fields(Settings)],
        variables=list(_variables()),
        findings=findings,
    )


def _value(entry: Any, settings: Settings, faults: dict[Any, str]) -> Value:
    variable = entry.metadata["variable"]
    value = getattr(settings, entry.name)
    given = os.environ.get(variable, "").strip() if variable else ""
    is_default = value == entry.default
    if variable in faults:
        source = f"default, as {variable} is not accepted"
    elif not given:
        source = "default" if variable else "default; set in code only"
    elif is_default and "GOSSAMER_REDACT" in faults and entry.name in _FOR_CONTENT:
        source = f"GOSSAMER_REDACT, which is not accepted; {variable} is not used"
    else:
        source = variable
    return Value(entry.name, variable, _shown(value, given), source, is_default)


#: What is off where content cannot be redacted.
_FOR_CONTENT: Final = ("capture", "capture_may_widen", "completion_hook")


def _shown(value: Any, given: str) -> str:
    if isinstance(value, CaptureMode):
        return str(value.name)
    if isinstance(value, bool):
        return str(value).lower()
    if value is None or value == ():
        return "none"
    if isinstance(value, tuple):
        return ", ".join("=".join(each) if isinstance(each, tuple) else str(each) for each in value)
    return given if callable(value) else str(value)


def _not_accepted(entry: Any, faults: dict[Any, str]) -> Finding:
    variable = entry.metadata["variable"]
    if entry.name == "redact":
        return problem(
            "redact-not-found",
            faults[variable],
            "Set GOSSAMER_REDACT to package.module:name of a function that can be imported in the folder of "
            "the app, and run this there.",
        )
    return problem(
        "value-not-accepted",
        faults[variable],
        f"Set {variable} to {entry.metadata['kind'].shown}, or unset it.",
    )


def _unknown() -> Iterator[Finding]:
    known = [entry.metadata["variable"] for entry in fields(Settings) if entry.metadata["variable"]]
    for name in sorted(os.environ):
        if name.startswith("GOSSAMER_") and name not in known:
            near = get_close_matches(name, known, 1, 0.8)
            yield warning(
                "variable-unknown",
                f"{name} is no setting of Gossamer, and is not read.",
                f"Is {near[0]} meant?" if near else "Unset it; docs/settings.md lists all that there are.",
            )


def _events(settings: Settings, installed: Installed) -> Iterator[Finding]:
    if not settings.capture & CaptureMode.EVENT_ONLY:
        return
    asked = f"Events are asked for (capture={settings.capture.name})"
    if not _can_carry_events(api_version):
        yield problem(
            "events-need-newer-opentelemetry",
            # As the library tells it, so that it is not told twice.
            f"Events need opentelemetry-api and opentelemetry-sdk 1.37 or later, and this is {api_version}: "
            "no events are emitted.",
            "Install a newer OpenTelemetry, or capture SPAN_ONLY.",
        )
    if not sets_up(installed) and vars(logs_api).get("_LOGGER_PROVIDER") is None:
        yield warning(
            "no-logger-provider",
            f"{asked}, and here nobody sets up a logger provider.",
            "See that the app calls set_logger_provider(), or gives instrument(logger_provider=…).",
        )
    elif sets_up(installed) and not asked_for("logs", installed, os.environ):
        yield warning(
            "no-logger-provider",
            f"{asked}, and OTEL_LOGS_EXPORTER names no exporter: opentelemetry-instrument sends none.",
            "Name an exporter (OTEL_LOGS_EXPORTER=otlp), or capture SPAN_ONLY.",
        )


def _completion_hook(settings: Settings) -> Iterator[Finding]:
    if settings.completion_hook is None:
        return
    from gossamer.completion.hook import load  # noqa: PLC0415 - where it is asked for, as in the library

    with warnings_heard() as heard:
        hook = load(settings.completion_hook)
    if hook is None:
        said = " ".join(record.getMessage() for record in heard)
        yield problem(
            "hook-not-found",
            said or f"The completion hook {settings.completion_hook!r} says that it is not configured.",
            "Install the package that brings the hook, give it what it needs, or unset "
            "OTEL_INSTRUMENTATION_GENAI_COMPLETION_HOOK.",
        )
    else:
        yield ok(
            "hook",
            f"The completion hook {settings.completion_hook} is there, and is not called here, as such hooks "
            "send things elsewhere.",
            "To have it called with the fake calls: gossamer doctor --with-hook",
        )


def _token_counts(settings: Settings) -> Iterator[Finding]:
    if not settings.count_tokens:
        return
    from gossamer.encodings import load_encodings  # noqa: PLC0415 - where it is asked for, as in the library

    with warnings_heard() as heard:
        encodings = load_encodings()
    said = " ".join(record.getMessage() for record in heard)
    if encodings is not None and said:
        yield warning(
            "encodings-missing", said, "Download the encoding that is missing where that is allowed."
        )
    elif encodings is None and "cannot be imported" in said:
        yield problem("tiktoken-missing", said, "pip install 'gossamer[tiktoken]'")
    elif encodings is None:
        yield problem(
            "encodings-missing",
            said or "No tokens are counted: the encodings of tiktoken cannot be loaded.",
            "Put tiktoken's encoding files where TIKTOKEN_CACHE_DIR says, or unset GOSSAMER_COUNT_TOKENS.",
        )


def _switches() -> Iterator[Finding]:
    environ = os.environ
    if environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        yield problem(
            "sdk-disabled",
            "OTEL_SDK_DISABLED is true: nothing is recorded.",
            "Unset OTEL_SDK_DISABLED.",
        )
    off = disabled(environ)
    if ENTRY_POINT in off or "*" in off:
        name = ENTRY_POINT if ENTRY_POINT in off else "*"
        yield warning(
            "switched-off",
            f"{DISABLED} has {name}: opentelemetry-instrument does not switch Gossamer on.",
            f"Take {name} out of it, or call OpenAIInstrumentor().instrument() in the code of the app.",
        )
    sampler = environ.get("OTEL_TRACES_SAMPLER", "").strip().lower()
    if sampler in _SAMPLES_NONE or (sampler in _SAMPLES_BY_RATIO and _is_zero("OTEL_TRACES_SAMPLER_ARG")):
        yield warning(
            "sampled-out",
            f"OTEL_TRACES_SAMPLER is {sampler}, which samples no trace that begins here.",
            "Unset it, or name another: OTEL_TRACES_SAMPLER=parentbased_always_on",
        )


def _is_zero(variable: str) -> bool:
    try:
        return float(os.environ.get(variable, "1")) == 0
    except ValueError:
        return False


def _variables() -> Iterator[Variable]:
    for name in (*_SHOWN, *_URLS, *_HIDDEN):
        value = os.environ.get(name, "").strip()
        if not value:
            continue
        if name in _HIDDEN:
            value = "set (not shown)"
        elif name in _URLS:
            value = host_of(value)
        yield Variable(name, value)
