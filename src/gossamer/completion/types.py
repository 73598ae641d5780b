"""What completion hooks take where `opentelemetry-util-genai` is not installed.

Named as in that package, with the fields that the conventions' message schemas require and allow.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass
class TextPart:
    """What somebody wrote or said."""

    content: str
    type: str = "text"


@dataclass
class ReasoningPart:
    """What a model thought."""

    content: str
    type: str = "reasoning"


@dataclass
class ToolCallRequestPart:
    """A call that the app is to make."""

    arguments: Any
    name: str
    id: str | None = None
    type: str = "tool_call"


@dataclass
class ToolCallResponsePart:
    """What such a call brought."""

    response: Any
    id: str | None = None
    type: str = "tool_call_response"


@dataclass
class ServerToolCallPart:
    """A call that the provider made by itself."""

    name: str
    server_tool_call: Any
    id: str | None = None
    type: str = "server_tool_call"


@dataclass
class ServerToolCallResponsePart:
    """What such a call brought."""

    server_tool_call_response: Any
    id: str | None = None
    type: str = "server_tool_call_response"


@dataclass
class BlobPart:
    """Data sent inline."""

    modality: str
    content: bytes
    mime_type: str | None = None
    type: str = "blob"


@dataclass
class FilePart:
    """A file that the provider has."""

    modality: str
    file_id: str
    mime_type: str | None = None
    type: str = "file"


@dataclass
class UriPart:
    """Something by its address."""

    modality: str
    uri: str
    mime_type: str | None = None
    type: str = "uri"


@dataclass
class CompactionPart:
    """A place where the provider shortened the conversation."""

    id: str | None = None
    content: str | None = None
    type: str = "compaction"


@dataclass
class GenericPart:
    """Anything that the conventions have no part for."""

    type: str


@dataclass
class InputMessage:
    """One message of the conversation that was sent."""

    role: str
    parts: list[Any]
    name: str | None = None


@dataclass
class OutputMessage:
    """One choice of the answer."""

    role: str
    parts: list[Any]
    finish_reason: str | None = None
    name: str | None = None


@dataclass
class FunctionToolDefinition:
    """A function that the model may call."""

    name: str
    description: str | None = None
    parameters: Any = None
    type: str = "function"


@dataclass
class GenericToolDefinition:
    """Any other tool."""

    name: str
    type: str
