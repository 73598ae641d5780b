"""The legacy Completions, which many compatible servers still offer."""

from __future__ import annotations

from gossamer.operations import choices
from gossamer.operations.operation import Operation
from gossamer.operations.request import SAMPLING, body_reader

COMPLETIONS = Operation(
    name="text_completion",
    method="POST",
    path="/completions",
    calls="`completions.create`",
    metrics="inference",
    describe_request=body_reader(SAMPLING),
    measure=choices.measure,
    describe=choices.describe,
    fold=choices.ChoicesFold,
    tells_usage_when_asked=True,
    content="completions",
)
