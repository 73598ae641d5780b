"""Ready-made events: the SDK neither writes nor reads JSON, and makes no models, for a block.

Its methods run as they are, and so does whatever is wrapped around them: only the functions that they call
for this work are replaced.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from importlib import metadata
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from gossamer.cli.bench.errors import Unsupported

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from types import ModuleType

WRITTEN = "{}"
"""What any event is written as."""


def parsed(module: ModuleType, messages: Iterable[bytes]) -> dict[bytes, Any]:
    """The events in some messages, as the SDK makes them."""
    kind = module.RealtimeServerEvent
    return {
        message: module.construct_type_unchecked(value=json.loads(message), type_=kind)
        for message in messages
    }


@contextmanager
def ready_made(module: ModuleType, events: Mapping[bytes, Any]) -> Iterator[None]:
    """For a block, a message is one of these events, and an event is written as `WRITTEN`."""

    def as_it_is(event: Any, _type: Any) -> Any:
        return event

    async def as_it_is_async(event: Any, _type: Any) -> Any:
        return event

    def same(*, value: Any, type_: Any) -> Any:  # noqa: ARG001  # the SDK's names
        return value

    replaced = {
        "json": SimpleNamespace(loads=events.__getitem__, dumps=lambda _: WRITTEN),
        "maybe_transform": as_it_is,
        "async_maybe_transform": as_it_is_async,
        "construct_type_unchecked": same,
    }
    originals = {name: vars(module)[name] for name in replaced if name in vars(module)}
    if len(originals) < len(replaced):
        version = metadata.version("openai")
        raise Unsupported(f"openai {version} reads and writes events otherwise than is known here")
    vars(module).update(replaced)
    try:
        yield
    finally:
        vars(module).update(originals)
