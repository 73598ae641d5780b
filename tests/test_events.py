"""Events: real log records of the SDK, in the context of their span."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import opentelemetry.version
import pytest
import yaml
from opentelemetry import trace
from opentelemetry._logs import NoOpLoggerProvider
from opentelemetry.sdk import _logs as sdk_logs
from opentelemetry.sdk._logs import export
from opentelemetry.sdk.trace import TracerProvider

from gossamer import errors, events, semconv
from gossamer.events import Events

PARTS = [{"type": "text", "content": "How light is gossamer?"}]
ATTRIBUTES = {
    "gen_ai.operation.name": "chat",
    "gen_ai.usage.input_tokens": 7,
    "gen_ai.input.messages": [{"role": "user", "parts": PARTS}],
}
ENDED = 1_700_000_000_000_000_000

# Called InMemoryLogExporter before 1.39.
InMemoryExporter: Any = getattr(export, "InMemoryLogRecordExporter", None) or export.InMemoryLogExporter

too_old = not events._can_carry_events(opentelemetry.version.__version__)
carries_events = pytest.mark.skipif(too_old, reason="this OpenTelemetry is too old for events")
asks = pytest.mark.skipif(
    not hasattr(sdk_logs.Logger, "enabled"), reason="this OpenTelemetry's loggers cannot be asked"
)


class Logs:
    """A logger provider, what reached its exporter, and a span to emit in."""

    def __init__(self) -> None:
        self.exporter = InMemoryExporter()
        self.provider = sdk_logs.LoggerProvider(shutdown_on_exit=False)
        self.provider.add_log_record_processor(export.SimpleLogRecordProcessor(self.exporter))
        self.span = TracerProvider(shutdown_on_exit=False).get_tracer("tests").start_span("chat")
        self.context = trace.set_span_in_context(self.span)

    @property
    def exported(self) -> list[Any]:
        """Of each record that was exported, with its scope."""
        return list(self.exporter.get_finished_logs())

    def one(self) -> Any:
        """The only record."""
        (found,) = self.exported
        return found.log_record


class Refusing(export.SimpleLogRecordProcessor):
    """Wants nothing, and notes what it was asked."""

    def __init__(self, exporter: Any) -> None:
        super().__init__(exporter)
        self.asked: list[Any] = []

    def enabled(self, *, context=None, instrumentation_scope=None, severity_number=None, event_name=None):
        self.asked.append((trace.get_current_span(context), severity_number.value, event_name))
        return False


class Failing(export.SimpleLogRecordProcessor):
    """A component that fails wherever it is called."""

    def __init__(self) -> None:
        super().__init__(InMemoryExporter())

    def on_emit(self, log_record):
        raise RuntimeError("full")

    emit = on_emit

    def enabled(self, **_: Any):
        raise RuntimeError("undecided")


@pytest.fixture(autouse=True)
def nothing_told(monkeypatch):
    monkeypatch.setattr(errors, "_told", set())


@pytest.fixture
def failures_are_logged(monkeypatch):
    monkeypatch.setattr(errors, "strict", False)


@pytest.fixture
def logs(recwarn) -> Iterator[Logs]:
    # The SDK 1.37 and 1.38 warn of themselves; recwarn keeps that from being an error.
    logs = Logs()
    yield logs
    logs.provider.shutdown()


def made(logs: Logs) -> Events:
    """Events that lead to the exporter."""
    found = Events.of(logs.provider)
    assert found is not None
    return found


@carries_events
def test_details_are_a_debug_event_with_structured_content_in_the_span(logs):
    emitter = made(logs)
    record = emitter.details(logs.context, dict(ATTRIBUTES), ENDED)
    assert logs.exported == []
    emitter.emit(record)
    exported, span = logs.one(), logs.span.get_span_context()
    assert exported.event_name == "gen_ai.client.inference.operation.details"
    assert exported.severity_number.value == 5
    assert (exported.trace_id, exported.span_id) == (span.trace_id, span.span_id)
    assert exported.trace_flags == span.trace_flags
    assert (exported.timestamp, exported.body) == (ENDED, None)
    assert exported.observed_timestamp > ENDED
    expected = {**ATTRIBUTES, "gen_ai.input.messages": ({"role": "user", "parts": tuple(PARTS)},)}
    assert dict(exported.attributes) == expected
    assert logs.exported[0].instrumentation_scope.name == "gossamer"


@carries_events
def test_what_is_added_to_the_record_before_it_is_emitted_is_exported(logs):
    emitter = made(logs)
    record = emitter.details(logs.context, dict(ATTRIBUTES), ENDED)
    record.attributes = {**record.attributes, "gen_ai.input.messages_ref": "file:///there"}
    emitter.emit(record)
    assert logs.one().attributes["gen_ai.input.messages_ref"] == "file:///there"


@carries_events
def test_an_exception_is_a_warning_in_the_span_and_says_no_more_than_its_type(logs):
    attributes = {"gen_ai.operation.name": "chat"}
    made(logs).exception(logs.context, "openai.RateLimitError", None, None, attributes)
    exported, span = logs.one(), logs.span.get_span_context()
    assert exported.event_name == "gen_ai.client.operation.exception"
    assert exported.severity_number.value == 13
    assert (exported.trace_id, exported.span_id) == (span.trace_id, span.span_id)
    assert exported.timestamp > ENDED
    assert exported.body is None
    assert dict(exported.attributes) == {**attributes, "exception.type": "openai.RateLimitError"}
    assert attributes == {"gen_ai.operation.name": "chat"}


@carries_events
def test_the_message_and_the_stack_of_an_exception_are_told_where_they_are_given(logs):
    made(logs).exception(logs.context, "ValueError", "", "Traceback: …", {}, ENDED)
    assert dict(logs.one().attributes) == {
        "exception.type": "ValueError",
        "exception.message": "",
        "exception.stacktrace": "Traceback: …",
    }
    assert logs.one().timestamp == ENDED


@carries_events
@asks
def test_where_nobody_listens_nothing_is_built(logs, monkeypatch):
    provider = sdk_logs.LoggerProvider(shutdown_on_exit=False)
    refusing = Refusing(logs.exporter)
    provider.add_log_record_processor(refusing)
    emitter = Events.of(provider)
    monkeypatch.setattr(events, "LogRecord", None)
    assert not emitter.wants_details(logs.context)
    assert emitter.details(logs.context, dict(ATTRIBUTES), ENDED) is None
    emitter.exception(logs.context, "ValueError", None, None, {})
    assert logs.exported == []
    details = (logs.span, 5, semconv.DETAILS_EVENT)
    assert refusing.asked == [details, details, (logs.span, 13, semconv.EXCEPTION_EVENT)]


@carries_events
def test_somebody_listens_where_the_logger_cannot_be_asked(logs):
    class Old:
        emit = staticmethod(lambda record: None)

    assert Events(Old()).wants_details(logs.context)


@carries_events
def test_odd_values_do_no_harm(logs, failures_are_logged):
    class Unprintable:
        def __str__(self) -> str:
            raise ValueError("no")

        __repr__ = __str__

    endless: list[Any] = []
    endless.append(endless)
    odd = [Unprintable(), object(), {1, 2}, b"\xff", math.nan, 1 << 80, "\ud800", None, {1: {"": 2}}, endless]
    emitter = made(logs)
    for value in odd:
        record = emitter.details(logs.context, {"odd": value, "even": 2}, ENDED)
        emitter.emit(record)
        emitter.exception(logs.context, "ValueError", None, None, {"odd": value})
    details = [each.log_record for each in logs.exported if each.log_record.severity_number.value == 5]
    assert len(details) >= len(odd) - 2  # two of them are too much for the SDK
    assert all(each.attributes["even"] == 2 for each in details)


@carries_events
def test_a_component_that_fails_is_logged_and_harms_nothing(logs, failures_are_logged, caplog):
    logs.provider.add_log_record_processor(Failing())
    emitter = made(logs)
    assert emitter.wants_details(logs.context) in (True, False)
    record = emitter.details(logs.context, {}, ENDED)
    if record is not None:
        emitter.emit(record)
    emitter.exception(logs.context, "ValueError", None, None, {})
    assert "RuntimeError" in caplog.text


def test_without_a_provider_there_are_no_events():
    assert Events.of() is None
    assert Events.of(NoOpLoggerProvider()) is None


def test_a_disabled_sdk_makes_no_events(monkeypatch):
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    assert Events.of(sdk_logs.LoggerProvider(shutdown_on_exit=False)) is None


def test_an_opentelemetry_that_cannot_carry_events_is_told_once(logs, monkeypatch, caplog):
    monkeypatch.setattr(events, "api_version", "1.36.0")
    assert Events.of(logs.provider) is None
    assert caplog.records == []  # nobody wants any
    assert Events.of(logs.provider, asked=True) is None
    assert Events.of(logs.provider, asked=True) is None
    (record,) = caplog.records
    assert "1.37 or later, and this is 1.36.0" in record.getMessage()


def test_an_old_opentelemetry_is_not_told_where_events_would_lead_nowhere(monkeypatch, caplog):
    monkeypatch.setattr(events, "api_version", "1.30.0")
    assert Events.of(NoOpLoggerProvider(), asked=True) is None
    assert caplog.records == []


@pytest.mark.parametrize(
    ("version", "can"),
    [
        ("1.30.0", False),
        ("1.36.9", False),
        ("1.37.0", True),
        ("1.100.0rc1", True),
        ("2.0", True),
        ("?", False),
    ],
)
def test_events_need_this_version(version, can):
    assert events._can_carry_events(version) is can


def test_the_names_are_those_of_the_conventions(shared):
    content = (shared / "semconv" / "data" / "events.yaml").read_text(encoding="utf-8")
    model = {row["name"]: row for row in yaml.safe_load(content)["events"]}
    assert "DEBUG (severity number 5)" in " ".join(model[semconv.DETAILS_EVENT]["note"].split())
    assert "WARN (severity number 13)" in " ".join(model[semconv.EXCEPTION_EVENT]["note"].split())
    assert {row["ref"] for row in model[semconv.EXCEPTION_EVENT]["attributes"]} == {
        semconv.EXCEPTION_TYPE,
        semconv.EXCEPTION_MESSAGE,
        semconv.EXCEPTION_STACKTRACE,
    }
