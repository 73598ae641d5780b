"""A contender's process, and what it and the bench say to each other."""

from __future__ import annotations

import io
from importlib import metadata
from typing import Any

import pytest

from gossamer.cli.bench import (
    protocol,
    worker,
    workers,
)
from gossamer.cli.bench.contenders import Contender


def test_messages_survive_the_pipe() -> None:
    pipe = io.StringIO()
    protocol.send(pipe, {"do": "run", "calls": 3})
    protocol.send(pipe, {"text": "two\nlines"})
    pipe.seek(0)
    assert list(protocol.messages(pipe)) == [{"do": "run", "calls": 3}, {"text": "two\nlines"}]


@pytest.mark.parametrize("line", ["hello\n", "[1]\n", ""])
def test_what_is_no_message_is_refused(line: str) -> None:
    with pytest.raises(protocol.ProtocolError):
        protocol.receive(io.StringIO(line))


def test_a_worker_answers_every_request() -> None:
    requests = io.StringIO()
    asked: list[dict[str, Any]] = [
        {"do": "run", "calls": 1},
        {"do": "prepare", "scenario": "chat-sync"},
        {"do": "run", "calls": 1},
        {"do": "memory"},
        {"do": "dance"},
        {"do": "prepare", "scenario": "no such"},
    ]
    for request in asked:
        protocol.send(requests, request)
    requests.seek(0)
    replies = io.StringIO()
    worker.serve("bare", requests, replies)
    replies.seek(0)
    hello, early, ready, ran, memory, dance, unknown = protocol.messages(replies)
    assert hello["hello"] == "bare"
    assert hello["openai"] == metadata.version("openai")
    assert early == {"error": "no scenario prepared"}
    assert ready == {"ready": "chat-sync", "content": None}
    assert ran["ns"] > 0
    assert memory["peak_bytes"] is None or memory["peak_bytes"] > 1e6
    assert "dance" in dance["error"]
    assert "KeyError" in unknown["error"]


def test_a_contender_that_cannot_start_says_why() -> None:
    with pytest.raises(workers.WorkerError, match=r"nobody: LookupError: no contender 'nobody'"):
        workers.WorkerProcess(Contender("nobody"))
