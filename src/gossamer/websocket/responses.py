"""A connection of the Responses API: several responses at once, each on a lane of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.operations.responses_websocket import RESPONSES_WEBSOCKET
from gossamer.websocket.refusals import Blamed
from gossamer.websocket.session import Session

if TYPE_CHECKING:
    from gossamer.fields import Fields


class ResponsesSession(Session):
    """`responses.connect`."""

    operation = RESPONSES_WEBSOCKET
    sends = frozenset({"response.create"})
    receives = frozenset(
        {
            "response.created",
            "response.output_item.done",
            "response.completed",
            "response.failed",
            "response.incomplete",
            "error",
        }
    )

    def _blamed(self, event: Fields) -> Blamed:
        """On the lane of the error; else the only one that there is.

        An error with a number is a part of a response; another answers a request.
        """
        asked, begun = [*self._generations.asked], [*self._generations.begun.values()]
        known = asked + begun if event.get("sequence_number") is None else begun + asked
        on_lane = [generation for generation in known if generation.lane == event.get("stream_id")]
        if on_lane:
            return Blamed(on_lane[0])
        return Blamed(known[0] if len(known) == 1 else None)
