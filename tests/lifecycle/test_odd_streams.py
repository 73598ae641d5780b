"""What servers are seen to send in a stream: it reaches the app as it is, and what is readable recorded."""

from __future__ import annotations

from typing import Any

import pytest

from . import wire
from .app import App
from .scenario import Scenario, play
from .wire import chat_event, event

STOP = [chat_event({}, "stop"), wire.DONE]
USAGE = {"prompt_tokens": wire.INPUT_TOKENS, "completion_tokens": 1, "total_tokens": wire.INPUT_TOKENS + 1}


def chunk(choices: Any, **rest: Any) -> bytes:
    """A chunk of a chat completion with these choices."""
    return event(
        {
            "id": "answer-1",
            "object": "chat.completion.chunk",
            "created": 1,
            "model": wire.MODEL,
            **rest,
            "choices": choices,
        }
    )


def choice(index: int | None, finish_reason: str | None = None, **delta: Any) -> dict[str, Any]:
    """One choice of a chunk."""
    return {"index": index, "delta": delta, "finish_reason": finish_reason}


def call_delta(**call: Any) -> bytes:
    """A part of a tool call."""
    return chunk([choice(0, tool_calls=[call])])


#: Name → events, finish reasons, whether usage is reported.
CHAT: dict[str, tuple[list[bytes], tuple[str, ...], bool]] = {
    "S15-usage-in-a-chunk-without-choices": (wire.chat_events("a"), ("stop",), True),
    "S16-azure-filter-results-first": (
        [chunk([], id="", model="", prompt_filter_results=[]), *wire.chat_events("a")],
        ("stop",),
        True,
    ),
    "S16-delta-is-null": (
        [chunk([{"index": 0, "delta": None, "finish_reason": None}]), *STOP],
        ("stop",),
        False,
    ),
    "S17-choices-is-null": ([chunk(None), chunk(None), *STOP], ("stop",), False),
    "S17-content-is-null": ([chunk([choice(0, content=None)]), *STOP], ("stop",), False),
    "S17-no-id-no-model": ([event({"choices": [choice(0, content="a")]}), *STOP], ("stop",), False),
    "S17-empty-objects": ([event({}), event({}), event({})], (), False),
    "S18-arguments-are-null": (
        [call_delta(index=0, id="1", function={"name": "f", "arguments": None}), *STOP],
        ("stop",),
        False,
    ),
    "S18-no-index": ([call_delta(id="1", function={"name": "f", "arguments": ""}), *STOP], ("stop",), False),
    "S18-interleaved": (
        [call_delta(index=1, id="2"), call_delta(index=0, id="1"), call_delta(index=1, id="2"), *STOP],
        ("stop",),
        False,
    ),
    "S19-three-choices": (
        [
            chunk([choice(0, content="a"), choice(2, content="c")]),
            chunk([choice(1, content="b")]),
            chunk([choice(2, "length")]),
            chunk([choice(0, "stop"), choice(1, "content_filter")]),
            wire.DONE,
        ],
        ("stop", "content_filter", "length"),
        False,
    ),
    "S22-no-usage": ([chunk([choice(0, content="a")]), *STOP], ("stop",), False),
    "S23-cumulative-usage": (
        [
            chunk([choice(0, content="a")], usage={**USAGE, "prompt_tokens": 1}),
            chunk([choice(0, "stop")], usage=USAGE),
        ],
        ("stop",),
        True,
    ),
    "S20-no-finish-reason": ([chunk([choice(0, content="a")])], ("error",), False),
    "S17-comments-and-blank-lines": ([b": ping\n\n", b"\n\n", *wire.chat_events("a")], ("stop",), True),
}


@pytest.mark.parametrize("name", CHAT)
def test_chat(name: str, kind: str) -> None:
    events, reasons, usage = CHAT[name]

    async def script(app: App) -> None:
        app.server.events["/chat/completions"] = events
        await app.read(await app.start())

    played = play(Scenario(name, script, "completed", usage=usage, error=None), "chat", kind)
    assert played.attributes.get("gen_ai.response.finish_reasons", ()) == reasons


#: Name → the last response of the stream, outcome, finish reason, error type.
RESPONSES: dict[str, tuple[dict[str, Any], str, str, str | None]] = {
    "S25-failed": (
        wire.response("failed", error={"code": "server_error", "message": wire.PROMPT}),
        "failed",
        "error",
        "server_error",
    ),
    "S25-incomplete": (
        wire.response("incomplete", incomplete_details={"reason": "max_output_tokens"}),
        "completed",
        "length",
        None,
    ),
    "S26-tool-call": (
        wire.response(output=[{"type": "function_call", "name": "f", "call_id": "1", "arguments": "{}"}]),
        "completed",
        "tool_calls",
        None,
    ),
}


@pytest.mark.skipif(not wire.HAS_RESPONSES, reason="this release of the SDK has no client.responses")
@pytest.mark.parametrize("name", RESPONSES)
def test_responses(name: str, kind: str) -> None:
    last, outcome, reason, error = RESPONSES[name]
    unknown = event({"type": "response.never_heard_of", "sequence_number": 1}, "response.never_heard_of")

    async def script(app: App) -> None:
        events = wire.responses_events("a", last=last)
        app.server.events["/responses"] = [*events[:2], unknown, *events[2:]]
        await app.read(await app.start())

    usage = last["usage"] is not None
    played = play(Scenario(name, script, outcome, usage=usage, error=error), "responses", kind)
    assert played.attributes["gen_ai.response.finish_reasons"] == (reason,)


@pytest.mark.skipif(not wire.HAS_RESPONSES, reason="this release of the SDK has no client.responses")
def test_an_error_event_of_the_responses_api_is_a_value(kind: str) -> None:
    """Its payload has no `error` object, so the SDK gives it out as an event and raises nothing."""
    error = event(
        {"type": "error", "code": "rate_limit_exceeded", "message": wire.PROMPT, "param": None}, "error"
    )

    async def script(app: App) -> None:
        app.server.events["/responses"] = [*wire.responses_events("a")[:3], error]
        await app.read(await app.start())

    play(Scenario("S21", script, "failed", usage=False, error="rate_limit_exceeded"), "responses", kind)
