"""Prompts and answers as messages of the conventions. One file an API."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NamedTuple

from gossamer.messages.chat import CHAT
from gossamer.messages.choices_stream import ContentFold
from gossamer.messages.completions import COMPLETIONS
from gossamer.messages.message import NOTHING_TO_READ, Reader
from gossamer.messages.realtime import REALTIME
from gossamer.messages.responses import FETCHED, RESPONSES
from gossamer.messages.responses_stream import ContentEventsFold, ContentFetchFold
from gossamer.operations import chat, completions, realtime, responses, responses_websocket

if TYPE_CHECKING:
    from gossamer.operations import Attributes, Fold, Operation

__all__ = ["ContentFoldMaker", "Reader", "content_fold", "reader_of"]

#: Makes a fold that keeps what a stream says: (request attributes, most characters to keep).
ContentFoldMaker = Callable[["Attributes", int], "Fold"]


class _Content(NamedTuple):
    """How the content of one operation is read."""

    reader: Reader
    fold: ContentFoldMaker


_CONTENT: Final[dict[Operation, _Content]] = {
    chat.CHAT: _Content(CHAT, ContentFold),
    completions.COMPLETIONS: _Content(COMPLETIONS, ContentFold),
    responses.RESPONSES: _Content(RESPONSES, ContentEventsFold),
    responses.FETCH_RESPONSE: _Content(FETCHED, ContentFetchFold),
    responses_websocket.RESPONSES_WEBSOCKET: _Content(RESPONSES, ContentEventsFold),
    realtime.REALTIME: _Content(REALTIME, ContentEventsFold),
}


def reader_of(operation: Operation) -> Reader:
    """Reads the content of an operation: nothing, where the conventions have no place for any."""
    found = _CONTENT.get(operation)
    return NOTHING_TO_READ if found is None else found.reader


def content_fold(operation: Operation) -> ContentFoldMaker | None:
    """Makes the folds that keep the content of its streams; None where there is none to keep."""
    found = _CONTENT.get(operation)
    return None if found is None else found.fold
