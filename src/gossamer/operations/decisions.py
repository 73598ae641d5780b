"""Decisions: questions to a model whose answers are one of a few values."""

from __future__ import annotations

from gossamer import semconv
from gossamer.operations.operation import Operation
from gossamer.operations.request import body_reader, text
from gossamer.operations.responses import measure

DECISION = Operation(
    name="generate_content",
    method="POST",
    path="/decisions",
    calls="`decisions.create`",
    metrics="inference",
    describe_request=body_reader({"model": text(semconv.REQUEST_MODEL)}),
    measure=measure,
    always={semconv.OUTPUT_TYPE: "json"},
)
