"""Moderations. The conventions have no operation for them, so theirs is the SDK's method."""

from __future__ import annotations

from gossamer import semconv
from gossamer.operations import answer
from gossamer.operations.operation import Operation
from gossamer.operations.request import body_reader, text

# What was flagged says something of the text, and is not recorded.
MODERATION = Operation(
    name="moderations.create",
    method="POST",
    path="/moderations",
    calls="`moderations.create`",
    metrics="plain",
    describe_request=body_reader({"model": text(semconv.REQUEST_MODEL)}),
    measure=answer.model,
    describe=answer.identity,
)
