"""Decisions: questions to a model whose answers are one of a few values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer import semconv
from gossamer.operations.operation import Operation
from gossamer.operations.request import body_reader, text
from gossamer.operations.responses import measure

if TYPE_CHECKING:
    from gossamer.fields import Fields
    from gossamer.operations.operation import Attributes


def describe(answer: Fields, attributes: Attributes) -> None:
    """The id."""
    value = answer.get("id")
    if type(value) is str and value:
        attributes[semconv.RESPONSE_ID] = value


DECISION = Operation(
    name="generate_content",
    method="POST",
    path="/decisions",
    calls="`decisions.create`",
    metrics="inference",
    describe_request=body_reader({"model": text(semconv.REQUEST_MODEL)}),
    measure=measure,
    describe=describe,
    always={semconv.OUTPUT_TYPE: "json"},
)
