"""Usage of streams that the app did not ask for: asked for in its place, and hidden from it.

Chat Completions and the legacy Completions tell the usage of a stream only when `stream_options` ask for it,
in one chunk more at the end, which has no choices. An app that did not ask must not see that chunk.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Literal

from gossamer.errors import swallow
from gossamer.fields import fields

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from gossamer.call import Call
    from gossamer.operations import Operation
    from gossamer.providers import Server

#: By which the SDK tells itself that the app wants the response as it came.
_RAW: Final = "X-Stainless-Raw-Response"


def ask(
    choice: Literal["auto", "always"],
    known: frozenset[str],
    operation: Operation,
    server: Server,
    options: Any,
) -> Any:
    """Ask for the usage of this stream, if it is the app's to leave that out and ours to ask.

    Args:
        choice: `auto`: only of servers that are known to understand; `always`: of all.
        known: hosts of these, as `Package.told_when_asked`.
        operation: the call's.
        server: that will answer.
        options: the SDK's request options, whose body is replaced.

    Returns:
        The body as it was, to be put back when the request is over; None where nothing was asked.
    """
    body = options.json_data
    if not operation.tells_usage_when_asked or not isinstance(body, dict):
        return None
    if choice == "auto" and not _is_known(server.address, known):
        return None
    given = body.get("stream_options")
    if given is None:
        given = {}
    extra = options.extra_json
    if not isinstance(given, dict) or "include_usage" in given or (extra and "stream_options" in extra):
        return None  # the app has said what it wants
    headers = options.headers
    if isinstance(headers, Mapping) and _RAW in headers:
        return None  # it may read the bytes, from which nothing can be taken
    # Past pydantic's __setattr__, and a new dict: that of client.post(body=…) is the app's.
    options.__dict__["json_data"] = {**body, "stream_options": {**given, "include_usage": True}}
    return body


@lru_cache(maxsize=256)
def _is_known(host: str, known: frozenset[str]) -> bool:
    labels = host.lower().split(".")
    return any(".".join(labels[start:]) in known for start in range(len(labels)))


def hidden(source: Iterator[Any], call: Call) -> Iterator[Any]:
    """The chunks that the app would have got, had nobody asked; the call sees the other one."""
    for chunk in source:
        if not _is_ours(chunk):
            yield chunk
        else:
            call.look(chunk)


async def ahidden(source: AsyncIterator[Any], call: Call) -> AsyncIterator[Any]:
    """The same for an asynchronous stream."""
    async for chunk in source:
        if not _is_ours(chunk):
            yield chunk
        else:
            call.look(chunk)


def _is_ours(chunk: Any) -> bool:
    """Whether a chunk is there only because usage was asked for. One with a choice never is: where a server
    tells the usage with its last choice, the app sees it.
    """
    try:
        found = fields(chunk)
        if found.get("usage") is not None:
            choices = found.get("choices")
            return type(choices) is list and not choices
        # Asked for usage, OpenAI names it in every chunk, as null; a dump of the chunk would show that.
        if type(chunk) is dict:
            chunk.pop("usage", None)
        named = getattr(chunk, "__pydantic_fields_set__", None)
        if named is None:
            named = getattr(chunk, "__fields_set__", None)  # of pydantic 1
        if type(named) is set:
            named.discard("usage")
    except Exception as error:
        swallow(error)
    return False
