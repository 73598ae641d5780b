"""An OpenAI client whose server is a list of ready bytes in the same process: nothing to wait for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import openai
from openai import AsyncOpenAI, OpenAI, _base_client

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

# The SDK moved from httpx to httpx2 with 3.0: take the one it uses.
http: Any = getattr(_base_client, "httpx2", None) or _base_client.httpx  # type: ignore[attr-defined]

BASE_URL = "http://llm.invalid/v1"


class _Parts(http.SyncByteStream, http.AsyncByteStream):  # type: ignore[misc]
    """A response body that arrives in the given parts, one network read each."""

    def __init__(self, parts: list[bytes]) -> None:
        self._parts = parts

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._parts)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for part in self._parts:
            yield part


def client(parts: list[bytes], *, asynchronous: bool, streamed: bool) -> OpenAI | AsyncOpenAI:
    """A client that gets `parts` as the answer to whatever it asks."""
    headers = {
        "content-type": "text/event-stream" if streamed else "application/json",
        "x-request-id": "req_0",
        "openai-processing-ms": "12",
    }

    def answer(_request: Any) -> Any:
        return http.Response(200, headers=headers, stream=_Parts(parts))

    transport = http.MockTransport(answer)
    if asynchronous:
        return openai.AsyncOpenAI(
            api_key="none", base_url=BASE_URL, http_client=http.AsyncClient(transport=transport)
        )
    return openai.OpenAI(api_key="none", base_url=BASE_URL, http_client=http.Client(transport=transport))
