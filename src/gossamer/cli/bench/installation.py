"""Switching one contender on, in the process that belongs to it."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opentelemetry import _logs, metrics, trace

from gossamer.cli.bench import calls, content, discovery, handwritten, handwritten_content, old_fault
from gossamer.cli.bench.telemetry import Outlets, Telemetry

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gossamer.cli.bench.calls import AsyncCall, SyncCall


@dataclass(frozen=True)
class Installed:
    """A contender at work."""

    name: str
    sync: Mapping[str, SyncCall]
    asynchronous: Mapping[str, AsyncCall]
    outlets: Outlets | None
    code: tuple[str, ...]
    """Where its code lies: files and folders, for the profile."""


def install(name: str, *, with_content: bool = False) -> Installed:
    """Switch the contender `name` on. Once in a process: nothing is ever switched off again."""
    os.environ.update(content.environment(name, with_content=with_content))
    if name == discovery.BARE:
        return Installed(name, calls.SYNC, calls.ASYNC, None, ())
    if name == discovery.OLD_FAULT:
        old_fault.install()
        return Installed(name, calls.SYNC, calls.ASYNC, None, (old_fault.__file__,))
    outlets = Outlets.build(logs=with_content)
    if name == discovery.LOGFIRE:
        _install_logfire(outlets)
        return Installed(name, calls.SYNC, calls.ASYNC, outlets, _folder("logfire"))
    pipeline = Telemetry.build(outlets)
    if name == discovery.HAND_WRITTEN:
        by_hand = handwritten_content.HandWrittenContent if with_content else handwritten.HandWritten
        sync, asynchronous = by_hand(pipeline).calls()
        files = (handwritten.__file__, handwritten_content.__file__)
        return Installed(name, sync, asynchronous, outlets, files)
    if with_content:
        # Elastic 1.2.0 hands on the one that it is given as a version, and uses the global one.
        _logs.set_logger_provider(pipeline.logger_provider)
    code = _instrument(name, pipeline)
    return Installed(name, calls.SYNC, calls.ASYNC, outlets, code)


def _instrument(name: str, pipeline: Telemetry) -> tuple[str, ...]:
    # Global too: not every instrumentor takes all providers as arguments.
    trace.set_tracer_provider(pipeline.tracer_provider)
    metrics.set_meter_provider(pipeline.meter_provider)
    instrumentor: Any = discovery.entry_point(name).load()
    instrumentor().instrument(
        tracer_provider=pipeline.tracer_provider,
        meter_provider=pipeline.meter_provider,
        logger_provider=pipeline.logger_provider,
        skip_dep_check=True,
    )
    return _folder(instrumentor.__module__)


def _install_logfire(outlets: Outlets) -> None:
    """It makes its own providers, and is only told where to send."""
    logfire: Any = import_module("logfire")
    logfire.configure(
        send_to_logfire=False,
        console=False,
        additional_span_processors=[outlets.span_processor],
        metrics=logfire.MetricsOptions(additional_readers=[outlets.metric_reader]),
    )
    logfire.instrument_openai()


def _folder(module: str) -> tuple[str, ...]:
    """The folder of the package that a module belongs to: the module's own, or its parent's."""
    loaded = sys.modules[module]
    file = Path(str(loaded.__file__))
    return (f"{file.parent}{os.sep}",)
