"""The events of a streamed response, in the order in which the API sends them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gossamer.cli.fake.reply import Event, encode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gossamer.cli.fake.prose import Speech

__all__ = ["STREAM_ERROR", "response_events"]

# The type and payload of an event, and whether it carries a token.
_Draft = tuple[str, dict[str, Any], bool]


def _event(kind: str, payload: dict[str, Any]) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (kind.encode(), encode({"type": kind, **payload}))


STREAM_ERROR = _event(
    "error",
    {
        "code": "server_error",
        "message": "The server had an error while processing the request.",
        "param": None,
        "sequence_number": 0,
    },
)


def response_events(begun: dict[str, Any], ended: dict[str, Any], speech: Speech) -> list[Event]:
    """Number and encode the events between a response that has begun and the same when ended."""
    return [
        (_event(kind, {**payload, "sequence_number": number}), token)
        for number, (kind, payload, token) in enumerate(_drafts(begun, ended, speech))
    ]


def _drafts(begun: dict[str, Any], ended: dict[str, Any], speech: Speech) -> Iterator[_Draft]:
    yield "response.created", {"response": begun}, False
    yield "response.in_progress", {"response": begun}, False
    calls = iter(speech.tool_calls)
    for index, item in enumerate(ended["output"]):
        place = {"output_index": index}
        yield "response.output_item.added", {**place, "item": _begun(item)}, False
        if item["type"] == "message":
            yield from _message(item, {"item_id": item["id"], **place}, speech.pieces)
        elif item["type"] == "function_call":
            yield from _call(item, {"item_id": item["id"], **place}, next(calls).arguments)
        yield "response.output_item.done", {**place, "item": item}, False
    yield f"response.{ended['status']}", {"response": ended}, False


def _begun(item: dict[str, Any]) -> dict[str, Any]:
    """Take an item back to the state in which its first event shows it."""
    if item["type"] == "message":
        return {**item, "status": "in_progress", "content": []}
    if item["type"] == "function_call":
        return {**item, "status": "in_progress", "arguments": ""}
    return item


def _message(item: dict[str, Any], place: dict[str, Any], pieces: list[str]) -> Iterator[_Draft]:
    (part,) = item["content"]
    place = {**place, "content_index": 0}
    yield "response.content_part.added", {**place, "part": {**part, "text": ""}}, False
    for piece in pieces:
        yield "response.output_text.delta", {**place, "delta": piece, "logprobs": []}, True
    yield "response.output_text.done", {**place, "text": part["text"], "logprobs": []}, False
    yield "response.content_part.done", {**place, "part": part}, False


def _call(item: dict[str, Any], place: dict[str, Any], pieces: list[str]) -> Iterator[_Draft]:
    for piece in pieces:
        yield "response.function_call_arguments.delta", {**place, "delta": piece}, True
    done = {**place, "arguments": item["arguments"], "name": item["name"]}
    yield "response.function_call_arguments.done", done, False
