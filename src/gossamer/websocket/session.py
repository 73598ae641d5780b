"""One connection: what the events that go over it mean for the generations on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from gossamer.errors import swallow
from gossamer.fields import NOTHING, Fields, fields, given
from gossamer.websocket.beginnings import Beginnings
from gossamer.websocket.generations import Generation, Generations, text_of, told
from gossamer.websocket.raw import event_in
from gossamer.websocket.refusals import refusal_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from gossamer.call import Outcome
    from gossamer.operations import Operation
    from gossamer.providers import Server
    from gossamer.telemetry import Telemetry
    from gossamer.websocket.refusals import Blamed

#: The attribute of a connection that leads to its session.
SESSION: Final = "_gossamer_session"

_LAST: Final = frozenset({"response.done", "response.completed", "response.failed", "response.incomplete"})


class Session:
    """What is known of one connection. Nothing but the connection holds it: they go together."""

    operation: ClassVar[Operation]
    sends: ClassVar[frozenset[str]]
    """Types of the events that matter when they are sent; all others pass unseen."""
    receives: ClassVar[frozenset[str]]
    """The same for those that are received."""

    def __init__(self, telemetry: Callable[[], Telemetry | None], server: Server, model: str | None) -> None:
        """A connection that was made in this context.

        Args:
            telemetry: gives what is on now, or None.
            server: at the other end.
            model: that the URL names.
        """
        self.unread: Any = None
        """The last message that was received, until somebody has parsed it."""
        self.listens = False
        """The first output of some generation is still to come."""
        self._beginnings = Beginnings(telemetry, server, self.operation)
        self._model = model
        self._generations = Generations()

    # What goes out

    def sending(self, kind: str, event: Any, lane: Any = None) -> Generation | None:
        """An event that matters is about to be sent. Gives the generation that it asks for."""
        try:
            sent = given(event)
            if kind != "response.create":
                self._tell(kind, sent)
                return None
            lane = text_of(sent, "stream_id") if lane is None else lane
            generation = Generation(self._beginnings.begin(self._body(sent)), sent, lane)
            self._generations.asked.append(generation)
        except Exception as error:
            swallow(error)
            return None
        return generation

    def sending_raw(self, message: Any) -> Generation | None:
        """The same of a message as text or bytes."""
        try:
            kind, event = self._found(message, self.sends)
        except Exception as error:
            swallow(error)
            return None
        return self.sending(kind, event) if kind in self.sends else None

    def unsent(self, generation: Generation | None, error: BaseException) -> None:
        """What was about to be sent could not be."""
        try:
            if generation is not None:
                self._generations.forget(generation)
                generation.fail(error)
            self.lost(error)
        except Exception as own:
            swallow(own)

    # What comes in

    def received(self, kind: str, event: Any) -> None:
        """An event that matters has come, or any while there is a first output to come."""
        try:
            self._receive(kind, fields(event))
        except Exception as error:
            swallow(error)

    def read(self) -> None:
        """Look at the last message, which the app has not had parsed."""
        try:
            message, self.unread = self.unread, None
            kind, event = self._found(message, self.receives)
            if kind in self.receives or (self.listens and kind):
                self._receive(kind, fields(event))
        except Exception as error:
            swallow(error)

    def _found(self, message: Any, kinds: frozenset[str]) -> tuple[str, Any]:
        event = event_in(message, kinds, or_delta=self.listens)
        kind = None if event is None else event.get("type")
        return (kind, event) if type(kind) is str else ("", None)

    def _receive(self, kind: str, event: Fields) -> None:
        if kind in _LAST:
            self._finish(event)
        elif kind == "response.created":
            self._create(event)
        elif kind == "error":
            self._refuse(event)
        elif not kind.startswith("response."):
            if kind in self.receives:
                self._tell(kind, event)
        elif kind == "response.output_item.done" or kind.endswith(".delta"):
            generation = self._generations.speaking(event)
            if generation is not None:
                generation.spoke()
                if generation.call is not None and kind == "response.output_item.done":
                    generation.call.look(event)
        self.listens = self._generations.some_silent

    def _create(self, event: Fields) -> None:
        response, lane = told(event.get("response")), event.get("stream_id")
        response_id = text_of(response, "id")
        if response_id in self._generations.begun:
            return
        generation = self._asked_for(response, lane)
        if generation is None:
            # Nobody did: the server answers what it has heard, or goes on by itself.
            call = self._beginnings.begin_unasked(*self._body_of_own(response))
            generation = Generation(call, NOTHING, lane)
        generation.lane, generation.refusal = lane, None
        for refused in self._generations.overtaken_by(generation):
            refused.end("failed")
        self._generations.begin(response_id, generation)
        if generation.call is not None:
            generation.call.look(self._shown(event))

    def _finish(self, event: Fields) -> None:
        response = fields(event.get("response"))
        generation = self._generations.begun.pop(text_of(response, "id"), None)
        if generation is not None and generation.call is not None:
            generation.call.look(self._shown(event))
            generation.call.end("cancelled" if response.get("status") == "cancelled" else "completed")

    def _refuse(self, event: Fields) -> None:
        generation, certain = self._blamed(event)
        if generation is None or (not certain and generation.refusal is not None):
            return
        generation.refusal = refusal_in(event, generation.call)
        if certain:
            ended = [*self._generations.overtaken_by(generation), generation]
            self._generations.forget(generation)
            for refused in ended:
                refused.end("failed")

    # How it ends

    def lost(self, error: BaseException) -> None:
        """An exception came of the use of the connection. Where that is not its end, nothing ends here.

        A receive that is cancelled, or timed out, is none: the next one goes on where it stopped.
        """
        names = {kind.__name__ for kind in type(error).__mro__}
        if "ConnectionClosedOK" in names:
            self.end("closed")
        elif "ConnectionClosed" in names or (isinstance(error, OSError) and "TimeoutError" not in names):
            self.fail(error)

    def close(self, error: BaseException | None = None) -> None:
        """The app closes the connection, which has ended before by an error, if there is one."""
        self._beginnings.over = True
        if error is not None:
            self.lost(error)
        self.end("closed")

    def reopen(self) -> None:
        """It could not be closed, and goes on."""
        self._beginnings.over = False

    def end(self, outcome: Outcome) -> None:
        """End what is open."""
        try:
            for generation in self._take():
                generation.end(outcome)
        except Exception as error:
            swallow(error)

    def fail(self, error: BaseException) -> None:
        """End what is open by an exception."""
        try:
            for generation in self._take():
                generation.fail(error)
        except Exception as own:
            swallow(own)

    def _take(self) -> list[Generation]:
        if self.unread is not None:
            self.read()
        self.listens = False
        return self._generations.take()

    # What each protocol has of its own

    def _body(self, sent: Fields) -> Fields:
        """All that a generation is asked with, as one request body."""
        return sent

    def _body_of_own(self, response: Fields) -> tuple[Fields, int | None]:
        """The same for one that nobody asked for, and when it began, by the performance counter."""
        return {key: response[key] for key in ("model", "previous_response_id") if key in response}, None

    def _asked_for(self, response: Fields, lane: Any) -> Generation | None:
        """The generation that a response which begins was asked for by."""
        return self._generations.asked_for(response, lane, heard=False)

    def _shown(self, event: Fields) -> Fields:
        """An event with a response, as it is read."""
        return event

    def _blamed(self, event: Fields) -> Blamed:
        """What an error is about."""
        raise NotImplementedError

    def _tell(self, kind: str, event: Fields) -> None:
        """An event that is about no generation alone."""

    # What they have in common

    def _named(self, session: Fields) -> None:
        """The server tells which session this is."""
        before, session_id = self._beginnings.session_id, text_of(session, "id")
        if session_id is not None and session_id != before:
            known = self._generations
            # Where the SDK has connected anew, what waited is asked for there.
            generations = known.all() if before is None else [*known.asked]
            self._beginnings.name(session_id, [generation.call for generation in generations])
