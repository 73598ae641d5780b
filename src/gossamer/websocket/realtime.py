"""A session of the realtime API: who speaks, and which response comes of it."""

from __future__ import annotations

from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

from gossamer.fields import Fields, fields
from gossamer.operations.realtime import REALTIME
from gossamer.websocket.items import Items
from gossamer.websocket.refusals import Blamed, blamed, error_of
from gossamer.websocket.session import Session

if TYPE_CHECKING:
    from gossamer.websocket.generations import Generation


class RealtimeSession(Session):
    """`realtime.connect`, and `beta.realtime.connect` before it."""

    operation = REALTIME
    sends = frozenset({"response.create", "session.update", "conversation.item.create"})
    receives = frozenset(
        {
            "session.created",
            "session.updated",
            "input_audio_buffer.speech_stopped",
            "input_audio_buffer.committed",
            "response.created",
            "response.output_item.done",
            "response.done",
            "error",
        }
    )

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._settings: dict[str, Any] = {}
        self._heard: int | None = None  # when somebody stopped to speak
        self._committed: int | None = None  # when the sound was taken over, where nobody tells that
        self._items = Items()

    def _body(self, sent: Fields) -> Fields:
        asked = {key: value for key, value in fields(sent.get("response")).items() if value is not None}
        if asked.get("conversation") != "none":  # else what was heard is still to be answered
            self._heard = self._committed = None
        body = {**self._settings, **asked}
        if self._model is not None:
            body["model"] = self._model
        if "input" not in asked:  # else the response has a context of its own
            body["input"] = self._items.take()
        return body

    def _body_of_own(self, _: Fields) -> tuple[Fields, int | None]:
        heard = self._heard or self._committed
        return self._body({}), heard

    def _asked_for(self, response: Fields, lane: Any) -> Generation | None:
        heard = self._heard is not None or self._committed is not None
        found = self._generations.asked_for(response, lane, heard=heard)
        if found is not None and not found.apart:
            self._committed = None  # that was told late, and is answered by this
        return found

    def _shown(self, event: Fields) -> Fields:
        """With what only the session says, and with an error where other APIs have it."""
        response = fields(event.get("response"))
        shown = {key: self._settings.get(key) for key in ("model", "output_modalities", "modalities")}
        shown.update((key, value) for key, value in response.items() if value is not None)
        error = fields(response.get("status_details")).get("error")
        if error is not None:
            shown["error"] = error
        return {"type": event.get("type"), "response": shown}

    def _tell(self, kind: str, event: Fields) -> None:
        if kind == "conversation.item.create":
            capture = self._beginnings.capture
            if capture is not None:
                self._items.add(event.get("item"), capture)
        elif kind == "input_audio_buffer.speech_stopped":
            self._heard = perf_counter_ns()
        elif kind == "input_audio_buffer.committed":
            if self._heard is None:  # else it follows the end of speech
                self._committed = perf_counter_ns()
        else:
            session = fields(event.get("session"))
            self._settings.update({key: value for key, value in session.items() if value is not None})
            self._named(session)

    def _blamed(self, event: Fields) -> Blamed:
        error = error_of(event)
        return blamed(self._generations, error, error.get("event_id"))
