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
        #: Index → where its content goes, once there is some.
        self._appends: dict[Any, Callable[[str], None]] = {}

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
            append = self._appends.get(of_choice["index"])
            if append is not None and of_choice["finish_reason"] is None and found["usage"] is None:
                delta = of_choice["delta"]
                said = delta.__dict__
                piece = said["content"]
                sent = getattr(delta, "__pydantic_fields_set__", ())
                if type(piece) is str and piece and (len(sent) == 1 or _is_all(said)):
                    unknown = getattr(delta, "__pydantic_extra__", None)
                    if not unknown or not any(unknown.values()):
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
            delta = fields(of_choice.get("delta"))
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
        content = delta.get("content")
        if isinstance(content, (list, tuple)):
            for part in map(fields, content):
                self._add_text(string(part.get("text")), choice, "content")
                self._add_text(thinking(part), choice, "reasoning_content")
        elif content is not None:
            self._add_text(string(content), choice, "content")
            pieces = choice.texts.get("content")
            if pieces is not None and type(index) is int:
                self._appends[index] = pieces.append
        self._add_text(thought(delta), choice, "reasoning_content")
        self._add_text(string(delta.get("refusal")), choice, "refusal")
        for call in map(fields, listed(delta.get("tool_calls"))):
            if call:
                choice.add_call(call, room)
        function = fields(delta.get("function_call"))
        if function:
            choice.add_function(function, room)
        audio = fields(delta.get("audio"))
        if audio:
            choice.add_audio(audio, room)

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


def _is_all(said: Fields) -> bool:
    """Whether content is all that a delta has, beside its role."""
    told = [*said.values()]
    others = len(told) - told.count(None)
    return others == 1 or (others == 2 and said["role"] is not None)
