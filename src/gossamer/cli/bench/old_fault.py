"""The fault that started this project, replanted to show what it costs.

OpenLLMetry's instrumentation once asked for the version of the installed SDK on every call and on
every streamed chunk (traceloop/openllmetry#2547). Each question reads and parses the package's
metadata file. Nothing else is done here: what this contender adds is the fault and nothing more.
"""

from __future__ import annotations

from importlib import metadata
from typing import TYPE_CHECKING, Any

from openai import AsyncStream, Stream
from openai._base_client import AsyncAPIClient, SyncAPIClient

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator


def is_new_sdk() -> bool:
    """The question, asked anew each time."""
    return metadata.version("openai") >= "1.0.0"


def install() -> None:
    """Plant the fault in the SDK's two request methods."""
    SyncAPIClient.request = _faulty(SyncAPIClient.request)  # type: ignore[method-assign]
    AsyncAPIClient.request = _faulty_async(AsyncAPIClient.request)  # type: ignore[assignment]


def _faulty(request: Callable[..., Any]) -> Callable[..., Any]:
    def faulty_request(client: Any, *args: Any, **kwargs: Any) -> Any:
        is_new_sdk()
        answer = request(client, *args, **kwargs)
        if isinstance(answer, Stream):
            answer._iterator = _questioned(answer._iterator)  # noqa: SLF001
        return answer

    return faulty_request


def _faulty_async(request: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    async def faulty_request(client: Any, *args: Any, **kwargs: Any) -> Any:
        is_new_sdk()
        answer = await request(client, *args, **kwargs)
        if isinstance(answer, AsyncStream):
            answer._iterator = _questioned_async(answer._iterator)  # noqa: SLF001
        return answer

    return faulty_request


def _questioned(chunks: Iterator[Any]) -> Iterator[Any]:
    for chunk in chunks:
        is_new_sdk()
        yield chunk


async def _questioned_async(chunks: AsyncIterator[Any]) -> AsyncIterator[Any]:
    async for chunk in chunks:
        is_new_sdk()
        yield chunk
