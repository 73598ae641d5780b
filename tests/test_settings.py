"""Settings: where they come from, and what is said of a value that is not accepted."""

from __future__ import annotations

import dataclasses
import logging
import os
import sys
from types import ModuleType
from typing import Any

import pytest

from gossamer import CaptureMode
from gossamer.errors import quoted
from gossamer.settings import Settings

CAPTURE = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
HOOK = "OTEL_INSTRUMENTATION_GENAI_COMPLETION_HOOK"

#: Those whose variable is not called after them.
VARIABLES = {"capture": CAPTURE, "completion_hook": HOOK, "request_hook": None, "response_hook": None}

#: How the message of a warning goes on: what is accepted, and what is used in the place of the value.
CHOICES = "which is not one of %s; %s is used instead."
SWITCH = CHOICES % ("true, 1, on, yes, false, 0, off, no", "False")
MODES = CHOICES % ("NO_CONTENT, SPAN_ONLY, EVENT_ONLY, SPAN_AND_EVENT", "'NO_CONTENT'")
SIZE = "which is not a whole number of bytes, 1024 or more; 131072 is used instead."
PART_SIZE = "which is not a whole number of bytes, 256 or more; 32768 is used instead."
NAMES = "which is not names with commas between them; () is used instead."
HOSTS = "which is not host=provider, with commas between them%s; () is used instead."
HOOKS = "which is not the name of an entry point, or an object with on_completion(); None is used instead."


class Rules:
    """What a setting may call by its name."""

    @staticmethod
    def redact(part: dict[str, Any]) -> dict[str, Any] | None:
        return part

    not_a_function = 5


class Upload:
    """A completion hook."""

    def on_completion(self, **_: Any) -> None: ...


@pytest.fixture(autouse=True)
def no_settings(monkeypatch):
    for name in list(os.environ):
        if name.startswith("GOSSAMER_"):
            monkeypatch.delenv(name)


async def aredact(part: Any) -> Any:
    """What nobody would await."""
    return part


@pytest.fixture
def rules(monkeypatch) -> str:
    """The name of a module that can be imported."""
    module = ModuleType("app_rules")
    vars(module)["Rules"] = Rules
    vars(module)["aredact"] = aredact
    monkeypatch.setitem(sys.modules, "app_rules", module)
    return "app_rules"


def loaded(monkeypatch: pytest.MonkeyPatch, source: str, name: str, value: Any) -> tuple[Settings, str]:
    """The settings with this one from that source, and what the source is called in a warning."""
    if source == "argument":
        return Settings.load(**{name: value}), f"instrument({name}=…)"
    variable = VARIABLES.get(name, f"GOSSAMER_{name.upper()}")
    assert variable is not None
    monkeypatch.setenv(variable, value)
    return Settings.load(), variable


def test_the_defaults(caplog):
    assert dataclasses.asdict(Settings.load()) == {
        "semconv": "0.1.0",
        "time_per_output_chunk": False,
        "capture": CaptureMode.NO_CONTENT,
        "capture_may_widen": False,
        "content_limit": 131072,
        "content_part_limit": 32768,
        "content_binary": "size",
        "tool_details": False,
        "redact": None,
        "completion_hook": None,
        "request_hook": None,
        "response_hook": None,
        "baggage_keys": (),
        "metric_attributes": (),
        "stream_usage": "off",
        "count_tokens": False,
        "all_operations": False,
        "provider_hosts": (),
        "response_headers": False,
        "propagation": "off",
    }
    assert Settings.load() == Settings()
    assert caplog.records == []


# Values that are accepted, from either source.


@pytest.mark.parametrize("source", ["environment", "argument"])
@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("semconv", "0.1.0", "0.1.0"),
        ("semconv", "1.37", "1.37"),
        ("semconv", " Both ", "both"),
        ("time_per_output_chunk", "true", True),
        ("time_per_output_chunk", "TRUE", True),
        ("time_per_output_chunk", "1", True),
        ("time_per_output_chunk", "on", True),
        ("time_per_output_chunk", "yes", True),
        ("time_per_output_chunk", "false", False),
        ("time_per_output_chunk", "0", False),
        ("time_per_output_chunk", "off", False),
        ("time_per_output_chunk", "No", False),
        ("capture", "NO_CONTENT", CaptureMode.NO_CONTENT),
        ("capture", "SPAN_ONLY", CaptureMode.SPAN_ONLY),
        ("capture", "event_only", CaptureMode.EVENT_ONLY),
        ("capture", " Span_And_Event ", CaptureMode.SPAN_AND_EVENT),
        ("capture_may_widen", "yes", True),
        ("all_operations", "true", True),
        ("response_headers", "1", True),
        ("propagation", "off", "off"),
        ("propagation", "Trace", "trace"),
        ("propagation", "baggage", "baggage"),
        ("provider_hosts", "llm.corp=azure.ai.openai", (("llm.corp", "azure.ai.openai"),)),
        (
            "provider_hosts",
            "localhost:8000=vllm,[::1]:80=x_ai,[::1]=x_ai",
            (("localhost:8000", "vllm"), ("[::1]:80", "x_ai"), ("::1", "x_ai")),
        ),
        (
            "provider_hosts",
            "https://a.test/v1/=groq,*.b.test=x_ai,bücher.test=c",
            (("a.test/v1", "groq"), ("b.test", "x_ai"), ("xn--bcher-kva.test", "c")),
        ),
        ("provider_hosts", " .A.test = groq ,b.test=x_ai,", (("a.test", "groq"), ("b.test", "x_ai"))),
        ("content_limit", "1024", 1024),
        ("content_limit", " 65536 ", 65536),
        ("content_part_limit", "256", 256),
        ("content_binary", "SHA256", "sha256"),
        ("content_binary", "data", "data"),
        ("tool_details", "on", True),
        ("completion_hook", "upload", "upload"),
        ("baggage_keys", "tenant", ("tenant",)),
        ("baggage_keys", " tenant , user.id,, tenant ", ("tenant", "user.id")),
        ("metric_attributes", "app.feature,Tenant", ("app.feature", "Tenant")),
        ("metric_attributes", ",", ()),
        ("stream_usage", "auto", "auto"),
        ("stream_usage", "Always", "always"),
        ("stream_usage", "off", "off"),
        ("stream_usage", "false", "off"),
        ("count_tokens", "1", True),
    ],
)
def test_a_value(monkeypatch, caplog, source, name, text, value):
    settings, _ = loaded(monkeypatch, source, name, text)
    assert settings == dataclasses.replace(Settings(), **{name: value})
    assert type(getattr(settings, name)) is type(value)
    assert caplog.records == []


@pytest.mark.parametrize("name", [name for name in Settings.__dataclass_fields__ if VARIABLES.get(name, "")])
@pytest.mark.parametrize("text", ["", "  "])
def test_an_empty_variable_counts_as_not_set(monkeypatch, caplog, name, text):
    settings, _ = loaded(monkeypatch, "environment", name, text)
    assert settings == Settings()
    assert caplog.records == []


@pytest.mark.parametrize(
    ("name", "given", "value"),
    [
        ("semconv", 1.37, "1.37"),
        ("time_per_output_chunk", True, True),
        ("capture", CaptureMode.SPAN_AND_EVENT, CaptureMode.SPAN_AND_EVENT),
        ("capture", CaptureMode.NO_CONTENT, CaptureMode.NO_CONTENT),
        ("content_limit", 4096, 4096),
        ("baggage_keys", ["tenant", " user.id ", "tenant"], ("tenant", "user.id")),
        ("metric_attributes", ("app.feature",), ("app.feature",)),
        ("metric_attributes", [], ()),
        ("stream_usage", False, "off"),
        ("redact", Rules.redact, Rules.redact),
        ("request_hook", print, print),
        ("response_hook", print, print),
    ],
)
def test_an_argument_may_be_a_value_of_python(caplog, name, given, value):
    settings = Settings.load(**{name: given})
    assert settings == dataclasses.replace(Settings(), **{name: value})
    assert caplog.records == []


def test_a_completion_hook_may_be_an_object(caplog):
    hook = Upload()
    assert Settings.load(completion_hook=hook).completion_hook is hook
    assert caplog.records == []


@pytest.mark.parametrize("source", ["environment", "argument"])
def test_a_function_may_be_named(monkeypatch, caplog, rules, source):
    settings, _ = loaded(monkeypatch, source, "redact", f"{rules}:Rules.redact")
    assert settings.redact is Rules.redact
    assert caplog.records == []


def test_the_hooks_of_requests_and_answers_have_no_variable(monkeypatch, rules):
    monkeypatch.setenv("GOSSAMER_REQUEST_HOOK", f"{rules}:Rules.redact")
    monkeypatch.setenv("GOSSAMER_RESPONSE_HOOK", f"{rules}:Rules.redact")
    assert Settings.load() == Settings()


def test_an_argument_beats_the_environment(monkeypatch):
    monkeypatch.setenv("GOSSAMER_SEMCONV", "both")
    monkeypatch.setenv("GOSSAMER_TIME_PER_OUTPUT_CHUNK", "true")
    monkeypatch.setenv(CAPTURE, "SPAN_AND_EVENT")
    monkeypatch.setenv("GOSSAMER_BAGGAGE_KEYS", "tenant")
    environment = Settings("both", True, CaptureMode.SPAN_AND_EVENT, baggage_keys=("tenant",))
    given = {"time_per_output_chunk": False, "capture": CaptureMode.NO_CONTENT, "baggage_keys": []}
    assert Settings.load(semconv="1.37", **given) == Settings("1.37")
    assert Settings.load(semconv=None, **dict.fromkeys(given)) == environment


# Values that are not.


@pytest.mark.parametrize(
    ("name", "given", "told"),
    [
        ("semconv", "1.36", CHOICES % ("0.1.0, 1.37, both", "'0.1.0'")),
        ("time_per_output_chunk", "maybe", SWITCH),
        ("time_per_output_chunk", "2", SWITCH),
        ("capture", "true", MODES),  # which other instrumentations took, before there were modes
        ("capture", "SPAN", MODES),
        ("capture", "3", MODES),
        ("capture_may_widen", "NO_CONTENT", SWITCH),
        ("content_limit", "64k", SIZE),
        ("content_limit", "1023", SIZE),
        ("content_limit", "-1", SIZE),
        ("content_limit", "0", SIZE),
        ("content_limit", "4096.0", SIZE),
        ("content_part_limit", "255", PART_SIZE),
        ("content_part_limit", "all", PART_SIZE),
        ("content_binary", "md5", CHOICES % ("size, sha256, data", "'size'")),
        ("tool_details", "full", SWITCH),
        ("stream_usage", "true", CHOICES % ("off, auto, always, false, 0, no", "'off'")),
        ("count_tokens", "tiktoken", SWITCH),
        ("provider_hosts", "llm.corp", HOSTS % ""),
        ("provider_hosts", "a=b=c", HOSTS % ""),
        ("provider_hosts", "*=groq", HOSTS % ""),
        ("provider_hosts", "a.*.test=groq", HOSTS % " (a * can only stand for the beginning of a host)"),
        ("provider_hosts", "a.test=groq,A.test=x_ai", HOSTS % " (one host has two providers)"),
        ("provider_hosts", "a.test:port=groq", HOSTS % ""),
    ],
)
@pytest.mark.parametrize("source", ["environment", "argument"])
def test_a_bad_value_is_told_once_and_the_default_used(monkeypatch, caplog, source, name, given, told):
    settings, shown = loaded(monkeypatch, source, name, given)
    assert settings == Settings()
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("gossamer", logging.WARNING)
    assert record.getMessage() == f"{shown} is {given!r}, {told}"


@pytest.mark.parametrize(
    ("name", "given", "told"),
    [
        ("capture", True, MODES),
        ("capture", 3, MODES),
        ("capture", "", MODES),
        ("content_limit", 0, SIZE),
        ("content_limit", 1000, SIZE),
        ("content_limit", 4096.0, SIZE),
        ("content_limit", True, SIZE),
        ("content_limit", [4096], SIZE),
        ("baggage_keys", 5, NAMES),
        ("baggage_keys", ["tenant", 5], NAMES),
        ("metric_attributes", object, NAMES),
        ("stream_usage", True, CHOICES % ("off, auto, always, false, 0, no", "'off'")),
        ("completion_hook", 5, HOOKS),
        ("completion_hook", print, HOOKS),
    ],
)
def test_so_is_an_argument_of_another_type(caplog, name, given, told):
    assert Settings.load(**{name: given}) == Settings()
    (record,) = caplog.records
    assert record.getMessage() == f"instrument({name}=…) is {given!r}, {told}"


def test_one_bad_value_does_not_spoil_the_others(monkeypatch, caplog):
    monkeypatch.setenv("GOSSAMER_SEMCONV", "latest")
    monkeypatch.setenv("GOSSAMER_TIME_PER_OUTPUT_CHUNK", "on")
    monkeypatch.setenv("GOSSAMER_CONTENT_LIMIT", "lots")
    monkeypatch.setenv(CAPTURE, "span_only")
    assert Settings.load() == Settings("0.1.0", True, CaptureMode.SPAN_ONLY)
    assert len(caplog.records) == 2


def test_a_bad_argument_does_not_fall_back_to_the_environment(monkeypatch, caplog):
    """The message says that the default is used."""
    monkeypatch.setenv("GOSSAMER_SEMCONV", "both")
    monkeypatch.setenv("GOSSAMER_CONTENT_LIMIT", "4096")
    assert Settings.load(semconv="latest", content_limit=1) == Settings()
    assert len(caplog.records) == 2


@pytest.mark.parametrize("value", [1.37, ["both"], object, 5])
@pytest.mark.parametrize("name", list(Settings.__dataclass_fields__))
def test_a_value_of_another_type_never_raises(name, value):
    assert isinstance(Settings.load(**{name: value}), Settings)


# What was to be redacted must not be recorded as it is.


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("app_rules_that_are_not_there:redact", "ModuleNotFoundError)"),
        ("app_rules:redcat", "AttributeError)"),
        ("app_rules:Rules.reduct", "AttributeError)"),
        ("app_rules", "it names no function"),
        ("app_rules:aredact", "it is async"),
        ("app_rules:Rules.not_a_function", None),
    ],
)
@pytest.mark.parametrize("source", ["environment", "argument"])
def test_without_its_redaction_no_content_is_captured(monkeypatch, caplog, rules, source, given, why):
    monkeypatch.setenv(CAPTURE, "SPAN_AND_EVENT")
    monkeypatch.setenv("GOSSAMER_CAPTURE_MAY_WIDEN", "true")
    monkeypatch.setenv(HOOK, "upload")
    monkeypatch.setenv("GOSSAMER_STREAM_USAGE", "auto")
    settings, shown = loaded(monkeypatch, source, "redact", given)
    assert settings == Settings(stream_usage="auto")
    (bad,) = [record.getMessage() for record in caplog.records]
    begin = f"{shown} is {quoted(given)}, which is not something to call, or package.module:name of it"
    reason = bad.removeprefix(begin).removesuffix("; no content is captured.")
    assert reason.startswith(f" ({why}") if why else reason == ""


def test_a_module_that_needs_another_is_told_with_its_name(monkeypatch, caplog, tmp_path):
    (tmp_path / "app_rules_that_need.py").write_text("import app_words.all\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("GOSSAMER_REDACT", "app_rules_that_need:redact")
    assert Settings.load() == Settings()
    assert "(ModuleNotFoundError: app_words)" in caplog.records[0].getMessage()


def test_a_module_that_fails_is_told_and_raises_nothing(monkeypatch, caplog, tmp_path):
    (tmp_path / "app_rules_that_fail.py").write_text("1 / 0\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("GOSSAMER_REDACT", "app_rules_that_fail:redact")
    assert Settings.load(capture="SPAN_ONLY") == Settings()
    assert "ZeroDivisionError" in caplog.records[0].getMessage()


@pytest.mark.parametrize("name", ["request_hook", "response_hook"])
def test_a_hook_that_cannot_be_used_costs_no_content(caplog, name):
    settings = Settings.load(**{name: 5, "capture": "SPAN_ONLY"})
    assert settings == Settings(capture=CaptureMode.SPAN_ONLY)
    (record,) = caplog.records
    assert record.getMessage() == (
        f"instrument({name}=…) is 5, which is not something to call, or package.module:name of it; "
        "None is used instead."
    )


# What the settings are.


def test_settings_do_not_change():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Settings().semconv = "both"  # type: ignore[misc]


@pytest.mark.parametrize("field", dataclasses.fields(Settings), ids=lambda field: field.name)
def test_each_setting_can_be_documented(field):
    usual = f"GOSSAMER_{field.name.upper()}"
    assert field.metadata["variable"] == VARIABLES.get(field.name, usual)
    assert field.metadata["shown"]
    assert field.metadata["help"].endswith(".")
    kind = field.metadata["kind"]
    assert kind.shown
    if field.default is not None:  # what may be written in its place
        assert kind.read(field.default) == field.default
