"""One response of the Responses API that comes over a websocket: read as over HTTP."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gossamer.fields import Fields, fields
from gossamer.operations.responses import RESPONSES, EventsFold

if TYPE_CHECKING:
    from gossamer.operations.operation import Attributes


class ItemsFold(EventsFold):
    """As `EventsFold`, where the last event may leave out what was made: then the items tell it."""

    __slots__ = ("_items",)

    def __init__(self, request: Attributes) -> None:
        super().__init__(request)
        self._items: list[dict[str, Any]] = []

    def add(self, chunk: Any) -> bool:
        """See `Fold.add`. Of an item, only its type is kept."""
        event = fields(chunk)
        if event.get("type") == "response.output_item.done":
            self._items.append({"type": fields(event.get("item")).get("type")})
            return True
        return super().add(chunk)

    def answer(self) -> Fields:
        """See `Fold.answer`."""
        answer = super().answer()
        return answer if answer.get("output") or not self._items else {**answer, "output": self._items}


RESPONSES_WEBSOCKET = replace(RESPONSES, method="GET", calls="`responses.connect`", fold=ItemsFold)
