"""Copies of output items that a stream has shown, within the room that its content may take."""

from __future__ import annotations

from typing import Any, Final

from gossamer.fields import Fields, fields
from gossamer.messages.room import Room

#: Never read, and larger than the text that they belong to.
_UNREAD: Final = frozenset({"encrypted_content", "logprobs"})
_UNREAD_OF_A_MESSAGE: Final = _UNREAD | {"annotations"}

#: Say what an item is: kept, and not counted, also where no more text is.
_NAMES: Final = frozenset({"type", "id", "call_id", "name", "role", "status", "server_label", "execution"})
_LONGEST_NAME: Final = 256

#: Items, and the fields and entries in them.
_MOST_NODES: Final = 20_000
_DEEPEST: Final = 20


class ItemRoom(Room):
    """What may still be kept of a stream of items. Data is kept whole or not at all."""

    __slots__ = ("_unread",)

    def __init__(self, characters: int) -> None:
        super().__init__(characters, _MOST_NODES)
        self._unread = _UNREAD

    def text(self, piece: str) -> str:
        """What fits of a text."""
        if len(piece) > self.left and piece[:5].lower() == "data:":
            self.cut = True
            return ""
        return super().text(piece)

    def item(self, sent: Fields) -> dict[str, Any]:
        """What fits of an item."""
        kind = sent.get("type")
        if type(kind) is str and kind == "image_generation_call":
            image = sent.get("result")
            if type(image) is str and len(image) > self.left:
                self.cut = True
                sent = {key: value for key, value in sent.items() if key != "result"}
        self._unread = _UNREAD_OF_A_MESSAGE if type(kind) is str and kind == "message" else _UNREAD
        return self._of_fields(sent, 0)

    def _of_fields(self, sent: Fields, depth: int, *, nulls: bool = False) -> dict[str, Any]:
        kept: dict[str, Any] = {}
        for key, value in sent.items():
            if (value is None and not nulls) or type(key) is not str or key in self._unread:
                continue
            if not self.node():
                break
            if type(value) is str and key in _NAMES and len(value) <= _LONGEST_NAME:
                kept[key] = value
            else:
                kept[key] = self._copy(value, depth + 1)
        return kept

    def _copy(self, value: Any, depth: int) -> Any:
        kind = type(value)
        if kind is str:
            return self.text(value)
        if value is None or kind is bool or kind is int or kind is float:
            return value
        if depth > _DEEPEST:
            self.cut = True
            return None
        if kind is list:
            kept = []
            for entry in value:
                if not self.node():
                    break
                kept.append(self._copy(entry, depth + 1))
            return kept
        # A null that was sent says something, other than a field that a model has anyway.
        return self._of_fields(fields(value), depth, nulls=kind is dict)
