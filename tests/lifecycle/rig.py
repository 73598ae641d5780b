"""The SDK instrumented, to play scripts on it with an exception at a place of ours, and what comes of it."""

from __future__ import annotations

import functools
import gc
import json
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import copy_context
from typing import Any, NamedTuple
from unittest.mock import patch

from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor

from gossamer import errors, finalizers, tokens
from gossamer.backlog import _backlogs, settle_all
from gossamer.testing import Telemetry, capture

from . import wire
from .app import APPS, App, Script
from .excuses import LOGGED_OTHERWISE, NOT_CLOSED, TOLD_OTHERWISE
from .fault_scripts import plain
from .injection import OwnError, Place, passing, raising
from .more_scripts import ALL
from .peer import peers
from .scenario import listening
from .server import Server


class _Hook:
    """Sees each prompt and answer."""

    def on_completion(self, **_: Any) -> None:
        """Do nothing."""


class _Encodings:
    """A token a character."""

    def of(self, _: Any) -> Any:
        return list


#: Whose log lines are expected: ours, and that of a metric reader which asks us for values.
SPEAKERS = ("gossamer: ", "opentelemetry.sdk.metrics._internal.instrument: Callback failed")

#: Name → settings.
SETTINGS: dict[str, dict[str, Any]] = {
    "usual": {},
    "all": {
        "all_operations": True,
        "baggage_keys": ("tenant",),
        "capture": "SPAN_AND_EVENT",
        "completion_hook": _Hook(),
        "count_tokens": True,
        "metric_attributes": ("user.id",),
        "propagation": "baggage",
        "redact": lambda part: part,
        "request_hook": lambda span, request: None,
        "response_headers": True,
        "response_hook": lambda span, answer: None,
        "stream_usage": "always",
        "time_per_output_chunk": True,
    },
}


class Spans(SpanProcessor):
    """Which spans there are: begun, ended, and held by somebody."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Begin anew."""
        self._begun: list[weakref.ref[Any]] = []
        self._ended: list[Any] = []

    def on_start(self, span: Any, parent_context: Any = None) -> None:
        self._begun.append(weakref.ref(span))

    def on_end(self, span: ReadableSpan) -> None:
        assert span.context is not None
        self._ended.append(span.context.span_id)

    @property
    def ended(self) -> int:
        """How many."""
        return len(set(self._ended))

    @property
    def faults(self) -> list[str]:
        """What must not be."""
        twice = len(self._ended) - self.ended
        held = sum(reference() is not None for reference in self._begun)
        return [*(["a span ended twice"] if twice else []), *(["a span is held"] if held else [])]


class Played(NamedTuple):
    """What came of it."""

    seen: list[str]
    """By the app."""
    raised: type[BaseException] | None
    """Out of the app."""
    noise: list[str]
    """Of the event loop."""
    heard: list[str]
    """In the log, or of exceptions that nobody could catch."""
    closed: list[bool]
    """Whether each response was."""
    ended: int
    """Spans."""
    faults: list[str]
    """What is held, or stuck, or has happened twice."""


class UsageWhenAsked(Server):
    """Tells the usage of a stream of chunks to those who ask for it."""

    def _respond(self, request: Any) -> Any:
        asked = json.loads(request.content or b"{}")
        if asked.get("stream") and not asked.get("stream_options"):
            for path, pieces in self.events.items():
                self.events[path] = [piece for piece in pieces if piece not in USAGE]
        return super()._respond(request)


#: The events with it.
USAGE = [wire.EVENTS[path][-2] for path in ("/chat/completions", "/completions")]


class Rig:
    """The SDK, instrumented with these settings, and what each script comes to without that."""

    def __init__(self, kind: str, telemetry: Telemetry, bare: dict[Script, App]) -> None:
        self._kind = kind
        self._telemetry = telemetry
        self._bare = bare
        self._spans = Spans()
        telemetry.tracer_provider.add_span_processor(self._spans)
        self._outside = trace.get_current_span()

    def passed(self, script: Script) -> list[Place]:
        """The places of ours that a script passes, once all that is done but once has been."""
        self.play(script)
        with listening(), no_collection():
            return passing(functools.partial(self.app().run, script))

    def play(self, script: Script, place: Place | None = None, error: Any = OwnError) -> Played:
        """Play a script, with an exception at a place."""
        return copy_context().run(self._play, script, place, error)

    def _play(self, script: Script, place: Place | None, error: Any) -> Played:
        errors._told.clear()
        self._spans.clear()
        raised: type[BaseException] | None = None
        with listening() as heard, no_collection():
            app = self.app()
            try:
                if place is None:
                    app.run(script)
                else:
                    raising(place, error, functools.partial(app.run, script))
            except BaseException as failure:  # noqa: BLE001
                raised = type(failure)
                failure.__traceback__ = failure.__context__ = None
            app.kept.clear()
            seen, noise, server = app.seen, app.noise, app.server
            del app
        faults = ["ours is still current"] if trace.get_current_span() is not self._outside else []
        ended = self._spans.ended
        faults += self._faults_afterwards(ended)
        closed = [body.closed > 0 for body in server.bodies]
        return Played(seen, raised, noise, heard, closed, ended, faults)

    def complaints(self, script: Script, played: Played, error: type[BaseException]) -> list[str]:
        """What is not as it must be after an exception of this kind."""
        bare, found = self._bare[script], list(played.faults)
        if issubclass(error, Exception):
            if (played.seen, played.raised, played.noise) != (bare.seen, None, bare.noise):
                found.append(TOLD_OTHERWISE)
            if played.closed != [body.closed > 0 for body in bare.server.bodies]:
                found.append(NOT_CLOSED)
            if len(played.heard) > 1 or not all(line.startswith(SPEAKERS) for line in played.heard):
                found.append(LOGGED_OTHERWISE)
        else:
            told = repr((played.seen, played.heard, played.noise))
            if played.raised is not error and error.__name__ not in told:
                found.append("the interrupt is lost")
        if wire.PROMPT in repr([line for line in played.heard if line.startswith("gossamer")]):
            found.append("the log tells a prompt")
        return found

    def _faults_afterwards(self, ended: int) -> list[str]:
        """What shows when the next call is made, and all garbage is gone."""
        app = APPS["sync"](UsageWhenAsked(), "chat", self._telemetry)
        app.run(plain)
        faults = ["the next call is another"] if app.seen != self._bare[plain].seen else []
        faults += ["the next call has no span"] if self._spans.ended != ended + 1 else []
        del app
        settle_all()
        faults += ["points are stuck"] if any(backlog._waiting for backlog in _backlogs) else []
        self._telemetry.clear()
        if finalizers.unfinished or self._spans.faults:
            gc.collect()
        faults += ["a call is unfinished"] if finalizers.unfinished or finalizers.pending else []
        finalizers.unfinished.clear()
        for backlog in _backlogs:
            backlog.start_anew()
        return [*faults, *self._spans.faults]

    def app(self) -> App:
        """One that is traced."""
        return APPS[self._kind](UsageWhenAsked(), "chat", self._telemetry)


@functools.cache
def _bare(script: Script, kind: str) -> App:
    """What it is without us."""
    with listening():
        app = bare_app(kind)
        app.run(script)
    return app


def bare_app(kind: str = "sync") -> App:
    """One that is not."""
    return APPS[kind](UsageWhenAsked(), "chat", None)


@contextmanager
def no_collection() -> Iterator[None]:
    """The same lines are passed each time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@contextmanager
def rig(kind: str, settings: str, scripts: tuple[Script, ...] = ALL) -> Iterator[Rig]:
    """Instrument the SDK for a block, to play these scripts."""
    counter = tokens.TokenCounter(_Encodings())  # type: ignore[arg-type]
    with peers(), patch.object(tokens.TokenCounter, "load", lambda: counter):
        bare = {script: _bare(script, kind) for script in {*scripts, plain}}
        with capture(strict=False, **SETTINGS[settings]) as telemetry:
            gc.collect()
            gc.freeze()  # what there is so far need not be looked through at each of the many collections
            try:
                yield Rig(kind, telemetry, bare)
            finally:
                gc.unfreeze()
