"""A live session: the model speaks all the time, and has responses made for it by the Responses API.

Those are the generations here. They come as events in an event, with the delegation that they are for. What
the live model says itself has neither a beginning nor an end, and is counted in seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gossamer.fields import Fields, fields
from gossamer.websocket.items import Items
from gossamer.websocket.refusals import Blamed, blamed, error_of
from gossamer.websocket.responses import ResponsesSession

if TYPE_CHECKING:
    from gossamer.websocket.generations import Generation


class LiveSession(ResponsesSession):
    """`live.connect`, `live.forks.connect` and `live.sideband.connect`."""

    sends = frozenset({"response.create", "response.item.create"})
    receives = frozenset({"session.started", "session.updated", "response.event", "error"})

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._backend: dict[str, Any] = {}
        self._items = Items()

    def _receive(self, kind: str, event: Fields) -> None:
        if kind != "response.event":
            super()._receive(kind, event)
            return
        nested = fields(event.get("event"))
        kind = str(nested.get("type"))
        if kind in ResponsesSession.receives or self.listens:
            super()._receive(kind, {**nested, "stream_id": event.get("delegation_id")})

    def _body(self, _: Fields) -> Fields:
        return {**self._backend, "input": self._items.take()}

    def _body_of_own(self, response: Fields) -> tuple[Fields, int | None]:
        body, began = super()._body_of_own(response)
        return {**self._body({}), **body}, began

    def _asked_for(self, response: Fields, _: Any) -> Generation | None:
        """What is asked for is on no lane yet: the delegation is made for it."""
        return super()._asked_for(response, None)

    def _tell(self, kind: str, event: Fields) -> None:
        if kind == "response.item.create":
            capture = self._beginnings.capture
            if capture is not None:
                self._items.add(event.get("item"), capture)
        else:
            session = fields(event.get("session"))
            backend = fields(fields(session.get("delegation")).get("responses"))
            self._backend.update({key: value for key, value in backend.items() if value is not None})
            self._named(session)

    def _blamed(self, event: Fields) -> Blamed:
        """One of a response, by its delegation; where none has begun in that, it is what is asked for."""
        if "stream_id" in event:
            lane, asked = event["stream_id"], [*self._generations.asked]
            begun = any(generation.lane == lane for generation in [*self._generations.begun.values()])
            return super()._blamed(event) if begun or not asked else Blamed(asked[0])
        error = error_of(event)
        event_id = error.get("client_event_id") or event.get("client_event_id")
        return blamed(self._generations, error, event_id)
