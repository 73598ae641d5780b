"""How calls end: each way that a stream can go, and each kind of failure, brought about and looked at."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

import docs_exchanges as exchanges
import pydantic
from docs_markdown import code, demand_same, table
from docs_observed import watch

from gossamer import semconv
from gossamer.openai_sdk import OPERATIONS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

_CHAT, _RESPONSES = OPERATIONS[:2]
_CHUNK: Final = exchanges.sse(exchanges.events(_CHAT)[:1])


class _Pieces(exchanges.http.SyncByteStream, exchanges.http.AsyncByteStream):  # type: ignore[misc]
    """A body that gives a chunk, and then does something."""

    def __init__(self, then: Callable[[], Any]) -> None:
        self._then = then

    def __iter__(self) -> Iterator[bytes]:
        yield _CHUNK
        yield self._then()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield _CHUNK
        yield await self._then()


def _stream(then: Callable[[], Any]) -> Any:
    client = exchanges.client(lambda _: exchanges.streamed(_Pieces(then)))
    return exchanges.call(_CHAT, client, stream=True)


def _plain(handle: Callable[[Any], Any], path: str = _CHAT.path) -> None:
    exchanges.CALLS[path](exchanges.client(handle, max_retries=0))


def _raise(error: BaseException) -> Any:
    raise error


async def _cancelled() -> Any:
    task = asyncio.current_task()
    assert task is not None
    task.cancel()
    await asyncio.sleep(0)


async def _cancelled_stream() -> None:
    client = exchanges.async_client(lambda _: exchanges.streamed(_Pieces(_cancelled)))
    async for _ in await exchanges.call(_CHAT, client, stream=True):
        pass


async def _cancelled_call() -> None:
    async def handle(_: Any) -> Any:
        return await _cancelled()

    await exchanges.CALLS[_CHAT.path](exchanges.async_client(handle))


def _left() -> None:
    stream = _stream(lambda: _CHUNK)
    next(stream)
    stream.close()


class _Wanted(pydantic.BaseModel):
    answer: str


def _parsed() -> None:
    answer = {**exchanges.ANSWER, "choices": [{"index": 0, "finish_reason": "length", "message": {}}]}
    client = exchanges.client(lambda _: exchanges.reply(answer))
    client.chat.completions.parse(model="gpt-5-mini", messages=[], response_format=_Wanted)


def _answered(code: str) -> Callable[[], Any]:
    return lambda: _plain(lambda _: exchanges.reply(exchanges.failed_answer(code)), _RESPONSES.path)


_ERROR_EVENT: Final = exchanges.sse([{"error": {"code": "server_error", "message": "never recorded"}}])

#: What happens, how it is brought about, what it means.
_STREAMS: Final[tuple[tuple[str, Callable[[], Any], str], ...]] = (
    ("completed", lambda: list(_stream(lambda: _CHUNK)), "The app read it to its end."),
    ("closed", _left, "The app closed it before its end: `close()`, or leaving its `with` block."),
    ("abandoned", lambda: next(_stream(lambda: _CHUNK)), "The app dropped it unread or half read."),
    (
        "cancelled",
        lambda: asyncio.run(_cancelled_stream()),
        "The task that read it, or was in its `with` block, was cancelled, or the program was interrupted.",
    ),
    (
        "failed",
        lambda: list(_stream(lambda: _ERROR_EVENT)),
        "Reading it raised an exception, or it said that it failed.",
    ),
)

_TIMEOUT: Final = exchanges.http.ReadTimeout("never recorded")
_NO_CONNECTION: Final = exchanges.http.ConnectError("never recorded")

_FAILURES: Final[tuple[tuple[str, Callable[[], Any]], ...]] = (
    ("The API refused the request", lambda: _plain(lambda _: exchanges.rate_limited())),
    ("There was no answer in time", lambda: _plain(lambda _: _raise(_TIMEOUT))),
    ("There was no connection", lambda: _plain(lambda _: _raise(_NO_CONNECTION))),
    ("The task that waited for the answer was cancelled", lambda: asyncio.run(_cancelled_call())),
    ("A structured output was cut at the token limit", _parsed),
    ("A stream carried an error event", lambda: list(_stream(lambda: _ERROR_EVENT))),
    ("No further chunk came in time", lambda: list(_stream(lambda: _raise(_TIMEOUT)))),
    ("A response has the status `failed`", _answered("server_error")),
    ("The same, with a sentence where its code should be", _answered("Something went wrong.")),
)


def outcomes() -> str:
    """The table of `gossamer.stream.outcome`."""
    rows, seen = [], []
    for outcome, act, meaning in _STREAMS:
        span = _span_of(act)
        seen.append(span["attributes"][semconv.STREAM_OUTCOME])
        rows.append((code(outcome), meaning, span["status"]))
    demand_same(seen, [outcome for outcome, _, _ in _STREAMS], "outcomes")
    return table((code(semconv.STREAM_OUTCOME), "Meaning", "Status of the span"), rows)


def failures() -> str:
    """The table of `error.type`."""
    rows = []
    for what, act in _FAILURES:
        span = _span_of(act)
        found = span["attributes"]
        also = [
            code(f"{name}={found[name]}")
            for name in (semconv.HTTP_STATUS_CODE, semconv.REQUEST_ID)
            if name in found
        ]
        rows.append((what, code(found[semconv.ERROR_TYPE]), span["description"], ", ".join(also)))
    return table(("What happened", code(semconv.ERROR_TYPE), "Description of the status", "And"), rows)


def _span_of(act: Callable[[], Any]) -> dict[str, Any]:
    with watch() as telemetry:
        try:
            act()
        except (Exception, asyncio.CancelledError):  # noqa: BLE001
            pass  # the failures are the point here
        (span,) = telemetry.spans
    return span
