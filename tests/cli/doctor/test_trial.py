"""The fake calls: with the settings that apply, in a process of their own, and nothing leaves it."""

from __future__ import annotations

import json
import os
import sys

import pytest

from gossamer.cli.doctor import trial
from gossamer.cli.doctor.trial import Trial

MODE = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
SPAN = {"name": "chat gpt-4o-mini", "milliseconds": 1.0, "status": "UNSET", "attributes": {}}


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """The folder of an app."""
    (tmp_path / "shop.py").write_text(
        "print('hello from the shop')\n\n"
        "def fails(part):\n    raise KeyError('sentinel')\n\n"
        "def redacts(part):\n    return {'type': 'text', 'content': '(redacted)'}\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    sys.modules.pop("shop", None)


def run(**variables):
    return trial.run({**os.environ, **variables})


def test_settings_apply_and_the_host_is_the_apps(shop):
    made = run(
        GOSSAMER_REDACT="shop:redacts",
        GOSSAMER_STREAM_USAGE="always",
        GOSSAMER_PROVIDER_HOSTS="llm.test=groq",
        OPENAI_BASE_URL="https://user:word@llm.test:8443/path?key=word",
        OPENAI_API_KEY="sentinel-key",
        OTEL_TRACES_EXPORTER="otlp",
        **{MODE: "SPAN_ONLY", trial.HOOK: "is not called, or this would be told"},
    )
    assert (made.error, made.warnings) == ("", [])
    chat, stream = (span["attributes"] for span in made.spans)
    assert (chat["server.address"], chat["server.port"]) == ("llm.test", 8443)
    assert chat["gen_ai.provider.name"] == "groq"
    assert "(redacted)" in chat["gen_ai.input.messages"]
    assert "Is anybody there?" not in json.dumps(made.spans)
    assert stream["gossamer.stream.outcome"] == "completed"
    assert stream["gen_ai.usage.output_tokens"]
    assert "gen_ai.client.inference.duration" in made.metrics
    assert [(each.severity, each.code) for each in trial.examine(made, [], disabled=False)] == [
        ("ok", "span")
    ]


@pytest.fixture
def make(monkeypatch):
    """Makes the calls in this process: what a child does, without its start."""
    monkeypatch.setattr("gossamer.errors._told", set())

    def maker(**variables):
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        return Trial(**trial._make("https://api.openai.com/v1"))

    return maker


def test_a_redact_function_that_fails(shop, make):
    made = make(GOSSAMER_REDACT="shop:fails", **{MODE: "SPAN_ONLY"})
    span, told, _ = trial.examine(made, [], disabled=False)
    assert (span.severity, span.code) == ("ok", "span")
    assert (told.severity, told.code) == ("problem", "call-warns")
    assert "raised KeyError" in told.what
    assert "sentinel" not in json.dumps(made.spans) + told.what
    assert [each.code for each in trial.examine(made, [told.what], disabled=False)] == [
        "span",
        "stream-without-usage",
    ]


def test_a_completion_hook_is_called_where_that_is_asked_for(site, monkeypatch):
    points = {"opentelemetry_genai_completion_hook": ["shop = hook_of_shop:Hook"]}
    site.add("hook-of-shop", points=points)
    (site.folder / "hook_of_shop.py").write_text(
        "class Hook:\n    def on_completion(self, **given): raise OSError('sentinel')\n"
    )
    monkeypatch.syspath_prepend(str(site.folder))
    (told,) = trial.run({**os.environ, trial.HOOK: "shop"}, with_hook=True).warnings
    assert "The completion hook Hook failed (OSError" in told


def test_a_disabled_sdk_leaves_no_span(make):
    made = make(OTEL_SDK_DISABLED="true")
    assert (made.spans, made.error) == ([], "")
    assert trial.examine(made, [], disabled=True) == []


def test_no_span_where_there_should_be():
    (told,) = trial.examine(Trial(spans=[]), [], disabled=False)
    assert (told.severity, told.code) == ("problem", "no-span")


def test_a_call_that_cannot_be_made(tmp_path, monkeypatch):
    (tmp_path / "openai.py").write_text("raise RuntimeError('not the package that you think')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    (told,) = trial.examine(run(), [], disabled=False)
    assert (told.severity, told.code) == ("problem", "trial-failed")
    assert "not the package that you think" in told.what


def test_a_call_that_hangs(tmp_path, monkeypatch):
    (tmp_path / "openai.py").write_text("import time; time.sleep(30)\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(trial, "_SECONDS", 0.5)
    (told,) = trial.examine(run(), [], disabled=False)
    assert "did not end within" in told.what


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("", "https://api.openai.com/v1"),
        ("nonsense", "https://api.openai.com/v1"),
        ("http://localhost:port/v1", "https://api.openai.com/v1"),
        ("http://me:word@localhost:8080/x/v1?key=word", "http://localhost:8080/v1"),
    ],
)
def test_the_address_that_is_called(given, used):
    assert trial._base_url(given) == used


def test_a_stream_that_tells_its_usage_needs_no_hint():
    spans = [SPAN, {**SPAN, "attributes": {"gen_ai.usage.output_tokens": 4}}]
    assert [each.code for each in trial.examine(Trial(spans=spans), [], disabled=False)] == ["span"]
