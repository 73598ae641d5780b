"""Embeddings. The vectors are never looked at."""

from __future__ import annotations

from gossamer import semconv
from gossamer.fields import Fields, fields
from gossamer.operations.operation import Attributes, Operation
from gossamer.operations.request import body_reader, text, texts, whole
from gossamer.operations.usage import MOST_TOKENS


def measure(answer: Fields, attributes: Attributes) -> None:
    """Model and input tokens; the API reports no others."""
    model = answer.get("model")
    if type(model) is str and model:
        attributes[semconv.RESPONSE_MODEL] = model
    tokens = fields(answer.get("usage")).get("prompt_tokens")
    if type(tokens) is int and 0 <= tokens <= MOST_TOKENS:
        attributes[semconv.INPUT_TOKENS] = tokens


EMBEDDINGS = Operation(
    name="embeddings",
    method="POST",
    path="/embeddings",
    calls="`embeddings.create`",
    metrics="embeddings",
    describe_request=body_reader(
        {
            "model": text(semconv.REQUEST_MODEL),
            "dimensions": whole(semconv.EMBEDDINGS_DIMENSION_COUNT),
            "encoding_format": texts(semconv.REQUEST_ENCODING_FORMATS),
        }
    ),
    measure=measure,
)
