"""The application: what it does with the SDK, on either client, and all that it sees of it.

A scenario is one coroutine for both clients. On the sync client nothing in it ever suspends, so it is run by
a single `send(None)`; it differs only in what `read`, `close` and the others do inside.
"""

from __future__ import annotations

import asyncio
import gc
import inspect
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import openai
import pytest

import gossamer
from gossamer import finalizers
from gossamer.testing import Telemetry

from .server import Server, http
from .wire import REQUESTS

#: Of the event loop: a dropped stream of an older SDK is half a dozen generators, each closed by a task.
TURNS = 50
OURS = str(Path(gossamer.__file__).parent)
Script = Callable[["App"], Coroutine[Any, Any, Any]]


class App:
    """An application with one client. Without `telemetry` it runs bare, and `over` says nothing."""

    kind: str

    def __init__(self, server: Server, api: str, telemetry: Telemetry | None, **options: Any) -> None:
        self.server = server
        self.api = api
        self.telemetry = telemetry
        #: Type and content of each chunk, event, answer and exception that the app was given.
        self.seen: list[str] = []
        self.chunks = 0
        #: `error.type` of the last exception that the SDK raised.
        self.error_type: str | None = None
        #: Dropped when the scenario, and on the async client its event loop, is over.
        self.kept: list[Any] = []
        #: What the event loop complained of.
        self.noise: list[str] = []
        settings = {"api_key": "sk-test", "base_url": "http://llm.test/v1", "max_retries": 0, **options}
        self.client = self._make_client(settings)

    def _make_client(self, settings: dict[str, Any]) -> Any:
        raise NotImplementedError

    def run(self, script: Script) -> None:
        """Play a scenario."""
        raise NotImplementedError

    # --- what an app does

    @property
    def resource(self) -> Any:
        """`client.chat.completions`, `client.responses` or another, by the API."""
        return self.client.chat.completions if self.api == "chat" else getattr(self.client, self.api)

    async def ask(self, **options: Any) -> Any:
        """Create an answer."""
        return await given(self.resource.create(**REQUESTS[self.api], **options))

    async def start(self) -> Any:
        """Create an answer as a stream."""
        return await self.ask(stream=True)

    async def read(self, stream: Any, chunks: int = -1, then: Callable[[], Any] | None = None) -> None:
        """Read so many chunks in a `for` loop, then break out of it, or do something inside of it."""
        raise NotImplementedError

    async def next(self, stream: Any) -> bool:
        """One `next()`; False at the end."""
        raise NotImplementedError

    def within(self, manager: Any) -> Any:
        """`with` or `async with`."""
        raise NotImplementedError

    async def close(self, closable: Any) -> None:
        """Close a stream or a response."""
        raise NotImplementedError

    async def elsewhere(self, work: Callable[..., Coroutine[Any, Any, Any]], *arguments: Any) -> None:
        """Run this in another thread, or in another task."""
        raise NotImplementedError

    async def settle(self) -> None:
        """Let the event loop do what it has to do."""

    async def fails(self, work: Coroutine[Any, Any, Any]) -> BaseException:
        """Run this, which must raise, and note what."""
        try:
            await work
        except pytest.skip.Exception:
            raise
        except BaseException as error:  # noqa: BLE001
            self.saw_error(error)
            return error
        raise AssertionError("nothing was raised")

    # --- what it sees

    def saw(self, value: Any) -> None:
        """Note something that the SDK gave out."""
        self.seen.append(f"{type(value).__qualname__} {value!r}")

    def saw_chunk(self, chunk: Any) -> None:
        """Note a chunk of a stream."""
        self.saw(chunk)
        self.chunks += 1

    def saw_error(self, error: BaseException) -> None:
        """Note an exception, and what it says of its cause."""
        of = type(error)
        self.error_type = (
            of.__qualname__ if of.__module__ == "builtins" else f"{of.__module__}.{of.__qualname__}"
        )
        cause, context = type(error.__cause__).__name__, type(error.__context__).__name__
        self.seen.append(f"{self.error_type} {error} from {cause} in {context}")

    # --- what is recorded meanwhile

    def running(self) -> None:
        """The call has not ended so far."""
        if self.telemetry is not None:
            assert not self.telemetry.spans

    def over(self) -> None:
        """The call has ended, and is recorded without waiting for anything.

        Where the collector runs, another thread may be inside of it just now: then it is recorded later.
        """
        if self.telemetry is not None:
            if gc.isenabled():
                finalizers.drain()
            assert len(self.telemetry.exporter.get_finished_spans()) == 1


class SyncApp(App):
    kind = "sync"

    def _make_client(self, settings: dict[str, Any]) -> Any:
        session = http.Client(transport=self.server.transport())
        return openai.OpenAI(http_client=session, **settings)

    def run(self, script: Script) -> None:
        run_unsuspended(script(self))
        self.client.close()
        self.kept.clear()

    async def read(self, stream: Any, chunks: int = -1, then: Callable[[], Any] | None = None) -> None:
        for chunk in stream:
            self.saw_chunk(chunk)
            chunks -= 1
            if chunks == 0:
                if then is None:
                    break
                then()

    async def next(self, stream: Any) -> bool:
        for chunk in (next(stream, None),):
            if chunk is None:
                return False
            self.saw_chunk(chunk)
        return True

    @asynccontextmanager
    async def within(self, manager: Any) -> AsyncIterator[Any]:
        with manager as entered:
            yield entered

    async def close(self, closable: Any) -> None:
        closable.close()

    async def elsewhere(self, work: Callable[..., Coroutine[Any, Any, Any]], *arguments: Any) -> None:
        failures: list[BaseException] = []

        def target(box: list[Any]) -> None:
            try:
                run_unsuspended(work(*box.pop()))
            except BaseException as error:  # noqa: BLE001
                failures.append(error)

        thread = threading.Thread(target=target, args=([arguments],))
        del arguments
        thread.start()
        thread.join()
        assert not failures


class AsyncApp(App):
    kind = "async"

    def _make_client(self, settings: dict[str, Any]) -> Any:
        session = http.AsyncClient(transport=self.server.async_transport())
        return openai.AsyncOpenAI(http_client=session, **settings)

    def run(self, script: Script) -> None:
        asyncio.run(self._play(script))
        self.kept.clear()

    async def _play(self, script: Script) -> None:
        listen(self.noise)
        await script(self)
        await self.client.close()

    async def read(self, stream: Any, chunks: int = -1, then: Callable[[], Any] | None = None) -> None:
        async for chunk in stream:
            self.saw_chunk(chunk)
            chunks -= 1
            if chunks == 0:
                if then is None:
                    break
                await given(then())

    async def next(self, stream: Any) -> bool:
        try:
            self.saw_chunk(await stream.__anext__())
        except StopAsyncIteration:
            return False
        return True

    @asynccontextmanager
    async def within(self, manager: Any) -> AsyncIterator[Any]:
        async with manager as entered:
            yield entered

    async def close(self, closable: Any) -> None:
        await (closable.aclose() if hasattr(closable, "aclose") else closable.close())

    async def elsewhere(self, work: Callable[..., Coroutine[Any, Any, Any]], *arguments: Any) -> None:
        task = asyncio.create_task(work(*arguments))
        del arguments
        await task

    async def settle(self) -> None:
        for _ in range(TURNS):
            await asyncio.sleep(0)


class RudeApp(AsyncApp):
    """Closes its event loop without shutting anything down, as programs without `asyncio.run()` do."""

    kind = "async, loop closed"

    def run(self, script: Script) -> None:
        loop = asyncio.new_event_loop()
        loop.run_until_complete(self._play(script))
        loop.close()
        self.kept.clear()


APPS: dict[str, type[App]] = {app.kind: app for app in (SyncApp, AsyncApp, RudeApp)}


async def given(value: Any) -> Any:
    """The value, awaited where the async client wants it so."""
    return await value if inspect.isawaitable(value) else value


def run_unsuspended(coroutine: Coroutine[Any, Any, Any]) -> None:
    """Run a coroutine that never waits."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    raise AssertionError("something waited on the sync client")


def listen(noise: list[str]) -> None:
    """Note what the running event loop complains of, such as a task that was destroyed."""

    def note(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        generator = context.get("asyncgen")
        # At its end asyncio closes all open generators at once, though some close others. What it then says
        # of those of the SDK and of the HTTP library, it says without us too.
        if generator is None or generator.ag_code.co_filename.startswith(OURS):
            noise.append(f"{context['message']}: {context.get('exception')!r}")

    asyncio.get_running_loop().set_exception_handler(note)
