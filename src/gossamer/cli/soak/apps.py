"""The application under soak: one way to write a call for both clients, sync in threads and async in tasks.

A call is a coroutine. On the sync client nothing in it ever waits, so a single `send(None)` runs it.
"""

from __future__ import annotations

import asyncio
import inspect
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from openai import AsyncOpenAI, OpenAI

from gossamer.cli.fake import mock_async_client, mock_client

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Iterable

    Work = Callable[[], Coroutine[Any, Any, None]]

#: Turns of the event loop in which what was dropped is closed: a dropped stream is a few generators, each
#: closed by a task of its own.
_TURNS = 50


class App:
    """An application with one client, which lives as long as the soak does."""

    kind: str

    def __init__(self, client: Any) -> None:
        self.client = client

    def run(self, work: Iterable[Work], at_once: int) -> None:
        """Do all of it, so many at any time."""
        raise NotImplementedError

    def settle(self) -> None:
        """Let what was dropped be closed."""

    def hang_up(self) -> None:
        """Close the connections that wait for a next request; there will be new ones."""
        raise NotImplementedError

    def stop(self) -> None:
        """Close the client."""
        raise NotImplementedError

    async def given(self, value: Any) -> Any:
        """The value, awaited where this client wants it so."""
        raise NotImplementedError

    async def read(self, stream: Any, at_most: int = sys.maxsize) -> None:
        """Read so many chunks in a `for` loop, then break out of it."""
        raise NotImplementedError

    def within(self, manager: Any) -> Any:
        """`with`, or `async with`."""
        raise NotImplementedError


class SyncApp(App):
    """`OpenAI`, shared by threads."""

    kind = "sync"

    def run(self, work: Iterable[Work], at_once: int) -> None:
        queue, lock = iter(work), threading.Lock()

        def worker() -> None:
            while True:
                with lock:
                    one = next(queue, None)
                if one is None:
                    return
                _run_unsuspended(one())

        with ThreadPoolExecutor(at_once) as threads:
            for done in [threads.submit(worker) for _ in range(at_once)]:
                done.result()

    def hang_up(self) -> None:
        self.client._client._transport.close()  # noqa: SLF001

    def stop(self) -> None:
        self.client.close()

    async def given(self, value: Any) -> Any:
        return value

    async def read(self, stream: Any, at_most: int = sys.maxsize) -> None:
        for _ in stream:
            at_most -= 1
            if at_most == 0:
                break

    @asynccontextmanager
    async def within(self, manager: Any) -> AsyncIterator[Any]:
        with manager as entered:
            yield entered


class AsyncApp(App):
    """`AsyncOpenAI`, shared by tasks of one event loop."""

    kind = "async"

    def __init__(self, client: Any) -> None:
        super().__init__(client)
        self._loop = asyncio.new_event_loop()

    def run(self, work: Iterable[Work], at_once: int) -> None:
        queue = iter(work)

        async def worker() -> None:
            for one in queue:
                await one()

        async def workers() -> None:
            await asyncio.gather(*[worker() for _ in range(at_once)])

        self._loop.run_until_complete(workers())

    def settle(self) -> None:
        async def turn() -> None:
            for _ in range(_TURNS):
                await asyncio.sleep(0)

        self._loop.run_until_complete(turn())

    def hang_up(self) -> None:
        self._loop.run_until_complete(self.client._client._transport.aclose())  # noqa: SLF001

    def stop(self) -> None:
        self._loop.run_until_complete(self.client.close())
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()

    async def given(self, value: Any) -> Any:
        return await value if inspect.isawaitable(value) else value

    async def read(self, stream: Any, at_most: int = sys.maxsize) -> None:
        async for _ in stream:
            at_most -= 1
            if at_most == 0:
                break

    @asynccontextmanager
    async def within(self, manager: Any) -> AsyncIterator[Any]:
        async with manager as entered:
            yield entered


def apps(base_url: str | None) -> list[App]:
    """An application of each kind, answered by that server, or in the process where there is none."""
    if base_url is not None:
        return [
            SyncApp(OpenAI(api_key="sk-fake", base_url=base_url)),
            AsyncApp(AsyncOpenAI(api_key="sk-fake", base_url=base_url)),
        ]
    url = "http://llm.invalid/v1"
    return [
        SyncApp(OpenAI(api_key="sk-fake", base_url=url, http_client=mock_client())),
        AsyncApp(AsyncOpenAI(api_key="sk-fake", base_url=url, http_client=mock_async_client())),
    ]


def _run_unsuspended(coroutine: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine that never waits."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    raise RuntimeError("something waited on the sync client")
