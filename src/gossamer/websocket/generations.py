"""The generations of one connection that have not ended, and which of them an event is about.

No lock is taken: one thread or task receives, any may send, and what they do here are single steps.
"""

from __future__ import annotations

import sys
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any, NamedTuple

from gossamer.call import Guard
from gossamer.fields import Fields, fields
from gossamer.finalizers import unfinished

if TYPE_CHECKING:
    from gossamer.call import Call, Outcome
    from gossamer.failure import Failure


class Refusal(NamedTuple):
    """What an error told of a generation, and when, by the performance counter."""

    told: Failure
    at: int


class Generation(Guard):
    """A response of the model's, from its `response.create`, or else from its beginning, to its end.

    Without a call it is one that is not traced. It is known all the same, or its events would be another's.
    Whoever drops it ends its call.
    """

    __slots__ = ("apart", "event_id", "lane", "metadata", "refusal")

    def __init__(self, call: Call | None, asked: Fields, lane: Any) -> None:
        super().__init__(call)
        if call is not None:
            unfinished.add(call)
        self.event_id = text_of(asked, "event_id")
        """That the app gave to what asks for it."""
        self.lane = lane
        """The stream on the connection that it is in; None where there is but one."""
        response = fields(asked.get("response"))
        self.apart = response.get("conversation") == "none"
        """It is asked for outside of the conversation."""
        given = asked.get("metadata") or response.get("metadata")
        self.metadata = dict(fields(given)) if given else None
        self.refusal: Refusal | None = None
        """Of an error that may be about it, while it has not begun."""

    def __del__(self, _is_finalizing: Any = sys.is_finalizing) -> None:
        if getattr(self, "refusal", None) is not None and not _is_finalizing():
            self.end("failed")
        else:
            super().__del__()

    @property
    def silent(self) -> bool:
        """Whether its first output is still to come, and to be noticed."""
        return self.call is not None and self.call.first_chunk is None

    def spoke(self) -> None:
        """Output has come."""
        if self.call is not None and self.call.first_chunk is None:
            self.call.first_chunk = perf_counter_ns()

    def end(self, outcome: Outcome) -> None:
        """It has ended: when it was refused, if it was."""
        call, refusal = self.call, self.refusal
        if call is not None and refusal is not None:
            call.ended = refusal.at
            call.end("failed", refusal.told)
        elif call is not None:
            call.end(outcome)

    def fail(self, error: BaseException) -> None:
        """It has ended by an exception, unless it was refused before."""
        if self.refusal is not None:
            self.end("failed")
        elif self.call is not None:
            self.call.fail(error)


class Generations:
    """Those that have not ended."""

    def __init__(self) -> None:
        self.asked: list[Generation] = []
        """Asked for, and not begun: oldest first."""
        self.begun: dict[Any, Generation] = {}
        """By the id of the response."""

    @property
    def some_silent(self) -> bool:
        """Whether the first output of any is still to come."""
        return any(generation.silent for generation in tuple(self.begun.values()))

    def all(self) -> list[Generation]:
        """Those that have begun, and then the others."""
        return [*self.begun.values(), *self.asked]

    def begin(self, response_id: Any, generation: Generation) -> None:
        """The response to one has begun."""
        self.forget(generation)
        self.begun[response_id] = generation

    def asked_for(self, response: Fields, lane: Any, *, heard: bool) -> Generation | None:
        """The one that a response answers: the oldest on its lane that fits it.

        One that no error has come for goes first. Metadata are repeated in the response, and one that is
        outside of the conversation has no id of it. Where somebody was heard, one that fits none answers
        that.
        """
        on_lane = [generation for generation in tuple(self.asked) if generation.lane == lane]
        metadata = fields(response.get("metadata")) or None
        conversation = response.get("conversation_id")
        fit = [generation for generation in on_lane if not (generation.apart and conversation is not None)]
        if any(generation.metadata == metadata for generation in fit):
            fit = [generation for generation in fit if generation.metadata == metadata]
        elif "metadata" in response:
            fit = [generation for generation in fit if generation.metadata is None]
        if not fit and not heard:
            fit = on_lane
        outside = conversation is None and "conversation_id" in response
        fit.sort(key=lambda generation: (outside and not generation.apart, generation.refusal is not None))
        return fit[0] if fit else None

    def asked_by(self, event_id: str) -> Generation | None:
        """The one that an event with this id asked for: the oldest that has not begun."""
        known = [*self.asked, *self.begun.values()]
        return next((generation for generation in known if generation.event_id == event_id), None)

    def overtaken_by(self, answered: Generation) -> list[Generation]:
        """Those that an error may have been about, and that one after them was answered before: it was."""
        asked = [*self.asked]
        before = asked[: asked.index(answered)] if answered in asked else []
        overtaken = [generation for generation in before if generation.refusal is not None]
        for generation in overtaken:
            self.forget(generation)
        return overtaken

    def speaking(self, event: Fields) -> Generation | None:
        """The one whose output an event carries: by its id, else the one on its lane that is to speak."""
        response_id = text_of(event, "response_id")
        if response_id is not None:
            return self.begun.get(response_id)
        lane = event.get("stream_id")
        on_lane = [generation for generation in tuple(self.begun.values()) if generation.lane == lane]
        oldest = on_lane[0] if on_lane else None
        return next((generation for generation in on_lane if generation.silent), oldest)

    def forget(self, ended: Generation) -> None:
        """One has ended, or is no more what it was."""
        if ended in self.asked:
            self.asked.remove(ended)
        for response_id, generation in tuple(self.begun.items()):
            if generation is ended:
                self.begun.pop(response_id, None)

    def take(self) -> list[Generation]:
        """All of them have ended."""
        taken = self.all()
        self.asked, self.begun = [], {}
        return taken


def told(response: Any) -> Fields:
    """The fields of a response that the server tells: of all others, a model of the SDK's holds None."""
    found = fields(response)
    by_server = getattr(response, "__pydantic_fields_set__", found)
    return {name: value for name, value in found.items() if value is not None or name in by_server}


def text_of(found: Fields, name: str) -> str | None:
    """A field that names something; None where it is not told, or is an odd one."""
    value = found.get(name)
    return value if type(value) is str and value else None
