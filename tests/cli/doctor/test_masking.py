"""No secret of the environment is shown, wherever it turns up."""

from __future__ import annotations

import pytest

from gossamer.cli.doctor.masking import Mask, host_of

SECRETS = {
    "OPENAI_API_KEY": "sentinel-key",
    "OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer sentinel-token,tenant=sentinel-tenant",
    "SENTRY_DSN": "https://sentinel-dsn@sentry.test/1",
    "DB_PASSWORD": "sentinel-password",
}


@pytest.mark.parametrize(
    "text",
    [
        "sentinel-key",
        "no such header: sentinel-token",
        "tenant is sentinel-tenant",
        "at https://sentinel-dsn@sentry.test/1",
        "('sentinel-password',)",
        "https://user:sentinel@host.test/v1",
        "sk-proj-sentinel-sentinel",
        "Authorization: Bearer sentinel",
    ],
)
def test_hidden(text):
    masked = Mask(SECRETS).text(text)
    assert "sentinel" not in masked
    assert "(hidden)" in masked


def test_hidden_in_data():
    data = Mask(SECRETS).data({"a": ["sentinel-key", 1, None], "b": {"c": "x sentinel-token"}})
    assert data == {"a": ["(hidden)", 1, None], "b": {"c": "x (hidden)"}}


@pytest.mark.parametrize("name", ["GIT_AUTHOR_NAME", "KEYBOARD", "GOSSAMER_BAGGAGE_KEYS", "XAUTHORITY"])
def test_words_that_are_no_secret(name):
    assert Mask({name: "openai"}).text("openai 3.54.0") == "openai 3.54.0"


def test_a_short_secret_is_any_word_of_the_page():
    assert Mask({"API_KEY": "test"}).text("tested") == "tested"


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://otlp.test:4318/v1/traces", "https://otlp.test:4318"),
        ("http://user:word@otlp.test/key?key=key", "http://otlp.test"),
        ("otlp.test:4317", "otlp.test:4317"),
        ("http://otlp.test:port", "(hidden)"),
        ("/var/run/sock", "(hidden)"),
    ],
)
def test_of_an_address_the_host_is_shown(url, host):
    assert host_of(url) == host
