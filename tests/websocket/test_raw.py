"""Apps that write and read messages themselves: each event counts once, and audio is not parsed."""

from __future__ import annotations

import json

import pytest

from gossamer.websocket.raw import event_in
from gossamer.websocket.realtime import RealtimeSession

from .app import REALTIME, has, result
from .events import APPEND, AUDIO, CREATE, created, delta, done, session, whole

KINDS = frozenset({"response.created", "response.done"})


@pytest.mark.parametrize(
    "message",
    [
        '{"type":"response.done","response":{}}',
        '{"event_id": "e", "type" : "response.done"}',
        json.dumps({"response": {"output": ["x" * 5000]}, "type": "response.done", "event_id": "e"}),
        b'{"type":"response.done","text":"\xc3\xa4"}',
        bytearray(b'{"type":"response.done"}'),
        memoryview(b'{"type":"response.done"}'),
        memoryview(json.dumps({"type": "response.done", "text": "x" * 5000}).encode()),
    ],
)
def test_an_event_is_found(message):
    found = event_in(message, KINDS)
    assert found is not None
    assert found["type"] == "response.done"


@pytest.mark.parametrize(
    "message",
    [
        json.dumps(APPEND),
        json.dumps(delta()).encode(),
        json.dumps(delta(piece='"response.done"')),  # quoted, what is said is no type
        '{"type":"response.done"',
        '["response.done"]',
        "[" * 100_000 + '"response.done"',
        "",
        b"\xff\xfe",
        ['{"type":', '"response.done"}'],
        iter(['{"type":"response.done"}']),
        None,
        json.dumps(
            {"a": "x" * 300, "type": "response.done", "b": "x" * 300}
        ),  # in the middle: not looked for
    ],
)
def test_no_event_is_found(message):
    found = event_in(message, KINDS)
    assert found is None or found["type"] not in KINDS


def test_a_piece_of_output_is_found_where_it_is_asked_for():
    assert event_in(json.dumps(delta()), KINDS, or_delta=True) == delta()
    assert event_in(json.dumps(delta()), KINDS) is None


needs_realtime = pytest.mark.skipif(not has(REALTIME), reason="this release has no realtime connections")


@needs_realtime
def test_an_app_that_reads_bytes(app_for, run, telemetry):
    """An event is seen when the next is awaited, or when the connection is closed."""

    def script(peer):
        peer.send(session())
        peer.wait("response.create")
        peer.send(*whole())
        peer.wait_for_close()

    app = app_for(script)

    async def main():
        async with app.connect() as connection:
            await connection.recv_bytes()
            await connection.send(CREATE)
            for kind in ("response.created", "response.output_audio.delta"):
                assert json.loads(await connection.recv_bytes())["type"] == kind
            await connection.recv_bytes()
            assert json.loads(await connection.recv_bytes())["type"] == "response.done"
            assert telemetry.spans == []

    run(main())
    (span,) = telemetry.spans
    assert span["attributes"]["gossamer.stream.outcome"] == "completed"
    assert span["attributes"]["gossamer.session.id"] == "sess_1"
    assert "gen_ai.response.time_to_first_chunk" in span["attributes"]


@needs_realtime
def test_an_app_that_has_some_of_it_parsed(app_for, run, telemetry):
    """By the connection, twice, from text, or by itself: each response is one span."""

    def script(peer):
        for number in range(3):
            peer.wait("response.create")
            peer.send(created(f"resp_{number}"), done(f"resp_{number}"))
        peer.wait_for_close()

    app = app_for(script)

    async def main():
        async with app.connect() as connection:
            for parse in (
                lambda message: [connection.sdk.parse_event(message) for _ in range(2)],
                lambda message: connection.sdk.parse_event(message.decode()),
                json.loads,
            ):
                await connection.send(CREATE)
                for _ in range(2):
                    parse(await connection.recv_bytes())

    run(main())
    assert [span["attributes"]["gen_ai.response.id"] for span in telemetry.spans] == [
        "resp_0",
        "resp_1",
        "resp_2",
    ]


@needs_realtime
@pytest.mark.parametrize("make", [str, str.encode])
def test_an_app_that_writes_text(make, app_for, run, telemetry):
    def script(peer):
        peer.wait("response.create")
        peer.send(*whole())

    app = app_for(script)

    async def main():
        async with app.connect() as connection:
            if not hasattr(connection.sdk, "send_raw"):
                pytest.skip("this release of the SDK sends no text")
            await result(connection.sdk.send_raw(make(json.dumps(APPEND))))
            asked = {**CREATE, "response": {"max_output_tokens": 5}}
            await result(connection.sdk.send_raw(make(json.dumps(asked))))
            await connection.until("response.done")

    run(main())
    (span,) = telemetry.spans
    assert span["attributes"]["gen_ai.request.max_tokens"] == 5


@needs_realtime
def test_what_is_queued_before_there_is_a_connection(app_for, run, telemetry):
    def script(peer):
        peer.wait("response.create")
        peer.send(*whole())

    app = app_for(script)
    manager = app.manager()
    if not hasattr(manager, "send"):
        pytest.skip("this release of the SDK queues nothing")

    async def main():
        manager.send(APPEND)
        manager.send({**CREATE, "response": {"max_output_tokens": 5}})
        connection = await result(manager.enter())
        while (await result(connection.recv())).type != "response.done":
            pass
        await result(connection.close())

    run(main())
    (span,) = telemetry.spans
    assert span["attributes"]["gen_ai.request.max_tokens"] == 5


@pytest.mark.parametrize("event", [None, 5, "text", [], {}, {"type": None}, {"type": []}, object()])
def test_odd_events_are_the_servers_affair(event):
    """A session that is told of such: as one message, and as one that was parsed."""
    told = RealtimeSession(lambda: None, None, None)
    for kind in sorted(RealtimeSession.receives):
        told.received(kind, event)
    told.unread = json.dumps(event, default=str)
    told.read()
    for kind in sorted(RealtimeSession.sends):
        told.sending(kind, event)
    told.sending_raw(AUDIO)
