"""`POST /embeddings`."""

from __future__ import annotations

import base64
import random
import struct
from typing import Any

from gossamer.cli.fake.reply import Reply, json_reply
from gossamer.cli.fake.request import Request, count_tokens

__all__ = ["embeddings"]


def embeddings(request: Request) -> Reply:
    """Turn each input into a vector: the same text always into the same one."""
    body = request.body
    inputs = _inputs(body.get("input"))
    size = int(body.get("dimensions") or (3072 if "3-large" in request.model else 1536))
    packed = body.get("encoding_format") == "base64"
    tokens = sum(len(item) if isinstance(item, list) else count_tokens(item) for item in inputs)
    data = [
        {"object": "embedding", "index": index, "embedding": _vector(item, size, packed)}
        for index, item in enumerate(inputs)
    ]
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    reply = {"object": "list", "data": data, "model": request.model, "usage": usage}
    return json_reply(request, reply, 1)


def _inputs(value: Any) -> list[Any]:
    """List the inputs: one text or many, as words or as tokens."""
    if isinstance(value, list) and value and not isinstance(value[0], int):
        return value
    return [value]


def _vector(item: object, size: int, packed: bool) -> list[float] | str:
    source = random.Random(repr(item))
    scale = (3 / size) ** 0.5  # uniform numbers in this range make a vector of length about one
    numbers = [source.uniform(-scale, scale) for _ in range(size)]
    floats = struct.pack(f"<{size}f", *numbers)
    if packed:
        return base64.b64encode(floats).decode()
    return list(struct.unpack(f"<{size}f", floats))
