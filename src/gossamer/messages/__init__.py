"""Prompts and answers as messages of the conventions. One file an API."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from gossamer.messages.agents import ASSISTANTS, RUNS, ContentRunFold
from gossamer.messages.chat import CHAT
from gossamer.messages.choices_stream import ContentFold
from gossamer.messages.completions import COMPLETIONS
from gossamer.messages.media import IMAGES, SPEECH, TRANSCRIPTS, VIDEOS, ContentImagesFold
from gossamer.messages.message import NOTHING_TO_READ, Reader
from gossamer.messages.realtime import REALTIME
from gossamer.messages.responses import FETCHED, RESPONSES
from gossamer.messages.responses_stream import ContentEventsFold, ContentFetchFold
from gossamer.messages.retrieval import RETRIEVAL
from gossamer.messages.sessions import SESSIONS, ContentSessionFold

if TYPE_CHECKING:
    from gossamer.operations import Attributes, Fold, Operation

__all__ = ["Content", "ContentFoldMaker", "Reader", "content_fold", "reader_of"]

#: Makes a fold that keeps what a stream says: (request attributes, most characters to keep).
ContentFoldMaker = Callable[["Attributes", int], "Fold"]


class Content(NamedTuple):
    """How the content of one operation is read. An operation of another SDK may have one of its own."""

    reader: Reader
    fold: ContentFoldMaker | None = None
    """None: what the operation's own fold gathers is all there is."""


#: By `Operation.content`.
_CONTENT: Final[dict[Any, Content]] = {
    None: Content(NOTHING_TO_READ),
    "assistants": Content(ASSISTANTS),
    "chat": Content(CHAT, ContentFold),
    "completions": Content(COMPLETIONS, ContentFold),
    "fetched": Content(FETCHED, ContentFetchFold),
    "images": Content(IMAGES, ContentImagesFold),
    "realtime": Content(REALTIME, ContentEventsFold),
    "responses": Content(RESPONSES, ContentEventsFold),
    "retrieval": Content(RETRIEVAL),
    "runs": Content(RUNS, ContentRunFold),
    "sessions": Content(SESSIONS, ContentSessionFold),
    "speech": Content(SPEECH),
    "transcripts": Content(TRANSCRIPTS),
    "videos": Content(VIDEOS),
}


def reader_of(operation: Operation) -> Reader:
    """Reads the content of an operation: nothing, where the conventions have no place for any."""
    return _content(operation).reader


def content_fold(operation: Operation) -> ContentFoldMaker | None:
    """Makes the folds that keep the content of its streams; None where the usual fold keeps it."""
    return _content(operation).fold


def _content(operation: Operation) -> Content:
    given = operation.content
    return given if isinstance(given, Content) else _CONTENT[given]
