"""The error boundary: told once, without a message, raised in tests."""

from __future__ import annotations

import logging

import pytest

from gossamer import errors


@pytest.fixture(autouse=True)
def nothing_told(monkeypatch):
    monkeypatch.setattr(errors, "_told", set())
    monkeypatch.setattr(errors, "strict", False)


def fail(message: str = "my prompt") -> Exception:
    """A failure with a traceback."""
    try:
        raise ValueError(message)
    except ValueError as error:
        return error


def test_a_failure_is_logged_without_its_message(caplog):
    errors.swallow(fail())
    (record,) = caplog.records
    assert (record.name, record.levelname) == ("gossamer", "WARNING")
    assert "ValueError in fail:" in record.getMessage()
    assert "my prompt" not in record.getMessage()
    assert record.exc_info is None


def test_a_failure_is_logged_once_for_each_place(caplog):
    for number in range(5):
        errors.swallow(fail(f"prompt {number}"))
    assert len(caplog.records) == 1
    try:
        int("my prompt")
    except ValueError as error:
        errors.swallow(error)
    assert len(caplog.records) == 2


def test_the_number_of_places_is_bounded(caplog):
    for number in range(200):
        kind = type(f"Error{number}", (Exception,), {})
        errors.swallow(kind())
    assert len(caplog.records) == len(errors._told) == 100


def test_a_failure_without_a_traceback_is_logged_too(caplog):
    errors.swallow(ValueError("my prompt"))
    (record,) = caplog.records
    assert "ValueError" in record.getMessage()
    assert "my prompt" not in record.getMessage()


def test_a_strict_boundary_raises_the_failure_itself(monkeypatch, caplog):
    monkeypatch.setattr(errors, "strict", True)
    error = fail()
    with pytest.raises(ValueError, match="my prompt") as raised:
        errors.swallow(error)
    assert raised.value is error
    assert caplog.records == []


@pytest.mark.parametrize(
    ("modules", "whose"),
    [
        (["gossamer.call", "opentelemetry.sdk.trace", "app.tracing"], "app.tracing.step:"),
        (["gossamer.call", "opentelemetry.sdk.trace", "app.tracing", "json.encoder"], "app.tracing.step:"),
        (["gossamer.call", "opentelemetry.sdk.trace", "json.encoder"], None),
        (["gossamer.call", "opentelemetry.sdk.trace"], None),
        (["gossamer.call", "openai._models"], None),
        (["gossamer.call", "gossamer.fields"], None),
    ],
    ids=lambda value: ", ".join(value) if isinstance(value, list) else None,
)
def test_a_component_that_opentelemetry_calls_is_named(modules, whose, caplog):
    step = None
    for module in reversed(modules):
        scope = {"__name__": module, "inner": step}
        exec("def step():\n    inner() if inner else 1 / 0", scope)
        step = scope["step"]
    try:
        step()
    except ZeroDivisionError as error:
        error.__traceback__ = error.__traceback__.tb_next
        errors.swallow(error)
    (record,) = caplog.records
    assert record.getMessage().startswith(whose or "Gossamer failed")
    assert "ZeroDivisionError" in record.getMessage()


def test_a_log_handler_that_fails_is_no_reason_for_a_call_to_fail(monkeypatch):
    class Broken(logging.Handler):
        def emit(self, record):
            raise OSError("the disk is full")

    broken = Broken()
    monkeypatch.setattr(errors.logger, "handlers", [broken])
    errors.swallow(fail())
    errors.blame("A hook", fail())
