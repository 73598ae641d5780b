"""Apps that talk on websockets, in any order, and note all that they see."""

from __future__ import annotations

import asyncio
import functools
import inspect
import weakref
from collections.abc import Callable
from contextlib import contextmanager
from typing import Any

import openai
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, use_span

from gossamer.websocket.session import SESSION

from .play import Mode, Notes, elsewhere, enter, given
from .protocols import Protocol
from .talks import asks, asks_as_text
from .wire import Network

#: The parent of whatever nobody asked for.
CONNECTED = 1
Step = tuple[Any, ...]


class Asking(Notes):
    """An app, each of whose messages is sent below a span of its own: that is how a response is told."""

    def __init__(self, mode: Mode, network: Network) -> None:
        super().__init__()
        self.expected = {CONNECTED: (0, 0)}
        """How many spans there are below each: at least and at most."""
        self.held: list[weakref.ref[Any]] = []
        """What must not be there any more at the end."""
        self.abandons = False
        """The app leaves something open."""
        self.closed = False
        """By the app: whatever it asks for from then on is not traced."""
        self._asynchronous = mode.asynchronous
        self._network = network

    async def noting(self, work: Callable[[], Any]) -> bool:
        """Note what this gives or raises. Whether it gave something."""
        try:
            self.saw(await given(work()))
        except (Exception, KeyboardInterrupt, asyncio.CancelledError) as error:  # noqa: BLE001
            self.saw_error(error)
            return False
        return True

    async def asking(self, least: int, most: int, work: Callable[[], Any]) -> None:
        """Send something that asks for so many responses."""
        parent = CONNECTED + len(self.expected)
        self.expected[parent] = (0, 0) if self.closed else (least, most)
        with below(parent):
            await self.noting(work)

    def holds(self, connection: Any) -> None:
        """A connection is there, and what we know of it."""
        session = vars(connection).get(SESSION)
        self.held = [weakref.ref(held) for held in (connection, session) if held is not None]

    @property
    def broken(self) -> bool:
        """Whether the SDK has closed the websocket below."""
        return any(wire.closed for wire in self._network.wires[-1:])

    async def rest(self) -> None:
        """Let other tasks run."""
        for _ in range(20 if self._asynchronous else 0):
            await asyncio.sleep(0)


@contextmanager
def below(span_id: int) -> Any:
    """With a span of this id as the current one."""
    context = SpanContext(7, span_id, is_remote=False, trace_flags=TraceFlags(1))
    with use_span(NonRecordingSpan(context), record_exception=False, set_status_on_exception=False):
        yield


def model_of(event: dict[str, Any]) -> Any:
    """An event as a model of the SDK's."""
    return openai.BaseModel.construct(**{str(key): value for key, value in event.items()})


class Talk(Asking):
    """On one connection."""

    def __init__(
        self, protocol: Protocol, mode: Mode, network: Network, steps: list[Step], *, again: bool
    ) -> None:
        super().__init__(mode, network)
        self._protocol, self._steps, self._again = protocol, steps, again

    async def run(self, client: Any, queued: list[Any], leaves: type[BaseException] | None) -> None:
        """The whole program.

        Args:
            client: of the SDK.
            queued: what is sent before there is a connection.
            leaves: what the block is left by; None is for its end.
        """
        resource = self._protocol.resource(client)
        options: dict[str, Any] = {}
        if self._again and "on_reconnecting" in inspect.signature(resource.connect).parameters:
            options = {"on_reconnecting": self._reconnecting, "initial_delay": 0.0, "max_retries": 2}
        manager = resource.connect(**self._protocol.arguments, **options)
        for event in queued:
            await self._queue(manager, event)
        try:
            with below(CONNECTED):
                box = [await given(enter(manager)), manager]
        except Exception as error:  # noqa: BLE001
            self.saw_error(error)
            return
        del manager
        self.holds(box[0])
        for step in self._steps:
            await self._take(step, box)
            if not box:
                return
        self.closed, self.abandons = True, leaves is GeneratorExit
        leave = getattr(box[1], "__aexit__" if self._asynchronous else "__exit__")
        error = None if leaves is None else leaves("made up")
        await self.noting(lambda: leave(leaves, error, None))

    def _reconnecting(self, event: Any) -> None:
        self.saw(event)

    async def _queue(self, manager: Any, event: Any) -> None:
        if hasattr(manager, "send") and await self.noting(lambda: manager.send(event)):
            self.expected[CONNECTED] = (self.expected[CONNECTED][0] + asks(event),) * 2

    async def _take(self, step: Step, box: list[Any]) -> None:
        do, *arguments = step
        if do == "drop":
            self.abandons = True
            box.clear()
            await self.rest()
        elif do == "close":
            self.closed = True
            await self.noting(lambda: box[0].close(code=1000, reason="made up"))
        elif do == "interrupt":
            self._network.wires[-1].interrupt = arguments[0]
        elif do == "gone":
            self._network.wires[-1].gone = True
        elif do == "impatient":
            await self._impatient(box[0])
        elif do in ("send", "create", "send_raw"):
            await self._say(box[0], do, *arguments)
        else:
            await self._read(box[0], do, *arguments)

    async def _say(self, connection: Any, do: str, event: Any = None, way: str = "") -> None:
        if do == "create":
            event = self._protocol.sends[0]
            fields = {key: value for key, value in event.items() if key != "type"}
            work = functools.partial(connection.response.create, **fields)
        elif do == "send_raw":
            if not hasattr(connection, "send_raw"):
                return
            work = functools.partial(connection.send_raw, event)
        else:
            work = functools.partial(connection.send, model_of(event) if way == "model" else event)
        least, most = asks_as_text(event) if do == "send_raw" else (asks(event),) * 2
        least = 0 if self.broken else least
        if way == "elsewhere":
            await elsewhere(self._asynchronous, self.asking, least, most, work)
        else:
            await self.asking(least, most, work)

    async def _impatient(self, connection: Any) -> None:
        """Wait for an event, and give up."""
        if self._asynchronous:
            self._network.wires[-1].stalled = True
            waiting = asyncio.create_task(connection.recv())
            await self.rest()
            waiting.cancel()
            await self.noting(lambda: waiting)

    async def _read(self, connection: Any, how: str, most: int) -> None:
        if how in ("iterate", "dispatch", "dispatch and fail"):
            await self._listen(connection, how, most)
            return
        if how == "elsewhere":
            await elsewhere(self._asynchronous, self._read, connection, "recv", most)
            return
        for _ in range(most):
            given_one = await self.noting(lambda: self._received(connection, how))
            if not given_one and self._network.wires[-1].ended:
                break

    async def _received(self, connection: Any, how: str) -> Any:
        if how == "recv":
            return await given(connection.recv())
        message = await given(connection.recv_bytes())
        if how == "parse twice":
            self.saw(connection.parse_event(message))
        return message if how == "bytes" else connection.parse_event(message)

    async def _listen(self, connection: Any, how: str, most: int) -> None:
        if how == "iterate":
            await self.noting(lambda: self._iterate(connection, most))
        elif hasattr(connection, "on"):
            left = iter(range(most if how == "dispatch and fail" else 1_000))

            def handle(event: Any) -> None:
                self.saw(event)
                if next(left, None) is None:
                    raise KeyError("the app's own")

            connection.on("event", handle)
            await self.noting(connection.dispatch_events)
            connection.off("event", handle)

    async def _iterate(self, connection: Any, most: int) -> None:
        if self._asynchronous:
            async for event in connection:
                self.saw(event)
                most -= 1
                if most <= 0:
                    break
        else:
            for event in connection:
                self.saw(event)
                most -= 1
                if most <= 0:
                    break


class Lanes(Asking):
    """On lanes of the SDK's own, which a thread or task of the SDK's reads for."""

    def __init__(
        self, mode: Mode, network: Network, steps: list[Step], limits: dict[str, int], *, isolate: bool
    ) -> None:
        super().__init__(mode, network)
        self._steps, self._limits, self._isolate = steps, limits, isolate

    async def run(self, client: Any, leaves: type[BaseException] | None) -> None:
        """The whole program, as of `Talk`."""
        from openai.lib import responses_websocket as sdk

        kind = sdk.AsyncResponsesWebSocketSession if self._asynchronous else sdk.ResponsesWebSocketSession
        with below(CONNECTED):
            connection = await given(client.responses.connect().enter())
        self.holds(connection)
        limits = sdk.ResponsesWebSocketLimits(**self._limits)
        options: dict[str, Any] = {}
        if "isolate_lane_overflow" in inspect.signature(kind).parameters:
            options = {"isolate_lane_overflow": self._isolate}
        session = kind(connection, limits=limits, **options)
        await given(enter(session))
        self._session, self._lanes = session, [session.default]
        for step in self._steps:
            await self._take(*step)
        leave = session.__aexit__ if self._asynchronous else session.__exit__
        await self.noting(lambda: leave(leaves, leaves and leaves("made up"), None))
        del self._session, self._lanes

    async def _take(self, do: str, place: int, argument: Any = None) -> None:
        lane = self._lanes[place % len(self._lanes)]
        if do == "lane":
            await self.noting(lambda: self._lanes.append(self._session.lane(argument)))
        elif do == "send":
            self.closed = self.broken  # by the session
            await self.asking(asks(argument), asks(argument), lambda: lane.send(argument))
        elif do == "past it":
            self.closed = self.broken
            connection = self._session.connection
            await self.asking(asks(argument), asks(argument), lambda: connection.send(argument))
        elif do == "come":
            reader = self._session._task if self._asynchronous else self._session._thread
            await given(self._network.wires[-1].let(argument, reader))
        elif do in ("recv", "get_final_response"):
            await self._waited(getattr(lane, do))
        elif do == "gone":
            self._network.wires[-1].gone = True
        else:
            await self.noting(self._session.close if do == "close" else lane.close)

    async def _waited(self, receive: Callable[..., Any]) -> None:
        """For what has come by now."""
        if not self._asynchronous:
            await self.noting(lambda: receive(timeout=0))
            return
        waiting = asyncio.create_task(receive())
        await self.rest()
        waiting.cancel()
        await self.noting(lambda: waiting)
