"""Settings and where they come from, and what is asked for that cannot be had."""

from __future__ import annotations

import sys
from dataclasses import fields
from importlib import metadata

import pytest
from opentelemetry import _logs as logs_api
from opentelemetry.sdk._logs import LoggerProvider

from gossamer import encodings
from gossamer.cli.doctor import configuration
from gossamer.cli.doctor.hearing import warnings_heard
from gossamer.events import Events
from gossamer.settings import Settings

MODE = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
HOOK = "OTEL_INSTRUMENTATION_GENAI_COMPLETION_HOOK"


@pytest.fixture
def read(site, monkeypatch):
    """Reads what applies with these variables."""

    def reader(**variables):
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        return configuration.read(site.installed)

    return reader


def value(found, name):
    (one,) = [each for each in found.values if each.name == name]
    return one.shown, one.source


def test_by_default(read):
    found = read()
    assert [each.name for each in found.values] == [entry.name for entry in fields(Settings)]
    assert {each.source for each in found.values} == {"default", "default; set in code only"}
    assert value(found, "capture") == ("NO_CONTENT", "default")
    assert [(each.severity, each.code) for each in found.findings] == [("ok", "settings")]
    assert found.variables == []


def test_values_of_the_environment(read):
    found = read(
        GOSSAMER_SEMCONV="both",
        GOSSAMER_CONTENT_LIMIT="2048",
        GOSSAMER_PROVIDER_HOSTS="llm.test=groq, corp.test=azure.ai.openai",
        GOSSAMER_BAGGAGE_KEYS="tenant,user",
        GOSSAMER_RESPONSE_HEADERS="on",
        GOSSAMER_REDACT="json:dumps",
        GOSSAMER_TOOL_DETAILS=" ",
    )
    assert value(found, "semconv") == ("both", "GOSSAMER_SEMCONV")
    assert value(found, "content_limit") == ("2048", "GOSSAMER_CONTENT_LIMIT")
    assert value(found, "provider_hosts")[0] == "llm.test=groq, corp.test=azure.ai.openai"
    assert value(found, "baggage_keys")[0] == "tenant, user"
    assert value(found, "response_headers")[0] == "true"
    assert value(found, "redact") == ("json:dumps", "GOSSAMER_REDACT")
    assert value(found, "tool_details") == ("false", "default")
    assert [each.code for each in found.findings] == ["settings"]


def test_values_that_are_not_accepted(read, only):
    found = read(GOSSAMER_CONTENT_LIMIT="64k")
    told = only(found.findings, "value-not-accepted")
    assert told.severity == "problem"
    assert told.what.startswith("GOSSAMER_CONTENT_LIMIT is '64k', which is not a whole number of bytes")
    assert told.do == "Set GOSSAMER_CONTENT_LIMIT to a whole number of bytes, 1024 or more, or unset it."
    assert value(found, "content_limit") == ("131072", "default, as GOSSAMER_CONTENT_LIMIT is not accepted")


def test_a_redact_function_that_is_not_found(read, only):
    found = read(GOSSAMER_REDACT="shop.privacy:redact", **{MODE: "SPAN_ONLY"})
    told = only(found.findings, "redact-not-found")
    assert told.severity == "problem"
    assert "(ModuleNotFoundError)" in told.what
    source = f"GOSSAMER_REDACT, which is not accepted; {MODE} is not used"
    assert value(found, "capture") == ("NO_CONTENT", source)


def test_variables_that_are_none(read):
    found = read(GOSSAMER_CONTENT_LIMITS="2048", GOSSAMER_COLOUR="green")
    told = [each for each in found.findings if each.code == "variable-unknown"]
    assert [(each.severity, each.do) for each in told] == [
        ("warning", "Unset it; docs/settings.md lists all that there are."),
        ("warning", "Is GOSSAMER_CONTENT_LIMIT meant?"),
    ]


def test_standard_variables_are_shown_without_their_secrets(read):
    found = read(
        OTEL_SERVICE_NAME="shop",
        OTEL_EXPORTER_OTLP_ENDPOINT="https://me:sentinel-1@otlp.test:4318/sentinel-2?x=sentinel-3",
        OTEL_EXPORTER_OTLP_HEADERS="api-key=sentinel-4",
        OTEL_RESOURCE_ATTRIBUTES="token=sentinel-5",
        OPENAI_API_KEY="sentinel-6",
        OPENAI_BASE_URL="https://sentinel-7@llm.test/v1",
    )
    shown = {each.name: each.shown for each in found.variables}
    assert shown == {
        "OTEL_SERVICE_NAME": "shop",
        "OTEL_EXPORTER_OTLP_ENDPOINT": "https://otlp.test:4318",
        "OPENAI_BASE_URL": "https://llm.test",
        "OTEL_EXPORTER_OTLP_HEADERS": "set (not shown)",
        "OTEL_RESOURCE_ATTRIBUTES": "set (not shown)",
        "OPENAI_API_KEY": "set (not shown)",
    }


@pytest.mark.parametrize("value", ["true", " TRUE "])
def test_a_disabled_sdk(read, only, value):
    assert only(read(OTEL_SDK_DISABLED=value).findings, "sdk-disabled").severity == "problem"


@pytest.mark.parametrize(("value", "name"), [("*", "*"), ("requests, gossamer_openai", "gossamer_openai")])
def test_switched_off_for_opentelemetry_instrument(read, only, value, name):
    told = only(read(OTEL_PYTHON_DISABLED_INSTRUMENTATIONS=value).findings, "switched-off")
    assert told.severity == "warning"
    assert told.do.startswith(f"Take {name} out of it")


def test_others_that_are_switched_off_are_no_matter(read):
    found = read(OTEL_PYTHON_DISABLED_INSTRUMENTATIONS="openai")
    assert [each.code for each in found.findings] == ["settings"]


@pytest.mark.parametrize(
    ("sampler", "ratio"), [("always_off", ""), ("parentbased_always_off", ""), ("traceidratio", "0.0")]
)
def test_a_sampler_that_takes_nothing(read, only, sampler, ratio):
    found = read(OTEL_TRACES_SAMPLER=sampler, OTEL_TRACES_SAMPLER_ARG=ratio)
    assert only(found.findings, "sampled-out").severity == "warning"


@pytest.mark.parametrize(("sampler", "ratio"), [("traceidratio", "0.1"), ("traceidratio", "all"), ("x", "0")])
def test_a_sampler_that_takes_something(read, sampler, ratio):
    found = read(OTEL_TRACES_SAMPLER=sampler, OTEL_TRACES_SAMPLER_ARG=ratio)
    assert [each.code for each in found.findings] == ["settings"]


@pytest.fixture
def new_opentelemetry(monkeypatch):
    monkeypatch.setattr(configuration, "api_version", "1.45.2")
    monkeypatch.setattr(logs_api, "_LOGGER_PROVIDER", None, raising=False)


def test_events_without_a_logger_provider(read, site, only, new_opentelemetry):
    site.add_good("opentelemetry-distro")
    told = only(read(**{MODE: "EVENT_ONLY"}).findings, "no-logger-provider")
    assert told.severity == "warning"
    assert "set_logger_provider()" in told.do


def test_events_without_an_exporter(read, site, only, new_opentelemetry):
    site.add_good()
    found = read(OTEL_LOGS_EXPORTER="none", **{MODE: "SPAN_AND_EVENT"})
    assert "OTEL_LOGS_EXPORTER=otlp" in only(found.findings, "no-logger-provider").do


def test_events_that_can_be_had(read, site, new_opentelemetry):
    site.add_good()
    assert [each.code for each in read(**{MODE: "EVENT_ONLY"}).findings] == ["settings"]


def test_events_of_an_opentelemetry_that_is_too_old(read, site, only, monkeypatch):
    site.add_good()
    monkeypatch.setattr(configuration, "api_version", "1.36.0")
    told = only(read(**{MODE: "EVENT_ONLY"}).findings, "events-need-newer-opentelemetry")
    assert told.severity == "problem"
    monkeypatch.setattr("gossamer.events.api_version", "1.36.0")
    monkeypatch.setattr("gossamer.errors._told", set())
    with warnings_heard() as heard:
        Events.of(LoggerProvider(shutdown_on_exit=False), asked=True)
    assert [record.getMessage() for record in heard] == [told.what]  # so that it is not told twice


def test_a_completion_hook_that_is_not_found(read, only):
    told = only(read(**{HOOK: "nowhere"}).findings, "hook-not-found")
    assert told.severity == "problem"
    assert "no completion hook named 'nowhere'" in told.what


@pytest.fixture
def hook(site, monkeypatch):
    """A package on the path with the hooks `good` and `broken`."""
    points = {
        "opentelemetry_genai_completion_hook": ["good = hooks_of_shop:Good", "broken = hooks_of_shop:Bad"]
    }
    site.add("hooks-of-shop", points=points)
    (site.folder / "hooks_of_shop.py").write_text(
        "class Good:\n    def on_completion(self, **given): ...\n\n"
        "class Bad:\n    def __init__(self): raise OSError('no such bucket')\n"
    )
    monkeypatch.syspath_prepend(str(site.folder))
    monkeypatch.setattr("gossamer.completion.hook.entry_points", metadata.entry_points)  # not the kept ones
    yield
    sys.modules.pop("hooks_of_shop", None)


def test_a_completion_hook_that_cannot_be_made(read, only, hook):
    told = only(read(**{HOOK: "broken"}).findings, "hook-not-found")
    assert "OSError: no such bucket" in told.what


def test_a_completion_hook_that_is_there(read, only, hook):
    told = only(read(**{HOOK: "good"}).findings, "hook")
    assert (told.severity, told.do) == (
        "ok",
        "To have it called with the fake calls: gossamer doctor --with-hook",
    )


def test_token_counts_without_tiktoken(read, only, monkeypatch):
    monkeypatch.setitem(sys.modules, "tiktoken", None)
    told = only(read(GOSSAMER_COUNT_TOKENS="true").findings, "tiktoken-missing")
    assert (told.severity, told.do) == ("problem", "pip install 'gossamer[tiktoken]'")


def test_token_counts_without_encodings(read, only, tmp_path):
    pytest.importorskip("tiktoken")
    found = read(GOSSAMER_COUNT_TOKENS="true", TIKTOKEN_CACHE_DIR=str(tmp_path))
    told = only(found.findings, "encodings-missing")
    assert told.severity == "problem"
    assert "TIKTOKEN_CACHE_DIR" in told.do


def test_token_counts_with_some_of_the_encodings(read, only, monkeypatch):
    def load():
        encodings.logger.warning("The tokens of some models are not counted: tiktoken lacks o200k_base.")
        return object()

    monkeypatch.setattr(encodings, "load_encodings", load)
    assert only(read(GOSSAMER_COUNT_TOKENS="true").findings, "encodings-missing").severity == "warning"
