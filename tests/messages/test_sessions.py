"""What a session of a managed agent is begun with, and what its turns say."""

from __future__ import annotations

from typing import Any

import pytest

from gossamer.messages.agents import ContentRunFold
from gossamer.messages.message import text
from gossamer.messages.sessions import SESSIONS, ContentSessionFold


def done(said: str, **more: Any) -> dict[str, Any]:
    """The event that an item of a turn is whole."""
    item = {
        "type": "message",
        "role": "assistant",
        "content": [{"type": "output_text", "text": said}],
        **more,
    }
    return {"type": "agent.session.turn.item.done", "session_id": "sess_1", "turn_id": "turn_1", "item": item}


def messages(fold: Any) -> Any:
    return SESSIONS.outputs(fold.answer())


def test_the_items_of_its_turns_are_what_it_says():
    fold = ContentSessionFold({}, 1000)
    call = {"type": "function_call", "call_id": "call_1", "name": "weigh", "arguments": "{}"}
    for event in (
        {"type": "agent.session.turn.output_text.delta", "delta": "Very light."},
        done("Very light."),
        {**done(""), "item": call},
        {"type": "agent.session.turn.completed", "turn_id": "turn_1", "turn": {"status": "completed"}},
    ):
        assert fold.add(event) is False  # all are wanted
    (message,) = messages(fold)
    assert message == {
        "role": "assistant",
        "parts": [
            text("Very light."),
            {"type": "tool_call", "name": "weigh", "arguments": "{}", "id": "call_1"},
        ],
    }
    assert fold.answer()["finish_reason"] == "stop"
    assert not fold.cut


def test_no_more_is_kept_than_there_is_room_for():
    """A session may go on for hours."""
    fold = ContentSessionFold({}, 100)
    for _ in range(50):
        fold.add(done("x" * 9))
    (message,) = messages(fold)
    assert sum(len(part["content"]) for part in message["parts"]) == 99 + 1
    assert fold.cut


def test_no_more_is_kept_of_a_run():
    fold = ContentRunFold({}, 100)
    content = [{"type": "text", "text": {"value": "x" * 60}}]
    for _ in range(3):
        fold.add({"event": "thread.message.completed", "data": {"role": "assistant", "content": content}})
    kept = [message["content"][0]["text"]["value"] for message in fold.answer()["messages"]]
    assert list(map(len, kept)) == [60, 40, 0]
    assert fold.cut


@pytest.mark.parametrize(
    "odd", [None, 5, "text", [], {}, {"type": ["x"]}, {**done(""), "item": None}, {**done(""), "item": 5}]
)
def test_an_odd_event_says_nothing(odd):
    fold = ContentSessionFold({}, 100)
    fold.add(odd)
    assert [part for message in messages(fold) for part in message["parts"]] == []


@pytest.mark.parametrize(
    "body", [{}, {"agent": None}, {"agent": 5, "input": None}, {"agent": {"instructions": None}}]
)
def test_a_session_that_is_begun_with_nothing(body):
    assert (SESSIONS.instructions(body), list(SESSIONS.tools(body)), list(SESSIONS.inputs(body))) == (
        [],
        [],
        [],
    )
