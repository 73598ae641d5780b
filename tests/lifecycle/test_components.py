"""What others give us to call fails: the app gets what it gets without us, and the log names whose it is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk._logs import LoggerProvider, LogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, Sampler

from gossamer import errors, finalizers
from gossamer.backlog import BATCH
from gossamer.openai_sdk import OpenAIInstrumentor
from gossamer.testing import capture

from . import wire
from .app import APPS, App
from .fault_scripts import drained, plain, refused
from .injection import OwnError
from .scenario import listening, play_bare
from .server import Server


class Fault:
    """Raises an exception, wherever it is put."""

    def __init__(self, error: type[BaseException]) -> None:
        self._error = error

    def __call__(self, *_: Any, **__: Any) -> Any:
        raise self._error(wire.PROMPT)


def component(base: type[Any], method: str) -> Callable[[Fault], Any]:
    """Makes one whose method fails."""

    class Broken(base):  # type: ignore[misc]
        pass

    def make(fault: Fault) -> Any:
        def fail(self: Any, *arguments: Any, **named: Any) -> Any:
            return fault()

        setattr(Broken, method, fail)
        return Broken()

    return make


class Quiet(Sampler):
    """A sampler to be broken."""

    def should_sample(self, *arguments: Any, **named: Any) -> Any:
        return ALWAYS_ON.should_sample(*arguments, **named)

    def get_description(self) -> str:
        return "quiet"


class Exporter(SpanExporter):
    """An exporter to be broken."""


class LogProcessor(LogRecordProcessor):
    """A processor of log records to be broken."""

    def on_emit(self, *_: Any, **__: Any) -> None:
        """Do nothing."""

    def shutdown(self) -> None:
        """Do nothing."""

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        """Do nothing."""
        return True


class Hook:
    """A completion hook to be broken."""

    def on_completion(self, inputs: Any, outputs: Any, **_: Any) -> None:
        """Do nothing."""


def processor(made: SpanProcessor) -> dict[str, Any]:
    """Settings with a span processor."""
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(made)
    return {"tracer_provider": provider}


def provider(**settings: Any) -> dict[str, Any]:
    """Settings with a tracer provider of this kind."""
    return {"tracer_provider": TracerProvider(shutdown_on_exit=False, **settings)}


def events(made: LogRecordProcessor) -> dict[str, Any]:
    """Settings with a processor of events."""
    given = LoggerProvider(shutdown_on_exit=False)
    given.add_log_record_processor(made)
    return {"logger_provider": given, "capture": "EVENT_ONLY"}


#: Name → settings with it, and what the log says of it; None: it is OpenTelemetry that tells.
COMPONENTS: dict[str, tuple[Callable[[Fault], dict[str, Any]], str | None]] = {
    "processor-start": (lambda fault: processor(component(SpanProcessor, "on_start")(fault)), "fail"),
    "processor-end": (lambda fault: processor(component(SpanProcessor, "on_end")(fault)), "fail"),
    "exporter": (lambda fault: processor(SimpleSpanProcessor(component(Exporter, "export")(fault))), None),
    "sampler": (lambda fault: provider(sampler=component(Quiet, "should_sample")(fault)), "fail"),
    "id-generator": (
        lambda fault: provider(id_generator=component(RandomIdGenerator, "generate_span_id")(fault)),
        "fail",
    ),
    "log-processor": (lambda fault: events(component(LogProcessor, "on_emit")(fault)), "fail"),
    "completion-hook": (
        lambda fault: {**provider(), "completion_hook": component(Hook, "on_completion")(fault)},
        "The completion hook",
    ),
    "request-hook": (lambda fault: {**provider(), "request_hook": fault}, "request_hook="),
    "response-hook": (lambda fault: {**provider(), "response_hook": fault}, "response_hook="),
    "redact": (lambda fault: {**provider(), "capture": "SPAN_ONLY", "redact": fault}, "redact="),
}


@pytest.mark.parametrize("name", ["sampler", "processor-start"])
def test_without_a_span_the_points_are_those_of_the_call(name: str, kind: str) -> None:
    """What fails before the request is sent does not make a failure a quick success."""
    make, _ = COMPONENTS[name]
    reader = InMemoryMetricReader()
    meters = MeterProvider([reader], shutdown_on_exit=False)
    with listening(), instrumented({**make(Fault(ValueError)), "meter_provider": meters}):
        app = APPS[kind](Server(), "chat", None)
        app.run(refused)
        data: Any = reader.get_metrics_data()
    (metrics,) = [scope.metrics for resource in data.resource_metrics for scope in resource.scope_metrics]
    (duration,) = [metric for metric in metrics if metric.name == "gen_ai.client.inference.duration"]
    (point,) = duration.data.data_points
    assert point.attributes["error.type"] == "openai.BadRequestError"


@contextmanager
def instrumented(settings: dict[str, Any]) -> Iterator[None]:
    """Instrument the SDK with these settings for a block."""
    instrumentor = OpenAIInstrumentor()
    instrumentor.instrument(**settings)
    try:
        yield
    finally:
        instrumentor.uninstrument()


@pytest.fixture(autouse=True)
def nothing_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(errors, "_told", set())


@pytest.fixture(params=COMPONENTS)
def name(request: pytest.FixtureRequest) -> str:
    """Of a component."""
    if request.param == "log-processor":
        request.getfixturevalue("needs_events")
    return str(request.param)


@pytest.mark.parametrize("script", [plain, drained])
def test_e2_a_component_that_fails_is_named_and_nothing_else_happens(
    name: str, script: Any, kind: str
) -> None:
    make, named = COMPONENTS[name]
    bare = play_bare(script, "chat", kind)
    with listening() as heard, instrumented(make(Fault(OwnError))):
        for _ in range(2):
            app = APPS[kind](Server(), "chat", None)
            app.run(script)
            assert app.seen == bare.seen
            assert app.noise == []
    assert trace.get_current_span() is trace.INVALID_SPAN
    assert not finalizers.unfinished
    ours = [line for line in heard if line.startswith("gossamer: ")]
    if named is None:
        assert ours == []
        assert heard
    else:
        (line,) = ours
        assert named in line
        assert "OwnError" in line
        assert "Gossamer failed" not in line
    assert wire.PROMPT not in "".join(ours)


def test_e2_who_leaves_the_program_in_a_component_leaves_it(name: str, kind: str) -> None:
    make, _ = COMPONENTS[name]

    def interrupted() -> None:
        app = APPS[kind](Server(), "chat", None)
        with pytest.raises(KeyboardInterrupt):
            app.run(plain)
        assert trace.get_current_span() is trace.INVALID_SPAN
        assert not finalizers.unfinished

    with listening() as heard:
        with instrumented(make(Fault(KeyboardInterrupt))):
            copy_context().run(interrupted)  # an interrupt leaves OpenTelemetry 1.30 muted while it exports
        healthy = APPS["sync"](Server(), "chat", None)
        with capture() as telemetry:
            healthy.run(plain)
            assert len(telemetry.spans) == 1
    assert heard == []


class Blocking(SpanProcessor):
    """Holds up the spans of one thread until it is let go."""

    def __init__(self, method: str) -> None:
        self.thread: threading.Thread | None = None
        self.reached, self.let_go = threading.Event(), threading.Event()
        setattr(self, method, self._wait)

    def _wait(self, *_: Any, **__: Any) -> None:
        if threading.current_thread() is self.thread:
            self.reached.set()
            assert self.let_go.wait(60)


@pytest.mark.parametrize("method", ["on_start", "on_end"])
def test_e2_a_processor_that_blocks_holds_up_no_other_thread(method: str) -> None:
    """It costs its own call the time, and loses nothing."""
    blocking = Blocking(method)
    others = 2 * BATCH

    def make_calls(calls: int) -> None:
        for _ in range(calls):
            app = APPS["sync"](Server(), "chat", None)
            app.run(plain)
            done.append(app.seen == expected.seen)

    expected = play_bare(plain, "chat", "sync")
    done: list[bool] = []
    with capture() as telemetry:
        telemetry.tracer_provider.add_span_processor(blocking)
        blocking.thread = threading.Thread(target=make_calls, args=(1,))
        blocking.thread.start()
        try:
            assert blocking.reached.wait(60)
            make_calls(others)
            assert done == [True] * others
            (point,) = telemetry.metrics["gen_ai.client.inference.duration"]
            assert point["count"] >= others
        finally:
            blocking.let_go.set()
            blocking.thread.join()
        assert done == [True] * (others + 1)
        assert len(telemetry.spans) == others + 1
        (point,) = telemetry.metrics["gen_ai.client.inference.duration"]
        assert point["count"] == others + 1


def test_e2_a_metric_reader_that_fails_fails_for_who_collects() -> None:
    class Broken(InMemoryMetricReader):
        broken = True

        def _receive_metrics(self, *arguments: Any, **named: Any) -> None:
            if self.broken:
                raise OwnError(wire.PROMPT)
            super()._receive_metrics(*arguments, **named)

    def ask() -> App:
        app = APPS["sync"](Server(), "chat", None)
        app.run(plain)
        return app

    bare, reader = play_bare(plain, "chat", "sync"), Broken()
    with (
        listening() as heard,
        instrumented({"meter_provider": MeterProvider([reader], shutdown_on_exit=False)}),
    ):
        assert ask().seen == bare.seen
        with pytest.raises(OwnError):
            reader.collect()
        assert ask().seen == bare.seen
        reader.broken = False
        (metrics,) = reader.get_metrics_data().resource_metrics
        counts = {
            metric.name: metric.data.data_points[0].count
            for metric in metrics.scope_metrics[0].metrics
            if metric.name.endswith("inference.duration")
        }
    assert list(counts.values()) == [2]
    assert heard == []
