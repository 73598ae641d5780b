"""The error boundary: told once, without a message, raised in tests."""

from __future__ import annotations

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
