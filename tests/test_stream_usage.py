"""Usage that is asked for in the app's place: the app sees what it would have seen, to the chunk."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import openai
import pytest
from openai import _base_client
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

from gossamer import OpenAIInstrumentor, stream_usage
from gossamer.operations import embeddings, responses
from gossamer.operations.chat import CHAT as CHAT_OPERATION
from gossamer.providers import server_at
from gossamer.testing import Telemetry, capture

http = getattr(_base_client, "httpx2", None) or _base_client.httpx

OPENAI, AZURE = "https://api.openai.com/v1", "https://unit.openai.azure.com"
CHAT: dict[str, Any] = {"model": "gpt-test", "messages": [{"role": "user", "content": "hi"}], "stream": True}
USAGE = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}
SPENT = {"gen_ai.usage.input_tokens": 7, "gen_ai.usage.output_tokens": 3}


class Server:
    """An API that tells the usage of a stream to who asks, and keeps the bodies that it was sent."""

    def __init__(self, *, usage_in_last_choice: bool = False) -> None:
        self.bodies: list[bytes] = []
        self.busy = 0
        """Requests to refuse with 429 at first."""
        self.refuses = False
        """Requests with options that it does not know."""
        self._in_last_choice = usage_in_last_choice

    def answer(self, request: Any) -> Any:
        """The answer to one request."""
        self.bodies.append(request.content)
        body = json.loads(request.content)
        if self.busy:
            self.busy -= 1
            return http.Response(429, headers={"retry-after-ms": "1"}, json={"error": {"message": "busy"}})
        asked = bool((body.get("stream_options") or {}).get("include_usage"))
        if asked and self.refuses:
            error = {"message": "Unrecognized request argument: stream_options", "code": None}
            return http.Response(400, json={"error": error})
        lines = [f"data: {json.dumps(chunk)}\n\n" for chunk in self._chunks(body, asked=asked)]
        content = "".join([*lines, "data: [DONE]\n\n"]).encode()
        return http.Response(200, headers={"content-type": "text/event-stream"}, content=content)

    def _chunks(self, body: dict[str, Any], *, asked: bool) -> Iterator[dict[str, Any]]:
        null = {"usage": None} if asked else {}
        head = {"id": "c-1", "created": 1, "model": "gpt-test"}
        choices = range(body.get("n") or 1)
        if "prompt" in body:
            head["object"] = "text_completion"
            told = [{"text": "Hello", "logprobs": None, "finish_reason": None}]
            told.append({"text": "", "logprobs": None, "finish_reason": "stop"})
        else:
            head["object"] = "chat.completion.chunk"
            deltas: list[Any] = [{"role": "assistant", "content": ""}, {"content": "Hello"}]
            told = [{"delta": delta, "finish_reason": None} for delta in deltas]
            told.append({"delta": {}, "finish_reason": "stop"})
        for step in told:
            for index in choices:
                last = step is told[-1] and index == choices[-1]
                usage = {"usage": USAGE} if last and self._in_last_choice else null
                yield {**head, "choices": [{"index": index, **step}], **usage}
        if asked and not self._in_last_choice:
            yield {**head, "choices": [], "usage": USAGE}


Call = Callable[[Any], Any]


def seen(run: Any, server: Server, call: Call, base_url: str = OPENAI) -> list[str]:
    """What an app dumps of the chunks of a call."""

    async def answer(request: Any) -> Any:
        return server.answer(request)

    if run.kind == "async":
        transport = http.AsyncClient(transport=http.MockTransport(answer))
        client: Any = openai.AsyncOpenAI(api_key="sk-test", base_url=base_url, http_client=transport)
    else:
        transport = http.Client(transport=http.MockTransport(server.answer))
        client = openai.OpenAI(api_key="sk-test", base_url=base_url, http_client=transport)

    async def read() -> list[str]:
        return [chunk.to_json() async for chunk in await call(client)]

    return asyncio.run(read()) if run.kind == "async" else [chunk.to_json() for chunk in call(client)]


def chat(**more: Any) -> Call:
    return lambda client: client.chat.completions.create(**{**CHAT, **more})


def complete(**more: Any) -> Call:
    body = {"model": "gpt-test", "prompt": "hi", "stream": True, **more}
    return lambda client: client.completions.create(**body)


def post(**more: Any) -> Call:
    """Past the SDK's methods, with a dict of the app's own as the body."""

    def call(client: Any) -> Any:
        kind = openai.AsyncStream if isinstance(client, openai.AsyncOpenAI) else openai.Stream
        from openai.types.chat import ChatCompletionChunk

        body = {**CHAT, **more}
        return client.post(
            "/chat/completions", cast_to=object, body=body, stream=True, stream_cls=kind[ChatCompletionChunk]
        )

    return call


def usage(telemetry: Telemetry) -> dict[str, Any]:
    """What the only span tells of tokens."""
    (span,) = telemetry.spans
    return {name: value for name, value in span["attributes"].items() if name.startswith("gen_ai.usage.")}


@pytest.mark.parametrize("call", [chat(), chat(n=3), complete(), complete(n=2), post()])
def test_the_app_sees_the_chunks_that_it_would_have_seen_and_the_span_has_the_usage(run, call):
    bare = seen(run, Server(), call)
    server = Server()
    with capture(stream_usage="always") as telemetry:
        assert seen(run, server, call) == bare
    assert all(json.loads(body)["stream_options"] == {"include_usage": True} for body in server.bodies)
    assert usage(telemetry) == SPENT
    assert telemetry.spans[0]["attributes"]["gossamer.stream.outcome"] == "completed"


def test_off_is_the_default_and_leaves_the_body_as_it_is_to_the_byte(run):
    bare, ours = Server(), Server()
    seen(run, bare, chat())
    with capture() as telemetry:
        seen(run, ours, chat())
    assert ours.bodies == bare.bodies
    assert usage(telemetry) == {}


@pytest.mark.parametrize(
    "call",
    [
        chat(stream_options={"include_usage": True}),
        chat(stream_options={"include_usage": False}),
        chat(extra_body={"stream_options": {"include_usage": True}}),
        chat(extra_body={"stream_options": None}),
    ],
)
def test_an_app_that_says_what_it_wants_gets_that(run, call):
    bare, ours = Server(), Server()
    expected = seen(run, bare, call)
    with capture(stream_usage="always"):
        assert seen(run, ours, call) == expected
    assert ours.bodies == bare.bodies


def test_other_options_of_the_stream_are_kept(run):
    server = Server()
    with capture(stream_usage="always"):
        seen(run, server, chat(stream_options={"include_obfuscation": False}))
    (body,) = server.bodies
    assert json.loads(body)["stream_options"] == {"include_obfuscation": False, "include_usage": True}


@pytest.mark.parametrize("call", [chat(), chat(n=2)])
def test_usage_in_the_chunk_of_the_last_choice_costs_the_app_no_chunk(run, call):
    bare = seen(run, Server(usage_in_last_choice=True), call)
    with capture(stream_usage="always") as telemetry:
        assert seen(run, Server(usage_in_last_choice=True), call) == bare
    assert usage(telemetry) == SPENT


@pytest.mark.parametrize(
    ("base_url", "asked"),
    [
        (OPENAI, True),
        ("https://eu.api.openai.com/v1", True),
        ("https://API.OpenAI.com/v1", True),
        ("https://openrouter.ai/api/v1", False),
        ("https://api.openai.com.evil.test/v1", False),
        ("https://notapi.openai.com/v1", False),
        ("http://localhost:8000/v1", False),
        (AZURE, False),
    ],
)
def test_auto_asks_only_who_is_known_to_understand(run, base_url, asked):
    bare, ours = Server(), Server()
    seen(run, bare, chat(), base_url)
    with capture(stream_usage="auto"):
        seen(run, ours, chat(), base_url)
    assert (ours.bodies != bare.bodies) is asked


def test_always_asks_everybody(run):
    with capture(stream_usage="always") as telemetry:
        seen(run, Server(), chat(), "http://localhost:8000/v1")
    assert usage(telemetry) == SPENT


def test_a_refusal_is_the_apps_to_see_and_nothing_is_sent_again(run):
    server = Server()
    server.refuses = True
    with capture(stream_usage="always") as telemetry:
        with pytest.raises(openai.BadRequestError, match="stream_options"):
            seen(run, server, chat())
        assert len(server.bodies) == 1
        assert len(telemetry.spans) == 1


def test_each_attempt_of_a_call_asks(run):
    server = Server()
    server.busy = 1
    with capture(stream_usage="always") as telemetry:
        seen(run, server, chat())
    assert len(set(server.bodies)) == 1
    assert len(server.bodies) == 2
    assert usage(telemetry) == SPENT


def test_a_plain_call_and_the_responses_api_are_left_alone():
    options = SimpleNamespace(json_data={"model": "m"}, extra_json=None, headers={})
    for operation in (responses.RESPONSES, responses.FETCH_RESPONSE, embeddings.EMBEDDINGS):
        assert stream_usage.ask("always", frozenset(), operation, server_at(OPENAI), options) is None
    assert stream_usage.ask("always", frozenset(), CHAT_OPERATION, server_at(OPENAI), options) is not None
    bare, ours = Server(), Server()
    client = openai.OpenAI(
        api_key="sk", base_url=OPENAI, http_client=http.Client(transport=http.MockTransport(bare.answer))
    )
    client.chat.completions.with_raw_response.create(model="m", messages=[])
    with capture(stream_usage="always"):
        client = openai.OpenAI(
            api_key="sk", base_url=OPENAI, http_client=http.Client(transport=http.MockTransport(ours.answer))
        )
        client.chat.completions.with_raw_response.create(model="m", messages=[])
    assert ours.bodies == bare.bodies


def test_raw_streams_are_left_alone_as_their_bytes_are_the_apps(run):
    def raw(client: Any) -> Any:
        answer = client.chat.completions.with_raw_response.create(**CHAT)
        if run.kind == "sync":
            return answer.parse()

        async def parsed() -> Any:
            return (await answer).parse()

        return parsed()

    bare, ours = Server(), Server()
    expected = seen(run, bare, raw)
    with capture(stream_usage="always"):
        assert seen(run, ours, raw) == expected
    assert ours.bodies == bare.bodies


def test_what_the_app_hands_over_is_not_changed(run):
    body = {**CHAT, "stream_options": {"include_obfuscation": True}}
    before = json.dumps(body)

    def call(client: Any) -> Any:
        kind = openai.AsyncStream if run.kind == "async" else openai.Stream
        from openai.types.chat import ChatCompletionChunk

        kinds: dict[str, Any] = {"cast_to": object, "stream": True, "stream_cls": kind[ChatCompletionChunk]}
        return client.post("/chat/completions", body=body, **kinds)

    with capture(stream_usage="always"):
        seen(run, Server(), call)
    assert json.dumps(body) == before


def test_options_that_are_used_again_are_as_they_were(run):
    from openai._models import FinalRequestOptions
    from openai.types.chat import ChatCompletionChunk

    options = FinalRequestOptions.construct(method="post", url="/chat/completions", json_data=dict(CHAT))
    kind = openai.AsyncStream if run.kind == "async" else openai.Stream
    server = Server()
    with capture(stream_usage="always"):
        for refuses in (False, True):
            server.refuses = refuses
            try:
                seen(
                    run,
                    server,
                    lambda client: client.request(
                        object, options, stream=True, stream_cls=kind[ChatCompletionChunk]
                    ),
                )
            except openai.BadRequestError:
                pass
            assert options.json_data == CHAT


def test_untyped_chunks_are_as_they_would_have_been(run):
    def call(client: Any) -> Any:
        kind = openai.AsyncStream if run.kind == "async" else openai.Stream
        return client.post(
            "/chat/completions", cast_to=object, body=CHAT, stream=True, stream_cls=kind[object]
        )

    class Dumped(dict):
        def to_json(self) -> str:
            return json.dumps(self)

    async def dumped(stream: Any) -> Any:
        async def chunks() -> Any:
            async for chunk in await stream:
                yield Dumped(chunk)

        return chunks()

    def typed(client: Any) -> Any:
        return dumped(call(client)) if run.kind == "async" else map(Dumped, call(client))

    bare = seen(run, Server(), typed)
    with capture(stream_usage="always") as telemetry:
        assert seen(run, Server(), typed) == bare
    assert usage(telemetry) == SPENT


def test_a_helper_stream_ends_as_it_would_have(run):
    if not hasattr(openai.resources.chat.completions.Completions, "stream"):
        pytest.skip("this SDK has no stream helper here")

    def dump(event: Any) -> str:
        return event.chunk.to_json() if event.type == "chunk" else event.type

    def events(server: Server) -> Any:
        body = {key: value for key, value in CHAT.items() if key != "stream"}
        if run.kind == "sync":
            transport = http.Client(transport=http.MockTransport(server.answer))
            client = openai.OpenAI(api_key="sk", base_url=OPENAI, http_client=transport)
            with client.chat.completions.stream(**body) as stream:
                told = [dump(event) for event in stream]
                return [*told, stream.get_final_completion().to_json()]

        async def aevents() -> Any:
            async def answer(request: Any) -> Any:
                return server.answer(request)

            transport = http.AsyncClient(transport=http.MockTransport(answer))
            client = openai.AsyncOpenAI(api_key="sk", base_url=OPENAI, http_client=transport)
            async with client.chat.completions.stream(**body) as stream:
                told = [dump(event) async for event in stream]
                return [*told, (await stream.get_final_completion()).to_json()]

        return asyncio.run(aevents())

    bare = events(Server())
    with capture(stream_usage="always") as telemetry:
        assert events(Server()) == bare
    assert usage(telemetry) == SPENT


def test_the_hidden_chunk_counts_for_no_time_between_chunks():
    class Kind:
        kind = "sync"

    counts = []
    for choice in ("off", "always"):
        with capture(stream_usage=choice, time_per_output_chunk=True) as telemetry:
            seen(Kind, Server(), chat())
            (point,) = telemetry.metrics["gen_ai.client.inference.time_per_output_chunk"]
            counts.append(point["count"])
    assert counts[0] == counts[1]


def test_a_stream_that_is_dropped_gives_its_connection_back_at_once(no_collection):
    closed = []

    class Body(http.SyncByteStream):
        def __init__(self, content: bytes) -> None:
            self.content = content

        def __iter__(self) -> Iterator[bytes]:
            yield from self.content.splitlines(keepends=True)

        def close(self) -> None:
            closed.append(True)

    def answer(request: Any) -> Any:
        content = Server().answer(request).content
        return http.Response(200, headers={"content-type": "text/event-stream"}, stream=Body(content))

    with capture(stream_usage="always") as telemetry:
        transport = http.Client(transport=http.MockTransport(answer))
        client = openai.OpenAI(api_key="sk", base_url=OPENAI, http_client=transport)
        stream = client.chat.completions.create(**CHAT)
        next(stream)
        del stream
        assert telemetry.spans[0]["attributes"]["gossamer.stream.outcome"] == "abandoned"


def test_a_call_that_nobody_watches_is_not_asked_for(run):
    """Not sampled, and nothing measured: there is nobody to hide the chunk."""
    telemetry = Telemetry(ALWAYS_OFF)
    bare, ours = Server(), Server()
    expected = seen(run, bare, chat())
    instrumentor = OpenAIInstrumentor()
    instrumentor.instrument(tracer_provider=telemetry.tracer_provider, stream_usage="always")
    try:
        assert seen(run, ours, chat()) == expected
    finally:
        instrumentor.uninstrument()
    assert ours.bodies == bare.bodies


def test_a_stream_class_of_the_apps_own_is_left_alone(run):
    from openai.types.chat import ChatCompletionChunk

    kind: Any = openai.AsyncStream if run.kind == "async" else openai.Stream

    class Own(kind[ChatCompletionChunk]):  # type: ignore[misc]
        """May read its response in a way of its own."""

    def call(client: Any) -> Any:
        kinds: dict[str, Any] = {"cast_to": object, "stream": True, "stream_cls": Own}
        return client.post("/chat/completions", body=CHAT, **kinds)

    bare, ours = Server(), Server()
    expected = seen(run, bare, call)
    with capture(stream_usage="always"):
        assert seen(run, ours, call) == expected
    assert ours.bodies == bare.bodies
