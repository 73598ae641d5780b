"""The same answer, whole and as a stream: each made of the other, without any code of ours."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

from .recorded import documents

Event = dict[str, Any]
Exchange = dict[str, Any]

#: Characters of a piece of text.
PIECE = 32

# Choices


def chunks_of(answer: Event) -> list[Event]:
    """An answer of choices as chunks, the usage in the last of them. Several choices come in turns."""
    about = {key: value for key, value in answer.items() if key not in ("object", "choices", "usage")}
    is_chat = answer["object"] == "chat.completion"
    about["object"] = "chat.completion.chunk" if is_chat else answer["object"]
    deltas = [_of_choice(choice) for choice in answer["choices"]]
    chunks = [
        {**about, "choices": [piece]} for turn in zip_longest(*deltas) for piece in turn if piece is not None
    ]
    usage = answer.get("usage")
    return [*chunks, {**about, "choices": [], "usage": usage}] if usage else chunks


def _of_choice(choice: Event) -> list[Event]:
    index, reason = choice["index"], choice.get("finish_reason")
    if "text" in choice:
        pieces = [{"index": index, "text": piece, "finish_reason": None} for piece in split(choice["text"])]
        return [*pieces, {"index": index, "text": "", "finish_reason": reason}]
    pieces = [{"index": index, "delta": delta, "finish_reason": None} for delta in _deltas(choice)]
    return [*pieces, {"index": index, "delta": {}, "finish_reason": reason}]


def _deltas(choice: Event) -> Iterator[Event]:
    """The role, then the pieces of each field."""
    message = dict(choice.get("message") or {})
    if "role" in message:
        yield {"role": message.pop("role"), "content": ""}
    for place, call in enumerate(message.pop("tool_calls", None) or []):
        for piece in _of_call({"index": place, **call}):
            yield {"tool_calls": [piece]}
    for key, value in message.items():
        if isinstance(value, dict):  # a call of a function, or audio
            pieces: Any = _in_pieces(value, ("arguments", "transcript", "data"))
        else:
            pieces = split(value) if isinstance(value, str) else [value] if value else []
        for piece in pieces:
            yield {key: piece}


def _of_call(call: Event) -> Iterator[Event]:
    """The first piece of a call says what is called, the others only where they belong."""
    kind = "custom" if "custom" in call else "function"
    first, *others = _in_pieces(call[kind], ("arguments", "input"))
    yield {**call, kind: first}
    for piece in others:
        yield {"index": call["index"], kind: piece}


def _in_pieces(value: Event, keys: tuple[str, ...]) -> Iterator[Event]:
    """A first piece with all but these texts, and the pieces of those."""
    split_up = [key for key in keys if isinstance(value.get(key), str)]
    yield {**value, **dict.fromkeys(split_up, "")}
    for key in split_up:
        for piece in split(value[key]):
            yield {key: piece}


def split(text: str) -> list[str]:
    """Pieces of a text."""
    return [text[start : start + PIECE] for start in range(0, len(text), PIECE)]


#: What is told once, or anew in each chunk.
ONCE = {"role", "id", "type", "name", "index", "finish_reason"}
#: What comes in lists of its own kind, and is no text of a message.
BESIDE = {"logprobs", "reasoning_details", "annotations", "executed_tools"}


def answer_of_chunks(chunks: list[Event]) -> Event:
    """Chunks as the answer that they are of."""
    answer: Event = {}
    choices: dict[int, Event] = {}
    for chunk in chunks:
        answer.update({key: value for key, value in chunk.items() if value is not None})
        for piece in chunk.get("choices") or []:
            _merge(choices.setdefault(piece["index"], {}), piece)
    for choice in choices.values():
        message = choice.pop("delta", None)
        if message is not None:
            calls = message.pop("tool_calls", None)
            choice["message"] = {**message, "tool_calls": [*calls.values()]} if calls else message
    answer["object"] = answer["object"].removesuffix(".chunk")
    return {**answer, "choices": [choices[index] for index in sorted(choices)]}


def _merge(into: Event, piece: Event) -> None:
    """Add a piece to what there is: texts are joined, and entries of lists found by their index."""
    for key, value in piece.items():
        if key in BESIDE:
            continue
        if isinstance(value, str) and key not in ONCE:
            into[key] = into.get(key, "") + value
        elif isinstance(value, dict):
            _merge(into.setdefault(key, {}), value)
        elif isinstance(value, list):
            entries = into.setdefault(key, {})
            for place, entry in enumerate(value):
                _merge(entries.setdefault(entry.get("index", place), {}), entry)
        elif value is not None:
            into[key] = value


# Responses


#: Type of a part → its field, and the event that brings pieces of it.
PARTS = {
    "output_text": ("text", "response.output_text.delta"),
    "refusal": ("refusal", "response.refusal.delta"),
    "reasoning_text": ("text", "response.reasoning_text.delta"),
    "summary_text": ("text", "response.reasoning_summary_text.delta"),
}
#: Type of an item → the same of what it is to do.
FIELDS = {
    "function_call": ("arguments", "response.function_call_arguments.delta"),
    "custom_tool_call": ("input", "response.custom_tool_call_input.delta"),
    "mcp_call": ("arguments", "response.mcp_call_arguments.delta"),
    "code_interpreter_call": ("code", "response.code_interpreter_call_code.delta"),
}


def events_of(response: Event) -> list[Event]:
    """A response as the events that bring it; the last one has all of it."""
    begun = {**response, "status": "in_progress", "output": [], "usage": None}
    found = [
        {"type": "response.created", "response": begun},
        {"type": "response.in_progress", "response": begun},
    ]
    for index, item in enumerate(response["output"]):
        found += [{"output_index": index, **event} for event in _of_item(item)]
    found.append({"type": f"response.{response['status']}", "response": response})
    return [{**event, "sequence_number": number} for number, event in enumerate(found)]


def _of_item(item: Event) -> Iterator[Event]:
    begun = {**item, "status": "in_progress"}
    if item["type"] in ("message", "reasoning"):
        begun.update({key: [] for key in ("content", "summary") if item.get(key)})
    field, delta = FIELDS.get(item["type"], ("", ""))
    if field and item.get(field):
        begun[field] = ""
    yield {"type": "response.output_item.added", "item": begun}
    at = {"item_id": item.get("id")}
    if field:
        for piece in split(item.get(field) or ""):
            yield {"type": delta, **at, "delta": piece}
    if item["type"] in ("message", "reasoning"):
        for key, place in (("summary", "summary_index"), ("content", "content_index")):
            for number, part in enumerate(item.get(key) or []):
                text, event = PARTS[part["type"]]
                for piece in split(part[text]):
                    yield {"type": event, **at, place: number, "delta": piece}
    yield {"type": "response.output_item.done", "item": item}


# Exchanges


def streamed(exchange: Exchange, events: list[Event] | None = None) -> Exchange:
    """An exchange as if it had been asked for as a stream, answered by these events or by all."""
    (answer,) = documents(exchange)
    if events is None:
        events = events_of(answer) if exchange["api"] == "responses" else chunks_of(answer)
    body = "".join(_lines(event) for event in events)
    if exchange["api"] != "responses":
        body += "data: [DONE]\n\n"
    return _other(exchange, stream=True, body=body, kind="text/event-stream")


def _lines(event: Event) -> str:
    name = f"event: {event['type']}\n" if "type" in event else ""
    return f"{name}data: {json.dumps(event)}\n\n"


def unstreamed(exchange: Exchange) -> Exchange:
    """An exchange as if it had been asked for as a whole answer."""
    found = documents(exchange)
    answer = found[-1]["response"] if exchange["api"] == "responses" else answer_of_chunks(found)
    return _other(exchange, stream=False, body=json.dumps(answer), kind="application/json")


def _other(exchange: Exchange, *, stream: bool, body: str, kind: str) -> Exchange:
    request, response = exchange["request"], exchange["response"]
    sent = {
        key: value
        for key, value in (request["body"] or {}).items()
        if key not in ("stream", "stream_options")
    }
    if stream:
        sent["stream"] = True
    query = [pair for pair in request["query"] if pair[0] != "stream"]  # that a fetch is to be streamed
    headers = {**response["headers"], "content-type": kind}
    return {
        **exchange,
        "stream": stream,
        "request": {**request, "body": sent, "query": query},
        "response": {**response, "headers": headers, "body": body},
    }
