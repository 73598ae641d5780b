"""Errors that the server tells in an event: which generation is one about, and is that certain?

Many name nothing that leads there: such an error may as well be about an item, or the sound. What it tells is
kept with the oldest generation that has not begun. It counts unless that one begins after all.
"""

from __future__ import annotations

from time import perf_counter_ns
from typing import TYPE_CHECKING, Final, NamedTuple

from gossamer import semconv
from gossamer.failure import of_answer
from gossamer.fields import Fields, fields
from gossamer.websocket.generations import Refusal

if TYPE_CHECKING:
    from gossamer.call import Call
    from gossamer.websocket.generations import Generation, Generations

#: How the code or the parameter of an error begins that is about something other than a generation.
_OF_OTHERS: Final = ("session", "item", "conversation_item", "audio", "input_audio", "response_cancel")

#: The code of one that is about no other event than `response.create`.
_BUSY: Final = "conversation_already_has_active_response"


class Blamed(NamedTuple):
    """What an error is about."""

    generation: Generation | None
    """None where it is about none."""
    certain: bool = True


def blamed(generations: Generations, error: Fields, event_id: object) -> Blamed:
    """What an error is about that names the event which it answers, or does not.

    A response that has begun ends by itself, with a status.
    """
    if type(event_id) is str and event_id:
        named = generations.asked_by(event_id)
        if named is not None:
            return Blamed(named if named in generations.asked else None)
    code, param = str(error.get("code")), str(error.get("param"))
    if code.startswith(_OF_OTHERS) or param.startswith(_OF_OTHERS):
        return Blamed(None)
    asked = [*generations.asked]
    oldest = next(
        (generation for generation in asked if generation.refusal is None), asked[0] if asked else None
    )
    return Blamed(oldest, code == _BUSY or param == "response" or param.startswith("response."))


def refusal_in(event: Fields, call: Call | None) -> Refusal:
    """What an error event tells of a call."""
    error = error_of(event)
    code = error.get("code") or error.get("type")
    with_message = call is not None and call.captured is not None and call.captured.tells_text
    told = of_answer(code if type(code) is str else "_OTHER", {"error": error}, message=with_message)
    status = event.get("status")
    if type(status) is int and 100 <= status <= 999:  # else nobody could export it
        told.attributes[semconv.HTTP_STATUS_CODE] = status
    return Refusal(told, perf_counter_ns())


def error_of(event: Fields) -> Fields:
    """What an error event tells: in a field of its own, or as such."""
    return fields(event.get("error")) or event
