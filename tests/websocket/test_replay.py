"""The recorded sessions, from a real server: nothing changes for the app, and each response is a span."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gossamer.testing import capture

from .app import REALTIME, App, has
from .server import serving

pytestmark = pytest.mark.skipif(
    not has(REALTIME), reason="this release of the SDK has no realtime connections"
)

SESSIONS = 13
SPEECH_OR_TEXT = {True: "speech", False: "text"}


@pytest.fixture(scope="module")
def sessions(shared: Path) -> list[dict[str, Any]]:
    path = shared / "corpus" / "extra_realtime_ws_dev.jsonl"
    if not path.is_file():
        pytest.skip("needs the recorded sessions")
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def play(frames: list[dict[str, Any]], run: Any, *, raw: bool = False) -> list[Any]:
    """What the app gets, and what the server got from it."""

    def script(peer):
        for frame in frames:
            if frame["direction"] == "received":
                peer.send(frame["data"])
            else:
                peer.wait(frame["data"]["type"])
        peer.wait_for_close()

    async def main():
        seen = []
        async with app.connect() as connection:
            for frame in frames:
                if frame["direction"] == "sent":
                    await connection.send(frame["data"])
                elif raw:
                    seen.append(json.loads(await connection.recv_bytes()))
                else:
                    event = await connection.recv()
                    seen.append(repr(event))
        return seen

    with serving(script) as server:
        app = App(run.kind, server.port)
        return [run(main()), server.peers[0].received]


def expected(frames: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the spans of a session must tell, by the recording alone."""
    spans, session = [], {}
    for frame in frames:
        event = frame["data"]
        if frame["direction"] == "sent":
            continue
        if event["type"] in ("session.created", "session.updated"):
            session.update(event["session"])
        if event["type"] != "response.done":
            continue
        response = event["response"]
        usage = response["usage"] or {}
        modalities = (
            response.get("output_modalities") or response.get("modalities") or session.get("modalities")
        )
        tools = any(item["type"] == "function_call" for item in response["output"])
        span = {
            "gen_ai.response.id": response["id"],
            "gen_ai.response.model": session["model"],
            "gen_ai.response.finish_reasons": ("tool_calls" if tools else "stop",),
            "gen_ai.output.type": SPEECH_OR_TEXT["audio" in modalities],
            "gossamer.session.id": session["id"],
            "gossamer.stream.outcome": "completed",
            "gen_ai.usage.input_tokens": usage.get("input_tokens"),
            "gen_ai.usage.output_tokens": usage.get("output_tokens"),
        }
        sent = usage.get("input_token_details", {})
        made = usage.get("output_token_details", {})
        cached = sent.get("cached_tokens_details", {})
        for kind in ("text", "audio", "image"):
            span[f"gen_ai.usage.{kind}.input_tokens"] = sent.get(f"{kind}_tokens") or None
            span[f"gen_ai.usage.{kind}.output_tokens"] = made.get(f"{kind}_tokens") or None
            span[f"gen_ai.usage.{kind}.cache_read.input_tokens"] = cached.get(f"{kind}_tokens") or None
        span["gen_ai.usage.cache_read.input_tokens"] = sent.get("cached_tokens") or None
        spans.append(span)
    return spans


@pytest.mark.parametrize("index", range(SESSIONS))
def test_a_recorded_session(index, sessions, run):
    frames = sessions[index]["frames"]
    bare = play(frames, run)
    with capture() as telemetry:
        assert play(frames, run) == bare
    wanted = expected(frames)
    assert wanted
    assert [
        {name: span["attributes"].get(name) for name in told}
        for span, told in zip(telemetry.spans, wanted, strict=True)
    ] == wanted
    for span in telemetry.spans:
        assert span["status"] == "UNSET"
        assert 0 < span["attributes"]["gen_ai.response.time_to_first_chunk"] <= span["seconds"]


@pytest.mark.parametrize("run", ["sync"], indirect=True)
@pytest.mark.parametrize("index", range(SESSIONS))
def test_an_app_that_parses_for_itself(index, sessions, run):
    frames = sessions[index]["frames"]
    with capture() as telemetry:
        play(frames, run, raw=True)
    wanted = expected(frames)
    assert [
        {name: span["attributes"].get(name) for name in told}
        for span, told in zip(telemetry.spans, wanted, strict=True)
    ] == wanted


@pytest.mark.parametrize("run", ["sync"], indirect=True)
@pytest.mark.parametrize("index", range(SESSIONS))
def test_the_content_of_a_recorded_session(index, sessions, run):
    """What was said, and nothing of the sound."""
    frames = sessions[index]["frames"]
    with capture(capture="SPAN_ONLY") as telemetry:
        play(frames, run)
    answers = [frame["data"]["response"] for frame in frames if frame["data"]["type"] == "response.done"]
    for span, answer in zip(telemetry.spans, answers, strict=True):
        (message,) = json.loads(span["attributes"]["gen_ai.output.messages"])
        said = [
            content.get("transcript") or content.get("text")
            for item in answer["output"]
            for content in item.get("content", [])
        ]
        called = [item["name"] for item in answer["output"] if item["type"] == "function_call"]
        assert [part.get("content") or part["name"] for part in message["parts"]] == [*said, *called]
    texts = [
        content["text"]
        for frame in frames
        if frame["data"]["type"] == "conversation.item.create" and "content" in frame["data"]["item"]
        for content in frame["data"]["item"]["content"]
    ]
    recorded = json.dumps([span["attributes"].get("gen_ai.input.messages") for span in telemetry.spans])
    assert all(text in recorded for text in texts)
