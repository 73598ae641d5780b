"""The trace context in the headers of the request: one, and only where it is asked for."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Callable
from typing import Any

import openai
import pytest
from openai import _base_client
from opentelemetry import baggage, trace
from opentelemetry import context as context_api
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from gossamer import errors, hook
from gossamer.call import Call
from gossamer.openai_sdk import OpenAIInstrumentor
from gossamer.testing import capture

http = getattr(_base_client, "httpx2", None) or _base_client.httpx

MESSAGES = [{"role": "user", "content": "How light is gossamer?"}]
ANSWER = {"id": "c_1", "object": "chat.completion", "created": 1, "model": "m", "choices": []}
THEIRS = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def requests_of(run) -> Callable[..., list[Any]]:
    """Make one chat, and give the requests that were sent."""

    def ask(
        options: dict[str, Any] | None = None,
        refusals: int = 0,
        session: dict[str, Any] | None = None,
        **arguments: Any,
    ) -> list[Any]:
        sent: list[Any] = []

        def handle(request: Any) -> Any:
            sent.append(request)
            if len(sent) <= refusals:
                return http.Response(503, headers={"retry-after-ms": "1"}, json={})
            if json.loads(request.content).get("stream"):
                lines = f"data: {json.dumps(ANSWER)}\n\ndata: [DONE]\n\n".encode()
                return http.Response(200, headers={"content-type": "text/event-stream"}, content=lines)
            return http.Response(200, json=ANSWER)

        async def ahandle(request: Any) -> Any:
            return handle(request)

        async def aread(client: Any) -> None:
            result = await client.chat.completions.create(model="m", messages=MESSAGES, **arguments)
            if isinstance(result, openai.AsyncStream):
                assert [chunk async for chunk in result]

        given = {"api_key": "none", **(options or {})}
        if run.kind == "async":
            http_client = http.AsyncClient(transport=http.MockTransport(ahandle), **(session or {}))
            asyncio.run(aread(openai.AsyncOpenAI(http_client=http_client, **given)))
        else:
            http_client = http.Client(transport=http.MockTransport(handle), **(session or {}))
            client = openai.OpenAI(http_client=http_client, **given)
            result = client.chat.completions.create(model="m", messages=MESSAGES, **arguments)
            assert not isinstance(result, openai.Stream) or list(result)
        return sent

    return ask


def told(request: Any, name: str = "traceparent") -> list[str]:
    """All values of a header."""
    return [value for key, value in request.headers.multi_items() if key.lower() == name]


@pytest.mark.parametrize("arguments", [{}, {"stream": True}, {"extra_headers": {"x-mine": "1"}}], ids=repr)
def test_the_request_has_the_context_of_its_span(requests_of, arguments):
    with capture(propagation="trace") as telemetry:
        (request,) = requests_of(**arguments)
    (span,) = telemetry.spans
    (parent,) = told(request)
    seen = trace.get_current_span(TraceContextTextMapPropagator().extract({"traceparent": parent}))
    context = seen.get_span_context()
    assert (context.trace_id, context.span_id) == (span["trace_id"], span["span_id"])
    assert context.trace_flags.sampled
    assert request.headers.get("x-mine") == arguments.get("extra_headers", {}).get("x-mine")


def test_each_attempt_has_the_same(requests_of):
    with capture(propagation="trace"):
        first, second = requests_of(refusals=1)
    assert told(first) == told(second)
    assert len(told(first)) == 1


def test_what_is_not_sampled_says_so(requests_of):
    with capture(propagation="trace", sampler=ALWAYS_OFF):
        (request,) = requests_of()
    assert not int(told(request)[0].rpartition("-")[2], 16) & 1  # another bit says that the id is random


@pytest.mark.parametrize("setting", ["off", "trace", "baggage"])
def test_baggage_goes_along_only_where_it_is_asked_for(requests_of, setting):
    token = context_api.attach(baggage.set_baggage("tenant", "acme"))
    try:
        with capture(propagation=setting):
            (request,) = requests_of()
    finally:
        context_api.detach(token)
    assert told(request, "baggage") == (["tenant=acme"] if setting == "baggage" else [])
    assert len(told(request)) == (setting != "off")


@pytest.mark.parametrize(
    "where",
    [
        {"extra_headers": {"Traceparent": THEIRS}},
        {"options": {"default_headers": {"traceparent": THEIRS}}},
        {"session": {"headers": {"traceparent": THEIRS}}},
        {"options": {"default_headers": {"x-mine": "1"}}, "extra_headers": {"TraceParent": THEIRS}},
    ],
    ids=["of the call", "of the client", "of the HTTP client", "of both"],
)
def test_the_apps_own_header_wins(requests_of, where):
    with capture(propagation="trace"):
        (request,) = requests_of(**where)
    assert told(request) == [THEIRS]
    assert told(request, "tracestate") == []


def test_the_apps_headers_and_options_stay_as_they_were(run):
    with capture(propagation="trace"):
        sent: list[Any] = []

        def handle(request: Any) -> Any:
            sent.append(request)
            return http.Response(200, json=ANSWER)

        client = openai.OpenAI(api_key="none", http_client=http.Client(transport=http.MockTransport(handle)))
        options = openai._models.FinalRequestOptions.construct(
            method="post", url="/chat/completions", json_data={"model": "m"}, headers={"x-mine": "1"}
        )
        before = options.headers
        client.request(object, options)
        assert options.headers is before == {"x-mine": "1"}
        assert len(told(sent[0])) == 1


def test_a_header_that_the_app_leaves_out_is_left_out(requests_of):
    with capture(propagation="trace"):
        (request,) = requests_of(extra_headers={"traceparent": openai._types.Omit()})
    assert told(request) == []


def test_headers_of_a_client_of_the_apps_own_are_made_once(requests_of, monkeypatch):
    """They may be signed, or counted."""
    numbers = itertools.count()

    class Numbered:
        @property
        def default_headers(self) -> Any:
            return {**super().default_headers, "x-number": str(next(numbers))}  # type: ignore[misc]

    for kind in ("OpenAI", "AsyncOpenAI"):
        monkeypatch.setattr(openai, kind, type("Mine", (Numbered, getattr(openai, kind)), {}))
    (first,) = requests_of()
    with capture(propagation="trace"):
        (second,) = requests_of()
    assert int(told(second, "x-number")[0]) - int(told(first, "x-number")[0]) == 1
    assert len(told(second)) == 1


def test_a_capture_that_fails_keeps_no_context_back(requests_of, monkeypatch):
    monkeypatch.setattr(Call, "capture", lambda *_: 1 / 0)
    with capture(propagation="trace", capture="SPAN_ONLY", strict=False):
        (request,) = requests_of()
    assert len(told(request)) == 1


def test_an_sdk_that_makes_its_headers_otherwise_is_traced(requests_of, monkeypatch, caplog):
    """Told once, and the headers are left alone."""
    monkeypatch.setattr(errors, "_told", set())
    monkeypatch.setattr(OpenAIInstrumentor(), "_hook", None)
    monkeypatch.setattr(hook, "_if_there", lambda *_: [])
    with capture(propagation="trace", response_headers=True) as telemetry:
        (request,) = requests_of()
        assert len(telemetry.spans) == 1
    assert told(request) == []
    (record,) = caplog.records
    assert "not built as Gossamer knows it" in record.getMessage()


def test_nothing_is_sent_along_unasked(requests_of, telemetry):
    (request,) = requests_of()
    assert told(request) == []
    assert told(request, "baggage") == []


def test_a_client_may_add_headers_in_a_way_of_its_own(requests_of):
    class Own(openai.OpenAI):
        @property
        def default_headers(self) -> Any:
            return {**super().default_headers, "Traceparent": THEIRS}

    sent: list[Any] = []

    def handle(request: Any) -> Any:
        sent.append(request)
        return http.Response(200, json=ANSWER)

    with capture(propagation="trace"):
        client = Own(api_key="none", http_client=http.Client(transport=http.MockTransport(handle)))
        client.chat.completions.create(model="m", messages=MESSAGES)
    assert told(sent[0]) == [THEIRS]


def test_options_that_two_requests_share_are_as_they_were():
    async def both() -> None:
        options = openai._models.FinalRequestOptions.construct(
            method="post", url="/chat/completions", json_data={"model": "m"}, headers={"x-mine": "1"}
        )
        before = dict(options.__dict__)
        await asyncio.gather(client.request(object, options), client.request(object, options))
        assert options.__dict__ == before

    async def answer(request: Any) -> Any:
        sent.append(request)
        await asyncio.sleep(0)
        return http.Response(200, json=ANSWER)

    sent: list[Any] = []
    with capture(propagation="trace"):
        client = openai.AsyncOpenAI(
            api_key="none", http_client=http.AsyncClient(transport=http.MockTransport(answer))
        )
        asyncio.run(both())
    assert len(sent) == 2
