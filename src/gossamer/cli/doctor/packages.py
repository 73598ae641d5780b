"""Can what is installed work together? Python, Gossamer, the SDK that is traced, and OpenTelemetry."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from packaging.requirements import Requirement
from packaging.version import Version

from gossamer import __version__
from gossamer.cli.doctor.findings import Finding, ok, problem, warning
from gossamer.openai_sdk import OPENAI
from gossamer.sdk import SDKMovedError, locate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gossamer.cli.doctor.installed import Installed

__all__ = ["ENTRY_POINT", "INSTRUMENTORS", "NEWEST_TESTED", "examine", "versions"]

INSTRUMENTORS: Final = "opentelemetry_instrumentor"
"""The group of entry points in which `opentelemetry-instrument` looks."""
ENTRY_POINT: Final = "gossamer_openai"
NEWEST_TESTED: Final = "3.54.0"
_OLDEST_PYTHON: Final = (3, 10)
_PIP_TOGETHER: Final = (
    "Install them in one go, so that pip takes releases that go together: pip install -U opentelemetry-api "
    "opentelemetry-sdk opentelemetry-instrumentation opentelemetry-distro"
)
_SHOWN: Final = ("gossamer", "openai", "httpx", "httpx2", "tiktoken")


def versions(installed: Installed) -> dict[str, str]:
    """Tell the versions of all that matters here."""
    names = [*_SHOWN, *installed.names("opentelemetry-")]
    return {name: version for name in names if (version := installed.version(name)) is not None}


def examine(installed: Installed, python: tuple[int, ...] = sys.version_info[:3]) -> Iterator[Finding]:
    """Look at each in turn."""
    yield _python(python)
    yield _ourselves(installed)
    yield _openai(installed)
    yield from _opentelemetry(installed)


def _python(version: tuple[int, ...]) -> Finding:
    told = f"Python {'.'.join(map(str, version))}"
    if version >= _OLDEST_PYTHON:
        return ok("python", told)
    oldest = ".".join(map(str, _OLDEST_PYTHON))
    return problem(
        "python-too-old",
        f"{told} is older than {oldest}, the oldest that Gossamer works on.",
        f"Run the app on Python {oldest} or later.",
    )


def _ourselves(installed: Installed) -> Finding:
    points = installed.entry_points(INSTRUMENTORS)
    if any(point.name == ENTRY_POINT for point in points):
        return ok(
            "gossamer", f"gossamer {__version__}, which opentelemetry-instrument finds as {ENTRY_POINT}"
        )
    return warning(
        "entry-point-missing",
        f"gossamer {__version__} is not installed as a distribution here: it has no entry point, and "
        "opentelemetry-instrument does not find it.",
        "Install it in this environment (pip install gossamer), or call OpenAIInstrumentor().instrument() in "
        "the code of the app.",
    )


def _openai(installed: Installed) -> Finding:
    version = installed.version("openai")
    supported = Requirement(OPENAI.requires)
    if version is not None and not supported.specifier.contains(version, prereleases=True):
        return problem(
            "openai-too-old",
            f"openai {version} is too old, and its calls are not traced.",
            f"Install a newer one: pip install '{OPENAI.requires.replace(' ', '')}'",
        )
    try:
        locate(OPENAI)
    except SDKMovedError as moved:
        return problem(
            "openai-moved",
            f"openai {version or '(of no known version)'} is not built as Gossamer knows it ({moved}); its "
            "calls are not traced.",
            f"Install the newest release that is known to work (pip install openai=={NEWEST_TESTED}), or a "
            "newer gossamer.",
        )
    except Exception as error:  # noqa: BLE001 - the import of a package of somebody else's
        return _not_importable(version, error)
    return _supported(installed, version)


def _not_importable(version: str | None, error: Exception) -> Finding:
    if version is None:
        return problem(
            "openai-missing",
            "openai is not installed: there is nothing to trace.",
            "Run this in the environment of the app, or: pip install openai",
        )
    missing = getattr(error, "name", None) if isinstance(error, ImportError) else None
    package = (missing or "").partition(".")[0]
    if package.startswith("httpx"):
        return problem(
            "httpx-missing",
            f"openai {version} needs {package}, which is not installed; it cannot be imported.",
            f"Install it: pip install {package}",
        )
    return problem(
        "openai-broken",
        f"openai {version} is installed and cannot be imported ({type(error).__name__}: {error}).",
        "Install it anew, with what it needs: pip install --force-reinstall openai",
    )


def _supported(installed: Installed, version: str | None) -> Finding:
    base = sys.modules[f"{OPENAI.name}._base_client"]
    library = next(name for name in ("httpx2", "httpx") if hasattr(base, name))
    told = f"openai {version or '(of no known version)'} with {library} {installed.version(library) or ''}"
    if version is not None and Version(version) > Version(NEWEST_TESTED):
        return ok(
            "openai",
            f"{told.strip()}: newer than {NEWEST_TESTED}, the newest that was tested, and built alike",
        )
    return ok("openai", f"{told.strip()}, built as Gossamer knows it")


def _opentelemetry(installed: Installed) -> Iterator[Finding]:
    names = ("opentelemetry-api", "opentelemetry-sdk", "opentelemetry-instrumentation")
    here = [f"{name} {version}" for name in names if (version := installed.version(name))]
    if installed.version("opentelemetry-sdk") is None:
        yield problem(
            "sdk-missing",
            "opentelemetry-sdk is not installed: without it there is nothing that records.",
            "Install it, and an exporter: pip install opentelemetry-sdk opentelemetry-exporter-otlp",
        )
    elif here:
        yield ok("opentelemetry", ", ".join(here))
    conflicts = [
        f"{each.distribution} {installed.version(each.distribution)} needs {each.needs}, and "
        + (f"{each.version} is installed" if each.version else "it is not installed")
        for each in installed.conflicts("opentelemetry-")
    ]
    if conflicts:
        yield warning(
            "versions-do-not-match",
            f"Releases of OpenTelemetry that do not go together: {'; '.join(conflicts)}.",
            _PIP_TOGETHER,
        )
