"""An API that answers what a test says, and the span of one call to it."""

from __future__ import annotations

import inspect
import json
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import openai
import pytest
from openai import _base_client

from gossamer.operations import Operation

http: Any = getattr(_base_client, "httpx2", None) or vars(_base_client)["httpx"]

#: What every span to `http://llm.test:8080` has besides what a test is about.
ALWAYS = {"gen_ai.provider.name": "openai", "server.address": "llm.test", "server.port": 8080}


@dataclass
class Traced:
    """One call: what the app got, and the span."""

    result: Any
    """The answer; of a stream the list of its chunks."""
    span: dict[str, Any]

    @property
    def attributes(self) -> dict[str, Any]:
        """Of the span, without those that each has, and without the one that is measured."""
        measured = {"gen_ai.response.time_to_first_chunk"}
        return {
            name: value
            for name, value in self.span["attributes"].items()
            if name not in ALWAYS and name not in measured
        }


class Body(http.SyncByteStream, http.AsyncByteStream):  # type: ignore[misc]
    """The body of an answer. Given as `content` it would be read, and closed, before anybody reads it."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def __iter__(self) -> Iterator[bytes]:
        yield self._content

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._content


def encode(answer: Any) -> tuple[str, bytes]:
    """Content type and body: a list is streamed, event by event, `(name, data)` as a named event; a text is
    a plain one, and bytes are a sound.
    """
    if isinstance(answer, str):
        return "text/plain", answer.encode()
    if isinstance(answer, bytes):
        return "audio/mpeg", answer
    if not isinstance(answer, list):
        return "application/json", json.dumps(answer).encode()
    lines = []
    for event in answer:
        name, data = event if isinstance(event, tuple) else (None, event)
        lines.append(f"event: {name}\n" if name else "")
        lines.append(f"data: {json.dumps(data)}\n\n")
    return "text/event-stream", ("".join(lines) + "data: [DONE]\n\n").encode()


@pytest.fixture
def client(run) -> Callable[..., Any]:
    """Make a client, sync or async as `run` says, that gets one answer to all that it asks. A function is
    asked for the answer to each request; what it gives may be a response of the HTTP library.
    """

    def make(answer: Any = None, kind: str = "OpenAI", status: int = 200, **options: Any) -> Any:
        def handle(request: Any) -> Any:
            given = answer(request) if callable(answer) else answer
            if isinstance(given, http.Response):
                return given
            content_type, body = encode(given)
            return http.Response(status, headers={"content-type": content_type}, stream=Body(body))

        async def ahandle(request: Any) -> Any:
            return handle(request)

        if run.kind == "async":
            kind, session = f"Async{kind}", http.AsyncClient(transport=http.MockTransport(ahandle))
        else:
            session = http.Client(transport=http.MockTransport(handle))
        if not options:
            options = {"base_url": "http://llm.test:8080/v1"}
        return getattr(openai, kind)(api_key="sk-test", http_client=session, max_retries=0, **options)

    return make


@pytest.fixture
def trace(telemetry, run, client) -> Callable[..., Traced]:
    """Make one call to an API with this answer, read it to its end, and give its only span."""

    def trace(call: Callable[[Any], Any], answer: Any = None, **options: Any) -> Traced:
        caller = client(answer, **options)
        telemetry.clear()
        result = run(_aread(call(caller)) if run.kind == "async" else _read(call(caller)))
        (span,) = telemetry.spans
        return Traced(result, span)

    return trace


def _read(result: Any) -> Any:
    return list(result) if isinstance(result, openai.Stream) else result


async def _aread(result: Any) -> Any:
    result = await result
    return [chunk async for chunk in result] if isinstance(result, openai.AsyncStream) else result


@pytest.fixture
def post(trace, run) -> Callable[..., Traced]:
    """Send a body as it is, past the checks of the SDK's methods, and get the answer untyped."""

    def post(path: str, body: Any, answer: Any = None, **options: Any) -> Traced:
        if isinstance(answer, list):
            stream_class = openai.AsyncStream if run.kind == "async" else openai.Stream
            options |= {"stream": True, "stream_cls": stream_class[object]}
        return trace(lambda client: client.post(path, cast_to=object, body=body, **options), answer)

    return post


@pytest.fixture
def leave(run) -> Callable[..., Callable[[Any], Any]]:
    """Of a call that streams make one that reads so many chunks, by default one, and closes the stream."""

    def leave(call: Callable[[Any], Any], chunks: int = 1) -> Callable[[Any], Any]:
        def left(client: Any) -> Any:
            with call(client) as stream:
                return [chunk for _, chunk in zip(range(chunks), stream, strict=False)]

        async def aleft(client: Any) -> Any:
            async with await call(client) as stream:
                return [await anext(stream) for _ in range(chunks)]

        return aleft if run.kind == "async" else left

    return leave


@pytest.fixture
def table() -> Callable[[Operation], set[str]]:
    """The keys of a request body that an operation reads."""

    def table(operation: Operation) -> set[str]:
        return set(inspect.getclosurevars(operation.describe_request).nonlocals["table"])

    return table
