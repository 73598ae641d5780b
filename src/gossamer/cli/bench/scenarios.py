"""What is measured: one row a scenario. Plain data, shared by both ends of the pipe."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from gossamer.cli.bench.errors import BenchError

STREAM_CHUNKS = 100
"""Chunks of one streamed answer, for chat and responses alike."""

CALLS = 15
"""Calls of one timed block. One more goes before them untimed, and Gossamer records the points of
sixteen calls together: each block pays for all of its own."""

PLUMBING_CHUNKS = 2000
"""Chunks of one plumbing stream: long enough for the clock, short enough for the slowest."""

SHORT_PLUMBING_CHUNKS = 400
"""Chunks of a shorter one: what grows with the square of them is dearer in the longer."""

FRAMES = 200
"""Frames of one timed block on a websocket, where the SDK writes or reads each."""

CHEAP_FRAMES = 4000
"""The same where it does not."""


@dataclass(frozen=True)
class Scenario:
    """One thing an app does with the SDK, repeated `calls` times in each timed block."""

    name: str
    operation: str
    """The function of `calls.py` that makes the call."""
    asynchronous: bool
    calls: int
    chunks: int = 0
    """Chunks of each answer; 0 when it is not streamed."""
    plumbing: bool = False
    """Read ready-made chunks: the SDK's parsing, and its noise, are out of the picture."""
    quick: bool = False
    """Part of a `--quick` run."""
    websocket: bool = False
    """A call is a frame on a connection; for plumbing, a chunk is."""


_QUICK = ("chat", "chat-stream", "plumbing-chat", "plumbing-append", "plumbing-delta")


def _both(
    name: str, operation: str, calls: int, chunks: int = 0, *, plumbing: bool = False, websocket: bool = False
) -> tuple[Scenario, Scenario]:
    quick = name in _QUICK
    return (
        Scenario(f"{name}-sync", operation, False, calls, chunks, plumbing, quick, websocket),
        Scenario(f"{name}-async", operation, True, calls, chunks, plumbing, quick, websocket),
    )


SCENARIOS: tuple[Scenario, ...] = (
    *_both("chat", "chat", CALLS),
    *_both("chat-stream", "chat_stream", CALLS, STREAM_CHUNKS),
    *_both("responses-stream", "responses_stream", CALLS, STREAM_CHUNKS),
    *_both("embeddings", "embeddings", CALLS),
    *_both("plumbing-chat", "chat_stream", 1, PLUMBING_CHUNKS, plumbing=True),
    *_both("plumbing-responses", "responses_stream", 1, PLUMBING_CHUNKS, plumbing=True),
)

CONTENT_SCENARIOS: tuple[Scenario, ...] = (
    *_both("chat", "chat", CALLS),
    *_both("chat-long", "chat_long", CALLS),
    *_both("chat-stream", "chat_stream", CALLS, STREAM_CHUNKS),
    *_both("responses-stream", "responses_stream", CALLS, STREAM_CHUNKS),
    *_both("plumbing-chat-short", "chat_stream", 1, SHORT_PLUMBING_CHUNKS, plumbing=True),
    *_both("plumbing-chat", "chat_stream", 1, PLUMBING_CHUNKS, plumbing=True),
    *_both("plumbing-responses", "responses_stream", 1, PLUMBING_CHUNKS, plumbing=True),
)
"""With prompts and answers captured. The same, but for embeddings, whose content the conventions have no
place for; and two in which content is longer or shorter, to show how cost grows with it."""

_on_websocket = partial(_both, websocket=True)

WEBSOCKET_SCENARIOS: tuple[Scenario, ...] = (
    *_on_websocket("append", "append", FRAMES),
    *_on_websocket("delta", "delta", FRAMES),
    *_on_websocket("append-text", "append_text", CHEAP_FRAMES),
    *_on_websocket("delta-bytes", "delta_bytes", CHEAP_FRAMES),
    *_on_websocket("response", "response", CALLS),
    *_on_websocket("plumbing-append", "append", 1, CHEAP_FRAMES, plumbing=True),
    *_on_websocket("plumbing-delta", "delta", 1, CHEAP_FRAMES, plumbing=True),
)
"""On a connection of the realtime API. The plumbing is that of ready-made events. There is none of a
whole response: it costs more than the noise, and twice as much where the SDK's work empties the caches."""

BY_NAME = {scenario.name: scenario for scenario in (*SCENARIOS, *CONTENT_SCENARIOS, *WEBSOCKET_SCENARIOS)}


def choose(
    patterns: tuple[str, ...], *, quick: bool, with_content: bool = False, websocket: bool = False
) -> list[Scenario]:
    """The scenarios that are named, or all.

    `chat-sync` is one, `chat` is it and its asynchronous twin, `plumbing` is all that begin so.
    """
    if websocket:
        known, mode = WEBSOCKET_SCENARIOS, "with --websocket"
    elif with_content:
        known, mode = CONTENT_SCENARIOS, "with --content"
    else:
        known, mode = SCENARIOS, "without --content"
    if not patterns:
        return [scenario for scenario in known if scenario.quick or not quick]
    chosen: list[Scenario] = []
    for pattern in patterns:
        names = (pattern, f"{pattern}-sync", f"{pattern}-async")
        matching = [scenario for scenario in known if scenario.name in names]
        matching = matching or [s for s in known if s.name.startswith(f"{pattern}-")]
        if not matching:
            there = ", ".join(scenario.name for scenario in known)
            raise BenchError(f"no scenario {pattern!r} {mode}; there are: {there}")
        chosen += [scenario for scenario in matching if scenario not in chosen]
    return chosen
