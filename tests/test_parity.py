"""One call, many ways: sync and async, plain, raw and streamed all tell the same."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import openai
import pytest
from openai import _base_client

from gossamer.cli.fake import mock_async_client, mock_client
from gossamer.openai_sdk import OPERATIONS
from gossamer.testing import capture

http = getattr(_base_client, "httpx2", None) or _base_client.httpx

MESSAGES = [{"role": "user", "content": "How light is gossamer?"}]
TOOLS = [
    {"type": "function", "function": {"name": "weigh", "parameters": {"type": "object", "properties": {}}}}
]
has_responses = find_spec("openai.resources.responses") is not None

#: Name → (the operation's path, method of the client, its arguments).
CALLS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "chat": ("/chat/completions", "chat.completions.create", {"model": "gpt-4o", "messages": MESSAGES}),
    "chat of three choices": (
        "/chat/completions", "chat.completions.create", {"model": "gpt-4o", "messages": MESSAGES, "n": 3}
    ),
    "chat with tools": (
        "/chat/completions", "chat.completions.create",
        {"model": "gpt-4o", "messages": MESSAGES, "tools": TOOLS, "temperature": 0.5, "seed": 1},
    ),
    "chat with every detail": (
        "/chat/completions", "chat.completions.create", {"model": "fake-usage-details", "messages": MESSAGES}
    ),
    "chat cut at its limit": (
        "/chat/completions", "chat.completions.create", {"model": "fake-incomplete", "messages": MESSAGES}
    ),
    "chat cut by a filter": (
        "/chat/completions", "chat.completions.create", {"model": "fake-content-filter", "messages": MESSAGES}
    ),
    "response": ("/responses", "responses.create", {"model": "gpt-5-mini", "input": "How light?"}),
    "response that failed": (
        "/responses", "responses.create", {"model": "fake-failed", "input": "How light?"}
    ),
    "response cut at its limit": (
        "/responses", "responses.create", {"model": "fake-incomplete", "input": "How light?"}
    ),
    "response with every detail": (
        "/responses", "responses.create",
        {"model": "fake-usage-details", "input": "How light?", "reasoning": {"effort": "low"}},
    ),
    "fetched response": ("/responses/{id}", "responses.retrieve", {"response_id": "resp_1"}),
    "completion": ("/completions", "completions.create", {"model": "m", "prompt": "How light?", "n": 2}),
    "embedding": (
        "/embeddings", "embeddings.create", {"model": "text-embedding-3-small", "input": "x", "dimensions": 4}
    ),
}  # fmt: skip
STREAMED = [name for name in CALLS if name not in ("embedding", "fetched response")]
#: Asked for in a stream of choices, so that both ways report usage.
STREAM = {
    "/chat/completions": {"stream": True, "stream_options": {"include_usage": True}},
    "/completions": {"stream": True, "stream_options": {"include_usage": True}},
    "/responses": {"stream": True},
}
FAILURES = ["fake-error-400", "fake-error-429", "fake-error-500", "fake-drop"]

#: Told by a stream alone.
OF_STREAMS = {
    "gen_ai.request.stream",
    "gen_ai.response.time_to_first_chunk",
    "gossamer.stream.outcome",
}
#: The fake makes ids of requests, and a streamed request is another one.
OF_THE_REQUEST = {"gen_ai.response.id", "gossamer.request.id"}

Way = Callable[[Any, str, dict[str, Any]], Any]


def method_of(client: Any, path: str) -> Any:
    """A method by its dotted path."""
    for name in path.split("."):
        client = getattr(client, name)
    return client


def plain(client: Any, path: str, arguments: dict[str, Any]) -> Any:
    """As most apps call it; a stream is read to its end."""
    result = method_of(client, path)(**arguments)
    return list(result) if isinstance(result, openai.Stream) else result


def raw(client: Any, path: str, arguments: dict[str, Any]) -> Any:
    """By `with_raw_response`, parsed."""
    owner, _, name = path.rpartition(".")
    result = getattr(method_of(client, owner).with_raw_response, name)(**arguments).parse()
    return list(result) if isinstance(result, openai.Stream) else result


def streamed_raw(client: Any, path: str, arguments: dict[str, Any]) -> Any:
    """By `with_streaming_response`, parsed."""
    owner, _, name = path.rpartition(".")
    with getattr(method_of(client, owner).with_streaming_response, name)(**arguments) as response:
        result = response.parse()
        return list(result) if isinstance(result, openai.Stream) else result


async def aplain(client: Any, path: str, arguments: dict[str, Any]) -> Any:
    """The async twin of `plain`."""
    result = await method_of(client, path)(**arguments)
    return [chunk async for chunk in result] if isinstance(result, openai.AsyncStream) else result


async def araw(client: Any, path: str, arguments: dict[str, Any]) -> Any:
    """The async twin of `raw`."""
    owner, _, name = path.rpartition(".")
    result = (await getattr(method_of(client, owner).with_raw_response, name)(**arguments)).parse()
    return [chunk async for chunk in result] if isinstance(result, openai.AsyncStream) else result


async def astreamed_raw(client: Any, path: str, arguments: dict[str, Any]) -> Any:
    """The async twin of `streamed_raw`."""
    owner, _, name = path.rpartition(".")
    async with getattr(method_of(client, owner).with_streaming_response, name)(**arguments) as response:
        result = await response.parse()
        return [chunk async for chunk in result] if isinstance(result, openai.AsyncStream) else result


WAYS: dict[str, Way] = {"plain": plain, "raw": raw, "streamed raw": streamed_raw}
AWAYS: dict[str, Way] = {"plain": aplain, "raw": araw, "streamed raw": astreamed_raw}
OPTIONS: dict[str, Any] = {"api_key": "sk-fake", "base_url": "https://llm.test/v1", "max_retries": 0}


def told(way: str, kind: str, path: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Span and metric points of one call, without what is measured."""
    with capture() as telemetry:
        seen: BaseException | None = None
        try:
            if kind == "sync":
                WAYS[way](openai.OpenAI(http_client=mock_client(chunks=4), **OPTIONS), path, arguments)
            else:
                client = openai.AsyncOpenAI(http_client=mock_async_client(chunks=4), **OPTIONS)
                asyncio.run(AWAYS[way](client, path, arguments))
        except openai.OpenAIError as error:
            seen = error
        except http.HTTPError as error:  # of a body that is cut: the releases differ in whether they wrap it
            seen = error
        (span,) = telemetry.spans
        attributes = dict(span["attributes"])
        attributes.pop("gen_ai.response.time_to_first_chunk", None)
        return {
            "name": span["name"],
            "kind": span["kind"],
            "error": seen and f"{type(seen).__module__}.{type(seen).__qualname__}",
            "status": (span["status"], span["description"]),
            "attributes": attributes,
            "points": {
                name: [(p["attributes"], p["value"] if "value" in p else p["count"]) for p in points]
                for name, points in telemetry.metrics.items()
            },
            "tokens": {
                name: [p["sum"] for p in points]
                for name, points in telemetry.metrics.items()
                if name.endswith("_tokens") and "operation" in name
            },
        }


def skip_what_this_sdk_lacks(name: str) -> None:
    """The Responses API came in 1.66."""
    if CALLS[name][1].startswith("responses") and not has_responses:
        pytest.skip("this SDK has no Responses API")


def test_every_operation_of_texts_is_called():
    """The others are in tests/operations/test_ways.py: the fake API does not answer them."""
    readers = ("chat", "completions", "responses", "fetched")
    of_texts = {operation.path for operation in OPERATIONS if operation.content in readers}
    assert {path for path, _, _ in CALLS.values()} == of_texts - {"/responses/compact"} | {"/embeddings"}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", CALLS)
def test_every_way_tells_what_the_plain_one_does(name, way, run):
    skip_what_this_sdk_lacks(name)
    _, path, arguments = CALLS[name]
    assert told(way, run.kind, path, arguments) == told("plain", "sync", path, arguments)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", STREAMED)
def test_every_way_to_stream_tells_the_same(name, way, run):
    skip_what_this_sdk_lacks(name)
    operation, path, arguments = CALLS[name]
    arguments = {**arguments, **STREAM[operation]}
    assert told(way, run.kind, path, arguments) == told("plain", "sync", path, arguments)


@pytest.mark.parametrize("name", STREAMED)
def test_a_stream_tells_what_the_whole_answer_does(name, run):
    skip_what_this_sdk_lacks(name)
    operation, path, arguments = CALLS[name]
    whole = told("plain", run.kind, path, arguments)
    streamed = told("plain", run.kind, path, {**arguments, **STREAM[operation]})
    extra = {key for key in streamed["attributes"] if key not in whole["attributes"]}
    assert extra == OF_STREAMS - {"gen_ai.response.time_to_first_chunk"}
    for attributes in (whole["attributes"], streamed["attributes"]):
        for key in OF_STREAMS | OF_THE_REQUEST:
            attributes.pop(key, None)
    streamed["points"].pop("gen_ai.client.inference.time_to_first_chunk")
    assert streamed == whole


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("model", FAILURES)
def test_every_way_tells_of_a_failure_as_the_plain_one_does(model, way, streamed, run):
    arguments = {"model": model, "messages": MESSAGES, **({"stream": True} if streamed else {})}
    path = "chat.completions.create"
    here, there = told(way, run.kind, path, arguments), told("plain", "sync", path, arguments)
    assert here["status"][0] == "ERROR"
    assert here["attributes"]["error.type"] == here["error"]
    if here["error"] == there["error"]:
        assert here == there
    else:  # the app itself gets another exception this way
        assert (model, way) == ("fake-drop", "streamed raw")
