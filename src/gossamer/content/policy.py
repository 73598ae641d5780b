"""What the settings say of content."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

    from gossamer.messages.message import Part

Binary = Literal["size", "sha256", "data"]


@dataclass(frozen=True)
class Policy:
    """How much of the content of a call is recorded, and what of it. Made once from the settings."""

    limit: int
    """Bytes of the JSON texts of one call together."""
    part_limit: int
    """Bytes of the JSON text of one part."""
    binary: Binary = "size"
    """What is recorded of data that is sent inline."""
    tool_details: bool = False
    """Descriptions and parameters of tools too."""
    redact: Callable[[Part], Part | None] | None = None
    """Sees each part before it is cut, and gives back what may be recorded of it."""
    attribute_limit: int | None = None
    """Characters of one attribute. The OpenTelemetry SDK cuts there, which would leave half a JSON text."""
