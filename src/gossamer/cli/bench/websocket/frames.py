"""One timed block: a connection, a response under way on it, frames. Runs inside a contender's process."""

from __future__ import annotations

import asyncio
import gc
import time
from contextlib import ExitStack
from functools import partial
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any

from gossamer.cli.bench.blocks import WrongAnswerError
from gossamer.cli.bench.errors import Unsupported
from gossamer.cli.bench.plumbing import drive
from gossamer.cli.bench.websocket import events, ready, standin

if TYPE_CHECKING:
    from collections.abc import Callable

    from gossamer.cli.bench.installation import Installed
    from gossamer.cli.bench.scenarios import Scenario


def respond(connection: Any) -> Any:
    """Ask for a response and read it to its end."""
    connection.send(events.CREATE)
    while True:
        event = connection.recv()
        if event.type == "response.done":
            return event


async def respond_async(connection: Any) -> Any:
    """`respond` on an asynchronous connection."""
    await connection.send(events.CREATE)
    while True:
        event = await connection.recv()
        if event.type == "response.done":
            return event


_STEPS: dict[str, Callable[[Any], Callable[[], Any]]] = {
    "append": lambda connection: partial(connection.send, events.APPEND),
    "append_text": lambda connection: partial(connection.send_raw, events.APPEND_TEXT),
    "delta": lambda connection: connection.recv,
    "delta_bytes": lambda connection: connection.recv_bytes,
}
"""What an app does for each frame, by the scenario's operation. Each gives the function that does it."""


class Frames:
    """A scenario made ready once, then timed block after block: as `Blocks`, on a websocket."""

    def __init__(self, scenario: Scenario, installed: Installed) -> None:
        self.scenario = scenario
        self._outlets = installed.outlets
        self._realtime = standin.realtime(asynchronous=scenario.asynchronous)
        self._module = standin.module_of(self._realtime)
        self._events = ready.parsed(self._module, events.RECEIVED) if scenario.plumbing else None
        self._loop = asyncio.new_event_loop() if scenario.asynchronous else None
        self._respond = respond_async if scenario.asynchronous else respond
        self._whole = scenario.operation == "response"
        self._wires: list[standin.Wire] = []

    def run(self, times: int) -> int:
        """CPU nanoseconds of `times` steps, or for plumbing of `scenario.chunks`."""
        steps = self.scenario.chunks or times
        if self._outlets is not None:
            self._outlets.settle()
        gc.collect()  # see `Blocks.run`
        with ExitStack() as stack:
            self._wires = stack.enter_context(standin.connecting_to(self._incoming(steps)))
            if self._events is not None:
                stack.enter_context(ready.ready_made(self._module, self._events))
            manager = self._realtime.connect(model="gpt-realtime")
            if self._loop is not None:
                return self._loop.run_until_complete(self._run_async(manager, steps))
            with manager as connection:
                return self._run(connection, steps)

    async def _run_async(self, manager: Any, steps: int) -> int:
        async with manager as connection:
            return self._run(connection, steps)

    def _incoming(self, steps: int) -> chain[bytes]:
        """A whole response, for the processor's caches. Then the frames, in another one."""
        if self._whole:
            timed = chain.from_iterable(repeat(events.RESPONSE, steps))
            return chain((events.SESSION, *events.RESPONSE), timed)
        received = steps if self.scenario.operation.startswith("delta") else 0
        begin, end = events.RESPONSE[:2], events.RESPONSE[-2:]
        return chain((events.SESSION, *events.RESPONSE, *begin), repeat(events.DELTA, received), end)

    def _run(self, connection: Any, steps: int) -> int:
        do = self._now
        do(connection.recv())
        do(self._respond(connection))
        if self._whole:
            return self._timed(partial(self._respond, connection), steps)
        step = self._step(connection)
        do(connection.send(events.CREATE))
        for _ in events.RESPONSE[:2]:
            do(connection.recv())
        elapsed = self._timed(step, steps)
        for kind in ("response.output_item.done", "response.done"):
            if do(connection.recv()).type != kind:
                raise WrongAnswerError(f"{self.scenario.name}: not as many frames as were sent")
        return elapsed

    def _step(self, connection: Any) -> Callable[[], Any]:
        try:
            return _STEPS[self.scenario.operation](connection)
        except AttributeError as error:  # send_raw() came with 2.22
            raise Unsupported(f"not in this release of the SDK: {error}") from error

    def _timed(self, step: Callable[[], Any], steps: int) -> int:
        (wire,) = self._wires
        sent = wire.sent
        if self._loop is not None:
            elapsed, answer = drive(_time_async(step, steps))
        else:
            elapsed, answer = _time(step, steps)
        self._check(answer, wire.last, wire.sent - sent, steps)
        return int(elapsed)

    def _now(self, value: Any) -> Any:
        return value if self._loop is None else drive(value)

    def _check(self, answer: Any, written: Any, sent: int, steps: int) -> None:
        """The app and the server have what the other one sent, by the way that is measured."""
        at_hand = self._events or {}
        expected = {
            "append": (answer is None, sent == steps, (written is ready.WRITTEN) == bool(at_hand)),
            "append_text": (answer is None, sent == steps, written is events.APPEND_TEXT),
            "delta": (sent == 0, answer is at_hand.get(events.DELTA, answer), _is_delta(answer)),
            "delta_bytes": (sent == 0, answer is events.DELTA),
            "response": (sent == steps,),
        }[self.scenario.operation]
        if not all(expected):
            raise WrongAnswerError(f"{self.scenario.name}: {answer!r:.99} after {sent} of {steps} were sent")

    def warm_up(self) -> None:
        """Fill the caches, and see that who is to be measured does record something."""
        for _ in range(2):
            if self._outlets is None:
                self.run(self.scenario.calls)
                continue
            with self._outlets.watched() as exported:
                self.run(self.scenario.calls)
            if not exported:
                raise Unsupported("nothing is recorded of websockets")

    def content_held(self) -> None:
        """Content is not captured here."""

    def close(self) -> None:
        """Give back the event loop."""
        if self._loop is not None:
            self._loop.close()


def _is_delta(event: Any) -> bool:
    return getattr(event, "type", None) == "response.output_audio.delta"


def _time(step: Callable[[], Any], steps: int) -> tuple[int, Any]:
    answer = None
    started = time.process_time_ns()
    for _ in repeat(None, steps):
        answer = step()
    return time.process_time_ns() - started, answer


async def _time_async(step: Callable[[], Any], steps: int) -> tuple[int, Any]:
    answer = None
    started = time.process_time_ns()
    for _ in repeat(None, steps):
        answer = await step()
    return time.process_time_ns() - started, answer
