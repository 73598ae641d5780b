"""Streams of choices with their content: chats and the legacy Completions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gossamer.fields import Fields, fields
from gossamer.messages.chat import thinking, thought
from gossamer.messages.choices_pieces import Choice, ChoiceRoom
from gossamer.messages.response_parts import listed, string
from gossamer.operations.choices import ChoicesFold

if TYPE_CHECKING:
    from collections.abc import Callable

    from gossamer.operations.operation import Attributes


class ContentFold(ChoicesFold):
    """As `ChoicesFold`, for all chunks and with what they say, up to a number of characters.

    The answer has the shape of an unstreamed one.
    """

    __slots__ = ("_appends", "_choices", "_room")

    def __init__(self, request: Attributes, limit: int) -> None:
        super().__init__(request)
        self._room = ChoiceRoom(limit)
        self._choices: dict[int, Choice] = {}
        #: (index, field), or (index, index of a call) → where its text goes, once there is some.
        self._appends: dict[tuple[Any, Any], Callable[[str], None]] = {}

    @property
    def cut(self) -> bool:
        """Whether the answer lacks something that was seen."""
        return self._room.cut

    def add(self, chunk: Any) -> bool:
        """See `Fold.add`. Most chunks bring a text to one choice, which has some already, and no more."""
        try:
            found = chunk.__dict__
            (choice,) = found["choices"]
            of_choice = choice.__dict__
            if of_choice["finish_reason"] is None and found["usage"] is None:
                delta = of_choice["delta"]
                said = delta.__dict__
                place, piece = "content", said["content"]
                sent = getattr(delta, "__pydantic_fields_set__", ())
                unknown = getattr(delta, "__pydantic_extra__", None)
                if unknown or len(sent) != 1 or type(piece) is not str:
                    place, piece = _only_piece(said, sent, unknown)
                append = self._appends.get((of_choice["index"], place)) if piece else None
                if append is not None:
                    room = self._room
                    left = room.left - len(piece)
                    if left >= 0:
                        room.left = left
                        append(piece)
                        return False
                    if not room.left:
                        room.cut = True
                        return False
        except (AttributeError, KeyError, TypeError, ValueError):
            pass  # dicts, no choice or several, or a chunk of another form
        return self._add_other(chunk)

    def _add_other(self, chunk: Any) -> bool:
        found = fields(chunk)
        choices = listed(found.get("choices"))
        tells = not self._choices or not choices or found.get("usage") is not None
        for position, entry in enumerate(choices):
            of_choice = fields(entry)
            tells = tells or of_choice.get("finish_reason") is not None
            index = of_choice.get("index")
            choice = self._choice(index if type(index) is int else position)
            if choice is None:
                continue
            delta = fields(of_choice.get("delta")) or fields(of_choice.get("message"))
            if delta:
                self._add_delta(delta, choice, index)
            else:
                self._add_text(string(of_choice.get("text")), choice, "text")
        if tells:
            super().add(chunk)
        return False

    def _choice(self, index: int) -> Choice | None:
        choice = self._choices.get(index)
        if choice is None and self._room.node():
            choice = self._choices[index] = Choice()
        return choice

    def _add_delta(self, delta: Fields, choice: Choice, index: Any) -> None:
        room = self._room
        if choice.role is None:
            choice.role = room.name(delta.get("role"))
        self._add_content(delta.get("content"), choice)
        self._add_text(thought(delta), choice, "reasoning_content")
        self._add_text(string(delta.get("refusal")), choice, "refusal")
        for sent in map(fields, listed(delta.get("tool_calls"))):
            call = choice.add_call(sent, room) if sent else None
            place = sent.get("index")
            if call is None or call.pieces is None or type(index) is not int:
                continue
            if type(place) is int or place is None:  # a list is no key, and a text may be the name of a field
                self._appends[index, place] = call.pieces.append
        function = fields(delta.get("function_call"))
        if function:
            choice.add_function(function, room)
        audio = fields(delta.get("audio"))
        if audio:
            choice.add_audio(audio, room)
        if type(index) is int:
            for field, pieces in choice.texts.items():
                self._appends[index, field] = pieces.append

    def _add_content(self, content: Any, choice: Choice) -> None:
        if not isinstance(content, (list, tuple)):
            self._add_text(string(content), choice, "content")
            return
        for part in map(fields, content):
            said, thoughts = string(part.get("text")), thinking(part)
            self._add_text(said, choice, "content")
            self._add_text(thoughts, choice, "reasoning_content")
            if part and not said and not thoughts:
                self._room.cut = True  # an image, say: there is no place for it between pieces of text

    def _add_text(self, said: str | None, choice: Choice, field: str) -> None:
        if said:
            pieces = choice.texts.setdefault(field, [])
            piece = self._room.text(said)
            if piece:
                pieces.append(piece)

    def answer(self) -> Fields:
        """See `Fold.answer`."""
        answer = self._answer
        if answer or self._reasons or self._choices:
            answer["choices"] = [
                self._whole(index)
                for index in sorted({*range(self._expected), *self._reasons, *self._choices})
            ]
        return answer

    def _whole(self, index: int) -> dict[str, Any]:
        choice = self._choices.get(index)
        said = choice.whole() if choice is not None else {}
        return {"index": index, "finish_reason": self._reasons.get(index), **said}


def _only_piece(said: Fields, sent: Any, unknown: Any) -> tuple[Any, Any]:
    """The only text of a delta, and where it belongs: a field, or the index of a call. Else None."""
    piece, calls = said["content"], said["tool_calls"]
    if piece or calls:
        if (len(sent) != 1 and not _is_all(said)) or (unknown and any(unknown.values())):
            return None, None
        if not calls:
            return "content", piece if type(piece) is str else None
        if len(calls) == 1:
            call = calls[0].__dict__
            place, function = call["index"], call["function"].__dict__
            if type(place) is str:
                return None, None  # the name of a field, perhaps
            # A new call is told with its id and its name.
            if call["id"] is None and function["name"] is None and type(function["arguments"]) is str:
                return place, function["arguments"]
    elif unknown and len(unknown) == 1:
        ((place, thoughts),) = unknown.items()
        told = [*said.values()]
        others = len(told) - told.count(None) - (said["role"] is not None) - (piece == "")
        if place == "reasoning_content" and type(thoughts) is str and not others:
            return place, thoughts
    return None, None


def _is_all(said: Fields) -> bool:
    """Whether one field is all that a delta has, beside its role."""
    told = [*said.values()]
    others = len(told) - told.count(None)
    return others == 1 or (others == 2 and said["role"] is not None)
