"""Events of a realtime connection that are odd or none: the app gets what it gets without us."""

from __future__ import annotations

import asyncio
import gc
import json
import threading
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gossamer import finalizers
from gossamer.testing import capture

from .kinds import TEXT
from .play import App, Mode, check, heard, modes, unheard, unsuspended
from .spoiling import NO_JSON, few, spoiled

pytest.importorskip("websockets.sync.server")
pytestmark = [
    pytest.mark.skipif(
        not hasattr(openai.OpenAI(api_key="sk-test"), "realtime"),
        reason="this release of the SDK has no realtime connections",
    ),
    # The SDK connects in a way that websockets 17.1 calls old.
    pytest.mark.filterwarnings("ignore:connect.. must be used as a context:DeprecationWarning"),
]

Message = str | bytes
OF_RESPONSE = {"event_id": "event_1", "response_id": "resp_1", "item_id": "item_1", "output_index": 0}
PART = {"type": "output_audio", "transcript": TEXT}
ITEM = {"id": "item_1", "type": "message", "role": "assistant", "status": "completed", "content": [PART]}
RESPONSE = {"id": "resp_1", "object": "realtime.response", "status": "in_progress", "output": []}
USAGE = {
    "total_tokens": 150,
    "input_tokens": 100,
    "output_tokens": 50,
    "input_token_details": {
        "audio_tokens": 40,
        "cached_tokens": 30,
        "cached_tokens_details": {"text_tokens": 20},
    },
    "output_token_details": {"text_tokens": 10, "audio_tokens": 40},
}
SESSION = {
    "id": "sess_1",
    "object": "realtime.session",
    "model": "gpt-test-1",
    "output_modalities": ["audio"],
}
EVENTS: list[dict[str, Any]] = [
    {"type": "session.created", "event_id": "event_0", "session": SESSION},
    {"type": "input_audio_buffer.committed", "event_id": "event_0", "item_id": "item_0"},
    {"type": "response.created", "event_id": "event_1", "response": RESPONSE},
    {"type": "response.output_audio.delta", **OF_RESPONSE, "content_index": 0, "delta": "AAAA"},
    {"type": "response.output_item.done", **OF_RESPONSE, "item": ITEM},
    {"type": "error", "event_id": "event_2", "error": {"type": "invalid_request_error", "message": "No."}},
    {"type": "response.done", "event_id": "event_3", "response": {
        **RESPONSE, "status": "completed", "conversation_id": "conv_1", "output": [ITEM], "usage": USAGE,
        "status_details": {"type": "failed", "error": {"code": "x"}}}},
]  # fmt: skip


class Server:
    """Sends its messages to whoever connects and asks, and then closes."""

    port: int
    messages: list[Message]
    code: int

    def play(self, websocket: Any) -> None:
        """One connection."""
        websocket.recv()
        for message in self.messages:
            websocket.send(message)
        websocket.close(code=self.code)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """For all connections of this file."""
    from websockets.sync.server import serve

    made = Server()
    with serve(made.play, "127.0.0.1", 0, close_timeout=1) as listening:
        made.port = listening.socket.getsockname()[1]
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        yield made
        listening.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def clients(server: Server) -> list[Any]:
    """A sync one and an async one."""
    options: dict[str, Any] = {"api_key": "sk-test", "websocket_base_url": f"ws://127.0.0.1:{server.port}/v1"}
    return [openai.OpenAI(**options), openai.AsyncOpenAI(**options)]


@st.composite
def messages(draw: Any) -> list[Message]:
    """Good events, some of which are spoiled, doubled, gone or no JSON at all."""
    made: list[Message] = []
    for event in EVENTS:
        do = draw(
            st.sampled_from(
                ["as it is", "as it is", "spoil", "spoil", "twice", "leave out", "no JSON", "cut"]
            )
        )
        text = json.dumps(draw(spoiled(event, 2)) if do == "spoil" else event)
        if do == "no JSON":
            text = draw(st.sampled_from(NO_JSON).map(lambda text: text.encode(errors="replace").decode()))
        elif do == "cut":
            text = text[: draw(st.integers(0, len(text)))]
        if do != "leave out":
            made += [text.encode() if draw(st.integers(0, 9)) == 0 else text] * (2 if do == "twice" else 1)
    return made


def seen_of(client: Any, *, asynchronous: bool, raw: bool) -> list[str]:
    """All that the app sees of one connection."""
    app = App(client, None, Mode(asynchronous), ())  # type: ignore[arg-type]

    def receive(connection: Any) -> Any:
        return connection.recv_bytes() if raw else connection.recv()

    async def talk() -> None:
        if asynchronous:
            async with client.realtime.connect(model="gpt-test") as connection:
                await connection.send({"type": "response.create"})
                while await app.sees(lambda: receive(connection)):
                    pass
        else:
            with client.realtime.connect(model="gpt-test") as connection:
                connection.send({"type": "response.create"})
                while await app.sees(lambda: receive(connection)):
                    pass

    if asynchronous:
        asyncio.run(talk())
    else:
        unsuspended(talk())
    return app.seen


@few(30)
@given(messages(), modes, st.booleans(), st.sampled_from([1000, 1001, 1011, 4000]))
def test_odd_events(
    server: Server, clients: list[Any], sent: list[Message], mode: Mode, raw: bool, code: int
) -> None:
    server.messages, server.code = sent, code
    client = clients[mode.asynchronous]
    with unheard():
        bare = seen_of(client, asynchronous=mode.asynchronous, raw=raw)
        gc.collect(1)
    with heard() as complaints, capture(**dict(mode.settings)) as telemetry:
        assert seen_of(client, asynchronous=mode.asynchronous, raw=raw) == bare
        assert telemetry.spans
        for span in telemetry.spans:
            check(span, telemetry)
        assert not finalizers.unfinished
    assert complaints == []
