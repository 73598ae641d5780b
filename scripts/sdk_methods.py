"""Every method of the installed SDK, called: what it sends, and what the app gets of it.

For the table of all calls in the pages, and for tests: whatever release is installed, each of its methods can
be called once bare and once traced, and what comes of it compared. Nothing leaves the process.
"""

from __future__ import annotations

import asyncio
import gc
import inspect
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from openai._base_client import BaseAsyncPage, BaseSyncPage
from openai._resource import AsyncAPIResource, SyncAPIResource
from sdk_answers import Sent, Server, async_client, sync_client
from sdk_arguments import UnmakeableError, made, ways

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_RESOURCES: Final = (SyncAPIResource, AsyncAPIResource)
#: The same methods once more, with another result.
_AGAIN: Final = ("with_raw_response", "with_streaming_response")


class Outcome(NamedTuple):
    """What came of a call: all of it is the same whether or not the call was traced."""

    result: str | None
    """The type of what was returned."""
    told: tuple[str, ...]
    """What was returned said; of a stream or a list: each of its items."""
    error: str | None
    """The type and text of the exception."""
    requests: tuple[Sent, ...]


@dataclass(frozen=True)
class Call:
    """One way of calling one method."""

    method: str
    """With dots, as below a client."""
    way: str
    """The arguments that it requires, with the value where only one will do: `model, stream=True`."""
    outcome: Outcome

    def __str__(self) -> str:
        return f"{self.method}({self.way})"

    @property
    def reason(self) -> str | None:
        """Why it has sent no request."""
        if self.outcome.requests:
            return None
        return self.outcome.error or f"sends nothing itself: returns {self.outcome.result}"


def walk(kind: str) -> list[Call]:
    """Call every method of a client, `"sync"` or `"async"`, in every way."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("ignore", ResourceWarning)
        calls = asyncio.run(_walk_async()) if kind == "async" else _walk_sync()
        gc.collect()  # releases before 2.0 leave a file open that they have uploaded: warned of here
    return calls


def _walk_sync() -> list[Call]:
    server = Server()
    client = sync_client(server)
    return [
        Call(name, way, _call(server, method, hints))
        for name, method in methods(client)
        for way, hints in ways(method)
    ]


async def _walk_async() -> list[Call]:
    server = Server()
    client = async_client(server)
    return [
        Call(name, way, await _call_async(server, method, hints))
        for name, method in methods(client)
        for way, hints in ways(method)
    ]


def methods(resource: Any, prefix: str = "") -> Iterator[tuple[str, Callable[..., Any]]]:
    """Every public method of the resources below a client or a resource, with its dotted name."""
    for name in dir(resource):
        if name.startswith("_") or name in _AGAIN:
            continue
        value = getattr(resource, name)
        if isinstance(value, _RESOURCES):
            yield from methods(value, f"{prefix}{name}.")
        elif prefix and inspect.isroutine(value):  # those of a client itself are no calls of the API
            yield f"{prefix}{name}", value


def _call(server: Server, method: Callable[..., Any], hints: dict[str, Any]) -> Outcome:
    server.requests.clear()
    result, told, error = None, [], None
    try:
        result = method(**made(hints))
        if _is_stream(result):
            with result as stream:
                told = [_said(item) for item in stream]
        else:
            told = [_said(item) for item in (result if isinstance(result, BaseSyncPage) else [result])]
    except Exception as raised:  # noqa: BLE001 - an outcome like any other
        error = raised
    return _outcome(result, told, error, server)


async def _call_async(server: Server, method: Callable[..., Any], hints: dict[str, Any]) -> Outcome:
    server.requests.clear()
    result, told, error = None, [], None
    try:
        result = method(**made(hints))
        if inspect.isawaitable(result):
            result = await result
        if _is_stream(result):
            async with result as stream:
                told = [_said(item) async for item in stream]
        elif isinstance(result, BaseAsyncPage):
            told = [_said(item) async for item in result]
        else:
            told = [_said(result)]
    except Exception as raised:  # noqa: BLE001 - an outcome like any other
        error = raised
    return _outcome(result, told, error, server)


def _outcome(result: Any, told: list[str], error: Exception | None, server: Server) -> Outcome:
    if isinstance(error, UnmakeableError):
        return Outcome(None, (), str(error), ())
    return Outcome(
        result=None if result is None else type(result).__name__,
        told=tuple(told),
        error=f"{type(error).__name__}: {error}" if error else None,
        requests=tuple(server.requests),
    )


def _is_stream(result: Any) -> bool:
    """A stream, or a helper that makes one when it is entered; a websocket is left alone."""
    opens = hasattr(result, "__enter__") or hasattr(result, "__aenter__")
    return opens and not type(result).__name__.endswith("ConnectionManager")


def _said(value: Any) -> str:
    content = getattr(value, "content", None)
    if isinstance(content, bytes):  # a file
        return content.decode()
    text = repr(value)
    return type(value).__name__ if " object at 0x" in text else text
