"""Readers of what many answers have alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer import semconv
from gossamer.fields import Fields, fields
from gossamer.operations.request import text

if TYPE_CHECKING:
    from collections.abc import Callable

    from gossamer.operations.operation import Attributes

_put_model = text(semconv.RESPONSE_MODEL)
_put_id = text(semconv.RESPONSE_ID)


def model(answer: Fields, attributes: Attributes) -> None:
    """The model that answered."""
    _put_model(answer.get("model"), attributes)


def identity(answer: Fields, attributes: Attributes) -> None:
    """The id."""
    _put_id(answer.get("id"), attributes)


def failure_in(key: str) -> Callable[[Fields], str | None]:
    """Reads the error code of an answer with a status, which stands in the object under this key."""

    def failure(answer: Fields) -> str | None:
        if answer.get("status") != "failed":
            return None
        code = fields(answer.get(key)).get("code")
        return code if type(code) is str and code else "failed"

    return failure
