"""Sessions of managed agents: what they are begun with, and what their turns say.

Their items are those of the Responses API, and some of their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gossamer.fields import Fields, fields
from gossamer.messages import responses
from gossamer.messages.message import Part, Reader
from gossamer.messages.response_copy import ItemRoom
from gossamer.messages.response_tools import tool
from gossamer.operations.agents import SessionFold

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.operations.operation import Attributes


def instructions(body: Fields) -> list[Part]:
    """See `Reader.instructions`: of the agent, where they are given for this session."""
    return responses.instructions(fields(body.get("agent")))


def tools(body: Fields) -> Sequence[Any]:
    """See `Reader.tools`: likewise."""
    return responses.tools(fields(body.get("agent")))


class ContentSessionFold(SessionFold):
    """As `SessionFold`, with the items of its turns, up to a number of characters."""

    __slots__ = ("_items", "_room")

    def __init__(self, request: Attributes, limit: int) -> None:
        super().__init__(request)
        self._items: list[Any] = []
        self._room = ItemRoom(limit)

    @property
    def cut(self) -> bool:
        """Whether the answer lacks something that was seen."""
        return self._room.cut

    def add(self, chunk: Any) -> bool:
        """See `Fold.add`."""
        event = fields(chunk)
        kind = event.get("type")
        if type(kind) is str and kind == "agent.session.turn.item.done" and self._room.node():
            self._items.append(self._room.item(fields(event.get("item"))))
        super().add(chunk)
        return False

    def answer(self) -> Fields:
        """See `Fold.answer`."""
        return {**super().answer(), "output": self._items}


SESSIONS = Reader(
    inputs=responses.inputs,
    message=responses.message,
    instructions=instructions,
    tools=tools,
    tool=tool,
    outputs=responses.outputs,
)
