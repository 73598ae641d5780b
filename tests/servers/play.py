"""One made-up server and one app, played on the bare SDK and on the instrumented one."""

from __future__ import annotations

import asyncio
import gc
import inspect
import json
import logging
import re
import sys
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import openai
import opentelemetry.version
from hypothesis import strategies as st
from openai import _base_client

from gossamer import errors, finalizers
from gossamer.events import _can_carry_events
from gossamer.testing import Telemetry, capture

from .kinds import Kind

#: The HTTP library that this release of the SDK uses.
http: Any = getattr(_base_client, "httpx2", None) or vars(_base_client)["httpx"]

END = object()
#: Bytes of a body, or what is raised in their place.
Piece = bytes | type[BaseException]
Step = tuple[Any, ...]


@dataclass(frozen=True)
class Answer:
    """What a server says to one request."""

    pieces: list[Piece]
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    streams: bool = True
    dead: type[BaseException] | None = None
    """Raised before there are any headers."""


@dataclass(frozen=True)
class Mode:
    """How the app asks, and what is recorded of it."""

    asynchronous: bool = False
    typed: bool = True
    settings: tuple[tuple[str, Any], ...] = ()


CONTENT = "SPAN_AND_EVENT" if _can_carry_events(opentelemetry.version.__version__) else "SPAN_ONLY"
SETTINGS: list[tuple[tuple[str, Any], ...]] = [
    (),
    (("capture", CONTENT),),
    (
        ("capture", CONTENT),
        ("content_limit", 1024),
        ("content_binary", "sha256"),
        ("tool_details", True),
    ),
    (("capture", "SPAN_ONLY"), ("content_part_limit", 256), ("redact", lambda part: part)),
    (("time_per_output_chunk", True), ("response_headers", True), ("semconv", "both")),
]
modes = st.builds(Mode, st.booleans(), st.booleans(), st.sampled_from(SETTINGS))


class Body(http.SyncByteStream, http.AsyncByteStream):  # type: ignore[misc]
    """The body of an answer. Who iterates anew goes on where the last one stopped, as on a connection."""

    def __init__(self, pieces: list[Piece]) -> None:
        self._pieces = iter(pieces)
        self.closed = 0

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            if not isinstance(piece, bytes):
                raise piece("made up")
            yield piece

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self:
            yield piece

    def close(self) -> None:
        self.closed += 1

    async def aclose(self) -> None:
        self.closed += 1


class Server:
    """Says what is next in its script, the last answer for ever."""

    def __init__(self) -> None:
        self.script: list[Answer] = []
        self.requests: list[str] = []
        self.bodies: list[Body] = []

    def answer(self, request: Any) -> Any:
        """To one request."""
        content = request.read()
        boundary = re.search(r"boundary=(\w+)", request.headers.get("content-type", ""))
        if boundary:
            content = content.replace(boundary[1].encode(), b"boundary")
        self.requests.append(f"{request.method} {request.url} {sorted(request.headers)} {content!r}")
        answer = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if answer.dead is not None:
            raise answer.dead("made up")
        kind = "text/event-stream" if answer.streams else "application/json"
        self.bodies.append(Body(answer.pieces))
        headers = {"content-type": kind, "x-request-id": f"req_{len(self.requests)}", **answer.headers}
        return http.Response(answer.status, headers=headers, stream=self.bodies[-1])

    async def aanswer(self, request: Any) -> Any:
        """The same for the async client."""
        await request.aread()
        return self.answer(request)


@cache
def server_and_client(asynchronous: bool) -> tuple[Server, Any]:
    """One for all plays: a client is slow to make."""
    server = Server()
    options = {"api_key": "sk-test", "base_url": "http://llm.test/v1", "max_retries": 2}
    if asynchronous:
        session = http.AsyncClient(transport=http.MockTransport(server.aanswer))
        return server, openai.AsyncOpenAI(http_client=session, **options)
    session = http.Client(transport=http.MockTransport(server.answer))
    return server, openai.OpenAI(http_client=session, **options)


# --- the app


class Notes:
    """Of all that an app sees."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def saw(self, value: Any) -> None:
        """Note a chunk or an answer."""
        self.seen.append(shown(value))

    def saw_error(self, error: BaseException) -> None:
        """Note an exception, and what came before it."""
        before = f"from {type(error.__cause__).__name__} in {type(error.__context__).__name__}"
        more = {
            name: value
            for name, value in vars(error).items()
            if name in ("code", "body", "status_code", "type")
        }
        self.seen.append(f"{shown(error)} {error} {more} {before}")


class App(Notes):
    """Does one thing after the other, and notes all that it sees."""

    def __init__(self, client: Any, kind: Kind, mode: Mode, steps: tuple[Step, ...]) -> None:
        super().__init__()
        self.dropped = False
        self._client, self._kind, self._mode, self._steps = client, kind, mode, steps
        self._held: list[Any] = []

    async def run(self) -> None:
        """The whole program."""
        way = self._steps[0][1] if self._steps and self._steps[0][0] == "way" else ""
        ask = self._kind.caller(self._client, typed=self._mode.typed, way=way)
        result = await self._noting(lambda: given(ask()))
        if hasattr(result, "__enter__" if not self._mode.asynchronous else "__aenter__") and not is_stream(
            result
        ):
            self._held.append(result)
            result = await self._noting(lambda: given(enter(self._held[0])))
        if hasattr(result, "parse") and way:
            self.saw(result.headers.get("x-request-id"))
            raw, result = result, await self._noting(lambda: given(raw.parse()))
            del raw
        if is_stream(result):
            box = [result]
            del result
            for step in self._steps:
                if not box:
                    break
                await self._take(step, box)
            if box:
                response = box[0].response
                await self._read(box, sys.maxsize)
                self.saw(response.is_closed)
            self.dropped = not box
        elif result is not END:
            self.saw(result)
        while self._held:
            await self._noting(lambda: given(leave(self._held.pop())))

    async def _take(self, step: Step, box: list[Any]) -> None:
        do, *arguments = step
        if do == "next":
            for _ in range(arguments[0]):
                if await self._noting(lambda: following(box[0]), chunk=True) is END:
                    self.saw("the end")
        elif do == "loop":
            await self._read(box, arguments[0])
        elif do == "elsewhere":
            await elsewhere(self._mode.asynchronous, self._read, box, arguments[0])
        elif do == "close":
            await self._noting(lambda: given(box[0].close()))
        elif do == "close response":
            response = box[0].response
            await self._noting(
                lambda: given(response.aclose() if self._mode.asynchronous else response.close())
            )
        elif do == "with":
            await self._within(box, arguments[0])
        else:
            await self._drop(box)

    async def _drop(self, box: list[Any]) -> None:
        box.clear()
        for _ in range(20 if self._mode.asynchronous else 0):
            await asyncio.sleep(0)

    async def _read(self, box: list[Any], most: int) -> None:
        try:
            if self._mode.asynchronous:
                async for chunk in box[0]:
                    self.saw(chunk)
                    most -= 1
                    if most <= 0:
                        break
            else:
                for chunk in box[0]:
                    self.saw(chunk)
                    most -= 1
                    if most <= 0:
                        break
        except Exception as error:  # noqa: BLE001
            self.saw_error(error)

    async def _within(self, box: list[Any], most: int) -> None:
        try:
            if self._mode.asynchronous:
                async with box[0]:
                    await self._read(box, most)
            else:
                with box[0]:
                    await self._read(box, most)
        except Exception as error:  # noqa: BLE001
            self.saw_error(error)

    async def _noting(self, work: Callable[[], Any], *, chunk: bool = False) -> Any:
        try:
            result = await work()
        except Exception as error:  # noqa: BLE001
            self.saw_error(error)
            return None if chunk else END
        if chunk and result is not END:
            self.saw(result)
        return result


def shown(value: Any) -> str:
    """A value with its type, fields set and extra fields included."""
    try:
        return f"{type(value).__qualname__} {value!r} {sorted(getattr(value, 'model_fields_set', ()))}"
    except (RecursionError, ValueError) as error:  # too deep, or a number with too many digits
        return f"{type(value).__qualname__} {type(error).__name__}"


def is_stream(value: Any) -> bool:
    """Whether the SDK streams it."""
    return isinstance(value, (openai.Stream, openai.AsyncStream))


async def given(value: Any) -> Any:
    """The value, awaited where the async client wants it so."""
    return await value if inspect.isawaitable(value) else value


def enter(manager: Any) -> Any:
    """Enter a `with`, of either kind."""
    return manager.__aenter__() if hasattr(manager, "__aenter__") else manager.__enter__()


def leave(manager: Any) -> Any:
    """Leave it."""
    leaving = manager.__aexit__ if hasattr(manager, "__aexit__") else manager.__exit__
    return leaving(None, None, None)


async def following(stream: Any) -> Any:
    """The next chunk, or END."""
    if not hasattr(stream, "__anext__"):
        return next(stream, END)
    try:
        return await stream.__anext__()
    except StopAsyncIteration:
        return END


async def elsewhere(
    asynchronous: bool, work: Callable[..., Coroutine[Any, Any, None]], *arguments: Any
) -> None:
    """Run this in another task or thread."""
    if asynchronous:
        await asyncio.create_task(work(*arguments))
    else:
        thread = threading.Thread(target=lambda: unsuspended(work(*arguments)))
        thread.start()
        thread.join()


def unsuspended(coroutine: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine that never waits: on the sync client none does."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    raise AssertionError("something waited on the sync client")


# --- bare and traced


def seen_of(script: list[Answer], kind: Kind, mode: Mode, steps: tuple[Step, ...]) -> list[str]:
    """All that the app, and the server, see of one play."""
    server, client = server_and_client(mode.asynchronous)
    server.script, server.requests, server.bodies = list(script), [], []
    app = App(client, kind, mode, steps)
    if mode.asynchronous:
        asyncio.run(app.run())
    else:
        unsuspended(app.run())
    # A stream that is dropped keeps its connection until the collector comes, and ours frees it at once.
    closed = ["dropped"] if app.dropped else [f"closed {body.closed} times" for body in server.bodies]
    return [*server.requests, *app.seen, *closed]


def agree(script: list[Answer], kind: Kind, mode: Mode, steps: tuple[Step, ...] = ()) -> dict[str, Any]:
    """The app sees the same, and there is one good span, which is given back."""
    with unheard(), collected():
        bare = seen_of(script, kind, mode, steps)
    with heard() as complaints, capture(**dict(mode.settings)) as telemetry:
        with collected():
            traced = seen_of(script, kind, mode, steps)
        assert traced == bare
        (span,) = telemetry.spans
        check(span, telemetry)
        assert not finalizers.unfinished
    assert complaints == []
    return span


@contextmanager
def collected() -> Iterator[None]:
    """What is dropped in a block is there until its end, where the collector finds it: it is all young."""
    gc.collect(1)
    gc.disable()
    try:
        yield
        gc.collect(0)
    finally:
        gc.enable()


LARGEST = 2**63 - 1
CONTENT = ("messages", "instructions", "definitions")


def check(span: dict[str, Any], telemetry: Telemetry) -> None:
    """Whatever was told can be exported, and is what the conventions say."""
    assert span["start"] <= span["end"]
    texts = [span["name"], span["description"] or ""]
    for name, value in span["attributes"].items():
        for entry in value if isinstance(value, tuple) else (value,):
            assert not isinstance(entry, int) or -LARGEST <= entry <= LARGEST, name
        if isinstance(value, str) and name.startswith("gen_ai.") and name.endswith(CONTENT):
            json.loads(value, parse_constant=refuse)
            texts.append(value)
    for text in texts:
        text.encode()  # half of a character there would cost a whole batch of spans
    for event in telemetry.events:
        told = {name: value for name, value in event["attributes"].items() if name.endswith(CONTENT)}
        json.dumps(told, allow_nan=False, ensure_ascii=False, default=dict).encode()
    durations = 0
    for name, points in telemetry.metrics.items():
        for point in points:
            assert point.get("value", 0) <= LARGEST, name
            durations += point.get("count", 0) if name.endswith("duration") else 0
    assert durations >= 1


def refuse(constant: str) -> None:
    """NaN and Infinity are no JSON."""
    raise AssertionError(constant)


class _Ear(logging.Handler):
    def __init__(self, heard: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._heard = heard

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.startswith(("gossamer", "opentelemetry")):
            self._heard.append(f"{record.name}: {record.getMessage()}")


@contextmanager
def heard() -> Iterator[list[str]]:
    """What Gossamer and OpenTelemetry complain of, and each exception that nobody could catch."""
    complaints: list[str] = []
    errors._told.clear()
    ear = _Ear(complaints)
    logging.getLogger().addHandler(ear)
    hook, sys.unraisablehook = sys.unraisablehook, lambda raised: complaints.append(repr(raised.exc_value))
    try:
        yield complaints
    finally:
        sys.unraisablehook = hook
        logging.getLogger().removeHandler(ear)


@contextmanager
def unheard() -> Iterator[None]:
    """What the bare SDK leaves behind is not our business."""
    hook, sys.unraisablehook = sys.unraisablehook, lambda raised: None
    try:
        yield
    finally:
        sys.unraisablehook = hook
