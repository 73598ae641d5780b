"""What a call and a chunk cost, counted and not timed: the same figures on any machine, however busy.

The budgets are exact. A change that needs a higher one has to write it here, where the review sees it.
"""

from __future__ import annotations

import asyncio
import builtins
import gc
import importlib
import importlib.metadata
import json
import os
import re
import subprocess
import sys
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import openai
import pytest
from openai import _base_client
from openai._models import FinalRequestOptions
from openai.types.chat import ChatCompletion

import gossamer
from gossamer.backlog import BATCH, settle_all
from gossamer.cli.fake import answer, mock_async_client, mock_client
from gossamer.openai_sdk import OPENAI
from gossamer.sdk import locate
from gossamer.testing import Telemetry, capture

PACKAGE = str(Path(gossamer.__file__).parent) + os.sep
NOT_THE_LIBRARY = (PACKAGE + "cli" + os.sep, PACKAGE + "testing.py")
CHAT = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hi"}], "temperature": 0.5}
HAS_RESPONSES = hasattr(openai.OpenAI, "responses") or "responses" in openai.OpenAI.__annotations__


def is_ours(frame: FrameType) -> bool:
    name = frame.f_code.co_filename
    return name.startswith(PACKAGE) and not name.startswith(NOT_THE_LIBRARY)


@pytest.fixture
def client() -> Iterator[openai.OpenAI]:
    with openai.OpenAI(
        api_key="sk-fake", base_url="http://127.0.0.1/v1", http_client=mock_client(), max_retries=2
    ) as made:
        yield made


def async_client() -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(
        api_key="sk-fake", base_url="http://127.0.0.1/v1", http_client=mock_async_client()
    )


def unsuspended_async_client() -> openai.AsyncOpenAI:
    """Its answers come in one piece, so that no coroutine is resumed but to hand on a chunk."""
    http = getattr(_base_client, "httpx2", None) or _base_client.httpx

    async def handle(request: Any) -> Any:
        reply = answer(request.method, request.url.path, json.loads(request.content), dict(request.headers))
        return http.Response(
            reply.status, headers=reply.headers, content=b"".join(data for _, data in reply.chunks)
        )

    transport = http.MockTransport(handle)
    return openai.AsyncOpenAI(
        api_key="sk-fake",
        base_url="http://127.0.0.1/v1",
        http_client=http.AsyncClient(transport=transport),
    )


def chunked(count: int) -> dict[str, Any]:
    return {**CHAT, "model": f"fake-chunks-{count}", "stream": True}


# --- every kind of call


def every_kind_of_call(client: openai.OpenAI) -> None:
    create = client.chat.completions.create
    create(**CHAT)
    create(**{**CHAT, "model": "fake-rate-limit-once"})
    for _ in create(**chunked(1000), stream_options={"include_usage": True}):
        pass
    next(iter(create(**chunked(3))))
    client.chat.completions.with_raw_response.create(**CHAT).parse()
    client.chat.completions.with_raw_response.create(**CHAT)
    list(client.chat.completions.with_raw_response.create(**chunked(3)).parse())
    with client.chat.completions.with_streaming_response.create(**CHAT) as response:
        response.parse()
    client.completions.create(model="gpt-3.5-turbo-instruct", prompt="hi")
    list(client.completions.create(model="gpt-3.5-turbo-instruct", prompt="hi", stream=True))
    client.embeddings.create(model="text-embedding-3-small", input="hi")
    with pytest.raises(openai.BadRequestError):
        create(**{**CHAT, "model": "fake-error-400"})
    with pytest.raises(openai.APIError):
        list(create(**{**chunked(3), "model": "fake-stream-error"}))
    if HAS_RESPONSES:
        answer = client.responses.create(model="gpt-4o-mini", input="hi")
        list(client.responses.create(model="gpt-4o-mini", input="hi", stream=True))
        client.responses.retrieve(answer.id)


async def every_kind_of_async_call() -> None:
    async with async_client() as client:
        await client.chat.completions.create(**CHAT)
        async for _ in await client.chat.completions.create(**chunked(1000)):
            pass
        (await client.chat.completions.with_raw_response.create(**CHAT)).parse()
        async with client.chat.completions.with_streaming_response.create(**CHAT) as response:
            await response.parse()
        await client.embeddings.create(model="text-embedding-3-small", input="hi")
        if HAS_RESPONSES:
            async for _ in await client.responses.create(model="gpt-4o-mini", input="hi", stream=True):
                pass


@pytest.mark.parametrize("content", ["NO_CONTENT", "SPAN_AND_EVENT"])
def test_nothing_that_is_constant_is_looked_up_by_a_call(
    client: openai.OpenAI, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    with capture(capture=content, stream_usage="off" if content == "NO_CONTENT" else "always") as telemetry:
        every_kind_of_call(client)  # whatever the SDK imports on first use is imported
        asyncio.run(every_kind_of_async_call())
        telemetry.clear()
        caught = trap_constant_work(monkeypatch)
        every_kind_of_call(client)
        asyncio.run(every_kind_of_async_call())
        monkeypatch.undo()
        assert len(telemetry.spans) >= 18
    assert caught == Counter()


def test_the_trap_catches_what_our_code_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """The trap itself, sprung by a function that claims to stand in the library."""
    caught = trap_constant_work(monkeypatch)
    code = compile(
        "import json\njson.dumps(1)\nversion('pytest')\nenviron.get('HOME')", PACKAGE + "call.py", "exec"
    )
    exec(code, {"version": importlib.metadata.version, "environ": os.environ})
    monkeypatch.undo()
    assert {"__import__", "dumps", "version", "__getitem__"} <= set(caught)


def trap_constant_work(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Wrap what must not happen per call; counts each time that the library is behind it."""
    caught: Counter[str] = Counter()

    def trap(owner: Any, name: str) -> None:
        original = getattr(owner, name)

        def trapped(*args: Any, **kwargs: Any) -> Any:
            if is_library_behind(sys._getframe(1)):
                caught[name] += 1
            return original(*args, **kwargs)

        monkeypatch.setattr(owner, name, trapped)

    for owner, names in (
        (importlib.metadata, "version distribution metadata entry_points distributions"),
        (importlib, "import_module"),
        (builtins, "__import__"),
        (type(os.environ), "__getitem__ __contains__"),
        (re, "compile _compile"),  # the latter is behind re.match() and its like
        (json, "dumps loads"),
        (openai.BaseModel, "model_dump model_dump_json to_dict to_json dict json"),
    ):
        for name in names.split():
            trap(owner, name)
    return caught


def is_library_behind(frame: FrameType | None) -> bool:
    """Whether this is our work: what the SDK or its HTTP library does, with us further back, is not."""
    while frame is not None:
        if is_ours(frame):
            return True
        path = Path(frame.f_code.co_filename)
        if not {"openai", "httpx", "httpx2"}.isdisjoint(path.parts) or path.name == "traceback.py":
            return False  # the latter writes the stack trace of a failure's event
        frame = frame.f_back
    return False


# --- function calls


def count_calls(work: Callable[[], Any]) -> int:
    """How many Python functions of the library ran, a generator's resume counted as one."""
    calls = 0

    def profile(frame: FrameType, event: str, _: Any) -> None:
        nonlocal calls
        if event == "call" and is_ours(frame):
            calls += 1

    gc.collect()
    gc.disable()  # the collector's callback is ours too, and comes when it likes
    sys.setprofile(profile)
    try:
        work()
    finally:
        sys.setprofile(None)
        gc.enable()
    return calls


#: Functions of ours that one call runs, a fake answer with its usual details read; and those that record its
#: points, later and with others.
CALLS_PER_CALL = {
    "chat": (36, 3),
    "chat, streamed": (64, 2),
    "completions": (35, 3),
    "embeddings": (32, 2),
    "responses": (39, 3),
    "responses, streamed": (78, 3),
    "none of ours": (5, 0),
}
#: Before 1.76 the SDK's request() has a parameter more, and our wrapper of it an inner one.
WRAPPERS = 2 if locate(OPENAI).request_takes_retries else 1
#: Resumes of the tap in "streamed": the budget of a chunk is one.
CALLS_PER_CHUNK = 1
#: With content: a look, and a piece that is put aside.
CALLS_PER_CHUNK_WITH_CONTENT = 3


def one_call(client: openai.OpenAI, kind: str) -> Callable[[], Any]:
    if "responses" in kind and not HAS_RESPONSES:
        pytest.skip("this release of openai has no Responses API")
    embed = {"model": "text-embedding-3-small", "input": "hi", "encoding_format": "float"}
    return {
        "chat": lambda: client.chat.completions.create(**CHAT),
        "chat, streamed": lambda: list(client.chat.completions.create(**chunked(10))),
        "completions": lambda: client.completions.create(model="gpt-3.5-turbo-instruct", prompt="hi"),
        "embeddings": lambda: client.embeddings.create(**embed),
        "responses": lambda: client.responses.create(model="gpt-4o-mini", input="hi"),
        "responses, streamed": lambda: list(
            client.responses.create(model="fake-chunks-10", input="hi", stream=True)
        ),
        "none of ours": client.models.list,
    }[kind]


@pytest.mark.parametrize("kind", CALLS_PER_CALL)
def test_functions_per_call(client: openai.OpenAI, telemetry: Telemetry, kind: str) -> None:
    call = one_call(client, kind)
    call()
    settle_all()
    calls, recording = CALLS_PER_CALL[kind]
    assert count_calls(call) == calls - 1 + WRAPPERS
    assert count_calls(settle_all) - count_calls(settle_all) == recording


def test_the_points_of_some_calls_are_recorded_together(client: openai.OpenAI, telemetry: Telemetry) -> None:
    call = one_call(client, "chat")
    call()
    settle_all()
    costs = [count_calls(call) for _ in range(2 * BATCH)]
    usual, records_all = min(costs), max(costs)
    assert costs == 2 * [*[usual] * (BATCH - 1), records_all]
    assert records_all - usual == 1 + BATCH * CALLS_PER_CALL["chat"][1]


def streams(api: str) -> Callable[[Any, int], Any]:
    if api == "responses" and not HAS_RESPONSES:
        pytest.skip("this release of openai has no Responses API")

    def start(client: Any, chunks: int) -> Any:
        if api == "responses":
            return client.responses.create(model=f"fake-chunks-{chunks}", input="hi", stream=True)
        return client.chat.completions.create(**chunked(chunks))

    return start


@pytest.mark.parametrize("api", ["chat", "responses"])
def test_functions_per_chunk(client: openai.OpenAI, telemetry: Telemetry, api: str) -> None:
    start = streams(api)
    list(start(client, 10))

    def cost(chunks: int) -> int:
        return count_calls(lambda: sum(1 for _ in start(client, chunks)))

    assert cost(200) - cost(100) == 100 * CALLS_PER_CHUNK
    assert cost(400) - cost(200) == 200 * CALLS_PER_CHUNK


@pytest.mark.parametrize("api", ["chat", "responses"])
def test_functions_per_chunk_async(telemetry: Telemetry, api: str) -> None:
    start = streams(api)

    async def read(chunks: int) -> None:
        async with unsuspended_async_client() as client:
            async for _ in await start(client, chunks):
                pass

    def cost(chunks: int) -> int:
        return count_calls(lambda: asyncio.run(read(chunks)))

    cost(10)
    assert cost(200) - cost(100) == 100 * CALLS_PER_CHUNK
    assert cost(400) - cost(200) == 200 * CALLS_PER_CHUNK


@pytest.mark.parametrize("api", ["chat", "responses"])
def test_functions_per_chunk_with_content(client: openai.OpenAI, api: str) -> None:
    start = streams(api)

    def cost(chunks: int) -> int:
        return count_calls(lambda: sum(1 for _ in start(client, chunks)))

    with capture(capture="SPAN_AND_EVENT"):
        cost(10)
        assert cost(200) - cost(100) == 100 * CALLS_PER_CHUNK_WITH_CONTENT
        assert cost(400) - cost(200) == 200 * CALLS_PER_CHUNK_WITH_CONTENT


def test_functions_per_message_with_content(client: openai.OpenAI) -> None:
    """Twice the conversation, twice the work, up to the limit; above it, none."""

    def cost(messages: int, size: int = 5) -> int:
        sent = [{"role": "user", "content": "x" * size} for _ in range(messages)]
        return count_calls(lambda: client.chat.completions.create(model="gpt-4o-mini", messages=sent))

    with capture(capture="SPAN_AND_EVENT"):
        cost(10)
        assert cost(200) - cost(100) == 2 * (cost(100) - cost(50)) > 0
        assert cost(2000, size=1000) == cost(1000, size=1000)


# --- memory

#: Sums that have outgrown the integers that Python keeps ready, and a block of each of two deques.
SOME_BYTES = 200 + 2 * 528


def our_memory() -> int:
    """Bytes that are alive and were allocated by the library's lines."""
    gc.collect()
    only_ours = tracemalloc.Filter(True, PACKAGE + "*.py", all_frames=False)
    none_of = [tracemalloc.Filter(False, prefix + "*") for prefix in NOT_THE_LIBRARY]
    snapshot = tracemalloc.take_snapshot().filter_traces([only_ours, *none_of])
    return sum(trace.size for trace in snapshot.traces)


@pytest.fixture
def traced_memory() -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("api", ["chat", "responses"])
def test_a_stream_holds_no_more_the_longer_it_is(
    client: openai.OpenAI, telemetry: Telemetry, traced_memory: None, api: str
) -> None:
    chunks = iter(streams(api)(client, 300))
    for _ in range(10):
        next(chunks)
    before = our_memory()
    for _ in range(250):
        next(chunks)
    assert our_memory() == before


def test_no_growth_after_ten_thousand_calls(traced_memory: None, monkeypatch: pytest.MonkeyPatch) -> None:
    completion = ChatCompletion.construct(
        id="chatcmpl-1",
        model="gpt-4o-mini",
        choices=[{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "hi"}}],
        usage={"prompt_tokens": 24, "completion_tokens": 5, "total_tokens": 29},
    )

    def request(
        self: Any, cast_to: Any, options: Any, *, stream: bool = False, stream_cls: Any = None
    ) -> Any:
        return completion

    monkeypatch.setattr(_base_client.SyncAPIClient, "request", request)
    options = FinalRequestOptions.construct(method="post", url="/chat/completions", json_data=dict(CHAT))
    client = openai.OpenAI(api_key="sk-fake", base_url="http://127.0.0.1/v1")
    with capture() as telemetry:

        def make_calls(count: int) -> int:
            for _ in range(count):
                client.request(object, options)
            assert telemetry.metrics  # folds what waits
            telemetry.clear()
            return our_memory()

        before = make_calls(1_000)
        assert make_calls(10_000) <= before + SOME_BYTES


def test_no_growth_after_abandoned_streams(
    client: openai.OpenAI, telemetry: Telemetry, traced_memory: None
) -> None:
    def abandon(count: int) -> int:
        for number in range(count):
            stream = client.chat.completions.create(**chunked(3))
            if number % 2:
                next(iter(stream))
            del stream
        assert len(telemetry.spans) == count
        assert telemetry.metrics
        telemetry.clear()
        return our_memory()

    before = abandon(20)
    assert abandon(100) <= before + SOME_BYTES


def test_no_growth_with_clients(telemetry: Telemetry, traced_memory: None) -> None:
    def use_clients(count: int) -> int:
        for _ in range(count):
            client = openai.OpenAI(
                api_key="sk-fake", base_url="http://127.0.0.1/v1", http_client=mock_client()
            )
            client.chat.completions.create(**CHAT)
            client.close()
            del client
            gc.collect()  # a client is in a cycle with its resources
        assert telemetry.metrics
        telemetry.clear()
        return our_memory()

    before = use_clients(5)
    assert use_clients(20) <= before + SOME_BYTES


# --- nobody listens


def test_what_is_only_for_content_is_not_imported_without_it() -> None:
    program = """
import sys, gossamer
gossamer.OpenAIInstrumentor().instrument()
print(*sorted(name for name in sys.modules if name.startswith(("gossamer.", "tiktoken"))))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    imported = done.stdout.split()
    assert "gossamer.instrumentor" in imported
    unwanted = (
        "gossamer.content",
        "gossamer.messages",
        "gossamer.completion.",
        "gossamer.tokens",
        "tiktoken",
    )
    assert [name for name in imported if name.startswith(unwanted)] == []


def test_straight_through_when_nothing_listens(client: openai.OpenAI) -> None:
    """No SDK is configured: no call of ours but the wrapper and its question whether anything is on."""
    instrumentor = gossamer.OpenAIInstrumentor()
    instrumentor.instrument()
    try:
        client.chat.completions.create(**CHAT)
        assert count_calls(lambda: client.chat.completions.create(**CHAT)) == 1 + WRAPPERS
        stream = client.chat.completions.create(**chunked(10))
        assert stream._iterator.gi_code.co_filename == sys.modules["openai._streaming"].__file__
        assert count_calls(lambda: list(stream)) == 0
    finally:
        instrumentor.uninstrument()
