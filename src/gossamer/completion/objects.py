"""Messages as the objects that completion hooks know: the dataclasses of `opentelemetry-util-genai`.

Hooks test parts with `isinstance` and turn messages into dicts with `dataclasses.asdict`, so the classes
are those of the installed package, under the names that its version has; our own where there is none.
"""

from __future__ import annotations

import re
from base64 import b64decode
from dataclasses import MISSING, field, fields, is_dataclass, make_dataclass
from functools import cache, lru_cache
from importlib import import_module
from keyword import iskeyword
from typing import TYPE_CHECKING, Any, Final

from gossamer.completion import types

if TYPE_CHECKING:
    from gossamer.messages.message import Message, Part

#: The type of a part → its class: today's name, then former ones.
_PARTS: Final = {
    "text": ("TextPart", "Text"),
    "reasoning": ("ReasoningPart", "Reasoning"),
    "tool_call": ("ToolCallRequestPart", "ToolCallRequest", "ToolCall"),
    "tool_call_response": ("ToolCallResponsePart", "ToolCallResponse"),
    "server_tool_call": ("ServerToolCallPart", "ServerToolCall"),
    "server_tool_call_response": ("ServerToolCallResponsePart", "ServerToolCallResponse"),
    "blob": ("BlobPart", "Blob"),
    "file": ("FilePart", "File"),
    "uri": ("UriPart", "Uri"),
    "compaction": ("CompactionPart",),
}
_OTHER_PART: Final = ("GenericPart",)


def input_message(message: Message) -> Any:
    """A message that was sent."""
    return _made(_kind("InputMessage"), {**message, "parts": [part(each) for each in message["parts"]]})


def output_message(message: Message) -> Any:
    """A message of the answer."""
    return _made(_kind("OutputMessage"), {**message, "parts": [part(each) for each in message["parts"]]})


def part(values: Part) -> Any:
    """A part of a message, or of the instructions. What is nested in it stays as it is."""
    kind = values["type"]
    if kind == "blob":
        values = {**values, "content": _decoded(values["content"])}
    return _made(_kind(*_PARTS.get(kind, _OTHER_PART)), values)


def tool_definition(values: Part) -> Any:
    """A tool that the model may use."""
    is_function = values["type"] == "function"
    return _made(_kind("FunctionToolDefinition" if is_function else "GenericToolDefinition"), values)


def _made(kind: type, values: dict[str, Any]) -> Any:
    """An object of this class. Fields that it does not know are not lost: a subclass has them."""
    known, required = _shape(kind)
    taken = {name: value for name, value in values.items() if name in known}
    for name in required:
        taken.setdefault(name, None)
    added = []
    for key in sorted(values.keys() - known):
        name = _field_name(key)
        while name in taken or name in known:
            name += "_"
        taken[name] = values[key]
        added.append(name)
    return (_widened(kind, tuple(added)) if added else kind)(**taken)


@cache
def _kind(*names: str) -> type:
    """The package's class by the first of these names that it has; ours where none will do."""
    ours: type = getattr(types, names[0])
    package = _package()
    for name in names:
        theirs = getattr(package, name, None)
        # A former name may have come to mean something else: an operation with a span, say.
        if isinstance(theirs, type) and is_dataclass(theirs) and _shape(theirs)[1] <= _shape(ours)[0]:
            return theirs
    return ours


@cache
def _package() -> Any:
    """The package's types; None when it is not there, or does not fit the rest of OpenTelemetry."""
    try:
        return import_module("opentelemetry.util.genai.types")
    except Exception:
        return None


@cache
def _shape(kind: Any) -> tuple[frozenset[str], frozenset[str]]:
    """The fields of a dataclass, and those of them that must be given."""
    known = fields(kind)
    needed = [each for each in known if each.default is MISSING and each.default_factory is MISSING]
    return frozenset(each.name for each in known), frozenset(each.name for each in needed)


@lru_cache(maxsize=256)  # servers name the fields of generic parts
def _widened(kind: Any, names: tuple[str, ...]) -> type:
    """A subclass with more fields."""
    frozen = kind.__dataclass_params__.frozen
    added = [(name, Any, field(default=None)) for name in names]
    return make_dataclass(kind.__name__, added, bases=(kind,), frozen=frozen)


@lru_cache(maxsize=256)
def _field_name(key: str) -> str:
    """A key as a field of a dataclass can be called."""
    name = re.sub(r"\W", "_", key, flags=re.ASCII).strip("_")
    return name if name.isidentifier() and not iskeyword(name) else f"field_{name}"


def _decoded(content: Any) -> Any:
    """Hooks know the content of a blob as bytes. What was left out, for its size, is b""."""
    try:
        return b64decode(content, validate=True)
    except (TypeError, ValueError):
        return content  # a data URL need not be base64
