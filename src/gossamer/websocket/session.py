"""One connection: what the events that go over it mean for the generations on it."""

from __future__ import annotations

from contextvars import copy_context
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple

from gossamer import semconv
from gossamer.errors import swallow
from gossamer.failure import of_answer
from gossamer.fields import NOTHING, Fields, fields
from gossamer.websocket.generations import Generation, Generations, id_of
from gossamer.websocket.raw import event_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from gossamer.call import Call, Outcome
    from gossamer.operations import Operation
    from gossamer.providers import Server
    from gossamer.telemetry import Telemetry

#: The attribute of a connection that leads to its session.
SESSION: Final = "_gossamer_session"

_LAST: Final = frozenset({"response.done", "response.completed", "response.failed", "response.incomplete"})


class Request(NamedTuple):
    """What a generation is asked with, in the form of the SDK's request options."""

    json_data: Fields
    url: str
    method: str = "GET"
    extra_json: Any = None


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
        self._telemetry = telemetry
        self._server = server
        self._model = model
        self._id: str | None = None
        self._context = copy_context()
        self._generations = Generations()
        self._closed = False

    # What goes out

    def sending(self, kind: str, event: Any, lane: Any = None) -> Generation | None:
        """An event that matters is about to be sent. Gives the generation that it asks for."""
        try:
            sent = fields(event)
            if kind != "response.create":
                self._tell(kind, sent)
                return None
            lane = sent.get("stream_id") if lane is None else lane
            generation = Generation(self._begin(self._body(sent)), sent, lane)
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
                if generation.call is not None:
                    generation.call.fail(error)
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
        response, lane = fields(event.get("response")), event.get("stream_id")
        response_id = id_of(response)
        if response_id in self._generations.begun:
            return
        generation = self._asked_for(response, lane)
        if generation is None:
            # Nobody did: the server answers what it has heard, or goes on by itself.
            body, ago = self._body_of_own(response)
            generation = Generation(self._context.copy().run(self._begin, body, ago), NOTHING, lane)
        generation.lane = lane
        self._generations.begin(response_id, generation)
        if generation.call is not None:
            generation.call.look(self._shown(event))

    def _finish(self, event: Fields) -> None:
        response = fields(event.get("response"))
        generation = self._generations.begun.pop(id_of(response), None)
        if generation is not None and generation.call is not None:
            generation.call.look(self._shown(event))
            generation.call.end("cancelled" if response.get("status") == "cancelled" else "completed")

    def _refuse(self, event: Fields) -> None:
        generation = self._blamed(event)
        if generation is None:
            return
        self._generations.forget(generation)
        call = generation.call
        if call is not None:
            error = error_of(event)
            code = error.get("code") or error.get("type")
            with_message = call.captured is not None and call.captured.tells_text
            told = of_answer(code if type(code) is str else "_OTHER", {"error": error}, message=with_message)
            status = event.get("status")
            if type(status) is int and 100 <= status <= 999:  # else nobody could export it
                told.attributes[semconv.HTTP_STATUS_CODE] = status
            call.end("failed", told)

    # How it ends

    def lost(self, error: BaseException) -> None:
        """An exception came of the use of the connection. Where that is not its end, nothing ends here.

        A receive that is cancelled, or timed out, is none: the next one goes on where it stopped.
        """
        try:
            names = {kind.__name__ for kind in type(error).__mro__}
            if "ConnectionClosedOK" in names:
                self.end("closed")
            elif "ConnectionClosed" in names or (isinstance(error, OSError) and "TimeoutError" not in names):
                for generation in self._take():
                    if generation.call is not None:
                        generation.call.fail(error)
        except Exception as own:
            swallow(own)

    def close(self) -> None:
        """The app closes the connection."""
        self._closed = True
        self.end("closed")

    def end(self, outcome: Outcome) -> None:
        """End what is open."""
        try:
            if self.unread is not None:
                self.read()
            for generation in self._take():
                if generation.call is not None:
                    generation.call.end(outcome)
        except Exception as error:
            swallow(error)

    def _take(self) -> list[Generation]:
        self.listens = False
        return self._generations.take()

    # What each protocol has of its own

    def _body(self, sent: Fields) -> Fields:
        """All that a generation is asked with, as one request body."""
        return sent

    def _body_of_own(self, response: Fields) -> tuple[Fields, int]:
        """The same for one that nobody asked for, and the nanoseconds since it began."""
        return {key: response[key] for key in ("model", "previous_response_id") if key in response}, 0

    def _asked_for(self, response: Fields, lane: Any) -> Generation | None:
        """The generation that a response which begins was asked for by."""
        return self._generations.asked_for(response, lane)

    def _shown(self, event: Fields) -> Fields:
        """An event with a response, as it is read."""
        return event

    def _blamed(self, event: Fields) -> Generation | None:
        """The generation that an error is about; None where it is about something else."""
        raise NotImplementedError

    def _tell(self, kind: str, event: Fields) -> None:
        """An event that is about no generation alone."""

    # What they have in common

    def _named(self, session: Fields) -> None:
        """The server tells which session this is."""
        value = session.get("id")
        if type(value) is not str or not value or value == self._id:
            return
        self._id = value
        for call in (generation.call for generation in self._generations.all()):
            if call is not None and semconv.SESSION_ID not in call.attributes:
                call.attributes[semconv.SESSION_ID] = value
                if call.span is not None:
                    call.span.set_attribute(semconv.SESSION_ID, value)

    def _captures(self) -> bool:
        telemetry = self._telemetry()
        return telemetry is not None and telemetry.captures

    def _begin(self, body: Fields, ago: int = 0) -> Call | None:
        telemetry = self._telemetry()
        if telemetry is None or self._closed:
            return None
        known = {} if self._id is None else {semconv.SESSION_ID: self._id}
        request = Request(body, self.operation.path)
        return telemetry.begin(self.operation, self._server, request, known, ago)


def error_of(event: Fields) -> Fields:
    """What an error event tells: in a field of its own, or as such."""
    return fields(event.get("error")) or event
