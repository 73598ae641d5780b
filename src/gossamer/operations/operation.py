"""What an operation is.

To add an endpoint:
1. write a module with an `Operation`: which request it is, and how its body and answer are read;
2. give it a `Fold` if it streams;
3. name it in `OPERATIONS` in `__init__.py`;
4. add a recorded answer to its tests.
The tables in docs/operations.md and docs/attributes.md follow by `make docs`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

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


@dataclass(frozen=True, eq=False)  # compared and hashed by identity
class Operation:
    """One kind of API call, and how to read it. Readers may raise on nothing: what is odd is left out."""

    name: str
    """`gen_ai.operation.name`."""
    method: str
    path: str
    """Of the API, without query; `{id}` stands for one path segment."""
    calls: str
    """The SDK's methods that end here, for the documentation."""
    metrics: Literal["inference", "embeddings", "other"]
    describe_request: Callable[[Any, Attributes], None]
    """(the SDK's `FinalRequestOptions`, attributes): what is known before the call."""
    measure: Callable[[Fields, Attributes], None]
    """(answer, attributes): what metrics need; all that is read when the span is not recorded."""
    describe: Callable[[Fields, Attributes], None]
    """(answer, attributes): the rest."""
    api_type: str | None = None
    """`openai.api.type`, where the conventions define one."""
    fold: Callable[[Attributes], Fold] | None = None
    """Makes the fold for one stream from the request's attributes."""
    kept_events: frozenset[str | None] | None = None
    """For streams of typed events: the types that a fold wants to see. None: streams of choices."""
    failure: Callable[[Fields], str | None] | None = None
    """The error code of an answer that says itself that it failed."""
