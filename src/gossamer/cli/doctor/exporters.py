"""Does what is recorded get out? Who sets up the providers, and which exporters do the variables ask for?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gossamer.cli.doctor.findings import Finding, ok, problem, warning
from gossamer.cli.doctor.masking import host_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gossamer.cli.doctor.installed import Installed

__all__ = ["SIGNALS", "asked_for", "examine", "sets_up"]

SIGNALS: Final = ("traces", "metrics", "logs")

_GRPC: Final = "otlp_proto_grpc"
_HTTP: Final = "otlp_proto_http"
_BY_PROTOCOL: Final = {"grpc": _GRPC, "http/protobuf": _HTTP}
_PACKAGES: Final = {
    _GRPC: "opentelemetry-exporter-otlp-proto-grpc",
    _HTTP: "opentelemetry-exporter-otlp-proto-http",
    "prometheus": "opentelemetry-exporter-prometheus",
}
#: The port of each protocol, by the specification of OTLP.
_PORTS: Final = {"4317": _GRPC, "4318": _HTTP}


def sets_up(installed: Installed) -> bool:
    """Whether `opentelemetry-instrument` finds somebody here who sets up providers by the variables."""
    return bool(installed.entry_points("opentelemetry_configurator"))


def asked_for(signal: str, installed: Installed, environ: Mapping[str, str]) -> list[str]:
    """List the exporters of a signal, as the variables call them."""
    default = "otlp" if installed.version("opentelemetry-distro") else ""
    names = environ.get(f"OTEL_{signal.upper()}_EXPORTER", default)
    return (
        [] if names.strip().lower() == "none" else [name.strip() for name in names.split(",") if name.strip()]
    )


def examine(installed: Installed, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Follow each signal to its exporter."""
    if installed.version("opentelemetry-sdk") is None:
        return
    explicit = any(environ.get(f"OTEL_{signal.upper()}_EXPORTER") for signal in SIGNALS)
    if not sets_up(installed):
        yield _nobody_sets_up(explicit)
        return
    missing: dict[str, list[str]] = {}
    reached: dict[tuple[str, str], list[str]] = {}
    for signal in SIGNALS:
        names = asked_for(signal, installed, environ)
        if not names and signal == "traces":
            yield warning(
                "no-traces",
                "OTEL_TRACES_EXPORTER names no exporter: under opentelemetry-instrument no span gets out.",
                "Unset it, or name an exporter: OTEL_TRACES_EXPORTER=otlp",
            )
        here = {each.name for each in installed.entry_points(f"opentelemetry_{signal}_exporter")}
        for name in names:
            component = _component(name, signal, environ)
            if component is None:
                yield _no_such_protocol(signal, environ)
            elif component not in here:
                missing.setdefault(component, []).append(signal)
            else:
                reached.setdefault((component, _endpoint(signal, component, environ)), []).append(signal)
    for (component, variable), signals in reached.items():
        yield from _reaches(signals, component, variable, environ)
    for component, signals in missing.items():
        yield _not_installed(component, signals, explicit, installed)


def _nobody_sets_up(explicit: bool) -> Finding:
    if explicit:
        return warning(
            "distro-missing",
            "opentelemetry-distro is not installed: opentelemetry-instrument sets up no provider, and the "
            "exporters that OTEL_*_EXPORTER name are not used.",
            "pip install opentelemetry-distro, unless the app sets up its providers itself.",
        )
    return ok(
        "distro-missing",
        "opentelemetry-distro is not installed: the app sets up its providers itself.",
        "For opentelemetry-instrument, pip install opentelemetry-distro.",
    )


def _protocol(signal: str, environ: Mapping[str, str]) -> str:
    for name in (f"OTEL_EXPORTER_OTLP_{signal.upper()}_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"):
        if value := environ.get(name, "").strip():
            return value
    return "grpc"


def _component(name: str, signal: str, environ: Mapping[str, str]) -> str | None:
    """Give the entry point of an exporter; None where the protocol is none."""
    return _BY_PROTOCOL.get(_protocol(signal, environ)) if name == "otlp" else name


def _no_such_protocol(signal: str, environ: Mapping[str, str]) -> Finding:
    return problem(
        "protocol-unknown",
        f"The protocol of OTLP for {signal} is {_protocol(signal, environ)!r}, which the OpenTelemetry SDK "
        "does not know.",
        "Set OTEL_EXPORTER_OTLP_PROTOCOL to grpc or http/protobuf.",
    )


def _endpoint(signal: str, component: str, environ: Mapping[str, str]) -> str:
    """Name the variable that says where an exporter sends to; of those of OTLP alone this is known."""
    if component not in _BY_PROTOCOL.values():
        return ""
    variable = f"OTEL_EXPORTER_OTLP_{signal.upper()}_ENDPOINT"
    return variable if environ.get(variable) else "OTEL_EXPORTER_OTLP_ENDPOINT"


def _reaches(
    signals: list[str], component: str, variable: str, environ: Mapping[str, str]
) -> Iterator[Finding]:
    told = f"{_listed(signals).capitalize()} go to the exporter {component}"
    if not variable:
        yield ok("exporter", told)
        return
    url = environ.get(variable, "").strip()
    to = host_of(url) if url else f"localhost:{'4317' if component == _GRPC else '4318'}, the default"
    yield ok("exporter", f"{told}, to {to}")
    spoken = _PORTS.get(host_of(url).rpartition(":")[2], component)
    if url and spoken != component:
        protocol = next(name for name, each in _BY_PROTOCOL.items() if each == spoken)
        yield warning(
            "port-of-other-protocol",
            f"{variable} has the port of {protocol}, and the exporter is {component}.",
            f"Set OTEL_EXPORTER_OTLP_PROTOCOL={protocol}, or the other port.",
        )


def _listed(words: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _not_installed(component: str, signals: list[str], explicit: bool, installed: Installed) -> Finding:
    variables = ", ".join(f"OTEL_{signal.upper()}_EXPORTER" for signal in signals)
    what = (
        f"The exporter {component}, asked for by {variables}, is not installed: opentelemetry-instrument "
        "fails, and switches nothing on."
    )
    other = {_GRPC: _HTTP, _HTTP: _GRPC}.get(component)
    here = {
        each.name for signal in signals for each in installed.entry_points(f"opentelemetry_{signal}_exporter")
    }
    if other in here:
        protocol = next(name for name, each in _BY_PROTOCOL.items() if each == other)
        do = f"Set OTEL_EXPORTER_OTLP_PROTOCOL={protocol}, which the exporter that is installed speaks."
    elif component in _PACKAGES:
        do = f"pip install {_PACKAGES[component]}"
    else:
        do = f"Install the package that brings the exporter {component}, or name another in {variables}."
    if explicit:
        return problem("exporter-missing", what, do)
    what = what.replace("asked for by", "the default of opentelemetry-distro for")
    return warning(
        "exporter-missing", what, f"{do}, unless the app sets up its providers itself.".replace(".,", ",")
    )
