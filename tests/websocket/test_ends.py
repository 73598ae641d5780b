"""Every way in which a generation ends, and that it does so once."""

from __future__ import annotations

import asyncio
import gc
import inspect
import subprocess
import sys
import textwrap
import threading

import pytest
from websockets.exceptions import ConnectionClosed, ConnectionClosedError

from gossamer import OpenAIInstrumentor, finalizers

from .app import REALTIME, App, Connection, has, resource, result
from .events import APPEND, CREATE, created, delta, session, whole
from .server import serving

pytestmark = pytest.mark.skipif(
    not has(REALTIME), reason="this release of the SDK has no realtime connections"
)

LOST = "websockets.exceptions.ConnectionClosedError"


def outcomes(telemetry):
    return [
        (span["attributes"]["gossamer.stream.outcome"], span["attributes"].get("error.type"))
        for span in telemetry.spans
    ]


def two_and_one_more(peer):
    """Two have begun, a third has not."""
    for _ in range(3):
        peer.wait("response.create")
    peer.send(session(), created("resp_1"), created("resp_2"), delta("resp_2"))


async def begin(connection):
    await connection.send(CREATE, CREATE, CREATE)
    await connection.until("response.output_audio.delta")


def test_the_app_closes(app_for, run, telemetry):
    def script(peer):
        two_and_one_more(peer)
        peer.wait_for_close()

    app = app_for(script)

    async def main():
        async with app.connect() as connection:
            await begin(connection)
            await connection.close()
            assert outcomes(telemetry) == [("closed", None)] * 3
            await connection.close()
            with pytest.raises(ConnectionClosed):
                await connection.recv()
            with pytest.raises(ConnectionClosed):
                await connection.send(CREATE)  # too late: nothing begins

    run(main())
    assert outcomes(telemetry) == [("closed", None)] * 3
    found = [span["attributes"].get("gen_ai.response.finish_reasons") for span in telemetry.spans]
    assert found == [("error",), ("error",), None]
    assert [span["status"] for span in telemetry.spans] == ["UNSET"] * 3


def test_the_server_dies(app_for, run, telemetry):
    """Each span that is open ends once, and the app gets what it would have got."""

    def script(peer):
        two_and_one_more(peer)
        peer.die()

    app = app_for(script)

    async def main():
        async with app.connect() as connection:
            await begin(connection)
            with pytest.raises(ConnectionClosedError) as failed:
                await connection.recv()
            assert failed.value.rcvd is None
            assert outcomes(telemetry) == [("failed", LOST)] * 3
            with pytest.raises(ConnectionClosedError):
                await connection.recv()

    run(main())
    assert outcomes(telemetry) == [("failed", LOST)] * 3
    assert {span["description"] for span in telemetry.spans} == {"ConnectionClosedError (code 1006)"}
    points = telemetry.metrics["gen_ai.client.inference.duration"]
    assert sum(point["count"] for point in points) == 3
    assert {point["attributes"]["error.type"] for point in points} == {LOST}


def test_a_connection_that_cannot_be_closed_goes_on(by, app_for, run, telemetry):
    """With a code that does not exist. What is asked for then is told as before."""
    from websockets.exceptions import ProtocolError

    def script(peer):
        peer.wait("response.create")
        peer.send(*whole())
        peer.wait_for_close()

    app = app_for(script)

    async def main():
        async with app.connect() as connection:
            with pytest.raises(ProtocolError):
                await result(connection.sdk.close(code=42))
            await connection.ask(by)
            await connection.until("response.done")

    run(main())
    assert outcomes(telemetry) == [("completed", None)]


def test_a_lost_connection_is_met_in_sending(app_for, run, telemetry):
    """An app that only speaks meets the loss where nothing of ours looks: it leaves the block by it."""

    def script(peer):
        two_and_one_more(peer)
        peer.die()

    app = app_for(script)

    async def main():
        async with app.connect() as connection:
            await begin(connection)
            while True:  # the first ones may still find room in a buffer
                await connection.send(APPEND)

    with pytest.raises(ConnectionClosed):
        run(main())
    assert [outcome for outcome, _ in outcomes(telemetry)] == ["failed"] * 3
    assert {span["status"] for span in telemetry.spans} == {"ERROR"}


@pytest.mark.parametrize("way", ["in a block", "with enter()"])
def test_a_lost_connection_is_met_as_sound_is_sent(way, app_for, run, telemetry):
    """The app closes it then, perhaps with an exception of its own: the connection was lost all the same."""

    def script(peer):
        two_and_one_more(peer)
        peer.die()

    app = app_for(script)

    async def speak(connection):
        await begin(connection)
        try:
            while True:
                await result(connection.sdk.input_audio_buffer.append(audio="AAAA"))
        except ConnectionClosedError as error:
            raise ValueError("the app's own") from error

    async def main():
        if way == "in a block":
            async with app.connect() as connection:
                await speak(connection)
        connection = Connection(await result(app.manager().enter()))
        try:
            await speak(connection)
        finally:
            await connection.close()

    with pytest.raises(ValueError, match="the app's own"):
        run(main())
    assert outcomes(telemetry) == [("failed", LOST)] * 3


def test_an_error_of_the_app_in_the_block_closes_the_connection(app_for, run, telemetry):
    def script(peer):
        two_and_one_more(peer)
        peer.wait_for_close()

    app = app_for(script)

    async def main():
        async with app.connect() as connection:
            await begin(connection)
            raise KeyError("the app's own")

    with pytest.raises(KeyError):
        run(main())
    assert outcomes(telemetry) == [("closed", None)] * 3


def test_a_lost_connection_is_an_exception_event(app_for, run, telemetry, needs_events):
    def script(peer):
        two_and_one_more(peer)
        peer.die()

    app = app_for(script)

    async def main():
        async with app.connect() as connection:
            await begin(connection)
            with pytest.raises(ConnectionClosedError):
                await connection.recv()

    run(main())
    assert [event["attributes"]["exception.type"] for event in telemetry.events] == [LOST] * 3


@pytest.mark.parametrize(
    ("code", "expected"), [(1000, ("closed", None)), (1001, ("closed", None)), (1011, ("failed", LOST))]
)
def test_the_server_closes(code, expected, app_for, run, telemetry):
    def script(peer):
        two_and_one_more(peer)
        peer.close(code)

    app = app_for(script)

    async def main():
        async with app.connect() as connection:
            await begin(connection)
            try:
                assert [event async for event in connection] == []
            except ConnectionClosedError:
                assert code == 1011

    run(main())
    assert outcomes(telemetry) == [expected] * 3
    if code == 1011:
        assert telemetry.spans[0]["description"] == "ConnectionClosedError (code 1011)"


async def send_for_ever(connection):
    """Until the end of the connection has come through."""
    while True:
        await connection.send(CREATE)


def test_what_cannot_be_sent_has_failed(app_for, run, telemetry):
    def script(peer):
        peer.wait("response.create")
        peer.send(created())
        peer.die()

    app = app_for(script)

    async def main():
        async with app.connect() as connection:
            await connection.send(CREATE)
            await connection.until("response.created")
            with pytest.raises(ConnectionClosedError):
                await send_for_ever(connection)

    run(main())
    assert set(outcomes(telemetry)) == {("failed", LOST)}


def test_what_cannot_be_encoded_has_failed(app_for, run, telemetry):
    app = app_for(lambda peer: peer.wait_for_close())

    async def main():
        async with app.connect() as connection:
            with pytest.raises(TypeError):
                await connection.send(
                    {"type": "response.create", "response": {"metadata": {"key": object()}}}
                )
            assert outcomes(telemetry) == [("failed", "TypeError")]

    run(main())
    assert outcomes(telemetry) == [("failed", "TypeError")]


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (ValueError("the app's"), "closed"),
        (FileNotFoundError("the app's"), "closed"),
        (ConnectionClosedError(None, None), "closed"),  # of another websocket
        (KeyboardInterrupt(), "cancelled"),
        (GeneratorExit(), "abandoned"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_the_block_is_left_by_an_exception(error, outcome, app_for, run, telemetry):
    def script(peer):
        two_and_one_more(peer)
        peer.wait_for_close()

    app = app_for(script)

    async def main():
        manager = app.manager()
        enters, leaves = (
            (manager.__enter__, manager.__exit__)
            if app.kind == "sync"
            else (manager.__aenter__, manager.__aexit__)
        )
        await begin(Connection(await result(enters())))
        assert await result(leaves(type(error), error, None)) is None

    run(main())
    assert outcomes(telemetry) == [(outcome, None)] * 3


def test_a_task_is_cancelled(app_for, run, telemetry):
    """A receive that is cancelled goes on with the next: only the end of the block ends what is open."""
    if run.kind == "sync":
        pytest.skip("there is nothing to cancel")

    def script(peer):
        two_and_one_more(peer)
        peer.wait("session.update")
        peer.send(*whole("resp_3"))
        peer.wait_for_close()

    app = app_for(script)

    async def main():
        async with app.connect() as connection:
            await begin(connection)
            waiting = asyncio.ensure_future(connection.recv())
            await asyncio.sleep(0)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(connection.recv(), 0.001)
            assert telemetry.spans == []
            await connection.send({"type": "session.update", "session": {}})
            await connection.until("response.done")
            asyncio.current_task().cancel()
            await connection.recv()

    with pytest.raises(asyncio.CancelledError):
        run(main())
    assert outcomes(telemetry) == [("completed", None), ("cancelled", None), ("cancelled", None)]


def test_a_connection_is_dropped(app_for, run, telemetry, no_collection):
    """Nobody closes it: the collector finds it."""

    def script(peer):
        two_and_one_more(peer)
        peer.wait_for_close()

    app = app_for(script)
    before = set(finalizers.unfinished)

    async def main():
        manager = app.manager()
        sdk = await result(manager.enter())
        await begin(Connection(sdk))
        websocket = sdk._connection
        del sdk, manager
        assert telemetry.spans == []
        gc.collect()
        assert outcomes(telemetry) == [("abandoned", None)] * 3
        await result(websocket.close())

    run(main())
    assert outcomes(telemetry) == [("abandoned", None)] * 3
    assert set(finalizers.unfinished) <= before


def test_one_that_was_refused_is_told_so_when_it_is_dropped(app_for, run, telemetry, no_collection):
    def script(peer):
        peer.wait("response.create")
        peer.send(
            {"type": "error", "event_id": "e", "error": {"type": "tokens", "code": "rate_limit_exceeded"}}
        )
        peer.wait_for_close()

    app = app_for(script)

    async def main():
        manager = app.manager()
        sdk = await result(manager.enter())
        connection = Connection(sdk)
        await connection.send(CREATE)
        await connection.until("error")
        websocket = sdk._connection
        del sdk, manager, connection
        assert telemetry.spans == []
        gc.collect()
        assert outcomes(telemetry) == [("failed", "rate_limit_exceeded")]
        await result(websocket.close())

    run(main())


def test_a_forked_child_leaves_the_end_to_its_parent(app_for, run, telemetry):
    def script(peer):
        two_and_one_more(peer)
        peer.wait_for_close()

    app = app_for(script)

    async def main():
        async with app.connect() as connection:
            await begin(connection)
            finalizers._forget()  # what the child does first

    run(main())
    assert telemetry.spans == []


def test_uninstrument_ends_what_is_open(app_for, run, telemetry):
    """Nobody would see any more how it ends. What goes over the connection is not touched by that."""

    def script(peer):
        two_and_one_more(peer)
        peer.wait("session.update")
        peer.send(*whole("resp_1"))
        peer.wait("response.create")
        peer.send(*whole("resp_4"))

    app = app_for(script)

    async def main():
        async with app.connect() as connection:
            await begin(connection)
            OpenAIInstrumentor().uninstrument()
            assert outcomes(telemetry) == [("abandoned", None)] * 3
            await connection.send({"type": "session.update", "session": {}})
            await connection.until("response.done")
            await connection.send(CREATE)
            await connection.until("response.done")

    run(main())
    assert outcomes(telemetry) == [("abandoned", None)] * 3


def test_a_connection_is_made_anew(app_for, run, telemetry):
    """What was open is lost, and the session goes on: with another id, on the same object."""
    connect = resource(App("sync", 1).client, REALTIME).connect
    if "on_reconnecting" not in inspect.signature(connect).parameters:
        pytest.skip("this release of the SDK does not reconnect")

    def first(peer):
        two_and_one_more(peer)
        peer.die()

    def second(peer):
        peer.send(session(id="sess_2"))
        peer.wait("response.create")
        peer.send(*whole("resp_4"))
        peer.wait_for_close()

    app = app_for(first, second)

    async def main():
        async with app.connect(on_reconnecting=lambda _: None, initial_delay=0.001) as connection:
            await begin(connection)
            async for event in connection:
                if event.type == "session.created":
                    await connection.send(CREATE)
                elif event.type == "response.done":
                    break

    run(main())
    assert outcomes(telemetry) == [("failed", LOST)] * 3 + [("completed", None)]
    ids = [span["attributes"]["gossamer.session.id"] for span in telemetry.spans]
    assert ids == ["sess_1", "sess_1", "sess_1", "sess_2"]


@pytest.mark.parametrize("run", ["sync"], indirect=True)
def test_what_waits_for_a_connection_belongs_to_the_session_on_it(by, app_for, run, telemetry):
    connect = resource(App("sync", 1).client, REALTIME).connect
    if "on_reconnecting" not in inspect.signature(connect).parameters:
        pytest.skip("this release of the SDK does not reconnect")

    def first(peer):
        peer.send(session())
        peer.wait("response.create")
        peer.send(created())
        peer.die()

    def second(peer):
        peer.send(session(id="sess_2"))
        peer.wait("response.create")
        peer.send(*whole("resp_2"))

    app = app_for(first, second)
    connections = []

    def reconnecting(_):
        if by == "helper":
            connections[0].response.create()
        else:
            connections[0].send(CREATE)

    with app.manager(on_reconnecting=reconnecting, initial_delay=0.001) as connection:
        connections.append(connection)
        connection.send(CREATE)
        for event in connection:
            if event.type == "response.done":
                break
    assert [span["attributes"]["gossamer.session.id"] for span in telemetry.spans] == ["sess_1", "sess_2"]
    assert outcomes(telemetry) == [("failed", LOST), ("completed", None)]


UNSENT = "openai.WebSocketConnectionClosedError"


@pytest.mark.parametrize("run", ["sync"], indirect=True)
@pytest.mark.parametrize(
    ("code", "closes", "expected"),
    [
        (1011, False, [("failed", LOST), ("failed", UNSENT)]),
        (1001, False, [("closed", None), ("failed", UNSENT)]),
        (1011, True, [("failed", LOST), ("failed", LOST)]),
        (1001, True, [("closed", None), ("failed", LOST.replace("Error", "OK"))]),
    ],
    ids=["lost", "left", "lost and closed", "left and closed"],
)
def test_what_waits_for_a_connection_that_is_not_made_has_failed(
    code, closes, expected, by, app_for, run, telemetry
):
    connect = resource(App("sync", 1).client, REALTIME).connect
    if "on_reconnecting" not in inspect.signature(connect).parameters:
        pytest.skip("this release of the SDK does not reconnect")
    from openai import WebSocketConnectionClosedError

    def script(peer):
        peer.wait("response.create")
        peer.send(created())
        peer.close(code)

    app = app_for(script)
    connections = []

    def reconnecting(_):
        if by == "helper":
            connections[0].sdk.response.create()
        else:
            connections[0].sdk.send(CREATE)
        if closes:
            connections[0].sdk.close()
        return {"abort": True}

    async def main():
        async with app.connect(on_reconnecting=reconnecting) as connection:
            connections.append(connection)
            await connection.ask(by)
            async for _ in connection:
                pass

    try:
        run(main())
    except WebSocketConnectionClosedError:
        assert outcomes(telemetry) == expected
    else:
        assert code == 1001
        pytest.skip("this release of the SDK does not reconnect where the server has closed in good order")


def test_events_are_dispatched(app_for, run, telemetry):
    """An error that nobody handles is the app's exception; what it is about has ended by then."""
    if not hasattr(App(run.kind, 1).manager(), "on"):
        pytest.skip("this release of the SDK dispatches nothing")
    from openai import OpenAIError

    def script(peer):
        peer.wait("response.create")
        peer.send({"type": "error", "event_id": "e", "error": {"type": "server_error", "message": "no"}})

    app = app_for(script)

    async def main():
        async with app.connect() as connection:
            await connection.send(APPEND, CREATE)
            await result(connection.sdk.dispatch_events())

    with pytest.raises(OpenAIError, match="WebSocket error"):
        run(main())
    assert outcomes(telemetry) == [("failed", "server_error")]


@pytest.mark.parametrize("run", ["sync"], indirect=True)
def test_one_thread_receives_while_another_closes(app_for, run, telemetry):
    """Whoever is first ends a response, and nobody a second time."""
    rounds = 20

    def script(peer):
        while True:
            response_id = peer.wait("response.create")["event_id"]
            peer.send(*whole(response_id))

    app = app_for(script)
    asked = []
    for number in range(rounds):
        connection = app.manager().enter()
        receiving = threading.Thread(target=list, args=(connection,))
        receiving.start()
        for place in range(number % 5 + 1):
            asked.append(f"resp_{number}_{place}")
            connection.response.create(event_id=asked[-1])
        connection.close()
        receiving.join()
    assert len(telemetry.spans) == len(asked)
    assert set(outcomes(telemetry)) <= {("completed", None), ("closed", None)}
    points = telemetry.metrics["gen_ai.client.inference.duration"]
    assert sum(point["count"] for point in points) == len(asked)


def test_what_is_open_at_exit_ends_there():
    program = """
        import atexit, sys
        import openai
        from gossamer import OpenAIInstrumentor
        from gossamer.testing import Telemetry

        telemetry = Telemetry()
        atexit.register(lambda: print([s["attributes"]["gossamer.stream.outcome"] for s in telemetry.spans]))
        OpenAIInstrumentor().instrument(tracer_provider=telemetry.tracer_provider)
        url = f"ws://127.0.0.1:{sys.argv[1]}/v1"
        client = openai.OpenAI(api_key="sk-fake", base_url=url.replace("ws", "http"), websocket_base_url=url)
        api = client.realtime if hasattr(client, "realtime") else client.beta.realtime
        connection = api.connect(model="gpt-realtime").enter()
        connection.response.create()
        connection.recv()
    """

    def script(peer):
        peer.wait("response.create")
        peer.send(created())
        peer.wait_for_close()

    with serving(script) as server:
        ran = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", textwrap.dedent(program), str(server.port)],
            check=True,
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert (ran.stdout, ran.stderr) == ("['abandoned']\n", "")
