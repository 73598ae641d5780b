"""The texts of responses: in the API's items, and in what is told of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .recorded import attachments, spelled

#: Keys that text stands under: in the API's items, and in the parts of messages.
TEXT_KEYS = {
    "text", "refusal", "content", "summary", "input", "output", "response", "result", "code",
    "logs", "query", "queries", "diff", "path", "revised_prompt", "filename", "name", "message",
}  # fmt: skip
#: What is no text: what is sealed, definitions, and what stands beside a text.
LEFT_OUT = {"encrypted_content", "annotations", "logprobs", "tools", "image_url", "file_data", "attributes"}
#: What a tool is to do: told as it was sent, whatever it is.
ARGUMENTS = {"arguments", "action", "actions", "operation"}
#: Tools of the app that are named in the type of their item alone.
NAMES_IN_TYPES = {"computer", "apply_patch", "tool_search"}


def texts(value: Any, key: str = "") -> Iterator[str]:
    """All texts in a JSON value, wherever they are."""
    if key in ARGUMENTS and value not in (None, ""):
        yield spelled(value)
    elif isinstance(value, str):
        if key in TEXT_KEYS and value:
            yield value
    elif isinstance(value, list):
        for entry in value:
            yield from texts(entry, key)
    elif isinstance(value, dict):
        kind = value.get("type")
        for name, inner in value.items():
            hidden = (
                name in LEFT_OUT
                or (name == "summary" and kind == "reasoning" and value.get("content"))
                or (name == "result" and kind == "image_generation_call")
                or (name == "name" and kind == "server_tool_call")  # mostly made of the type of the item
            )
            if not hidden:
                yield from texts(inner, name)


def recorded_texts(value: Any) -> list[str]:
    """Of a recorded item, in the order of the alphabet: a part need not have the order of its item."""
    name = value.get("name") if isinstance(value, dict) and value.get("type") == "mcp_call" else None
    found = sorted([value] if isinstance(value, str) else texts(value, "item"))
    if name:
        found.remove(name)
    return found


def message_texts(messages: list[Any]) -> list[str]:
    """Of what is made of it."""
    return sorted(found for found in texts(messages, "parts") if found not in NAMES_IN_TYPES)


def is_message(item: Any) -> bool:
    """Whether an item is a message, which need not say so."""
    return isinstance(item, str) or item.get("type", "message") == "message"


def says_nothing(item: Any) -> bool:
    """Whether an item is one of those that are nothing without a text, and has none."""
    needs_text = is_message(item) or item["type"] == "reasoning"
    return needs_text and not recorded_texts(item) and not any(attachments(item))


#: Calls of tools that the app runs.
CALLS = {"function_call", "custom_tool_call", "computer_call", "apply_patch_call"}
#: Of tools that the provider runs.
SERVER_CALLS = {
    "web_search_call",
    "file_search_call",
    "code_interpreter_call",
    "image_generation_call",
    "mcp_call",
    "mcp_list_tools",
    "tool_search_call",
}
#: Items that users bring.
OF_USERS = {"item_reference", "mcp_approval_response"}


def first_part(item: dict[str, Any]) -> tuple[str, str, str | None, str | None]:
    """Role, type, id and name of the first part that is to be told of an item that is no message."""
    kind, call_id = item["type"], item.get("call_id") or item.get("id")
    name = item.get("name") or kind.removesuffix("_call")
    is_the_apps = item.get("execution") == "client"  # of a search for tools
    if kind in CALLS or (kind == "tool_search_call" and is_the_apps):
        return "assistant", "tool_call", call_id, name
    if kind in SERVER_CALLS:
        return "assistant", "server_tool_call", call_id, name
    if kind.removesuffix("_output") in CALLS or (kind == "tool_search_output" and is_the_apps):
        return "tool", "tool_call_response", call_id, None
    if kind == "tool_search_output":
        return "assistant", "server_tool_call_response", call_id, None
    if kind == "reasoning":
        return "assistant", kind, None, None
    role = item.get("role") or ("user" if kind in OF_USERS else "assistant")
    return role, "compaction" if kind == "compaction" else "generic", item.get("id"), item.get("name")


def described(role: str, part: dict[str, Any]) -> tuple[str, str, str | None, str | None]:
    """The same of a part."""
    return role, part["type"], part.get("id"), part.get("name")
