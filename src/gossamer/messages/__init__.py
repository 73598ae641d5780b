"""Prompts and answers as messages of the conventions. One file an API."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NamedTuple

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

if TYPE_CHECKING:
    from gossamer.operations import Attributes, Fold, Operation

__all__ = ["ContentFoldMaker", "Reader", "content_fold", "reader_of"]

#: Makes a fold that keeps what a stream says: (request attributes, most characters to keep).
ContentFoldMaker = Callable[["Attributes", int], "Fold"]


class _Content(NamedTuple):
    """How the content of one operation is read."""

    reader: Reader
    fold: ContentFoldMaker | None = None
    """None: what the operation's own fold gathers is all there is."""


#: By `Operation.content`.
_CONTENT: Final[dict[str | None, _Content]] = {
    None: _Content(NOTHING_TO_READ),
    "assistants": _Content(ASSISTANTS),
    "chat": _Content(CHAT, ContentFold),
    "completions": _Content(COMPLETIONS, ContentFold),
    "fetched": _Content(FETCHED, ContentFetchFold),
    "images": _Content(IMAGES, ContentImagesFold),
    "realtime": _Content(REALTIME, ContentEventsFold),
    "responses": _Content(RESPONSES, ContentEventsFold),
    "retrieval": _Content(RETRIEVAL),
    "runs": _Content(RUNS, ContentRunFold),
    "speech": _Content(SPEECH),
    "transcripts": _Content(TRANSCRIPTS),
    "videos": _Content(VIDEOS),
}


def reader_of(operation: Operation) -> Reader:
    """Reads the content of an operation: nothing, where the conventions have no place for any."""
    return _CONTENT[operation.content].reader


def content_fold(operation: Operation) -> ContentFoldMaker | None:
    """Makes the folds that keep the content of its streams; None where the usual fold keeps it."""
    return _CONTENT[operation.content].fold
