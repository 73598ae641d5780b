"""One timed block: a scenario, some calls, CPU time. Runs inside a contender's process."""

from __future__ import annotations

import asyncio
import gc
import time
from typing import TYPE_CHECKING, Any

from gossamer.cli.bench import answers, calls, content, plumbing, transport

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from gossamer.cli.bench.installation import Installed
    from gossamer.cli.bench.scenarios import Scenario

_STREAMED = ("chat_stream", "responses_stream")


class WrongAnswerError(Exception):
    """The app got something else than the server sent: no figure is worth that."""


class Blocks:
    """A scenario made ready once, then timed block after block."""

    def __init__(self, scenario: Scenario, installed: Installed, recorded: list[Any]) -> None:
        self.scenario = scenario
        self._recorded = recorded
        self._outlets = installed.outlets
        self._client = transport.client(
            getattr(answers, scenario.operation)(),
            asynchronous=scenario.asynchronous,
            streamed=scenario.operation in _STREAMED,
        )
        self._loop = asyncio.new_event_loop() if scenario.asynchronous else None
        self._sync = installed.sync[scenario.operation]
        self._async = installed.asynchronous[scenario.operation]
        self._expected = scenario.chunks or 1

    def run(self, times: int) -> int:
        """CPU nanoseconds of `times` calls, or for plumbing of `scenario.chunks` chunks."""
        if self._outlets is not None:
            self._outlets.settle()
        gc.collect()  # no block pays for the garbage of the one before; its own it does
        if self.scenario.plumbing:
            return self._run_plumbing()
        if self._loop is None:
            return self._timed(times)
        return self._loop.run_until_complete(self._timed_async(times))

    def _timed(self, times: int) -> int:
        call, client, answer = self._sync, self._client, 0
        call(client)  # another process had the core: let the processor's caches warm up again
        started = time.process_time_ns()
        for _ in range(times):
            answer += call(client)
        elapsed = time.process_time_ns() - started
        self._check(answer, times)
        return elapsed

    async def _timed_async(self, times: int) -> int:
        call, client, answer = self._async, self._client, 0
        await call(client)  # see `_timed`
        started = time.process_time_ns()
        for _ in range(times):
            answer += await call(client)
        elapsed = time.process_time_ns() - started
        self._check(answer, times)
        return elapsed

    def _run_plumbing(self) -> int:
        with plumbing.ReadySource(self._recorded, self.scenario.chunks) as source:
            if self._loop is None:
                answer = self._sync(self._client)
            else:
                answer = self._loop.run_until_complete(self._driven())
        self._check(answer, 1)
        return source.elapsed_ns * self.scenario.chunks // source.timed

    async def _driven(self) -> int:
        call: Callable[[Any], Awaitable[int]] = self._async
        return int(plumbing.drive(call(self._client)))  # type: ignore[arg-type]

    def warm_up(self) -> None:
        """Fill the caches, the SDK's and everyone's, as in a process that has run for a while."""
        if self._loop is not None:
            # The first asynchronous call asks a thread for the platform's name.
            self._loop.run_until_complete(self._async(self._client))
        for _ in range(2):
            self.run(self.scenario.calls)

    def content_held(self) -> list[str] | None:
        """Which content the telemetry of a call has; None where there is no telemetry."""
        if self._outlets is None:
            return None
        with self._outlets.watched() as exported:
            self.run(1)
        return content.held_by(exported)

    def close(self) -> None:
        """Give back the event loop."""
        if self._loop is not None:
            self._loop.run_until_complete(self._close_async())
            self._loop.close()
        else:
            self._client.close()

    async def _close_async(self) -> None:
        await self._client.close()  # type: ignore[misc]
        await asyncio.get_running_loop().shutdown_asyncgens()
        await asyncio.sleep(0)  # lets the SDK's half-read byte streams, dropped by now, be closed

    def _check(self, answer: int, times: int) -> None:
        if answer != self._expected * times:
            raise WrongAnswerError(f"{self.scenario.name}: {answer} instead of {self._expected * times}")


def record(operation: str) -> list[Any]:
    """The chunks of one streamed answer, parsed by the SDK. To be called before `install`."""
    client: Any = transport.client(getattr(answers, operation)(), asynchronous=False, streamed=True)
    if operation == "chat_stream":
        return list(client.chat.completions.create(**calls.CHAT_STREAM_REQUEST))
    return list(client.responses.create(**calls.RESPONSES_STREAM_REQUEST))
