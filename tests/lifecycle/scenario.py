"""A scenario: what the app does, and how its call must end. Played bare first, then instrumented."""

from __future__ import annotations

import functools
import gc
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from gossamer import finalizers
from gossamer.testing import capture

from . import wire
from .app import APPS, App, Script
from .server import Server

#: How the garbage collector runs meanwhile: not at all, or at every other allocation.
COLLECTORS = ("off", "eager")

#: `error.type` is the type of the exception that the app got.
SEEN = "seen"

DURATIONS = {"embeddings": "gen_ai.client.embeddings.duration"}
INFERENCE_DURATION = "gen_ai.client.inference.duration"
FIRST_CHUNK = "gen_ai.client.inference.time_to_first_chunk"


@dataclass(frozen=True)
class Scenario:
    """What happens to one call."""

    id: str
    script: Script
    outcome: str | tuple[str, ...] | None
    """`gossamer.stream.outcome`, or each that it may be; None: the call is not streamed."""
    usage: bool
    """Whether the answer's usage was there to be seen."""
    error: str | None
    """`error.type`, or `SEEN`; of a stream that fails it is `SEEN` anyway."""

    def __str__(self) -> str:
        return self.id


class Table:
    """Scenarios, in the order in which they are written down."""

    def __init__(self) -> None:
        self.rows: list[Scenario] = []

    def row(
        self, name: str, *, outcome: str | None = None, usage: bool = False, error: str | None = None
    ) -> Callable[[Script], Script]:
        """Make a scenario of a coroutine function that gets an `App`."""

        def add(script: Script) -> Script:
            self.rows.append(Scenario(name, script, outcome, usage, error))
            return script

        return add


@dataclass(frozen=True)
class Played:
    """One scenario, played: what the app saw, and what was recorded."""

    app: App
    span: dict[str, Any]
    metrics: dict[str, list[dict[str, Any]]]

    @property
    def attributes(self) -> dict[str, Any]:
        """Of the span."""
        attributes: dict[str, Any] = self.span["attributes"]
        return attributes


def play(scenario: Scenario, api: str, kind: str, collector: str = "off", **options: Any) -> Played:
    """Play it bare, then instrumented: the app must see the same, and one call must have ended once."""
    bare = play_bare(scenario.script, api, kind, **options)
    with quiet(), capture() as telemetry:
        with collecting(collector):
            app = APPS[kind](Server(), api, telemetry, **options)
            app.run(scenario.script)
        gc.collect()
        (span,) = telemetry.spans
        metrics = telemetry.metrics
    assert app.seen == bare.seen
    assert app.server.requests == bare.server.requests
    assert [body.closed for body in app.server.bodies if body.closed > 1] == []
    assert app.noise == []
    played = Played(app, span, metrics)
    check(scenario, played)
    return played


def check(scenario: Scenario, played: Played) -> None:
    """The span and the points agree with each other and with what the app saw."""
    app, span, attributes = played.app, played.span, played.attributes
    failed = scenario.error is not None or scenario.outcome == "failed"
    error = None
    if failed:
        error = app.error_type if scenario.error in (None, SEEN) else scenario.error
    outcomes = scenario.outcome if isinstance(scenario.outcome, tuple) else (scenario.outcome,)
    assert attributes.get("gossamer.stream.outcome") in outcomes
    assert attributes.get("error.type") == error
    assert span["status"] == ("ERROR" if failed else "UNSET")
    assert span["start"] <= span["end"]
    assert span["events"] == ["gossamer.retry"] * attributes.get("gossamer.request.retries", 0)
    assert attributes.get("gen_ai.usage.input_tokens") == (wire.INPUT_TOKENS if scenario.usage else None)
    assert wire.PROMPT not in repr(span)

    (point,) = played.metrics[DURATIONS.get(app.api, INFERENCE_DURATION)]
    assert point["count"] == 1
    assert point["sum"] == span["seconds"]
    assert point["attributes"].get("error.type") == error
    for name, value in point["attributes"].items():
        assert attributes[name] == value

    first = attributes.get("gen_ai.response.time_to_first_chunk")
    points = played.metrics.get(FIRST_CHUNK, [])
    assert [(point["count"], point["sum"]) for point in points] == ([] if first is None else [(1, first)])
    assert (first is None) == (app.chunks == 0)


@functools.cache
def play_bare(script: Script, api: str, kind: str, **options: Any) -> App:
    """The same without Gossamer. What the SDK itself leaves behind and complains of is not our business."""
    hook, sys.unraisablehook = sys.unraisablehook, lambda unraisable: None
    try:
        app = APPS[kind](Server(), api, None, **options)
        app.run(script)
        gc.collect()
    finally:
        sys.unraisablehook = hook
    return app


@contextmanager
def collecting(collector: str) -> Iterator[None]:
    """Run with the garbage collector like this."""
    usual = gc.get_threshold()
    gc.collect()
    if collector == "off":
        gc.disable()
    else:
        gc.set_threshold(1)
    try:
        yield
    finally:
        gc.set_threshold(*usual)
        gc.enable()


class _Ear(logging.Handler):
    def __init__(self, heard: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._heard = heard

    def emit(self, record: logging.LogRecord) -> None:
        # On a busy machine, asyncio's debug mode complains of slow steps.
        if not (record.name == "asyncio" and record.msg.startswith("Executing")):
            self._heard.append(f"{record.name}: {record.getMessage()}")


@contextmanager
def listening() -> Iterator[list[str]]:
    """All that is logged as a warning or worse, and each exception that nobody could catch."""
    heard: list[str] = []
    ear = _Ear(heard)
    logging.getLogger().addHandler(ear)
    hook = sys.unraisablehook
    sys.unraisablehook = lambda unraisable: heard.append(f"{unraisable.err_msg}: {unraisable.exc_value!r}")
    try:
        yield heard
        gc.collect()
        finalizers.drain()
    finally:
        sys.unraisablehook = hook
        logging.getLogger().removeHandler(ear)


@contextmanager
def quiet() -> Iterator[None]:
    """Nothing of the kind happens."""
    with listening() as heard:
        yield
    assert heard == []
