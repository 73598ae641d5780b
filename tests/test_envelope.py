"""What the headers of a response say, of every form of answer, for those who ask for it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import openai
import pytest
from openai import _base_client

from gossamer.envelope import read_headers
from gossamer.testing import Telemetry, capture

http = getattr(_base_client, "httpx2", None) or _base_client.httpx

MESSAGES = [{"role": "user", "content": "How light is gossamer?"}]
HEADERS = {
    "x-request-id": "req_1",
    "openai-organization": "org-acme",
    "openai-processing-ms": "417",
    "x-ratelimit-limit-requests": "500",
    "x-ratelimit-remaining-tokens": "149984",
    "x-ratelimit-reset-tokens": "6ms",
    "set-cookie": "__cf_bm=secret",
    "authorization": "Bearer secret",
    "x-api-key": "secret",
}
TOLD = {
    "gossamer.request.id": "req_1",
    "http.response.header.openai-organization": ("org-acme",),
    "http.response.header.openai-processing-ms": ("417",),
    "http.response.header.x-ratelimit-limit-requests": ("500",),
    "http.response.header.x-ratelimit-remaining-tokens": ("149984",),
    "http.response.header.x-ratelimit-reset-tokens": ("6ms",),
}
ANSWER = {"id": "c_1", "object": "chat.completion", "created": 1, "model": "m", "choices": []}


def answer(request: Any) -> Any:
    """The API: refuses one model, and streams when it is asked to."""
    body = json.loads(request.content)
    if body["model"] == "refused":
        return http.Response(429, headers=HEADERS, json={"error": {"message": "slow down", "code": "slow"}})
    if body.get("stream"):
        lines = f"data: {json.dumps(ANSWER)}\n\ndata: [DONE]\n\n".encode()
        return http.Response(200, headers={**HEADERS, "content-type": "text/event-stream"}, content=lines)
    return http.Response(200, headers=HEADERS, json=ANSWER)


async def aanswer(request: Any) -> Any:
    return answer(request)


Way = Callable[[Any, dict[str, Any]], Any]


async def plain(client: Any, arguments: dict[str, Any]) -> None:
    await maybe(client.chat.completions.create(**arguments))


async def streamed(client: Any, arguments: dict[str, Any]) -> None:
    stream = await maybe(client.chat.completions.create(**arguments, stream=True))
    if isinstance(stream, openai.AsyncStream):
        assert [chunk async for chunk in stream]
    else:
        assert list(stream)


async def raw(client: Any, arguments: dict[str, Any]) -> None:
    (await maybe(client.chat.completions.with_raw_response.create(**arguments))).parse()


async def streamed_raw(client: Any, arguments: dict[str, Any]) -> None:
    manager = client.chat.completions.with_streaming_response.create(**arguments)
    if hasattr(manager, "__aenter__"):
        async with manager as response:
            await response.parse()
    else:
        with manager as response:
            response.parse()


async def maybe(value: Any) -> Any:
    """What a sync client gives as it is, and what an async one gives when it is awaited."""
    return await value if asyncio.iscoroutine(value) else value


WAYS = {"plain": plain, "streamed": streamed, "raw": raw, "streamed raw": streamed_raw}


def span_of(telemetry: Telemetry, kind: str, way: Way, model: str = "m") -> dict[str, Any]:
    """The span of one call."""
    if kind == "async":
        session = http.AsyncClient(transport=http.MockTransport(aanswer))
        client: Any = openai.AsyncOpenAI(api_key="none", http_client=session, max_retries=0)
    else:
        session = http.Client(transport=http.MockTransport(answer))
        client = openai.OpenAI(api_key="none", http_client=session, max_retries=0)
    try:
        asyncio.run(way(client, {"model": model, "messages": MESSAGES}))
    except openai.RateLimitError:
        assert model == "refused"
    (span,) = telemetry.spans
    return span


def headers_in(span: dict[str, Any]) -> dict[str, Any]:
    """What a span tells of headers."""
    return {
        name: value
        for name, value in span["attributes"].items()
        if name.startswith("http.response.header") or name == "gossamer.request.id"
    }


@pytest.mark.parametrize("model", ["m", "refused"])
@pytest.mark.parametrize("way", WAYS)
def test_the_envelope_is_told_of_every_form_of_answer(way, model, run):
    with capture(response_headers=True) as telemetry:
        span = span_of(telemetry, run.kind, WAYS[way], model)
    assert headers_in(span) == TOLD
    assert "secret" not in repr(span)
    assert span["status"] == ("UNSET" if model == "m" else "ERROR")


@pytest.mark.parametrize("way", WAYS)
def test_nothing_of_it_is_told_unasked(way, run, telemetry):
    assert headers_in(span_of(telemetry, run.kind, WAYS[way])) == {}


def test_the_sdk_is_left_as_it_was():
    places = [
        (owner, "_process_response") for owner in (_base_client.SyncAPIClient, _base_client.AsyncAPIClient)
    ]
    before = [getattr(owner, name) for owner, name in places]
    with capture():
        assert [getattr(owner, name) for owner, name in places] == before, "one wrapper more for each call"
    with capture(response_headers=True):
        assert [getattr(owner, name) for owner, name in places] != before
    assert [getattr(owner, name) for owner, name in places] == before


def test_one_limit_for_all_is_told_too():
    """As Together and OpenRouter have it."""
    limits = {"x-ratelimit-limit": "600", "x-ratelimit-remaining": "599", "x-ratelimit-reset": "1"}
    told = {f"http.response.header.{name}": (value,) for name, value in limits.items()}
    assert read_headers(http.Headers({**limits, "x-ratelimit-limited": "no"})) == told


@pytest.mark.parametrize(
    "headers",
    [
        {"X-RateLimit-Remaining-Requests": "1"},
        [("x-ratelimit-remaining-requests", "1"), ("cookie", "secret")],
    ],
    ids=["dict", "pairs"],
)
def test_names_count_in_whatever_case(headers):
    assert read_headers(http.Headers(headers)) == {
        "http.response.header.x-ratelimit-remaining-requests": ("1",)
    }
