"""Streams of the Responses API with their content.

The last event of a stream carries the whole response: then nothing that was gathered is needed. What is
gathered here stands in for it where a stream is cut, and where a server leaves the output out at the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from gossamer.fields import Fields, fields
from gossamer.messages.response_copy import ItemRoom
from gossamer.operations.responses import EventsFold, FetchFold

if TYPE_CHECKING:
    from gossamer.operations.operation import Attributes

#: A response in these is not at its end.
_BEGUN: Final = frozenset({"response.created", "response.queued", "response.in_progress"})


class _Delta(NamedTuple):
    """Where the pieces of one kind go."""

    item: str
    """Type of the item that they are of."""
    field: str
    """Of the item: a text, or a list of parts."""
    part: str | None = None
    """Type of the part, in a list of parts."""
    text: str = "text"
    """Field of the part."""
    place: str = ""
    """Field of the event: the index in the list."""


_DELTAS: Final = {
    "response.output_text.delta": _Delta("message", "content", "output_text", "text", "content_index"),
    "response.refusal.delta": _Delta("message", "content", "refusal", "refusal", "content_index"),
    "response.reasoning_text.delta": _Delta(
        "reasoning", "content", "reasoning_text", "text", "content_index"
    ),
    "response.reasoning_summary_text.delta": _Delta(
        "reasoning", "summary", "summary_text", "text", "summary_index"
    ),
    "response.function_call_arguments.delta": _Delta("function_call", "arguments"),
    "response.custom_tool_call_input.delta": _Delta("custom_tool_call", "input"),
    "response.mcp_call_arguments.delta": _Delta("mcp_call", "arguments"),
    "response.code_interpreter_call_code.delta": _Delta("code_interpreter_call", "code"),
}

_NOWHERE: Final = object()  # the index of no event


class _Item:
    """An item that has begun: what is known of it, and the texts that are on their way."""

    __slots__ = ("fields", "finished", "index", "size", "texts")

    def __init__(self, index: Any, kind: str | None = None) -> None:
        self.index = index
        self.fields: dict[str, Any] = {"type": kind} if kind is not None else {}
        self.finished = False
        self.size = 0
        """Of the fields, in characters."""
        self.texts: dict[tuple[_Delta, int], list[str]] = {}

    def whole(self) -> dict[str, Any]:
        """As an item of an answer."""
        made = dict(self.fields)
        lists: dict[str, dict[int, Any]] = {}
        for (delta, place), pieces in self.texts.items():
            said = "".join(pieces)
            if delta.part is None:
                made[delta.field] = said
                continue
            given = made.get(delta.field)
            parts = lists.setdefault(delta.field, dict(enumerate(given)) if type(given) is list else {})
            parts[place] = {"type": delta.part, delta.text: said}
        for field, parts in lists.items():
            made[field] = [parts[place] for place in sorted(parts)]
        return made


class ContentEventsFold(EventsFold):
    """As `EventsFold`, for all events and with what they say, up to a number of characters."""

    __slots__ = (
        "_append",
        "_complete",
        "_index",
        "_items",
        "_kind",
        "_open",
        "_place",
        "_place_field",
        "_room",
    )

    def __init__(self, request: Attributes, limit: int) -> None:
        super().__init__(request)
        self._room = ItemRoom(limit)
        self._items: list[_Item] = []
        #: By the index of the output, or by id where a server sends no index.
        self._open: dict[Any, _Item] = {}
        self._complete = False
        # Where the last delta went: nearly always the next one goes there too.
        self._kind = ""
        self._index: Any = _NOWHERE
        self._place_field = ""
        self._place: Any = None
        self._append: Any = None

    @property
    def cut(self) -> bool:
        """Whether the answer lacks something that was seen."""
        return self._room.cut and not self._complete

    def add(self, chunk: Any) -> bool:
        """See `Fold.add`."""
        try:
            event = chunk.__dict__
            if (
                event["type"] == self._kind
                and event["output_index"] == self._index
                and event.get(self._place_field) == self._place
            ):
                piece, room = event["delta"], self._room
                if type(piece) is str:
                    left = room.left - len(piece)
                    if left >= 0:
                        room.left = left
                        self._append(piece)
                        return False
                    if not room.left:
                        room.cut = True
                        return False
        except (AttributeError, KeyError):
            pass  # a dict, or an event of another form
        return self._add_other(chunk)

    def _add_other(self, chunk: Any) -> bool:
        event = fields(chunk)
        kind = event.get("type")
        if type(kind) is str and not self._complete:
            delta = _DELTAS.get(kind)
            if delta is not None:
                self._add_delta(event, kind, delta)
                return False
            if kind in ("response.output_item.added", "response.output_item.done"):
                self._add_item(event, finished=kind == "response.output_item.done")
                return False
        super().add(chunk)
        if type(kind) is not str or kind not in _BEGUN:
            output = fields(event.get("response")).get("output")
            if type(output) is list and output:
                self._complete = True
                self._items, self._open = [], {}
                self._index, self._append = _NOWHERE, None
        return False

    def _add_delta(self, event: Fields, kind: str, delta: _Delta) -> None:
        piece = event.get("delta")
        if type(piece) is not str or not piece:
            return
        index, key = self._key(event, event.get("item_id"))
        item = self._open.get(key)
        if item is None or item.finished:
            item = self._begin(index, key, delta.item)
            if item is None:
                return
        place = event.get(delta.place)
        text = (delta, place if type(place) is int else 0)
        pieces = item.texts.get(text)
        if pieces is None:
            if not self._room.node():
                return
            pieces = item.texts[text] = []
        self._kind, self._append = kind, pieces.append
        self._index = index if index is not None else _NOWHERE
        self._place_field, self._place = delta.place, place
        piece = self._room.text(piece)
        if piece:
            pieces.append(piece)

    def _add_item(self, event: Fields, *, finished: bool) -> None:
        sent = fields(event.get("item"))
        if not sent:
            return
        self._index = _NOWHERE
        index, key = self._key(event, sent.get("id"))
        item = self._open.get(key)
        if item is None or item.finished or (not finished and item.fields.get("id") != sent.get("id")):
            # Some servers give each item the same index.
            item = self._begin(index, key)
            if item is None:
                return
        room = self._room
        room.left += item.size
        if finished:
            for pieces in item.texts.values():
                room.left += sum(map(len, pieces))
            item.texts.clear()
            item.finished = True
        before = room.left
        item.fields = room.item(sent)
        item.size = before - room.left

    @staticmethod
    def _key(event: Fields, item_id: Any) -> tuple[int | None, Any]:
        index = event.get("output_index")
        if type(index) is int:
            return index, index
        return None, item_id if type(item_id) is str else None

    def _begin(self, index: int | None, key: Any, kind: str | None = None) -> _Item | None:
        if not self._room.node():
            return None
        item = self._open[key] = _Item(index, kind)
        self._items.append(item)
        return item

    def answer(self) -> Fields:
        """See `Fold.answer`."""
        answer = super().answer()
        if self._complete or not self._items:
            return answer
        items = self._items
        if all(item.index is not None for item in items):
            items = sorted(items, key=lambda item: item.index)
        return {**answer, "output": [item.whole() for item in items]}


class ContentFetchFold(ContentEventsFold, FetchFold):
    """As `FetchFold`, with content: the next `answer` after that of `ContentEventsFold` is its own."""

    __slots__ = ()
