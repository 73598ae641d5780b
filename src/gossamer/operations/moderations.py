"""Moderations. The conventions have no operation for them, so theirs is the SDK's method."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer import semconv
from gossamer.operations.operation import Operation
from gossamer.operations.request import body_reader, text

if TYPE_CHECKING:
    from gossamer.fields import Fields
    from gossamer.operations.operation import Attributes


def measure(answer: Fields, attributes: Attributes) -> None:
    """The model."""
    model = answer.get("model")
    if type(model) is str and model:
        attributes[semconv.RESPONSE_MODEL] = model


def describe(answer: Fields, attributes: Attributes) -> None:
    """The id. What was flagged says something of the text, and is not recorded."""
    value = answer.get("id")
    if type(value) is str and value:
        attributes[semconv.RESPONSE_ID] = value


MODERATION = Operation(
    name="moderations.create",
    method="POST",
    path="/moderations",
    calls="`moderations.create`",
    metrics="plain",
    describe_request=body_reader({"model": text(semconv.REQUEST_MODEL)}),
    measure=measure,
    describe=describe,
)
