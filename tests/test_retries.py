"""Each retry of the SDK's is told as it happens: an event of the span, with its delay and its reason."""

from __future__ import annotations

import copy
import gc
import weakref
from collections.abc import Callable
from typing import Any

import openai
import pytest
from openai import _base_client
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

from gossamer.openai_sdk import OpenAIInstrumentor
from gossamer.testing import capture

http = getattr(_base_client, "httpx2", None) or _base_client.httpx

MESSAGES = [{"role": "user", "content": "How light is gossamer?"}]
ANSWER = {"id": "c_1", "object": "chat.completion", "created": 1, "model": "m", "choices": []}


def refused(status: int) -> Callable[[], Any]:
    """A response that asks for patience: the least that there is."""
    return lambda: http.Response(status, headers={"retry-after-ms": "1"}, json={"error": {"message": "no"}})


def broken(kind: str) -> Callable[[], Any]:
    """An exception of the HTTP library."""

    def fail() -> Any:
        raise getattr(http, kind)("How light is gossamer?")

    return fail


@pytest.fixture
def ask(run) -> Callable[..., Any]:
    """One chat, with what comes of each attempt."""

    def ask(*attempts: Callable[[], Any]) -> Any:
        left = iter((*attempts, lambda: http.Response(200, json=ANSWER)))

        def handle(_: Any) -> Any:
            return next(left)()

        async def ahandle(_: Any) -> Any:
            return next(left)()

        options: dict[str, Any] = {"api_key": "none", "max_retries": 2}
        if run.kind == "async":
            session = http.AsyncClient(transport=http.MockTransport(ahandle))
            client: Any = openai.AsyncOpenAI(http_client=session, **options)
        else:
            session = http.Client(transport=http.MockTransport(handle))
            client = openai.OpenAI(http_client=session, **options)
        return run(client.chat.completions.create(model="m", messages=MESSAGES))

    return ask


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch) -> None:
    """Without a header that says how long, the SDK waits for half a second and more."""
    for name in ("INITIAL_RETRY_DELAY", "MAX_RETRY_DELAY"):
        monkeypatch.setattr(_base_client, name, 0.001)


def events(telemetry: Any) -> list[tuple[str, dict[str, Any]]]:
    """The events of the only span."""
    (span,) = telemetry.exporter.get_finished_spans()
    return [(event.name, dict(event.attributes)) for event in span.events]


def test_a_status_is_the_reason(telemetry, ask):
    ask(refused(429), refused(503))
    first, second = events(telemetry)
    assert first == (
        "gossamer.retry",
        {"error.type": "429", "http.response.status_code": 429, "gossamer.retry.delay": 0.001},
    )
    assert second[1]["http.response.status_code"] == 503
    assert telemetry.spans[0]["attributes"]["gossamer.request.retries"] == 2


@pytest.mark.parametrize("kind", ["ConnectError", "ReadTimeout"])
def test_a_failure_to_connect_is_told_by_its_class_and_not_by_its_words(telemetry, ask, kind):
    ask(broken(kind))
    ((name, told),) = events(telemetry)
    assert name == "gossamer.retry"
    assert told["error.type"].endswith(f".{kind}")
    assert 0 < told["gossamer.retry.delay"] < 1
    assert "gossamer?" not in repr(told)


def test_what_is_tried_in_vain_has_an_event_for_each_retry(telemetry, ask):
    with pytest.raises(openai.InternalServerError):
        ask(refused(500), refused(500), refused(500))
    assert len(events(telemetry)) == 2


def test_a_call_that_succeeds_at_once_has_none(telemetry, ask):
    ask()
    assert events(telemetry) == []


def test_what_is_not_sampled_is_retried_all_the_same(ask):
    with capture(sampler=ALWAYS_OFF) as telemetry:
        assert ask(refused(429)).id == "c_1"
    assert telemetry.spans == []


def test_the_delay_is_the_sdks_own(telemetry, ask, monkeypatch):
    waited = []
    original = _base_client.BaseClient._calculate_retry_timeout

    def recorded(*args: Any, **more: Any) -> float:
        waited.append(original(*args, **more))
        return waited[-1]

    monkeypatch.setattr(_base_client.BaseClient, "_calculate_retry_timeout", recorded)
    ask(refused(429))
    assert [told["gossamer.retry.delay"] for _, told in events(telemetry)] == waited


def quick(*_: Any) -> float:
    """The shortest of waits."""
    return 0.0001


class Capped:
    """Waits as the SDK does, but not as long."""

    def _calculate_retry_timeout(self, *args: Any, **more: Any) -> float:
        return min(super()._calculate_retry_timeout(*args, **more), 0.0001)  # type: ignore[misc]


class Fixed:
    """Waits as it wants to."""

    def _calculate_retry_timeout(self, remaining, options, response_headers=None) -> float:
        return 0.0001


class Twice(Capped, Fixed):
    """One override that asks another."""


@pytest.mark.parametrize("mixin", [Capped, Fixed, Twice])
def test_the_delay_is_what_a_client_of_the_apps_own_says(telemetry, ask, monkeypatch, mixin):
    for kind in ("OpenAI", "AsyncOpenAI"):
        monkeypatch.setattr(openai, kind, type("Mine", (mixin, getattr(openai, kind)), {}))
    ask(refused(429), refused(503))
    assert [told["gossamer.retry.delay"] for _, told in events(telemetry)] == [0.0001, 0.0001]
    assert telemetry.spans[0]["attributes"]["gossamer.request.retries"] == 2
    OpenAIInstrumentor().uninstrument()
    assert not hasattr(mixin._calculate_retry_timeout, "__wrapped__")


def test_a_client_of_the_apps_own_is_hooked_again_after_a_pause(ask, monkeypatch):
    for kind in ("OpenAI", "AsyncOpenAI"):
        monkeypatch.setattr(openai, kind, type("Mine", (Fixed, getattr(openai, kind)), {}))
    for _ in range(2):
        with capture() as telemetry:
            ask(refused(429))
        assert len(events(telemetry)) == 1


def test_classes_of_the_app_are_let_go(ask, monkeypatch):
    clients = (openai.OpenAI, openai.AsyncOpenAI)
    kinds = [type("Mine", (client,), {"_calculate_retry_timeout": quick}) for client in clients]
    gone = [weakref.ref(kind) for kind in kinds]
    with monkeypatch.context() as patch:
        for name, kind in zip(("OpenAI", "AsyncOpenAI"), kinds, strict=True):
            patch.setattr(openai, name, kind)
        with capture() as telemetry:
            ask(refused(429))
            assert len(events(telemetry)) == 1
    del kind, kinds
    gc.collect()
    assert [reference() for reference in gone] == [None, None]


def test_a_class_that_cannot_be_changed_is_traced_all_the_same(ask, monkeypatch):
    class Fast(type):
        def __setattr__(cls, name: str, value: Any) -> None:
            if name == "_calculate_retry_timeout":
                raise TypeError("not this one")
            super().__setattr__(name, value)

    for kind in ("OpenAI", "AsyncOpenAI"):
        mine = Fast("Mine", (getattr(openai, kind),), {"_calculate_retry_timeout": quick})
        monkeypatch.setattr(openai, kind, mine)
    with capture(strict=False) as telemetry:
        ask(refused(429))
        assert len(telemetry.spans) == 1


def test_an_override_that_is_no_method_is_left_alone(telemetry, ask, monkeypatch):
    odd = staticmethod(lambda *_: 0.0001)
    for kind in ("OpenAI", "AsyncOpenAI"):
        mine = type("Mine", (getattr(openai, kind),), {"_calculate_retry_timeout": odd})
        monkeypatch.setattr(openai, kind, mine)
    assert ask(refused(429)).id == "c_1"
    assert len(telemetry.spans) == 1


def test_the_retries_of_a_call_inside_another_are_its_own(telemetry, monkeypatch):
    """A function that gives the key may ask somebody for it, by the SDK."""
    refusals = iter([refused(503), refused(503)])

    def inner(_: Any) -> Any:
        return next(refusals, lambda: http.Response(200, json={"object": "list", "data": []}))()

    other = openai.OpenAI(api_key="none", http_client=http.Client(transport=http.MockTransport(inner)))

    def outer(_: Any) -> Any:
        other.models.list()
        return http.Response(200, json=ANSWER)

    client = openai.OpenAI(api_key="none", http_client=http.Client(transport=http.MockTransport(outer)))
    client.chat.completions.create(model="m", messages=MESSAGES)
    assert next(refusals, None) is None
    assert events(telemetry) == []
    assert "gossamer.request.retries" not in telemetry.spans[0]["attributes"]


def test_the_options_are_as_they_were(telemetry, ask):
    seen: list[Any] = []
    original = _base_client.BaseClient._calculate_retry_timeout

    def kept(self: Any, remaining: int, options: Any, headers: Any = None) -> float:
        seen.append(options)
        return original(self, remaining, options, headers)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_base_client.BaseClient, "_calculate_retry_timeout", kept)
        options = openai._models.FinalRequestOptions.construct(
            method="post", url="/chat/completions", json_data={"model": "m", "messages": MESSAGES}
        )
        before = dict(options.__dict__)
        attempts = iter([refused(503), lambda: http.Response(200, json=ANSWER)])
        session = http.Client(transport=http.MockTransport(lambda _: next(attempts)()))
        client = openai.OpenAI(api_key="none", http_client=session)
        client.request(object, options)
        assert options.__dict__ == before
        assert copy.deepcopy(seen[0]).url == "/chat/completions"
