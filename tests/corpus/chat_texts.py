"""The texts of chats and completions: in the API's messages, in chunks of them, and in what is told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .recorded import spelled

#: Keys that text stands under, in the API's messages and in those of the conventions.
TEXT_KEYS = {
    "content", "text", "prompt", "refusal", "reasoning", "reasoning_content", "input", "transcript",
    "response", "name", "filename",
}  # fmt: skip
#: What stands beside a text and is no part of a message, or says the same once more.
LEFT_OUT = {"annotations", "reasoning_details", "logprobs", "executed_tools", "cache_control"}

Path = tuple[Any, ...]


def texts(value: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """All texts in a JSON value that are not empty, each with the way to it."""
    last = next((key for key in reversed(path) if type(key) is str), "")
    if last == "arguments" and value not in (None, ""):
        yield path, value if isinstance(value, str) else spelled(value)
    elif isinstance(value, str):
        if value and last in TEXT_KEYS:
            yield path, value
    elif isinstance(value, list):
        for position, entry in enumerate(value):
            # The entries of a delta are no list of their own: they say where they belong.
            index = entry.get("index", position) if isinstance(entry, dict) else position
            yield from texts(entry, (*path, index))
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key not in LEFT_OUT:
                yield from texts(inner, (*path, key))


def said(value: Any, key: str) -> list[str]:
    """The texts in a value, without order: a message need not have that of its fields."""
    return alphabetical(dict(texts(value, (key,))))


def said_in_chunks(chunks: list[dict[str, Any]], field: str) -> dict[int, list[str]]:
    """The texts that come in pieces, put together, by choice. The field is that of a choice."""
    found: dict[int, dict[Path, str]] = {}
    for chunk in chunks:
        for choice in chunk.get("choices") or []:
            pieces = found.setdefault(choice["index"], {})
            for path, piece in texts(choice.get(field), (field,)):
                is_name = path[-1] == "name"
                pieces[path] = piece if is_name else pieces.get(path, "") + piece
    return {index: alphabetical(pieces) for index, pieces in found.items()}


def alphabetical(found: dict[Path, str]) -> list[str]:
    """Texts in the order of the alphabet; those that are arguments in one spelling."""
    return sorted(
        spelled(text) if path[-1] in ("arguments", "input") else text for path, text in found.items()
    )


def definition(tool: dict[str, Any]) -> dict[str, Any]:
    """What defines a tool, wherever it stands."""
    found: dict[str, Any] = tool.get("function") or tool.get("custom") or tool
    return found


def named_tools(body: dict[str, Any]) -> list[dict[str, str]]:
    """Type and name of each tool of a request, with the functions of before there were tools."""
    sent = [*(body.get("tools") or []), *(body.get("functions") or [])]
    return [
        {"type": tool.get("type", "function"), "name": definition(tool).get("name", tool.get("type"))}
        for tool in sent
    ]


def messages(body: dict[str, Any]) -> list[dict[str, Any]]:
    """The messages of a request that say anything; of prompts, each as a message."""
    given = body.get("messages")
    if given is not None:
        return [message for message in given if message != {"role": "assistant", "content": ""}]
    prompt = body["prompt"]
    is_one = isinstance(prompt, str) or isinstance(prompt[0], int)
    return [{"role": "user", "content": text} for text in ([prompt] if is_one else prompt)]


def calls(value: Any) -> list[tuple[str, str]]:
    """Calls of tools, and what they brought: id and name."""
    found = []
    if isinstance(value, list):
        return [call for entry in value for call in calls(entry)]
    if isinstance(value, dict):
        if value.get("type") in ("tool_call", "tool_call_response"):
            found.append((value.get("id", ""), value.get("name", "")))
        found += [(call["id"], definition(call)["name"]) for call in value.get("tool_calls") or []]
        if value.get("function_call"):
            found.append(("", value["function_call"]["name"]))
        if value.get("role") in ("tool", "function"):
            found.append((value.get("tool_call_id", ""), ""))
    return found
