"""Recorded bodies, read from their JSON and from the lines of their event streams."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Iterator, Mapping
from typing import Any

INSTRUCTIONS, TOOLS, INPUT, OUTPUT = (
    "gen_ai.system_instructions",
    "gen_ai.tool.definitions",
    "gen_ai.input.messages",
    "gen_ai.output.messages",
)
CONTENT = (INSTRUCTIONS, TOOLS, INPUT, OUTPUT)


def documents(exchange: dict[str, Any]) -> list[dict[str, Any]]:
    """The JSON objects of a recorded body: one, or those of the events up to `[DONE]`."""
    body = exchange["response"]["body"]
    if not body.startswith(("data:", "event:", ":")):  # a server is recorded that calls its events JSON
        return [json.loads(body)]
    found: list[dict[str, Any]] = []
    data: list[str] = []
    for line in [*body.splitlines(), ""]:
        if line.startswith("data:"):
            data.append(line[5:].strip())
        elif not line and data:
            event = "\n".join(data)
            data.clear()
            if event == "[DONE]":
                break
            found.append(json.loads(event))
    return found


def plain(value: Any) -> Any:
    """A value as JSON would carry it."""
    if isinstance(value, Mapping):
        return {name: plain(inner) for name, inner in value.items()}
    return [plain(entry) for entry in value] if isinstance(value, (tuple, list)) else value


def spelled(arguments: Any) -> str:
    """Arguments of a call, which are an object or its text: of an object in one spelling."""
    if isinstance(arguments, str):
        if not arguments.lstrip().startswith("{"):
            return arguments
        try:
            arguments = json.loads(arguments)
        except ValueError:
            return arguments
    return json.dumps(arguments, sort_keys=True)


def attachments(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """Images, audio and files in the API's JSON: ("data", size), ("uri", address) or ("file", id)."""
    if isinstance(value, list):
        for entry in value:
            yield from attachments(entry, key)
    if not isinstance(value, dict):
        return
    kind = value.get("type")
    for name, inner in value.items():
        if not isinstance(inner, str):
            yield from attachments(inner, name)
        elif (
            name in ("image_url", "file_url", "file_data")
            or (name == "url" and (key == "image_url" or inner.startswith("data:")))
            or (name == "data" and key in ("input_audio", "audio"))
            or (name == "result" and kind == "image_generation_call")
        ):
            yield attachment(inner, is_address=name in ("image_url", "file_url", "url"))
        elif (name == "file_id" and (key == "file" or kind in ("input_file", "input_image"))) or (
            name == "id" and key == "audio" and "data" not in value
        ):
            yield "file", inner


def attachment(text: str, *, is_address: bool) -> tuple[str, Any]:
    """What an address or data is told as."""
    if is_address and not text.startswith("data:"):
        return "uri", text
    return "data", len(b64decode(text.partition(",")[2] or text))


def told_attachments(value: Any) -> Iterator[tuple[str, Any]]:
    """The same of what is told."""
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from told_attachments(inner)
    kind = value.get("type") if isinstance(value, dict) else None
    if kind == "blob":
        yield "data", value["byte_size"]
    elif kind == "uri":
        yield "uri", value["uri"]
    elif kind == "file" and "modality" in value:
        yield "file", value["file_id"]


#: What makes one answer another than the next.
MARKS = ("out:", "in:", "role:", "finish:", "tool_call", "custom", "function", "refusal", "audio", "image",
         "reasoning", "several", "parallel", "status:")  # fmt: skip


def one_of_each(runs: list[Any]) -> list[Any]:
    """Those runs that have something which none before them has."""
    seen: set[Any] = set()
    found = []
    for run in runs:
        marks = {mark for mark in run.exchange["features"] if mark.startswith(MARKS)}
        marks = {(run.exchange["api"], run.exchange["response"]["status"], mark) for mark in marks | {""}}
        if marks - seen:
            seen |= marks
            found.append(run)
    return found
