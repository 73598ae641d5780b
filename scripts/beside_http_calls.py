"""Some calls of an app whose HTTP client is instrumented, too (`make beside-http`).

Run by `beside_http.py`: `beside_http_calls.py CLIENT ORDER PROPAGATION`. CLIENT names what the SDK sends by,
and so the instrumentations of it. ORDER is `bare`, `ours`, `alone`, `before` or `after`: neither of the two,
Gossamer or the others alone, or Gossamer switched on before or after the others. Prints one line of JSON.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
import socket
import sys
import threading
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

import openai
import uvicorn
from beside_calls import EXPORTER, MESSAGES, PROVIDER, Complaints, told
from openai import _base_client as sdk
from opentelemetry import trace

from gossamer.cli.fake import FakeAPI
from gossamer.cli.fake.asgi import Application

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

_HTTPX: Final = ("httpx", "HTTPXClientInstrumentor")
_HTTPX2: Final = ("httpx", "HTTPX2ClientInstrumentor")
_AIOHTTP: Final = ("aiohttp_client", "AioHttpClientInstrumentor")
#: What the SDK sends by → the instrumentations that see it, as modules and classes of OpenTelemetry's.
INSTRUMENTORS: Final = {
    "httpx": (_HTTPX,),
    "httpx2": (_HTTPX2,),
    "aiohttp": (_AIOHTTP,),
    "urllib3": (("urllib3", "URLLib3Instrumentor"),),
}
NOBODY: Final = "http://127.0.0.1:9/v1"
PARENT: Final = trace.get_tracer("app", tracer_provider=PROVIDER)


class Server:
    """The fake API in a thread of its own, which keeps the `traceparent` headers of each request."""

    def __init__(self) -> None:
        self.sent: list[list[str]] = []
        self._api = Application(FakeAPI(chunks=5))
        # The protocol must be named, or each stream stalls: asyncio then sends small pieces at once.
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        config = uvicorn.Config(self._answer, interface="asgi3", lifespan="off", log_level="critical")
        server = uvicorn.Server(config)
        threading.Thread(target=server.run, args=[[listener]], daemon=True).start()
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"

    async def _answer(self, scope: Any, receive: Any, send: Any) -> None:
        self.sent.append([value.decode() for name, value in scope["headers"] if name == b"traceparent"])
        await self._api(scope, receive, send)


def by_urllib3() -> Any:
    """An HTTP client whose transport is the app's own, over urllib3."""
    http = import_module(sdk.SyncHttpxClientWrapper.__mro__[2].__module__.partition(".")[0])
    pool = import_module("urllib3").PoolManager(retries=False)

    class Body(http.SyncByteStream):  # type: ignore[misc, name-defined]
        def __init__(self, response: Any) -> None:
            self._response = response

        def __iter__(self) -> Any:
            return self._response.stream(decode_content=False)

        def close(self) -> None:
            self._response.close()

    class Transport(http.BaseTransport):  # type: ignore[misc, name-defined]
        def handle_request(self, request: Any) -> Any:
            response = pool.request(
                request.method,
                str(request.url),
                body=request.read(),
                headers=dict(request.headers),
                preload_content=False,
            )
            return http.Response(response.status, headers=[*response.headers.items()], stream=Body(response))

    return http.Client(transport=Transport())


def clients(name: str, url: str) -> list[Any]:
    """The clients that send so: a sync and an async one, where there are both."""
    given: Any = {"api_key": "none", "base_url": url, "max_retries": 1}
    if name == "urllib3":
        return [openai.OpenAI(**given, http_client=by_urllib3())]
    if name.startswith("aiohttp"):
        return [openai.AsyncOpenAI(**given, http_client=openai.DefaultAioHttpClient())]
    http = import_module(name)
    return [
        openai.OpenAI(**given, http_client=http.Client()),
        openai.AsyncOpenAI(**given, http_client=http.AsyncClient()),
    ]


async def settled(value: Any) -> Any:
    """What a call gives, of whatever client."""
    return await value if inspect.isawaitable(value) else value


async def read(stream: Any) -> list[Any]:
    """All chunks."""
    return [chunk async for chunk in stream] if hasattr(stream, "__aiter__") else [*stream]


def calls(client: Any) -> dict[str, Callable[[], Awaitable[Any]]]:
    """What an app does, by name. No two of them are one request."""

    def ask(model: str = "gpt-4o", of: Any = client, **more: Any) -> Any:
        return settled(of.chat.completions.create(model=model, messages=MESSAGES, **more))

    async def streamed(**more: Any) -> Any:
        return await read(await ask(stream=True, **more))

    async def left_early() -> None:
        stream = await ask(stream=True)
        await (stream.__anext__() if hasattr(stream, "__anext__") else settled(next(stream)))
        await settled(stream.close())

    async def raw() -> Any:
        answer = await settled(
            client.chat.completions.with_raw_response.create(model="gpt-4o", messages=MESSAGES)
        )
        return await settled(answer.parse())

    async def streaming_response() -> Any:
        manager = client.chat.completions.with_streaming_response.create(model="gpt-4o", messages=MESSAGES)
        if hasattr(manager, "__aenter__"):
            async with manager as response:
                return await response.parse()
        with manager as response:
            return response.parse()

    return {
        "plain": ask,
        "streamed": streamed,
        "streamed, left early": left_early,
        "raw": raw,
        "streaming response": streaming_response,
        "embeddings": lambda: settled(client.embeddings.create(model="m", input="x")),
        "refused": lambda: ask("fake-error-400"),
        "retried": lambda: ask("fake-rate-limit-once"),
        "retried, streamed": lambda: streamed(model="fake-rate-limit-once"),
        "retried in vain": lambda: ask("fake-error-500"),
        "broken off": lambda: streamed(model="fake-drop"),
        "nobody there": lambda: ask(of=client.with_options(base_url=NOBODY)),
    }


def kind(span: Any) -> str:
    """Who made a span: `app`, `gossamer`, or `http`."""
    name: str = span.instrumentation_scope.name
    return name if name in ("app", "gossamer") else "http"


def wrong_spans(spans: Sequence[Any], *, with_ours: bool) -> list[str]:
    """What is wrong with the spans of one call: the app's, ours below it, HTTP spans below that."""
    by_id = {span.context.span_id: span for span in spans}
    above = {"gossamer": ("app",), "http": ("gossamer" if with_ours else "app", "http")}
    wrong = []
    if len({span.context.trace_id for span in spans}) != 1:
        wrong.append("more than one trace")
    ours = [span for span in spans if kind(span) == "gossamer"]
    if len(ours) != with_ours:
        wrong.append(f"{len(ours)} spans of ours")
    for span in spans:
        parent = by_id.get(span.parent.span_id) if span.parent else None
        if kind(span) != "app" and (parent is None or kind(parent) not in above[kind(span)]):
            wrong.append(f"{span.name} is no child of {' or '.join(above[kind(span)])}")
    return wrong


def wrong_headers(spans: Sequence[Any], sent: list[list[str]], *, propagation: bool) -> list[str]:
    """What is wrong with `traceparent` in the requests of one call: each names a lowest span of its own."""
    senders = [span for span in spans if kind(span) == "http"]
    if not senders and propagation:
        senders = [span for span in spans if kind(span) == "gossamer"]
    parents = {span.parent.span_id for span in spans if span.parent}
    ids = {f"{span.context.span_id:016x}" for span in senders if span.context.span_id not in parents}
    named = [[header.split("-")[2] for header in headers] for headers in sent]
    alike = len({*map(tuple, named)}) != len(named) and kind(senders[0]) == "http" if senders else False
    if alike or any(len(each) != bool(ids) or not ids.issuperset(each) for each in named):
        return [f"sent {sent}"]
    return []


async def run(client: Any, server: Server, order: str, propagation: str) -> list[Any]:
    """All calls of a client, each under a span of the app's own."""
    found = []
    for name, call in calls(client).items():
        EXPORTER.clear()
        server.sent.clear()
        with PARENT.start_as_current_span("app"):
            try:
                outcome = await call()
            except Exception as error:  # noqa: BLE001 - an outcome like any other
                outcome = error
        spans = EXPORTER.get_finished_spans()
        with_ours = order not in ("bare", "alone")
        wrong = [
            *wrong_spans(spans, with_ours=with_ours),
            *wrong_headers(spans, server.sent, propagation=with_ours and propagation != "off"),
        ]
        way = "async" if isinstance(client, openai.AsyncOpenAI) else "sync"
        found.append(
            {
                "call": f"{name}, {way}",
                "outcome": told(outcome),
                "http": sum(kind(span) == "http" for span in spans),
                "requests": len(server.sent),
                "faults": wrong,
            }
        )
    return found


def main() -> None:
    """Switch on what is asked for, and make the calls."""
    name, order, propagation = sys.argv[1:]
    vars(sdk)["INITIAL_RETRY_DELAY"] = 0.01
    complaints = Complaints()
    logging.getLogger().addHandler(complaints)

    def ours() -> None:
        from gossamer import OpenAIInstrumentor  # noqa: PLC0415

        OpenAIInstrumentor().instrument(tracer_provider=PROVIDER, propagation=propagation)

    def others() -> None:
        for module, kind in INSTRUMENTORS[name]:
            instrumentor = getattr(import_module(f"opentelemetry.instrumentation.{module}"), kind)()
            instrumentor.instrument(tracer_provider=PROVIDER)

    steps = {"bare": [], "ours": [ours], "alone": [others], "before": [ours, others], "after": [others, ours]}
    for step in steps[order]:
        step()

    async def everything() -> list[Any]:
        server = Server()
        return [
            call for each in clients(name, server.url) for call in await run(each, server, order, propagation)
        ]

    print(json.dumps({"calls": asyncio.run(everything()), "complaints": complaints.said}))


if __name__ == "__main__":
    main()
