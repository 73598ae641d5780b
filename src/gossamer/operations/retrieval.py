"""Search in a vector store."""

from __future__ import annotations

from typing import Any

from gossamer import semconv
from gossamer.operations.operation import Attributes, Operation
from gossamer.operations.request import body_of, id_in, whole

_top_k = whole(semconv.RETRIEVAL_TOP_K)


def _describe_request(options: Any, attributes: Attributes) -> None:
    attributes[semconv.DATA_SOURCE_ID] = id_in(options, -2)
    _top_k(body_of(options).get("max_num_results"), attributes)


SEARCH = Operation(
    name="retrieval",
    method="POST",
    path="/vector_stores/{id}/search",
    calls="`vector_stores.search`",
    metrics="other",
    describe_request=_describe_request,
    subject=semconv.DATA_SOURCE_ID,
    content="retrieval",
)
