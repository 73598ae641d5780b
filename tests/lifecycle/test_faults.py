"""Each step of ours made to fail: the app gets what it gets without us, and a line is logged once."""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Callable
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.context import attach
from opentelemetry.sdk.trace import Span, SpanProcessor, Tracer

from gossamer import (
    call,
    errors,
    failure,
    finalizers,
    metrics,
    operations,
    providers,
    raw,
    stream,
    tally,
    telemetry,
)
from gossamer.testing import capture

from . import wire
from .app import APPS, App
from .fault_scripts import SCRIPTS, drained, plain
from .scenario import listening, play_bare
from .server import Server

ROUNDS = 2


class OwnError(Exception):
    """A failure of ours, whose message quotes a prompt."""


def fail(*_: Any, **__: Any) -> Any:
    raise OwnError(wire.PROMPT)


def breaking(*places: tuple[Any, str]) -> Callable[[pytest.MonkeyPatch], None]:
    """Make these functions fail."""

    def break_them(patch: pytest.MonkeyPatch) -> None:
        for owner, name in places:
            patch.setattr(owner, name, fail)

    return break_them


def breaking_after(owner: Any, name: str) -> Callable[[pytest.MonkeyPatch], None]:
    """Make this function fail when it has done its work: what it undoes must be undone."""
    original = getattr(owner, name)

    def work_and_fail(*arguments: Any) -> Any:
        original(*arguments)
        fail()

    return lambda patch: patch.setattr(owner, name, work_and_fail)


def breaking_operation(field: str, value: Any = fail) -> Callable[[pytest.MonkeyPatch], None]:
    """Make this reader of each operation fail."""
    find = operations.Table.find

    def find_broken(table: Any, method: str, url: str) -> Any:
        operation = find(table, method, url)
        return operation and dataclasses.replace(operation, **{field: value})

    return lambda patch: patch.setattr(operations.Table, "find", find_broken)


class BrokenAdd:
    """A fold that takes nothing."""

    def __init__(self, request: Any) -> None:
        pass

    add = fail

    def answer(self) -> Any:
        return {}


class BrokenAnswer(BrokenAdd):
    """A fold that gives nothing."""

    def add(self, chunk: Any) -> bool:
        return True

    answer = fail


instrument = importlib.import_module("opentelemetry.sdk.metrics._internal.instrument")

SEAMS: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "start-find": breaking((operations.Table, "find")),
    "start-context": breaking((telemetry, "get_current")),
    "start-server": breaking((providers.Servers, "of")),
    "start-attributes": breaking((providers.Server, "start")),
    "start-describe-request": breaking_operation("describe_request"),
    "start-call": breaking((telemetry, "Call")),
    "start-span": breaking((Tracer, "start_span")),
    "start-parser": breaking((telemetry, "watch_parser")),
    "start-enter": breaking((call.Call, "enter")),
    "start-recording": breaking((Span, "is_recording")),
    "start-span-in-context": breaking((call, "set_span_in_context")),
    "start-attach": breaking((call, "attach")),
    "request-leave": breaking_after(call.Call, "leave"),
    "request-answered": breaking((call.Call, "answered")),
    "request-exception": breaking((failure, "of_exception")),
    "stream-tap": breaking((telemetry, "tap_stream"), (raw, "tap_stream")),
    "stream-guard": breaking((stream, "Guard")),
    "stream-body": breaking((stream, "watch_body"), (raw, "watch_body")),
    "stream-fold": breaking_operation("fold"),
    "stream-fold-add": breaking_operation("fold", BrokenAdd),
    "stream-fold-answer": breaking_operation("fold", BrokenAnswer),
    "raw-watch": breaking((telemetry, "watch_raw")),
    "raw-parser": breaking((raw, "RawParser")),
    "end-drain": breaking((telemetry, "drain")),
    "end-measure": breaking_operation("measure"),
    "end-describe": breaking_operation("describe"),
    "end-failure": breaking_operation("failure"),
    "end-metrics": breaking((metrics.Metrics, "record")),
    "end-histogram": breaking((instrument.Histogram, "record")),
    "end-tally": breaking((tally.Tally, "add")),
    "end-set-attributes": breaking((Span, "set_attributes")),
    "end-set-status": breaking((Span, "set_status")),
    "end-span": breaking((Span, "end")),
}


@pytest.mark.parametrize("seam", SEAMS)
def test_e2_a_failure_of_ours_stays_ours(seam: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = {script: play_bare(script, "chat", kind).seen for script in SCRIPTS}
    monkeypatch.setattr(errors, "_told", set())
    with listening() as heard, capture(strict=False) as telemetry:
        outside = trace.get_current_span()
        with monkeypatch.context() as patch:
            SEAMS[seam](patch)
            finalizers.pending.append(lambda: None)  # so that the next request drains
            for _ in range(ROUNDS):
                for script in SCRIPTS:
                    app = APPS[kind](Server(), "chat", telemetry)
                    app.run(script)
                    assert app.seen == expected[script], script.__name__
                    assert app.noise == []
                    assert trace.get_current_span() is outside
                finalizers.pending.clear()
        healthy = APPS[kind](Server(), "chat", telemetry)
        telemetry.clear()
        healthy.run(plain)
        assert len(telemetry.spans) == 1
    assert heard, "the seam is not on the way of any of these calls"
    assert all(line.startswith("gossamer: Gossamer failed and left the call alone") for line in heard), heard
    assert len(heard) == len(set(heard))
    assert wire.PROMPT not in "".join(heard)


@pytest.mark.parametrize("error", [OwnError, KeyboardInterrupt])
def test_e2_what_was_made_current_when_something_failed_is_left(
    error: type[BaseException], kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An interrupt may come when the context is set and nobody knows yet how to set it back."""

    def attach_and_fail(context: Any) -> Any:
        monkeypatch.undo()
        token = attach(context)
        raise error(token)

    outside = trace.get_current_span()
    with listening(), capture(strict=False) as telemetry:
        monkeypatch.setattr(call, "attach", attach_and_fail)
        app = APPS[kind](Server(), "chat", telemetry)

        async def ask_twice(app: App) -> None:
            for _ in range(2):
                try:
                    await app.ask()
                except KeyboardInterrupt:
                    assert error is KeyboardInterrupt
                assert trace.get_current_span() is outside

        app.run(ask_twice)
    assert not finalizers.unfinished


def test_e2_the_class_of_the_failure_and_our_line_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(errors, "_told", set())
    monkeypatch.setattr(metrics.Metrics, "record", fail)
    with listening() as heard, capture(strict=False) as telemetry:
        for _ in range(3):
            APPS["sync"](Server(), "chat", telemetry).run(plain)
        assert len(telemetry.spans) == 3  # the span ends all the same
    (line,) = heard
    assert "OwnError" in line
    assert "record:" in line


def test_e2_an_exporter_or_processor_that_fails_is_the_sdks_business(kind: str) -> None:
    class Broken(SpanProcessor):
        on_start = fail
        on_end = fail

    bare = play_bare(drained, "chat", kind)
    with listening() as heard, capture(strict=False) as telemetry:
        telemetry.tracer_provider.add_span_processor(Broken())
        app = APPS[kind](Server(), "chat", telemetry)
        app.run(drained)
        assert app.seen == bare.seen
    assert wire.PROMPT not in "".join(heard)
