"""Switched on and off in the middle of an app's life: clients, calls and streams from before go on."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from typing import Any

import openai
import opentelemetry.metrics._internal as metrics_globals
import opentelemetry.trace as trace_globals
import pytest
from openai import _base_client
from opentelemetry.instrumentation.utils import suppress_instrumentation

from gossamer import OpenAIInstrumentor
from gossamer.cli.fake import mock_async_client, mock_client
from gossamer.testing import Telemetry

CHAT: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "How light is gossamer?"}]}
OWNERS = (_base_client.SyncAPIClient, _base_client.AsyncAPIClient)


def client() -> openai.OpenAI:
    """A client of the fake API."""
    return openai.OpenAI(api_key="none", http_client=mock_client(chunks=4))


def async_client() -> openai.AsyncOpenAI:
    """The same without waiting."""
    return openai.AsyncOpenAI(api_key="none", http_client=mock_async_client(chunks=4))


def providers(telemetry: Telemetry) -> dict[str, Any]:
    """As `instrument()` takes them."""
    return {"tracer_provider": telemetry.tracer_provider, "meter_provider": telemetry.meter_provider}


def outcomes(telemetry: Telemetry) -> list[Any]:
    """How the streams ended."""
    return [span["attributes"].get("gossamer.stream.outcome") for span in telemetry.spans]


@pytest.fixture
def instrumentor() -> Iterator[OpenAIInstrumentor]:
    """Leaves nothing on."""
    yield (instrumentor := OpenAIInstrumentor())
    instrumentor._own = None
    instrumentor._switch()
    if instrumentor.is_instrumented_by_opentelemetry:
        instrumentor.uninstrument()


def test_each_time_anew_there_is_one_span_a_call(instrumentor):
    async def later() -> None:
        chats = async_client().chat.completions
        await chats.create(**CHAT)
        assert [chunk async for chunk in await chats.create(**CHAT, stream=True)]

    chats = client().chat.completions
    for _ in range(3):
        telemetry = Telemetry()
        instrumentor.instrument(**providers(telemetry))
        chats.create(**CHAT)
        list(chats.create(**CHAT, stream=True))
        chats.with_raw_response.create(**CHAT).parse()
        asyncio.run(later())
        assert len(telemetry.spans) == 5
        instrumentor.uninstrument()
        chats.create(**CHAT)
        assert len(telemetry.spans) == 5


def test_what_apps_call_is_the_sdks_own(instrumentor):
    """So tools see the same signatures and docs, and overrides in subclasses still override."""
    resources = [type(client().chat.completions), type(client().embeddings), openai.OpenAI, openai.Stream]
    before = [dict(vars(resource)) for resource in resources]
    instrumentor.instrument(**providers(Telemetry()))
    assert [dict(vars(resource)) for resource in resources] == before


def test_what_the_app_took_from_a_client_before_is_traced(instrumentor):
    """The SDK keeps the raw twins of its methods, and apps keep methods."""
    used, fresh, telemetry = client(), client(), Telemetry()
    plain, raw = used.chat.completions.create, used.chat.completions.with_raw_response
    plain(**CHAT)
    raw.create(**CHAT).parse()
    instrumentor.instrument(**providers(telemetry))
    plain(**CHAT)
    raw.create(**CHAT).parse()
    list(plain(**CHAT, stream=True))
    used.with_options(max_retries=0).chat.completions.create(**CHAT)
    fresh.chat.completions.create(**CHAT)
    assert len(telemetry.spans) == 5


def test_of_two_libraries_that_switch_on_and_off_none_doubles_a_span_or_fails(instrumentor, caplog):
    first, second, chats = Telemetry(), Telemetry(), client().chat.completions
    OpenAIInstrumentor().instrument(**providers(first))
    OpenAIInstrumentor().instrument(**providers(second))
    chats.create(**CHAT)
    OpenAIInstrumentor().uninstrument()
    OpenAIInstrumentor().uninstrument()
    chats.create(**CHAT)
    OpenAIInstrumentor().instrument(**providers(second))
    chats.create(**CHAT)
    assert (len(first.spans), len(second.spans)) == (1, 1)
    assert {record.name for record in caplog.records} == {"opentelemetry.instrumentation.instrumentor"}


def test_switching_while_other_threads_make_calls_loses_no_answer(instrumentor, caplog):
    telemetry, made, over = Telemetry(), [], threading.Event()

    def work() -> None:
        chats = client().chat.completions
        while not over.is_set():
            assert chats.create(**CHAT).choices
            assert len(list(chats.create(**CHAT, stream=True))) > 4
            made.extend("ab")

    with ThreadPoolExecutor(3) as pool:
        workers = [pool.submit(work) for _ in range(3)]
        while len(made) < 60 and not any(worker.done() for worker in workers):
            instrumentor.instrument(**providers(telemetry))
            instrumentor.uninstrument()
        over.set()
    assert [worker.exception() for worker in workers] == [None] * 3
    assert len(telemetry.spans) <= len(made)
    assert not any(hasattr(owner.request, "__wrapped__") for owner in OWNERS)
    assert [record for record in caplog.records if record.name == "gossamer"] == []


def half_read() -> Callable[[], Any]:
    stream = client().chat.completions.create(**CHAT, stream=True)
    next(stream)
    return lambda: list(stream)


def raw_response() -> Callable[[], Any]:
    return client().chat.completions.with_raw_response.create(**CHAT).parse


def raw_stream() -> Callable[[], Any]:
    response = client().chat.completions.with_raw_response.create(**CHAT, stream=True)
    return lambda: list(response.parse())


def unread_body() -> Callable[[], Any]:
    manager = client().chat.completions.with_streaming_response.create(**CHAT)
    response = manager.__enter__()

    def read() -> Any:
        answer = response.parse()
        manager.__exit__(None, None, None)
        return answer

    return read


#: What begins a call and gives what ends it; and the outcome that is told of it.
IN_FLIGHT = {
    "a stream, half read": (half_read, "completed"),
    "a raw response that is not parsed": (raw_response, None),
    "a raw stream that is not parsed": (raw_stream, "completed"),
    "a body that is not read": (unread_body, None),
}


@pytest.mark.parametrize("name", IN_FLIGHT)
@pytest.mark.parametrize("then", ["uninstrument", "instrument anew", "shut the providers down"])
def test_what_is_in_flight_ends_as_it_began(instrumentor, caplog, name, then):
    telemetry, anew = Telemetry(), Telemetry()
    instrumentor.instrument(**providers(telemetry))
    begin, outcome = IN_FLIGHT[name]
    end = begin()
    if then == "shut the providers down":
        telemetry.tracer_provider.shutdown()
        telemetry.meter_provider.shutdown()
    else:
        instrumentor.uninstrument()
    if then == "instrument anew":
        instrumentor.instrument(**providers(anew))
    assert end()
    if then != "shut the providers down":  # there is nowhere to go then
        assert outcomes(telemetry) == [outcome]
    assert anew.spans == []
    assert [record for record in caplog.records if record.name == "gossamer"] == []


def test_a_stream_outlives_what_is_on_for_its_client_alone(instrumentor):
    telemetry, own = Telemetry(), client()
    instrumentor.instrument_client(own, **providers(telemetry))
    stream = own.chat.completions.create(**CHAT, stream=True)
    next(stream)
    instrumentor.uninstrument_client(own)
    assert len(list(stream)) > 2
    assert outcomes(telemetry) == ["completed"]


def test_global_providers_that_are_replaced_are_followed(instrumentor, monkeypatch):
    """As tests do it, each with providers of its own."""
    instrumentor.instrument()
    each, chats = [Telemetry(), Telemetry()], client().chat.completions
    for telemetry in each:
        monkeypatch.setattr(trace_globals, "_TRACER_PROVIDER", telemetry.tracer_provider)
        monkeypatch.setattr(metrics_globals, "_METER_PROVIDER", telemetry.meter_provider)
        chats.create(**CHAT)
    assert [len(telemetry.spans) for telemetry in each] == [1, 1]
    counts = [telemetry.metrics["gen_ai.client.inference.duration"][0]["count"] for telemetry in each]
    assert counts == [1, 1]


def test_what_one_task_suppresses_is_traced_in_another(telemetry):
    async def ask(number: int) -> None:
        with suppress_instrumentation() if number % 2 else nullcontext():
            await asyncio.sleep(0)
            await async_client().chat.completions.create(**CHAT | {"model": f"m{number}"})

    async def both() -> None:
        await asyncio.gather(*map(ask, range(6)))

    asyncio.run(both())
    found = sorted(span["attributes"]["gen_ai.request.model"] for span in telemetry.spans)
    assert found == ["m0", "m2", "m4"]


def test_instrument_imports_nothing_of_the_sdk_that_the_app_does_not_and_starts_no_thread():
    program = """
import sys, threading, openai
before = set(sys.modules)
from gossamer import OpenAIInstrumentor
OpenAIInstrumentor().instrument()
print([name for name in set(sys.modules) - before if name.startswith("openai")], threading.active_count())
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[] 1"
