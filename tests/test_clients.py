"""One client traced by itself: its copies too, all others not, with settings of its own."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from openai import _base_client

from gossamer import OpenAIInstrumentor
from gossamer.cli.fake import mock_async_client, mock_client
from gossamer.clients import OwnClients
from gossamer.testing import Telemetry

MESSAGES = [{"role": "user", "content": "How light is gossamer?"}]


@pytest.fixture
def make(run) -> Any:
    """Makes clients, each with an HTTP client of its own."""

    def make() -> Any:
        if run.kind == "async":
            return openai.AsyncOpenAI(api_key="none", http_client=mock_async_client())
        return openai.OpenAI(api_key="none", http_client=mock_client())

    return make


@pytest.fixture
def ask(run) -> Any:
    """Makes one chat."""

    def ask(client: Any, model: str = "m") -> None:
        assert run(client.chat.completions.create(model=model, messages=MESSAGES)).choices

    return ask


@pytest.fixture
def instrumentor() -> Iterator[OpenAIInstrumentor]:
    """Leaves no client traced."""
    instrumentor = OpenAIInstrumentor()
    yield instrumentor
    instrumentor._own = None
    instrumentor._switch()
    if instrumentor.is_instrumented_by_opentelemetry:
        instrumentor.uninstrument()


def providers(telemetry: Telemetry) -> dict[str, Any]:
    """Where a client's telemetry is to go."""
    return {"tracer_provider": telemetry.tracer_provider, "meter_provider": telemetry.meter_provider}


def models(telemetry: Telemetry) -> list[str]:
    """The models of the spans."""
    return [span["attributes"]["gen_ai.request.model"] for span in telemetry.spans]


def test_one_client_is_traced_and_no_other(instrumentor, make, ask):
    telemetry, ours, theirs = Telemetry(), make(), make()
    instrumentor.instrument_client(ours, **providers(telemetry))
    ask(ours, "ours")
    ask(theirs, "theirs")
    assert models(telemetry) == ["ours"]
    assert telemetry.metrics["gen_ai.client.inference.duration"][0]["count"] == 1


def test_copies_are_traced_like_it(instrumentor, make, ask):
    telemetry, client = Telemetry(), make()
    copied_before = client.with_options(timeout=5)
    instrumentor.instrument_client(client, **providers(telemetry))
    ask(copied_before, "before")
    ask(client.with_options(max_retries=0), "after")
    ask(client.copy(api_key="other"), "copy")
    assert models(telemetry) == ["before", "after", "copy"]


def test_streams_and_raw_responses_of_it_are_traced(instrumentor):
    telemetry = Telemetry()
    client = openai.OpenAI(api_key="none", http_client=mock_client(chunks=3))
    instrumentor.instrument_client(client, **providers(telemetry))
    list(client.chat.completions.create(model="stream", messages=MESSAGES, stream=True))
    client.chat.completions.with_raw_response.create(model="raw", messages=MESSAGES).parse()
    assert models(telemetry) == ["stream", "raw"]


def test_it_has_settings_of_its_own_beside_those_of_all(instrumentor, make, ask):
    everyone, own = Telemetry(), Telemetry()
    special, usual = make(), make()
    instrumentor.instrument(**providers(everyone))
    instrumentor.instrument_client(special, capture="SPAN_ONLY", **providers(own))
    ask(special, "special")
    ask(usual, "usual")
    assert (models(everyone), models(own)) == (["usual"], ["special"])
    assert "gen_ai.input.messages" in own.spans[0]["attributes"]
    assert "gen_ai.input.messages" not in everyone.spans[0]["attributes"]
    instrumentor.uninstrument_client(special)
    ask(special, "again")
    assert (models(everyone), models(own)) == (["usual", "again"], ["special"])


def test_it_outlives_what_is_on_for_all(instrumentor, make, ask):
    everyone, own = Telemetry(), Telemetry()
    special, usual = make(), make()
    instrumentor.instrument_client(special, **providers(own))
    instrumentor.instrument(**providers(everyone))
    instrumentor.uninstrument()
    ask(special, "special")
    ask(usual, "usual")
    assert (models(everyone), models(own)) == ([], ["special"])


def test_a_second_time_replaces_the_first(instrumentor, make, ask):
    first, second, client = Telemetry(), Telemetry(), make()
    instrumentor.instrument_client(client, **providers(first))
    instrumentor.instrument_client(client, **providers(second))
    ask(client)
    assert (models(first), models(second)) == ([], ["m"])


def test_when_the_last_is_gone_the_sdk_is_as_it_was(instrumentor, make):
    owners = _base_client.SyncAPIClient, _base_client.AsyncAPIClient
    before = [owner.request for owner in owners]
    first, second = make(), make()
    instrumentor.instrument_client(first)
    instrumentor.instrument_client(second)
    instrumentor.uninstrument_client(first)
    assert [owner.request for owner in owners] != before
    instrumentor.uninstrument_client(second)
    instrumentor.uninstrument_client(second)
    assert [owner.request for owner in owners] == before


def test_no_client_is_kept_alive(instrumentor):
    client = openai.OpenAI(api_key="none", http_client=mock_client())
    instrumentor.instrument_client(client)
    gone = weakref.ref(client._client)
    del client
    gc.collect()
    assert gone() is None
    assert list(instrumentor._own) == []


@pytest.mark.parametrize("client", [None, "client", openai.OpenAI, 7], ids=repr)
def test_what_is_no_client_is_refused(instrumentor, client):
    with pytest.raises(TypeError, match=r"is no client of openai: pass what OpenAI\(…\) or AsyncOpenAI"):
        instrumentor.instrument_client(client)


def test_a_part_of_a_client_is_refused(instrumentor, make):
    for part in (make().chat, make().chat.completions):
        with pytest.raises(TypeError, match=f"{type(part).__name__} is no client"):
            instrumentor.instrument_client(part)


def test_what_was_never_added_has_nothing():
    own: OwnClients[str] = OwnClients()
    client = openai.OpenAI(api_key="none", http_client=mock_client())
    assert own.of(client) is None
    own.discard(client)
    own.add(client, "mine")
    assert own.of(client.with_options(timeout=1)) == "mine"
    assert own.of(openai.OpenAI(api_key="none", http_client=mock_client())) is None
    assert list(own) == ["mine"]
