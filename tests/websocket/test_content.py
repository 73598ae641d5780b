"""What was said, where it is captured: on the realtime API, the Responses API and in live sessions."""

from __future__ import annotations

import gc
import json

import pytest

from gossamer.call import Call
from gossamer.testing import capture

from .app import REALTIME, has
from .events import AUDIO, CREATE, answer, created, delta, done, message, on, session, whole

needs_realtime = pytest.mark.skipif(not has(REALTIME), reason="this release has no realtime connections")
needs_responses = pytest.mark.skipif(not has("responses"), reason="this release connects to no Responses API")
needs_live = pytest.mark.skipif(not has("live"), reason="this release of the SDK has no live sessions")

TOOL = {"type": "function", "name": "weather", "description": "…", "parameters": {"type": "object"}}


def item(**fields):
    return {"type": "conversation.item.create", "item": fields}


def said(role, kind, text):
    return item(type="message", role=role, content=[{"type": kind, "text": text}])


def text(content):
    return {"type": "text", "content": content}


def content_of(span):
    names = (
        "gen_ai.system_instructions",
        "gen_ai.input.messages",
        "gen_ai.output.messages",
        "gen_ai.tool.definitions",
    )
    return [json.loads(span["attributes"][name]) if name in span["attributes"] else None for name in names]


@needs_realtime
def test_a_conversation(app_for, run):
    """Each response has what was added since the one before it."""
    call = {"type": "function_call", "call_id": "call_1", "name": "weather", "arguments": '{"city":"Oslo"}'}

    def script(peer):
        peer.send(session(instructions="Be brief.", tools=[TOOL]))
        peer.wait("response.create")
        peer.send(created(), done(output=[call]))
        peer.wait("response.create")
        peer.send(*whole("resp_2", output=[message("It rains.")]))

    app = app_for(script)

    async def main():
        async with app.connect() as connection:
            await connection.until("session.created")
            await connection.send(
                said("user", "input_text", "Hello"),
                said("assistant", "output_text", "Hi!"),
                item(type="message", role="user", content=[{"type": "input_audio", "audio": AUDIO}]),
                CREATE,
            )
            await connection.until("response.done")
            result = item(type="function_call_output", call_id="call_1", output="rain")
            await connection.send(result, {**CREATE, "response": {"instructions": "Shout."}})
            await connection.until("response.done")

    with capture(capture="SPAN_ONLY") as telemetry:
        run(main())
    instructions, inputs, outputs, tools = content_of(telemetry.spans[0])
    assert instructions == [text("Be brief.")]
    assert tools == [{"type": "function", "name": "weather"}]
    assert [(found["role"], found["parts"][0].get("content")) for found in inputs[:2]] == [
        ("user", "Hello"),
        ("assistant", "Hi!"),
    ]
    (sound,) = inputs[2]["parts"]
    assert sound["modality"] == "audio"
    assert AUDIO not in json.dumps(telemetry.spans, default=str)
    (called,) = outputs[0]["parts"]
    assert (called["type"], called["name"], called["arguments"]) == ("tool_call", "weather", {"city": "Oslo"})
    instructions, inputs, outputs, _ = content_of(telemetry.spans[1])
    assert instructions == [text("Shout.")]
    assert [found["role"] for found in inputs] == ["tool"]
    assert outputs == [{"role": "assistant", "parts": [text("It rains.")]}]


@needs_realtime
def test_a_response_with_a_context_of_its_own(app_for, run):
    """What waits is for the next one."""

    def script(peer):
        for _ in range(2):
            peer.wait("response.create")
        peer.send(*whole("resp_1"), *whole("resp_2"))

    app = app_for(script)
    own = [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Aside"}]}]

    async def main():
        async with app.connect() as connection:
            await connection.send(said("user", "input_text", "Hello"))
            await connection.send({**CREATE, "response": {"conversation": "none", "input": own}}, CREATE)
            await connection.until("response.done", 2)

    with capture(capture="SPAN_ONLY") as telemetry:
        run(main())
    asked = [content_of(span)[1][0]["parts"] for span in telemetry.spans]
    assert asked == [[text("Aside")], [text("Hello")]]


@needs_realtime
def test_a_connection_that_is_lost_shows_what_was_finished(app_for, run):
    from websockets.exceptions import ConnectionClosedError

    def script(peer):
        peer.wait("response.create")
        finished = {"type": "response.output_item.done", "event_id": "e", "response_id": "resp_1"}
        peer.send(created(), delta(), {**finished, "output_index": 0, "item": message("Half of it")})
        peer.die()

    app = app_for(script)

    async def main():
        async with app.connect() as connection:
            await connection.send(CREATE)
            with pytest.raises(ConnectionClosedError):
                await connection.until("response.done")

    with capture(capture="SPAN_ONLY") as telemetry:
        run(main())
    (span,) = telemetry.spans
    assert content_of(span)[2] == [{"role": "assistant", "parts": [text("Half of it")]}]
    assert span["description"].startswith("ConnectionClosedError (code 1006): ")


@needs_realtime
def test_the_message_of_a_failure(app_for, run):
    def script(peer):
        error = {"type": "server_error", "code": "oops", "message": "said: secret"}
        peer.wait("response.create")
        peer.send(created(), done(status="failed", status_details={"error": error}, output=[]))
        peer.wait("response.create")
        peer.send({"type": "error", "event_id": "e", "error": error})

    app = app_for(script)

    async def main():
        async with app.connect() as connection:
            await connection.send(CREATE)
            await connection.until("response.done")
            await connection.send(CREATE)
            await connection.until("error")

    with capture(capture="SPAN_ONLY") as telemetry:
        run(main())
    assert [span["description"] for span in telemetry.spans] == [
        "response failed (code oops): said: secret"
    ] * 2
    with capture() as telemetry:
        run(main())
    assert [span["description"] for span in telemetry.spans] == ["response failed (code oops)"] * 2


@needs_realtime
def test_events_and_blocks(app_for, run, needs_events):
    import gossamer

    def script(peer):
        for number in range(2):
            peer.wait("response.create")
            peer.send(*whole(f"resp_{number}"))

    app = app_for(script)

    async def main():
        async with app.connect() as connection:
            with gossamer.attributes(session="s-17"):
                await connection.send(said("user", "input_text", "Hello"), CREATE)
            await connection.until("response.done")
            with gossamer.capture("NO_CONTENT"):
                await connection.send(said("user", "input_text", "Secret"), CREATE)
            await connection.until("response.done")

    with capture(capture="EVENT_ONLY") as telemetry:
        run(main())
    (event,) = telemetry.events
    assert event["name"] == "gen_ai.client.inference.operation.details"
    assert event["attributes"]["gen_ai.output.messages"][0]["parts"][0]["content"] == "Hello!"
    assert event["attributes"]["session.id"] == "s-17"
    assert "session.id" not in telemetry.spans[1]["attributes"]


@needs_realtime
def test_nothing_is_kept_where_nothing_is_captured(app_for, run, telemetry):
    """An item that is sent is the app's alone."""

    class Item(dict):
        """That can be looked for."""

    def script(peer):
        peer.wait("conversation.item.create")
        peer.send(session())
        peer.wait_for_close()

    app = app_for(script)

    async def main():
        async with app.connect() as connection:
            sent = Item(type="message", role="user", content=[])
            await connection.send({"type": "conversation.item.create", "item": sent})
            await connection.until("session.created")
            del sent
            gc.collect()
            assert [found for found in gc.get_objects() if type(found) is Item] == []

    run(main())


@needs_realtime
def test_the_apps_hooks(app_for, run):
    seen = []

    def script(peer):
        peer.wait("response.create")
        peer.send(*whole())

    app = app_for(script)

    async def main():
        async with app.connect() as connection:
            await connection.send({**CREATE, "response": {"max_output_tokens": 5}})
            await connection.until("response.done")

    with capture(
        request_hook=lambda span, options: seen.append((options.url, options.json_data["max_output_tokens"])),
        response_hook=lambda span, response: seen.append(response["id"]),
    ) as telemetry:
        run(main())
    assert len(telemetry.spans) == 1
    assert seen == [("/realtime", 5), "resp_1"]


@needs_responses
def test_the_responses_api(app_for, run):
    """Read as over HTTP, though the last event may leave the output out."""
    output = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Hello!"}]}

    def script(peer):
        peer.wait("response.create")
        begun = on(None, "response.created", response=answer(status="in_progress", usage=None))
        finished = on(None, "response.output_item.done", output_index=0, item=output)
        peer.send(begun, finished, on(None, "response.completed", response=answer(output=None)))

    app = app_for(script)

    async def main():
        async with app.connect("responses") as connection:
            asked = {"model": "gpt-4o-mini", "input": "Hello", "instructions": "Be brief.", "tools": [TOOL]}
            await connection.send({"type": "response.create", **asked})
            await connection.until("response.completed")

    with capture(capture="SPAN_ONLY") as telemetry:
        run(main())
    (span,) = telemetry.spans
    assert content_of(span) == [
        [text("Be brief.")],
        [{"role": "user", "parts": [text("Hello")]}],
        [{"role": "assistant", "parts": [text("Hello!")]}],
        [{"type": "function", "name": "weather"}],
    ]


@needs_live
def test_a_live_session(app_for, run):
    output = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Rain."}]}

    def nested(kind, **fields):
        event = {"type": kind, "sequence_number": 0, **fields}
        return {"type": "response.event", "event_id": "e", "delegation_id": "d1", "event": event}

    def script(peer):
        peer.wait("response.create")
        peer.send(nested("response.created", response=answer(status="in_progress")))
        peer.send(nested("response.output_item.done", output_index=0, item=output))
        peer.send(nested("response.completed", response=answer()))

    app = app_for(script)

    async def main():
        async with app.connect("live") as connection:
            result = {"type": "function_call_output", "call_id": "call_1", "output": "rain"}
            await connection.send({"type": "response.item.create", "item": result}, CREATE)
            await connection.until("response.event", 3)

    with capture(capture="SPAN_ONLY") as telemetry:
        run(main())
    (span,) = telemetry.spans
    _, inputs, outputs, _ = content_of(span)
    assert [found["role"] for found in inputs] == ["tool"]
    assert outputs == [{"role": "assistant", "parts": [text("Rain.")]}]


@needs_realtime
def test_a_capture_that_fails_costs_the_content_alone(app_for, run, monkeypatch):
    def script(peer):
        peer.wait("response.create")
        peer.send(*whole())

    app = app_for(script)
    monkeypatch.setattr(Call, "capture", lambda *_: 1 / 0)

    async def main():
        async with app.connect() as connection:
            await connection.send(CREATE)
            await connection.until("response.done")

    with capture(capture="SPAN_ONLY", strict=False) as telemetry:
        run(main())
        (span,) = telemetry.spans
        assert span["attributes"]["gen_ai.response.id"] == "resp_1"
        assert span["attributes"]["gossamer.stream.outcome"] == "completed"
        assert telemetry.metrics["gen_ai.client.inference.duration"][0]["count"] == 1
