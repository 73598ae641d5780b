"""Settings: where they come from, and what is said of a value that is not accepted."""

from __future__ import annotations

import dataclasses
import logging

import pytest

from gossamer.settings import Settings


def test_the_defaults():
    assert Settings.load() == Settings(semconv="0.1.0", time_per_output_chunk=False)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.1.0", "0.1.0"),
        ("1.37", "1.37"),
        ("both", "both"),
        (" Both ", "both"),
        ("", "0.1.0"),
        ("  ", "0.1.0"),
    ],
)
def test_metric_names_from_the_environment(monkeypatch, caplog, text, value):
    monkeypatch.setenv("GOSSAMER_SEMCONV", text)
    assert Settings.load().semconv == value
    assert caplog.records == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("TRUE", True),
        ("1", True),
        ("on", True),
        ("yes", True),
        ("false", False),
        ("0", False),
        ("off", False),
        ("No", False),
        ("", False),
    ],
)
def test_a_switch_from_the_environment(monkeypatch, caplog, text, value):
    monkeypatch.setenv("GOSSAMER_TIME_PER_OUTPUT_CHUNK", text)
    assert Settings.load().time_per_output_chunk is value
    assert caplog.records == []


def test_an_argument_beats_the_environment(monkeypatch):
    monkeypatch.setenv("GOSSAMER_SEMCONV", "both")
    monkeypatch.setenv("GOSSAMER_TIME_PER_OUTPUT_CHUNK", "true")
    assert Settings.load(semconv="1.37", time_per_output_chunk=False) == Settings("1.37", False)
    assert Settings.load(semconv=None, time_per_output_chunk=None) == Settings("both", True)


@pytest.mark.parametrize(
    ("given", "name", "shown", "accepted", "used"),
    [
        ("1.36", "semconv", "'1.36'", "0.1.0, 1.37, both", "'0.1.0'"),
        ("maybe", "time_per_output_chunk", "'maybe'", "true, 1, on, yes, false, 0, off, no", "False"),
        ("2", "time_per_output_chunk", "'2'", "true, 1, on, yes, false, 0, off, no", "False"),
    ],
)
@pytest.mark.parametrize("source", ["environment", "argument"])
def test_a_bad_value_is_told_once_and_the_default_used(
    monkeypatch, caplog, source, given, name, shown, accepted, used
):
    variable = f"GOSSAMER_{name.upper()}"
    if source == "environment":
        monkeypatch.setenv(variable, given)
        settings = Settings.load()
    else:
        settings, variable = Settings.load(**{name: given}), f"instrument({name}=…)"
    assert settings == Settings()
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("gossamer", logging.WARNING)
    assert record.getMessage() == (
        f"{variable} is {shown}, which is not one of {accepted}; {used} is used instead."
    )


def test_one_bad_value_does_not_spoil_the_others(monkeypatch, caplog):
    monkeypatch.setenv("GOSSAMER_SEMCONV", "latest")
    monkeypatch.setenv("GOSSAMER_TIME_PER_OUTPUT_CHUNK", "on")
    assert Settings.load() == Settings("0.1.0", True)
    assert len(caplog.records) == 1


def test_a_bad_argument_does_not_fall_back_to_the_environment(monkeypatch, caplog):
    """The message says that the default is used."""
    monkeypatch.setenv("GOSSAMER_SEMCONV", "both")
    assert Settings.load(semconv="latest").semconv == "0.1.0"
    assert len(caplog.records) == 1


@pytest.mark.parametrize("value", [1.37, ["both"], object, 5])
def test_a_value_of_another_type_never_raises(value):
    assert Settings.load(semconv=value).semconv in ("0.1.0", "1.37")


def test_settings_do_not_change():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Settings().semconv = "both"  # type: ignore[misc]


def test_each_setting_can_be_documented():
    for field in dataclasses.fields(Settings):
        assert field.metadata["variable"] == f"GOSSAMER_{field.name.upper()}"
        assert field.default in field.metadata["accepts"].values()
        assert field.metadata["shown"]
        assert field.metadata["help"].endswith(".")
