"""Events of a megabyte and streams without end: what is kept and what is done does not grow with them."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import gossamer
from gossamer.testing import capture

from .kinds import STREAMS, Kind, event_of
from .play import SETTINGS, Answer, Mode, Piece, agree, given, server_and_client, unsuspended
from .spoiling import MANY

BY_NAME = {kind.name: kind for kind in STREAMS}
PACKAGE = str(Path(gossamer.__file__).parent) + os.sep
MEGABYTE = 1024 * 1024
#: In the suite fewer show the same, as nothing is timed.
LARGE_EVENTS, CHUNKS = (10, 100_000) if MANY else (2, 1_000)


def of_chat(delta: dict[str, Any]) -> bytes:
    """A chunk of a chat."""
    about = {"id": "answer_1", "object": "chat.completion.chunk", "created": 1, "model": "gpt-test"}
    choice = {"index": 0, "delta": delta, "finish_reason": None}
    return event_of(None, json.dumps({**about, "choices": [choice]}))


def of_response(kind: str, **more: Any) -> bytes:
    """An event of a response."""
    about = {"type": f"response.{kind}", "sequence_number": 1, "output_index": 0, "item_id": "item_1"}
    return event_of(about["type"], json.dumps({**about, **more}))  # type: ignore[arg-type]


LARGE: dict[str, tuple[str, Callable[[str], bytes]]] = {
    "text": ("chat-stream", lambda said: of_chat({"content": said})),
    "arguments": (
        "chat-stream",
        lambda said: of_chat(
            {"tool_calls": [{"index": 0, "id": "c", "function": {"name": "f", "arguments": said}}]}
        ),
    ),
    "audio": ("chat-stream", lambda said: of_chat({"audio": {"id": "a", "data": said}})),
    "field nobody knows": ("chat-stream", lambda said: of_chat({"novelty": said})),
    "text of a response": (
        "response-stream",
        lambda said: of_response("output_text.delta", content_index=0, delta=said, logprobs=[]),
    ),
    "item of a response": (
        "response-stream",
        lambda said: of_response("output_item.done", item={"type": "novelty", "id": "item_1", "said": said}),
    ),
}


@pytest.mark.parametrize(
    "mode", [Mode(), Mode(True, settings=SETTINGS[2])], ids=["sync", "async with content"]
)
@pytest.mark.parametrize("name", LARGE)
def test_events_of_a_megabyte(name: str, mode: Mode) -> None:
    kind, event = LARGE[name]
    large = event("A" * MEGABYTE)
    pieces = [large[start : start + 65_536] for start in range(0, len(large), 65_536)]
    span = agree([Answer([*pieces * LARGE_EVENTS, b"data: [DONE]\n\n"])], BY_NAME[kind], mode)
    limit = dict(mode.settings).get("content_limit", 131_072)
    assert sum(len(value) for value in span["attributes"].values() if isinstance(value, str)) < limit + 1000


# --- many chunks

STREAM_OF: dict[str, tuple[str, list[bytes]]] = {
    "chat": ("chat-stream", [of_chat({"content": f"word {number:03} "}) for number in range(10)]),
    "response": (
        "response-stream",
        [of_response("output_text.delta", content_index=0, delta=f"word {number:03} ", logprobs=[])
         for number in range(10)],
    ),
}  # fmt: skip


def read(
    kind: Kind, pieces: list[bytes], asynchronous: bool, at: Callable[[int], None] = lambda count: None
) -> int:
    """Read a stream to its end, and tell each tenth of it. Gives what was said, as a hash."""
    server, client = server_and_client(asynchronous)
    body: list[Piece] = [*pieces * (CHUNKS // len(pieces)), b"data: [DONE]\n\n"]
    server.script, server.requests, server.bodies = [Answer(body)], [], []
    seen, count = 0, 0

    def note(chunk: Any) -> None:
        nonlocal seen, count
        count += 1
        seen = hash((seen, chunk.delta if hasattr(chunk, "delta") else chunk.choices[0].delta.content))
        if count % (CHUNKS // 10) == 0:
            at(count)

    async def run() -> None:
        stream = await given(kind.caller(client, typed=True)())
        if asynchronous:
            async for chunk in stream:
                note(chunk)
        else:
            for chunk in stream:
                note(chunk)

    if asynchronous:
        asyncio.run(run())
    else:
        unsuspended(run())
    assert count == CHUNKS
    return seen


@pytest.fixture(params=[(api, kind) for api in STREAM_OF for kind in ("sync", "async")], ids=" ".join)
def stream(request: pytest.FixtureRequest) -> tuple[Kind, list[bytes], bool]:
    """A stream of each API, for each client."""
    api, client = request.param
    name, pieces = STREAM_OF[api]
    kind = BY_NAME[name]
    if kind.owner(server_and_client(False)[1]) is None:
        pytest.skip("this release of the SDK has no such stream")
    return kind, pieces, client == "async"


def test_the_work_for_a_chunk_does_not_grow(stream: Any) -> None:
    """One generator of ours goes on; with content, two functions of ours run beside it."""
    bare = read(*stream)
    calls = 0

    def count(frame: Any, event: str, _: Any) -> None:
        nonlocal calls
        calls += event == "call" and frame.f_code.co_filename.startswith(PACKAGE)

    for content, most in (("NO_CONTENT", 1), ("SPAN_ONLY", 3)):
        calls = 0
        with capture(capture=content) as telemetry:
            sys.setprofile(count)
            try:
                assert read(*stream) == bare
            finally:
                sys.setprofile(None)
        assert len(telemetry.spans) == 1
        assert calls <= CHUNKS * most + 300


@pytest.fixture
def traced_memory() -> Iterator[None]:
    """All that is allocated is known."""
    gc.collect()
    tracemalloc.start()
    yield
    tracemalloc.stop()


@pytest.mark.parametrize("content", ["NO_CONTENT", "SPAN_ONLY"])
def test_what_is_kept_does_not_grow(traced_memory: None, stream: Any, content: str) -> None:
    """Once there is as much content as is recorded."""
    kept: list[int] = []

    def weigh(_: int) -> None:
        gc.collect(1)
        kept.append(tracemalloc.get_traced_memory()[0])

    with capture(capture=content, content_limit=1024):
        read(*stream, weigh)
    assert kept[-1] - kept[4] < 20_000  # half of the chunks would be 500 kB and more, half of the text 30 kB
