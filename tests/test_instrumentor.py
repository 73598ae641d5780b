"""instrument() and uninstrument(): what they put in place, take back, follow and leave alone."""

from __future__ import annotations

import asyncio
import functools
import inspect
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import opentelemetry.metrics._internal as metrics_globals
import opentelemetry.trace as trace_globals
import pytest
import wrapt
from openai import _base_client
from opentelemetry import metrics as metrics_api
from opentelemetry import trace as trace_api
from opentelemetry.util._once import Once

import gossamer
from gossamer import OpenAIInstrumentor, errors, finalizers
from gossamer.cli.fake import mock_async_client, mock_client
from gossamer.testing import Telemetry

MESSAGES = [{"role": "user", "content": "How light is gossamer?"}]
PACKAGE = str(Path(gossamer.__file__).parent)
PLACES = (
    (_base_client.SyncAPIClient, "request"),
    (_base_client.AsyncAPIClient, "request"),
    (_base_client.BaseClient, "_calculate_retry_timeout"),
)


def in_place() -> list[Any]:
    """The functions that the SDK's classes have now."""
    return [vars(owner)[name] for owner, name in PLACES]


def chat(**options: Any) -> Any:
    """One chat with the fake API."""
    client = openai.OpenAI(
        api_key="sk-fake", base_url="https://llm.test/v1", http_client=mock_client(chunks=4)
    )
    return client.chat.completions.create(model="gpt-4o", messages=MESSAGES, **options)


async def achat(**options: Any) -> Any:
    """The same by the async client."""
    http_client = mock_async_client(chunks=4)
    client = openai.AsyncOpenAI(api_key="sk-fake", base_url="https://llm.test/v1", http_client=http_client)
    return await client.chat.completions.create(model="gpt-4o", messages=MESSAGES, **options)


def providers(telemetry: Telemetry) -> dict[str, Any]:
    """As `instrument()` takes them."""
    return {"tracer_provider": telemetry.tracer_provider, "meter_provider": telemetry.meter_provider}


@pytest.fixture
def instrumentor() -> Iterator[OpenAIInstrumentor]:
    yield (instrumentor := OpenAIInstrumentor())
    if instrumentor.is_instrumented_by_opentelemetry:
        instrumentor.uninstrument()


@pytest.fixture
def no_globals(monkeypatch) -> None:
    """As if no global provider had ever been set."""
    monkeypatch.setattr(trace_globals, "_TRACER_PROVIDER", None)
    monkeypatch.setattr(trace_globals, "_TRACER_PROVIDER_SET_ONCE", Once())
    monkeypatch.setattr(metrics_globals, "_METER_PROVIDER", None)
    monkeypatch.setattr(metrics_globals, "_PROXY_METER_PROVIDER", metrics_globals._ProxyMeterProvider())
    monkeypatch.setattr(metrics_globals, "_METER_PROVIDER_SET_ONCE", Once())


def test_only_these_names_are_exported():
    assert set(gossamer.__all__) == {
        "CaptureMode",
        "OpenAIInstrumentor",
        "__version__",
        "attributes",
        "capture",
    }
    assert all(hasattr(gossamer, name) for name in gossamer.__all__)


def test_what_is_instrumented_is_named_as_the_packages_metadata_names_it(instrumentor):
    assert list(instrumentor.instrumentation_dependencies()) == ["openai >= 1.26.0"]


def test_uninstrument_puts_the_very_same_functions_back(instrumentor):
    before = in_place()
    for _ in range(3):
        instrumentor.instrument(**providers(Telemetry()))
        assert all(now is not then for now, then in zip(in_place(), before, strict=True))
        instrumentor.uninstrument()
        assert all(now is then for now, then in zip(in_place(), before, strict=True))


def test_the_wrappers_look_like_what_they_wrap(instrumentor):
    before = in_place()
    instrumentor.instrument(**providers(Telemetry()))
    for ours, original in zip(in_place(), before, strict=True):
        assert ours.__wrapped__ is original
        assert (ours.__name__, ours.__qualname__, ours.__doc__) == (
            original.__name__, original.__qualname__, original.__doc__
        )  # fmt: skip
        assert inspect.iscoroutinefunction(ours) == inspect.iscoroutinefunction(original)


def test_a_second_instrument_changes_nothing(instrumentor, caplog):
    first, second = Telemetry(), Telemetry()
    instrumentor.instrument(**providers(first))
    OpenAIInstrumentor().instrument(**providers(second))
    chat()
    assert (len(first.spans), len(second.spans)) == (1, 0)
    assert "already instrumented" in caplog.text


def test_instrument_from_many_threads_gives_one_span_a_call(instrumentor):
    telemetry, before = Telemetry(), in_place()
    start = threading.Barrier(8)

    def work() -> None:
        start.wait()
        OpenAIInstrumentor().instrument(**providers(telemetry))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    chat()
    assert len(telemetry.spans) == 1
    instrumentor.uninstrument()
    assert all(now is then for now, then in zip(in_place(), before, strict=True))


@pytest.mark.parametrize("switch", ["instrument", "uninstrument"])
def test_threads_that_switch_at_once_wait_for_each_other(instrumentor, switch):
    """One is held up in the middle of it, and another does the same."""
    telemetry, before = Telemetry(), in_place()
    if switch == "uninstrument":
        instrumentor.instrument(**providers(telemetry))
    reached, go_on = threading.Event(), threading.Event()

    def halt(frame: Any, event: str, _: Any) -> None:
        if event == "call" and frame.f_code.co_name in ("_switch_on", "unwrap") and not reached.is_set():
            reached.set()
            go_on.wait(5)

    def work(*, halted: bool = False) -> None:
        if halted:
            sys.setprofile(halt)
        if switch == "instrument":
            OpenAIInstrumentor().instrument(**providers(telemetry))
        else:
            OpenAIInstrumentor().uninstrument()

    first = threading.Thread(target=work, kwargs={"halted": True})
    second = threading.Thread(target=work)
    first.start()
    assert reached.wait(5)
    second.start()
    second.join(0.2)
    assert second.is_alive()
    go_on.set()
    first.join()
    second.join()
    chat()
    assert len(telemetry.spans) == (switch == "instrument")
    instrumentor.uninstrument()
    assert all(now is then for now, then in zip(in_place(), before, strict=True))


def test_a_patch_that_does_not_tell_what_it_wraps_makes_no_second_span(instrumentor, monkeypatch):
    telemetry, requests = Telemetry(), 0
    monkeypatch.setattr(_base_client.SyncAPIClient, "request", in_place()[0])  # what is put back in the end
    instrumentor.instrument(**providers(telemetry))
    ours = _base_client.SyncAPIClient.request

    def theirs(self: Any, *args: Any, **kwargs: Any) -> Any:
        nonlocal requests
        requests += 1
        return ours(self, *args, **kwargs)

    monkeypatch.setattr(_base_client.SyncAPIClient, "request", theirs)
    chat()
    instrumentor.uninstrument()
    chat()
    instrumentor.instrument(**providers(telemetry))
    chat()
    assert (requests, len(telemetry.spans)) == (3, 2)
    with openai.OpenAI(api_key="sk-fake", http_client=mock_client()) as another:
        instrumentor.instrument_client(another, **providers(telemetry))
        chat()
        instrumentor.uninstrument_client(another)
    assert len(telemetry.spans) == 3
    instrumentor.uninstrument()
    assert _base_client.SyncAPIClient.request is theirs


def test_after_uninstrument_nothing_is_recorded(instrumentor):
    telemetry = Telemetry()
    instrumentor.instrument(**providers(telemetry))
    instrumentor.uninstrument()
    chat()
    list(chat(stream=True))
    asyncio.run(achat())
    assert telemetry.spans == []
    assert telemetry.metrics == {}


def test_a_stream_in_flight_ends_after_uninstrument(instrumentor):
    telemetry = Telemetry()
    instrumentor.instrument(**providers(telemetry))
    stream = chat(stream=True)
    first = next(stream)
    instrumentor.uninstrument()
    assert telemetry.spans == []
    chunks = [first, *stream]
    assert len(chunks) > 4
    (span,) = telemetry.spans
    assert span["attributes"]["gossamer.stream.outcome"] == "completed"


def test_another_patch_on_top_survives_and_ours_passes_through(instrumentor, monkeypatch):
    telemetry, seen = Telemetry(), []
    instrumentor.instrument(**providers(telemetry))
    ours = _base_client.SyncAPIClient.request

    @functools.wraps(ours)
    def theirs(self: Any, *args: Any, **kwargs: Any) -> Any:
        seen.append("call")
        return ours(self, *args, **kwargs)

    monkeypatch.setattr(_base_client.SyncAPIClient, "request", theirs)
    chat()
    instrumentor.uninstrument()
    assert _base_client.SyncAPIClient.request is theirs
    chat()
    assert (len(seen), len(telemetry.spans)) == (2, 1)

    other = Telemetry()
    instrumentor.instrument(**providers(other), semconv="1.37")
    chat()
    assert _base_client.SyncAPIClient.request is theirs
    assert (len(seen), len(telemetry.spans), len(other.spans)) == (3, 1, 1)
    assert "gen_ai.client.token.usage" in other.metrics
    asyncio.run(achat())
    assert len(other.spans) == 2

    monkeypatch.undo()  # the other patch goes, and leaves ours as it found it
    instrumentor.uninstrument()
    assert all(not hasattr(now, "__wrapped__") for now in in_place())


def test_after_a_patch_was_undone_and_took_ours_with_it_another_instrument_traces(instrumentor):
    original = _base_client.SyncAPIClient.request

    @functools.wraps(original)
    def theirs(self: Any, *args: Any, **kwargs: Any) -> Any:
        return original(self, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_base_client.SyncAPIClient, "request", theirs)
        instrumentor.instrument(**providers(Telemetry()))
    assert _base_client.SyncAPIClient.request is original
    instrumentor.uninstrument()

    telemetry = Telemetry()
    instrumentor.instrument(**providers(telemetry))
    chat()
    asyncio.run(achat())
    assert len(telemetry.spans) == 2
    instrumentor.uninstrument()
    assert _base_client.SyncAPIClient.request is original


def test_a_patch_below_ours_stays(instrumentor, monkeypatch):
    original, seen = _base_client.SyncAPIClient.request, []

    @functools.wraps(original)
    def theirs(self: Any, cast_to: Any, options: Any, *, stream: bool = False, stream_cls: Any = None) -> Any:
        seen.append("call")
        return original(self, cast_to, options, stream=stream, stream_cls=stream_cls)

    monkeypatch.setattr(_base_client.SyncAPIClient, "request", theirs)
    telemetry = Telemetry()
    instrumentor.instrument(**providers(telemetry))
    chat()
    instrumentor.uninstrument()
    assert _base_client.SyncAPIClient.request is theirs
    assert (len(seen), len(telemetry.spans)) == (1, 1)


def overriding(name: str, owner: Any) -> Any:
    """A wrapper in a subclass, as others put one there: around the method that it inherits."""
    inherited = getattr(owner, name)

    def around(wrapped: Any, instance: Any, args: Any, kwargs: Any) -> Any:
        return wrapped(*args, **kwargs)

    return wrapt.FunctionWrapper(inherited, around)


@pytest.mark.parametrize("order", ["theirs first", "ours first"])
def test_a_wrapper_in_a_subclass_leaves_one_span_a_call(instrumentor, order):
    """OpenInference wraps `OpenAI.request`, which without it is inherited."""
    telemetry = Telemetry()
    with pytest.MonkeyPatch.context() as patch:
        if order == "ours first":
            instrumentor.instrument(**providers(telemetry))
        for owner in (openai.OpenAI, openai.AsyncOpenAI):
            patch.setattr(owner, "request", overriding("request", owner), raising=False)
        theirs = [vars(owner)["request"] for owner in (openai.OpenAI, openai.AsyncOpenAI)]
        if order == "theirs first":
            instrumentor.instrument(**providers(telemetry))
        chat()
        asyncio.run(achat())
        assert len(telemetry.spans) == 2
        instrumentor.uninstrument()
        assert [vars(owner)["request"] for owner in (openai.OpenAI, openai.AsyncOpenAI)] == theirs
        assert vars(openai.OpenAI)["request"] is theirs[0]
        chat()
        assert len(telemetry.spans) == 2
    assert all(not hasattr(now, "__wrapped__") for now in in_place())


def test_providers_that_are_set_later_are_followed(no_globals, instrumentor):
    instrumentor.instrument()
    chat()
    telemetry = Telemetry()
    trace_api.set_tracer_provider(telemetry.tracer_provider)
    chat()
    assert (len(telemetry.spans), telemetry.metrics) == (1, {})
    metrics_api.set_meter_provider(telemetry.meter_provider)
    chat()
    assert len(telemetry.spans) == 2
    (point,) = telemetry.metrics["gen_ai.client.inference.duration"]
    assert point["count"] == 1


class OwnProvider:
    """A provider of somebody's own in front of a real one: compared by value, so it cannot be hashed."""

    def __init__(self, real: Any, before: Any = lambda: None) -> None:
        self.real = real
        self.before = before

    def __eq__(self, other: object) -> bool:
        return isinstance(other, OwnProvider) and self.real == other.real

    __hash__ = None  # type: ignore[assignment]

    def get_tracer(self, *arguments: Any, **options: Any) -> Any:
        self.before()
        return self.real.get_tracer(*arguments, **options)

    def get_meter(self, *arguments: Any, **options: Any) -> Any:
        self.before()
        return self.real.get_meter(*arguments, **options)


def test_global_providers_that_cannot_be_hashed_are_followed(no_globals, instrumentor):
    telemetry = Telemetry()
    instrumentor.instrument()
    trace_api.set_tracer_provider(OwnProvider(telemetry.tracer_provider))
    metrics_api.set_meter_provider(OwnProvider(telemetry.meter_provider))
    chat()
    asyncio.run(achat())
    assert len(telemetry.spans) == 2
    (point,) = telemetry.metrics["gen_ai.client.inference.duration"]
    assert point["count"] == 2


def test_a_global_provider_that_raises_does_not_raise_into_a_call(
    no_globals, instrumentor, monkeypatch, caplog
):
    monkeypatch.setattr(errors, "_told", set())
    telemetry, broken = Telemetry(), [True, True]

    def fail_twice() -> None:
        if broken:
            broken.pop()
            raise LookupError("my prompt")

    instrumentor.instrument()
    trace_api.set_tracer_provider(OwnProvider(telemetry.tracer_provider, fail_twice))
    for _ in range(2):
        assert chat().choices
    assert "LookupError" in caplog.text
    assert "my prompt" not in caplog.text
    assert telemetry.spans == []
    chat()  # once it works it is followed
    assert len(telemetry.spans) == 1


def test_a_call_of_another_thread_is_traced_while_the_providers_change(no_globals, instrumentor):
    telemetry = Telemetry()
    arrived, go_on, first = threading.Event(), threading.Event(), threading.Lock()

    def hold_the_first() -> None:
        if first.acquire(blocking=False):
            arrived.set()
            assert go_on.wait(10)

    instrumentor.instrument(meter_provider=telemetry.meter_provider)
    trace_api.set_tracer_provider(OwnProvider(telemetry.tracer_provider, hold_the_first))
    slow = threading.Thread(target=chat)
    slow.start()
    try:
        assert arrived.wait(10)  # half-way from the old provider to the new one
        chat()
        assert len(telemetry.spans) == 1
    finally:
        go_on.set()
        slow.join()
    assert len(telemetry.spans) == 2
    (point,) = telemetry.metrics["gen_ai.client.inference.duration"]
    assert point["count"] == 2


def test_providers_that_are_given_are_kept(no_globals, instrumentor):
    given, globally = Telemetry(), Telemetry()
    instrumentor.instrument(**providers(given))
    trace_api.set_tracer_provider(globally.tracer_provider)
    metrics_api.set_meter_provider(globally.meter_provider)
    chat()
    assert (len(given.spans), len(globally.spans)) == (1, 0)
    assert globally.metrics == {}


def test_one_given_provider_does_not_keep_the_other_from_being_followed(no_globals, instrumentor):
    given, globally = Telemetry(), Telemetry()
    instrumentor.instrument(tracer_provider=given.tracer_provider)
    metrics_api.set_meter_provider(globally.meter_provider)
    chat()
    assert len(given.spans) == 1
    assert "gen_ai.client.inference.duration" in globally.metrics


def test_uninstrument_records_what_was_put_aside(instrumentor):
    put_aside = []
    instrumentor.instrument(**providers(Telemetry()))
    finalizers.pending.append(lambda: put_aside.append("recorded"))
    instrumentor.uninstrument()
    assert put_aside == ["recorded"]


def test_an_argument_that_is_no_setting_is_told_with_those_that_there_are(instrumentor, caplog):
    instrumentor.instrument(**providers(Telemetry()), captuer="SPAN_ONLY", skip_dep_check=True)
    (record,) = caplog.records
    assert record.getMessage().startswith("instrument(captuer=…) is no setting of Gossamer, and is not used.")
    assert " capture, " in record.getMessage()
