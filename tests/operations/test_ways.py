"""Every way to make a call: plain, raw, streaming; of files that are sent, and sounds that are received."""

from __future__ import annotations

import asyncio
import gc
import inspect
import io
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from importlib.util import find_spec
from typing import Any, NamedTuple

import openai
import pytest
from openai import _base_client

from gossamer.testing import Telemetry, capture

pytestmark = pytest.mark.filterwarnings("ignore:(deprecated|The Assistants API):DeprecationWarning")
http: Any = getattr(_base_client, "httpx2", None) or vars(_base_client)["httpx"]

PNG, WAV = b"\x89PNG \x00\xff", b"RIFF\x00\xff"
SOUND = [b"\xff\xfb one", b" two", b" three", b" four"]


class Asked(NamedTuple):
    """A call, what it is answered, and the name of its span."""

    method: str
    arguments: Callable[[], dict[str, Any]]
    answer: Any
    name: str


_USAGE = {"input_tokens": 8, "output_tokens": 5, "total_tokens": 13}
CALLS = {
    asked.method: asked
    for asked in (
        Asked(
            "images.generate",
            lambda: {"prompt": "A web", "model": "m"},
            {"created": 1, "data": [{"b64_json": "iVBO"}], "usage": _USAGE},
            "generate_content m",
        ),
        Asked(
            "images.edit",
            lambda: {"prompt": "A web", "model": "m", "image": ("a.png", PNG)},
            {"created": 1, "data": [{"url": "https://llm.test/a.png"}]},
            "generate_content m",
        ),
        Asked(
            "audio.speech.create",
            lambda: {"model": "m", "voice": "alloy", "input": "Light."},
            b"".join(SOUND),
            "generate_content m",
        ),
        Asked(
            "audio.transcriptions.create",
            lambda: {"model": "m", "file": ("a.wav", WAV)},
            {"text": "Very light.", "usage": {**_USAGE, "type": "tokens"}},
            "generate_content m",
        ),
        Asked(
            "moderations.create",
            lambda: {"model": "m", "input": "Light."},
            {"id": "modr-1", "model": "m-1", "results": [{"flagged": False}]},
            "moderations.create m",
        ),
        Asked(
            "vector_stores.search",
            lambda: {"vector_store_id": "vs_1", "query": "How light?"},
            {"data": [{"file_id": "a", "score": 0.5, "content": []}, {"file_id": "b", "content": []}]},
            "retrieval vs_1",
        ),
        Asked(
            "beta.assistants.create",
            lambda: {"model": "m", "name": "Weaver"},
            {"id": "asst_1", "name": "Weaver", "model": "m"},
            "create_agent Weaver",
        ),
        Asked(
            "beta.threads.runs.create",
            lambda: {"thread_id": "thread_1", "assistant_id": "asst_1"},
            {"id": "run_1", "thread_id": "thread_1", "assistant_id": "asst_1", "status": "completed"},
            "invoke_agent",
        ),
    )
}
#: Attributes that tell that the answer was read.
READ = {
    "images.generate": "gen_ai.usage.input_tokens",
    "audio.transcriptions.create": "gen_ai.usage.output_tokens",
    "moderations.create": "gen_ai.response.id",
    "beta.assistants.create": "gen_ai.agent.id",
    "beta.threads.runs.create": "gen_ai.response.finish_reasons",
}
HAS_SEARCH = find_spec("openai.types.vector_store_search_response") is not None


async def given(value: Any) -> Any:
    """What the async client gives when it is awaited, the sync one at once."""
    return await value if inspect.isawaitable(value) else value


@asynccontextmanager
async def within(manager: Any) -> AsyncIterator[Any]:
    """A context manager of either client."""
    if hasattr(manager, "__aenter__"):
        async with manager as entered:
            yield entered
    else:
        with manager as entered:
            yield entered


async def pieces(source: Any) -> list[Any]:
    """What an iterator of either client gives."""
    return [piece async for piece in source] if hasattr(source, "__aiter__") else list(source)


async def shown(result: Any) -> Any:
    """A result, so that two of them can be compared."""
    if isinstance(result, (str, bytes)):
        return result
    if hasattr(result, "iter_pages") or hasattr(result, "has_next_page"):
        return [repr(entry) for entry in await pieces(result)]
    return getattr(result, "content", None) or repr(result)


async def plain(resource: Any, method: str, arguments: dict[str, Any]) -> Any:
    return await shown(await given(getattr(resource, method)(**arguments)))


async def raw(resource: Any, method: str, arguments: dict[str, Any]) -> Any:
    response = await given(getattr(resource.with_raw_response, method)(**arguments))
    return response.status_code, response.content


async def raw_parsed(resource: Any, method: str, arguments: dict[str, Any]) -> Any:
    response = await given(getattr(resource.with_raw_response, method)(**arguments))
    return await shown(response.parse())


async def streaming_parsed(resource: Any, method: str, arguments: dict[str, Any]) -> Any:
    async with within(getattr(resource.with_streaming_response, method)(**arguments)) as response:
        return await shown(await given(response.parse()))


async def streaming_read(resource: Any, method: str, arguments: dict[str, Any]) -> Any:
    async with within(getattr(resource.with_streaming_response, method)(**arguments)) as response:
        return await given(response.read())


WAYS = (plain, raw, raw_parsed, streaming_parsed, streaming_read)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize("method", CALLS)
def test_each_way_is_one_call_and_gives_what_it_always_gave(client, way, method):
    if method == "vector_stores.search" and not HAS_SEARCH:
        pytest.skip("this SDK cannot search")
    asked = CALLS[method]

    def play() -> Any:
        *path, name = asked.method.split(".")
        resource = client(asked.answer)
        for part in path:
            resource = getattr(resource, part)
        return asyncio.run(way(resource, name, asked.arguments()))

    bare = play()
    with capture() as telemetry:
        traced = play()
        gc.collect()  # in older releases the parser of a page is in a cycle with the options that hold it
        (span,) = telemetry.spans
        counts = [point["count"] for name, (point,) in telemetry.metrics.items() if "duration" in name]
    assert traced == bare
    assert (span["name"], span["status"], counts) == (asked.name, "UNSET", [1])
    if method in READ:  # an answer that nobody parses is not parsed by us
        assert (READ[method] in span["attributes"]) == (way not in (raw, streaming_read))


# Files that are sent


class Watched(io.BytesIO):
    """A file that remembers all that is done with it."""

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self.done: list[Any] = []

    def read(self, *sizes: Any) -> bytes:
        self.done.append(("read", *sizes))
        return super().read(*sizes)

    def seek(self, *where: Any) -> int:
        self.done.append(("seek", *where))
        return super().seek(*where)

    def tell(self) -> int:
        self.done.append("tell")
        return super().tell()

    def __iter__(self) -> Iterator[bytes]:  # type: ignore[override]
        self.done.append("iter")
        return super().__iter__()

    def getvalue(self) -> bytes:
        self.done.append("getvalue")
        return super().getvalue()


#: With the file alone, or with a name and a type beside it.
UPLOADS: dict[str, Callable[[Any, Any], Any]] = {
    "images.edit": lambda caller, file: caller.images.edit(image=file, prompt="A web", model="m", n=2),
    "images.create_variation": lambda caller, file: caller.images.create_variation(
        image=("a.png", file), model="m"
    ),
    "audio.transcriptions": lambda caller, file: caller.audio.transcriptions.create(file=file, model="m"),
    "audio.translations": lambda caller, file: caller.audio.translations.create(
        file=("a.wav", file, "audio/wav"), model="m"
    ),
    "videos": lambda caller, file: caller.videos.create(input_reference=file, prompt="A web", model="m"),
}


@pytest.mark.filterwarnings("ignore:The Sora API is:DeprecationWarning")
@pytest.mark.parametrize("mode", ["NO_CONTENT", "SPAN_AND_EVENT"])
@pytest.mark.parametrize("upload", UPLOADS)
def test_a_file_is_read_by_the_sdk_alone_and_sent_as_it_is(client, upload, mode):
    if upload == "videos" and find_spec("openai.resources.videos") is None:
        pytest.skip("this SDK makes no videos")

    def play() -> tuple[Any, Any, Any]:
        sent: list[Any] = []

        def answer(request: Any) -> Any:
            # What stands between the parts is drawn by lot.
            boundary = re.search(r"boundary=(\S+)", request.headers["content-type"])
            assert boundary is not None
            body = request.content.replace(boundary[1].encode(), b"boundary")
            sent.append((request.method, request.url.path, body))
            return {"text": "Very light.", "data": []}

        file = Watched(WAV)
        asyncio.run(_await(UPLOADS[upload](client(answer), file)))
        return sent, file.done, sorted(set(vars(file)))

    bare = play()
    with capture(capture=mode, content_binary="data") as telemetry:
        traced = play()
        (span,) = telemetry.spans
    assert traced == bare
    (request,) = bare[0]
    assert WAV in request[2]
    assert "RIFF" not in repr(span)


async def _await(value: Any) -> Any:
    return await given(value)


# Sounds that are received


class Body(http.SyncByteStream, http.AsyncByteStream):  # type: ignore[misc]
    """A sound that comes piece by piece, or not to its end."""

    def __init__(self, *, breaks_after: int | None = None) -> None:
        self._breaks_after = breaks_after
        self.taken = 0

    def _next(self, piece: bytes) -> bytes:
        if self.taken == self._breaks_after:
            raise http.ReadError("connection dropped")
        self.taken += 1
        return piece

    def __iter__(self) -> Iterator[bytes]:
        for piece in SOUND:
            yield self._next(piece)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in SOUND:
            yield self._next(piece)


Act = Callable[[Any], Awaitable[Any]]


@pytest.fixture
def speak(telemetry, client) -> Callable[..., Any]:
    """Ask for speech by `with_streaming_response`, and give what is done with the response, or its error."""

    def speak(act: Act, **body: Any) -> Any:
        async def play() -> Any:
            speech = client(sound(**body)).audio.speech.with_streaming_response
            async with within(speech.create(model="tts-1", voice="alloy", input="Light.")) as response:
                return await act(response)

        try:
            return asyncio.run(play())
        except Exception as error:  # noqa: BLE001 - what the app gets, whatever it is
            return error

    return speak


def sound(**body: Any) -> Callable[[Any], Any]:
    """A server that answers with it."""
    headers = {"content-type": "audio/mpeg"}
    return lambda request: http.Response(200, headers=headers, stream=Body(**body))


def told(telemetry: Telemetry) -> dict[str, Any]:
    """The attributes of the only span, and what must hold for each such call."""
    (span,) = telemetry.spans
    attributes: dict[str, Any] = span["attributes"]
    assert span["name"] == "generate_content tts-1"
    assert attributes["gen_ai.request.stream"] is True
    first = attributes.get("gen_ai.response.time_to_first_chunk")
    assert ("gen_ai.client.inference.time_to_first_chunk" in telemetry.metrics) == (first is not None)
    assert first is None or 0 < first <= span["seconds"]
    assert (span["status"] == "ERROR") == ("error.type" in attributes)
    (point,) = telemetry.metrics["gen_ai.client.inference.duration"]
    assert point["count"] == 1
    return attributes


async def read(response: Any) -> Any:
    return await given(response.read())


async def read_twice(response: Any) -> Any:
    await given(response.read())
    return await given(response.read())


async def parse(response: Any) -> Any:
    parsed = await given(response.parse())
    return getattr(parsed, "content", parsed)


async def iter_bytes(response: Any) -> Any:
    return b"".join(await pieces(response.iter_bytes()))


async def iter_bytes_in_small_pieces(response: Any) -> Any:
    return b"".join(await pieces(response.iter_bytes(3)))


@pytest.mark.parametrize(
    "act",
    [read, read_twice, parse, iter_bytes, iter_bytes_in_small_pieces],
    ids=lambda act: act.__name__,
)
def test_speech_that_is_read_to_its_end_is_complete(speak, telemetry, act):
    assert speak(act) == b"".join(SOUND)
    attributes = told(telemetry)
    assert attributes["gossamer.stream.outcome"] == "completed"
    assert "gen_ai.response.time_to_first_chunk" in attributes


def test_speech_that_is_written_to_a_file_is_complete(speak, telemetry, tmp_path):
    async def act(response: Any) -> None:
        await given(response.stream_to_file(tmp_path / "speech.mp3"))

    assert speak(act) is None
    assert (tmp_path / "speech.mp3").read_bytes() == b"".join(SOUND)
    assert told(telemetry)["gossamer.stream.outcome"] == "completed"


def test_the_span_ends_with_the_last_byte(speak, telemetry):
    """And not when `request()` returns, nor when the block is left."""

    async def act(response: Any) -> list[int]:
        before = len(telemetry.spans)
        await pieces(response.iter_bytes())
        return [before, len(telemetry.spans)]

    assert speak(act) == [0, 1]


async def read_one(response: Any) -> Any:
    source = response.iter_bytes()
    return await (anext(source) if hasattr(source, "__anext__") else given(next(source)))


async def leave_unread(response: Any) -> Any:
    return response.status_code


async def raise_after_one(response: Any) -> Any:
    await read_one(response)
    raise KeyError("of the app")


@pytest.mark.parametrize(
    ("act", "result", "starts"),
    [
        (read_one, repr(SOUND[0]), True),
        (leave_unread, "200", False),
        (raise_after_one, repr(KeyError("of the app")), True),
    ],
)
def test_speech_that_is_left_is_closed(speak, telemetry, act, result, starts):
    """Also where the app's own exception ends the block: the call has not failed."""
    assert repr(speak(act)) == result
    attributes = told(telemetry)
    assert attributes["gossamer.stream.outcome"] == "closed"
    assert ("gen_ai.response.time_to_first_chunk" in attributes) == starts
    assert "error.type" not in attributes


@pytest.mark.parametrize("after", [0, 2])
@pytest.mark.parametrize("act", [read, iter_bytes, parse], ids=lambda act: act.__name__)
def test_a_connection_that_breaks_fails_the_call(speak, telemetry, act, after):
    assert isinstance(speak(act, breaks_after=after), (http.ReadError, openai.APIConnectionError))
    attributes = told(telemetry)
    assert attributes["gossamer.stream.outcome"] == "failed"
    assert attributes["error.type"].endswith("ReadError")
    assert ("gen_ai.response.time_to_first_chunk" in attributes) == (after > 0)


@pytest.mark.parametrize(
    ("act", "outcomes"),
    # httpx2 closes the body of an iterator that is dropped, httpx does not.
    [(leave_unread, {"abandoned"}), (read_one, {"abandoned", "closed"})],
    ids=["unread", "half-read"],
)
def test_speech_that_is_dropped_ends_with_the_response(telemetry, run, client, act, outcomes):
    async def play() -> None:
        speech = client(sound()).audio.speech.with_streaming_response
        manager = speech.create(model="tts-1", voice="alloy", input="Light.")
        response = await (manager.__aenter__() if run.kind == "async" else given(manager.__enter__()))
        await act(response)
        del manager, response
        for _ in range(3):  # what is asynchronous is closed by the event loop
            await asyncio.sleep(0)
            gc.collect()
        assert len(telemetry.spans) == 1

    asyncio.run(play())
    attributes = told(telemetry)
    assert attributes["gossamer.stream.outcome"] in outcomes
    assert "error.type" not in attributes


def test_a_refusal_is_told_before_anything_is_read(telemetry, run, client):
    caller = client({"error": {"message": "secret", "code": "invalid_voice"}}, status=400)

    async def play() -> None:
        speech = caller.audio.speech.with_streaming_response
        async with within(speech.create(model="tts-1", voice="alloy", input="Light.")):
            raise AssertionError("there is nothing to stream")

    with pytest.raises(openai.BadRequestError):
        asyncio.run(play())
    (span,) = telemetry.spans
    assert span["attributes"]["error.type"] == "openai.BadRequestError"
    assert "gossamer.stream.outcome" not in span["attributes"]
    assert "gen_ai.request.stream" not in span["attributes"]
