"""What an operation is.

To add an endpoint:
1. write a module with an `Operation`: which request it is, and how its body and answer are read;
2. give it a `Fold` if it streams;
3. name it in the table of its SDK: `openai_sdk.py`;
4. add a recorded answer to its tests.
The tables in docs/operations.md and docs/attributes.md follow by `make docs`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

from gossamer import semconv

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gossamer.fields import Fields

Attributes = dict[str, Any]


class Fold(Protocol):
    """Gathers from the chunks of one stream what the same answer, unstreamed, would have said."""

    def add(self, chunk: Any) -> bool:
        """Take what this chunk tells. True once only chunks with a finish reason or usage, or events of
        `kept_events`, are wanted.
        """

    def answer(self) -> Fields:
        """What has been gathered, in the shape of an unstreamed answer."""


def nothing(_: Any, attributes: Attributes) -> None:
    """A reader of what tells nothing that is recorded."""


@dataclass(frozen=True, eq=False)  # compared and hashed by identity
class Operation:
    """One kind of API call, and how to read it. Readers may raise on nothing: what is odd is left out."""

    name: str
    """`gen_ai.operation.name`; of a plain operation the SDK's method."""
    method: str
    path: str
    """Of the API, without query; `{id}` stands for one path segment."""
    calls: str
    """The SDK's methods that end here, for the documentation."""
    metrics: Literal["inference", "embeddings", "other", "plain"]
    """Whose metrics: plain is what the conventions have no name for, and gets names of ours."""
    describe_request: Callable[[Any, Attributes], None] = nothing
    """(the SDK's `FinalRequestOptions`, attributes): what is known before the call."""
    measure: Callable[[Fields, Attributes], None] = nothing
    """(answer, attributes): what metrics need; all that is read when the span is not recorded."""
    describe: Callable[[Fields, Attributes], None] = nothing
    """(answer, attributes): the rest."""
    subject: str = semconv.REQUEST_MODEL
    """The attribute that stands in the span's name after that of the operation, where it is known."""
    always: Mapping[str, str] = field(default_factory=dict)
    """Attributes that each such call has."""
    api_type: str | None = None
    """`openai.api.type`, where the conventions define one."""
    fold: Callable[[Attributes], Fold] | None = None
    """Makes the fold for one stream from the request's attributes."""
    tells_usage_when_asked: bool = False
    """Its streams tell their usage only where `stream_options` ask for it."""
    kept_events: frozenset[str | None] | None = None
    """For streams of typed events: the types that a fold wants to see. None: streams of choices."""
    failure: Callable[[Fields], str | None] | None = None
    """The error code of an answer that says itself that it failed."""
    binary: bool = False
    """The answer is bytes, or is not read here: the end of its body is the end of the call, parsed or not."""
    polled: bool = False
    """Helpers of the SDK ask it over and over until something is done; each time is no call of the app's."""
    content: Any = None
    """Who reads its content: a name in `messages`, or a `messages.Content`. None: the conventions have no
    place for any."""
