"""Other packages that trace openai: each is found, and told with how it is switched off."""

from __future__ import annotations

import pytest

from gossamer.cli.doctor import others

POINT = {"opentelemetry_instrumentor": ["openai = somewhere:OpenAIInstrumentor"]}
BY_ENTRY_POINT = [
    "opentelemetry-instrumentation-openai",
    "opentelemetry-instrumentation-openai-v2",
    "opentelemetry-instrumentation-genai-openai",
    "openinference-instrumentation-openai",
    "elastic-opentelemetry-instrumentation-openai",
    "a-package-of-next-year",
]
IN_CODE = {
    "logfire": "Leave that call out",
    "langfuse": "Import from openai itself",
    "openlit": 'disabled_instrumentors=["openai"]',
    "traceloop-sdk": "block_instruments={Instruments.OPENAI}",
    "agentops": "instrument_llm_calls=False",
    "lmnr": "disabled_instruments={Instruments.OPENAI}",
    "litellm": "litellm.callbacks",
    "sentry-sdk": "disabled_integrations=[OpenAIIntegration()]",
    "ddtrace": "DD_TRACE_OPENAI_ENABLED=false",
    "langsmith": "LANGSMITH_TRACING=false",
    "braintrust": "unwrapped",
    "opik": "untracked",
    "mlflow": "mlflow.openai.autolog(disable=True)",
    "weave": 'autopatch_settings={"openai": {"enabled": False}}',
}


def test_none(site):
    site.add_good()
    (found,) = others.examine(site.installed, {})
    assert (found.severity, found.code) == ("ok", "no-others")


@pytest.mark.parametrize("name", BY_ENTRY_POINT)
def test_by_entry_point(site, only, name):
    site.add_good()
    site.add(name, "0.62.4", POINT)
    found = only(others.examine(site.installed, {}), "other-doubles-spans")
    assert found.severity == "warning"
    assert found.what.startswith(f"{name} 0.62.4: opentelemetry-instrument switches it on as 'openai'")
    assert "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS=openai," in found.do


def test_what_is_disabled_already_is_kept(site, only):
    site.add("openinference-instrumentation-openai", points=POINT)
    found = only(others.examine(site.installed, {others.DISABLED: "requests, flask"}), "other-doubles-spans")
    assert "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS=requests,flask,openai," in found.do


@pytest.mark.parametrize("value", ["openai", "requests, openai", "*"])
def test_one_that_is_switched_off(site, value):
    site.add("openinference-instrumentation-openai", points=POINT)
    (found,) = others.examine(site.installed, {others.DISABLED: value})
    assert (found.severity, found.code) == ("ok", "other-switched-off")


def test_frameworks_with_the_word_in_their_names_are_others(site):
    for name in ("openai_agents", "openai-agents-v2", "langchain_openai_embeddings", "azure"):
        points = {"opentelemetry_instrumentor": [f"{name} = somewhere:Instrumentor"]}
        site.add(f"opentelemetry-instrumentation-{name}", points=points)
    (found,) = others.examine(site.installed, {})
    assert found.code == "no-others"


@pytest.mark.parametrize(("name", "off"), IN_CODE.items())
def test_one_that_is_switched_on_in_code(site, name, off):
    site.add(name, "5.4.0")
    (found,) = others.examine(site.installed, {})
    assert found.what.startswith(f"{name} 5.4.0: ")
    assert off in found.do
    doubles = name in ("openlit", "traceloop-sdk", "agentops", "lmnr")
    assert (found.severity, found.code) == (
        ("warning", "other-doubles-spans") if doubles else ("ok", "other-on-request")
    )


def test_every_one_that_is_known_has_its_test():
    assert {each.distribution for each in others._KNOWN} == set(IN_CODE)


@pytest.mark.parametrize("value", ["false", "False", "0"])
def test_ddtrace_that_is_switched_off(site, value):
    site.add("ddtrace", "4.16.0")
    (found,) = others.examine(site.installed, {"DD_TRACE_OPENAI_ENABLED": value})
    assert (found.severity, found.code, found.do) == ("ok", "other-switched-off", "")


def test_two_that_are_the_same_module(site, only):
    site.add("opentelemetry-instrumentation-openai", points=POINT)
    site.add("elastic-opentelemetry-instrumentation-openai", points=POINT)
    found = only(others.examine(site.installed, {}), "others-overwrite-each-other")
    assert found.severity == "warning"
