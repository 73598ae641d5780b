"""What the chunks of a stream have brought of its choices: pieces, joined once, at the end."""

from __future__ import annotations

from typing import Any, Final

from gossamer.fields import Fields, fields
from gossamer.messages.response_parts import string
from gossamer.messages.room import Room

#: Calls and choices of one stream.
_MOST_NODES: Final = 1000
_LONGEST_NAME: Final = 256


class ChoiceRoom(Room):
    """What may still be kept of a stream of choices."""

    __slots__ = ("left_for_audio",)

    def __init__(self, characters: int) -> None:
        super().__init__(characters, _MOST_NODES)
        self.left_for_audio = self.left  # or a second of it would leave no room for what is said

    def name(self, value: Any) -> str | None:
        """A name or an id: whole or not at all, as half of one is another. Not counted, if of a usual length:
        what was called is told also where no more text is.
        """
        said = string(value)
        if not said:
            return None
        if len(said) > _LONGEST_NAME:
            if len(said) > self.left:
                self.cut = True
                return None
            self.left -= len(said)
        return said


class Call:
    """A call of a tool or of a function."""

    __slots__ = ("_name", "_object", "id", "index", "kind", "pieces")

    def __init__(self, index: int | None) -> None:
        self.index = index
        self.id: str | None = None
        self.kind: str | None = None
        self._name: str | None = None
        self.pieces: list[str] | None = None
        """Of its arguments."""
        self._object: Any = None  # some servers send the arguments as they are meant

    def add(self, delta: Fields, room: ChoiceRoom) -> None:
        """Take a delta of it. Some servers repeat its id, its type and its name in each."""
        if self.id is None:
            self.id = room.name(delta.get("id"))
        if self.kind is None:
            self.kind = room.name(delta.get("type"))
        function = fields(delta.get("function"))
        if function:
            self.add_to(function, "arguments", room)
            return
        custom = fields(delta.get("custom"))
        if custom:
            self.kind = "custom"
            self.add_to(custom, "input", room)

    def add_to(self, function: Fields, field: str, room: ChoiceRoom) -> None:
        """Take its name and a piece of its arguments, which are in that field."""
        if self._name is None:
            self._name = room.name(function.get("name"))
        sent = function.get(field)
        piece = string(sent)
        if piece is not None:
            if self.pieces is None:
                self.pieces = []
            piece = room.text(piece)
            if piece:
                self.pieces.append(piece)
        elif isinstance(sent, (dict, list)) and self._object is None:
            self._object = sent

    def is_empty(self) -> bool:
        """Whether nothing is known of it."""
        return self.id is None and self._name is None and self.pieces is None and self._object is None

    def whole(self) -> dict[str, Any]:
        """As an answer has it."""
        kind = self.kind or "function"
        made = self.function("input" if kind == "custom" else "arguments")
        return {"id": self.id, "type": kind, kind if kind == "custom" else "function": made}

    def function(self, field: str = "arguments") -> dict[str, Any]:
        """Name and arguments."""
        arguments = "".join(self.pieces) if self.pieces is not None else self._object
        return {"name": self._name, field: arguments}


class Audio:
    """What was spoken: in words, and as base64, which is kept whole or not at all."""

    __slots__ = ("_data", "_id", "_transcript")

    def __init__(self) -> None:
        self._id: str | None = None
        self._transcript: list[str] = []
        self._data: list[str] | None = []

    def add(self, delta: Fields, room: ChoiceRoom) -> None:
        """Take a delta of it."""
        if self._id is None:
            self._id = room.name(delta.get("id"))
        said = string(delta.get("transcript"))
        if said:
            self._transcript.append(room.text(said))
        piece = string(delta.get("data"))
        if piece and self._data is not None:
            room.left_for_audio -= len(piece)
            if room.left_for_audio < 0 or (self._data and self._data[-1].endswith("=")):
                room.cut = True  # too much; or padding in its middle, and no base64 any more once joined
                self._data = None
            else:
                self._data.append(piece)

    def whole(self) -> dict[str, Any]:
        """As an answer has it."""
        made: dict[str, Any] = {"id": self._id, "transcript": "".join(self._transcript)}
        if self._data:
            made["data"] = "".join(self._data)
        return made


class Choice:
    """One choice."""

    __slots__ = ("_audio", "_calls", "_found", "_function", "role", "texts")

    def __init__(self) -> None:
        self.role: str | None = None
        self.texts: dict[str, list[str]] = {}
        """By field: of the message, or `text` of the choice itself."""
        self._calls: list[Call] = []
        self._found: dict[Any, Call] = {}  # by index and by id, the last of each
        self._function: Call | None = None
        self._audio: Audio | None = None

    def add_call(self, delta: Fields, room: ChoiceRoom) -> Call | None:
        """Take the delta of a call. Returns that call, if there is room for it."""
        call = self._call(delta, room)
        if call is not None:
            call.add(delta, room)
            if call.id is not None:
                self._found[call.id] = call
        return call

    def _call(self, delta: Fields, room: ChoiceRoom) -> Call | None:
        index, call_id = delta.get("index"), string(delta.get("id"))
        number = index if type(index) is int else None
        if number is not None:
            call = self._found.get(number)
            # Some servers give each call the same index, others each delta another id, or the name again.
            if call is not None and (
                not call_id or call.id is None or call.id == call_id or not _named(delta)
            ):
                return call
        elif call_id:
            call = self._found.get(call_id)
            if call is not None:
                return call
        elif self._calls and not _named(delta):
            return self._calls[-1]
        if not room.node():
            return None
        call = Call(number)
        self._calls.append(call)
        if number is not None:
            self._found[number] = call
        return call

    def add_function(self, delta: Fields, room: ChoiceRoom) -> None:
        """Take a delta of a call as it was before there were tools."""
        if self._function is None:
            self._function = Call(None)
        self._function.add_to(delta, "arguments", room)

    def add_audio(self, delta: Fields, room: ChoiceRoom) -> None:
        """Take a delta of audio."""
        if self._audio is None:
            self._audio = Audio()
        self._audio.add(delta, room)

    def whole(self) -> dict[str, Any]:
        """As an answer has it, without its index and finish reason."""
        texts = {field: "".join(pieces) for field, pieces in self.texts.items()}
        if "text" in texts:
            return texts
        message: dict[str, Any] = {"role": self.role, **texts}
        calls = [call for call in self._calls if not call.is_empty()]
        if calls:
            if all(call.index is not None for call in calls):
                calls.sort(key=lambda call: call.index or 0)
            message["tool_calls"] = [call.whole() for call in calls]
        if self._function is not None and not self._function.is_empty():
            message["function_call"] = self._function.function()
        if self._audio is not None:
            message["audio"] = self._audio.whole()
        return {"message": message}


def _named(delta: Fields) -> bool:
    return any(string(fields(delta.get(key)).get("name")) for key in ("function", "custom"))
