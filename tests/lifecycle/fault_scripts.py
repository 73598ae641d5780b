"""What an app does while something of ours fails: each kind of call, and each way to end one."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

import openai

import gossamer
from gossamer.backlog import BATCH, _backlogs

from . import wire
from .app import App, Script, given
from .server import CONNECTION_DROPPED

TOOLS = [
    {
        "type": "function",
        "function": {"name": "weigh", "parameters": {"type": "object", "properties": {"of": {}}}},
    }
]
#: A chat in which all has happened that a chat can have.
LONG_CHAT: dict[str, Any] = {
    "model": wire.MODEL,
    "temperature": 0.5,
    "stop": ["."],
    "tools": TOOLS,
    "response_format": {"type": "json_object"},
    "messages": [
        {"role": "system", "content": wire.PROMPT},
        {
            "role": "user",
            "name": "ada",
            "content": [
                {"type": "text", "text": wire.PROMPT},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,Z29zc2FtZXI="}},
                {"type": "input_audio", "input_audio": {"data": "Z29zc2FtZXI=", "format": "wav"}},
            ],
        },
        {
            "role": "assistant",
            "tool_calls": [
                {"id": "call_1", "type": "function", "function": {"name": "weigh", "arguments": '{"of": 1}'}}
            ],
        },
        {"role": "tool", "tool_call_id": "call_1", "content": "12"},
    ],
}
ASSISTANT = {"thread_id": "thread_1", "assistant_id": "asst_1"}
RUN = {
    **ASSISTANT,
    "id": "run_1",
    "object": "thread.run",
    "created_at": 1,
    "status": "completed",
    "model": wire.MODEL,
    "usage": {"prompt_tokens": 24, "completion_tokens": 7, "total_tokens": 31},
    "instructions": wire.PROMPT,
    "tools": [],
}


async def plain(app: App) -> None:
    app.saw(await app.ask())


async def embeddings(app: App) -> None:
    app.saw(await given(app.client.embeddings.create(**wire.REQUESTS["embeddings"])))


async def drained(app: App) -> None:
    await app.read(await app.start())


async def left(app: App) -> None:
    stream = await app.start()
    await app.read(stream, 1)
    await app.close(stream)


async def dropped(app: App) -> None:
    stream = await app.start()
    await app.read(stream, 1)
    del stream
    await app.settle()


async def unread(app: App) -> None:
    app.saw(type(await app.start()))


async def broken_off(app: App) -> None:
    app.server.after(2, wire.ERROR_EVENT)
    await app.fails(app.read(await app.start()))


async def raw_parsed(app: App) -> None:
    response = await given(app.resource.with_raw_response.create(**wire.REQUESTS["chat"]))
    app.saw(response.parse())
    assert response.parse() is response.parse()


async def raw_stream(app: App) -> None:
    response = await given(app.resource.with_raw_response.create(**wire.REQUESTS["chat"], stream=True))
    await app.read(response.parse())


async def streaming(app: App) -> None:
    async with app.within(app.resource.with_streaming_response.create(**wire.REQUESTS["chat"])) as response:
        app.saw(await given(response.parse()))


async def refused(app: App) -> None:
    app.server.refusals = [(400, b'{"error": {"message": "no"}}')]
    await app.fails(app.ask())


#: Where a failure of each seam is tried: see test_faults.py.
SCRIPTS = (
    plain,
    embeddings,
    drained,
    left,
    dropped,
    unread,
    broken_off,
    raw_parsed,
    raw_stream,
    streaming,
    refused,
)


# More of them, for every place of ours


async def retried(app: App) -> None:
    app.server.refusals = [(500, b"{}"), (503, b"{}")]
    client = app.client.with_options(max_retries=2)
    app.saw(await given(client.chat.completions.create(**wire.REQUESTS["chat"])))


async def sixteenth(app: App) -> None:
    """The call that records the points of all that wait."""
    for backlog in _backlogs if app.telemetry is not None else ():
        backlog._waiting.extend([list] * (BATCH - 1))
    await drained(app)


async def collected(app: App) -> None:
    """Somebody reads the metrics."""
    app.saw(await app.ask())
    if app.telemetry is not None:
        app.telemetry.reader.collect()


async def connection_lost(app: App) -> None:
    app.server.after(2, CONNECTION_DROPPED)
    await app.fails(app.read(await app.start()))


async def long_chat(app: App) -> None:
    call = {"id": "call_2", "type": "function", "function": {"name": "weigh", "arguments": '{"of": 2}'}}
    app.server.answers["/chat/completions"] = answer = wire.chat()
    answer["choices"][0]["message"]["tool_calls"] = [call]
    answer["service_tier"] = "default"
    with gossamer.attributes(session="s-17", user="u-4"):
        app.saw(await given(app.resource.create(**LONG_CHAT)))


async def long_stream(app: App) -> None:
    piece = {"index": 0, "id": "call_2", "type": "function", "function": {"name": "weigh", "arguments": "{}"}}
    app.server.after(1, wire.chat_event({"tool_calls": [piece]}))
    app.server.after(2, wire.chat_event({"refusal": wire.PROMPT}))
    with gossamer.capture("EVENT_ONLY"):
        await app.read(await given(app.resource.create(**LONG_CHAT, stream=True)))


async def usage_not_asked_for(app: App) -> None:
    app.server.events["/chat/completions"] = [*wire.chat_events(*wire.TEXT)[:-2], wire.DONE]
    await app.read(await app.start())


async def bytes_read(app: App) -> None:
    async with app.within(app.resource.with_streaming_response.create(**wire.REQUESTS["chat"])) as response:
        async for piece in _pieces(response.iter_bytes()):
            app.saw(piece)


async def _pieces(pieces: Any) -> Any:
    if hasattr(pieces, "__aiter__"):
        async for piece in pieces:
            yield piece
    else:
        for piece in pieces:
            yield piece


async def raw_left(app: App) -> None:
    async with app.within(app.resource.with_streaming_response.create(**wire.REQUESTS["chat"])) as response:
        app.saw(response.status_code)


async def completions(app: App) -> None:
    app.saw(await given(app.client.completions.create(**wire.REQUESTS["completions"])))
    await app.read(await given(app.client.completions.create(**wire.REQUESTS["completions"], stream=True)))


async def responses(app: App) -> None:
    request = {**wire.REQUESTS["responses"], "instructions": wire.PROMPT}
    app.saw(await given(app.client.responses.create(**request)))
    message = {"role": "user", "content": [{"type": "input_text", "text": wire.PROMPT}]}
    app.saw(await given(app.client.responses.create(**{**request, "input": [message]})))


async def responses_stream(app: App) -> None:
    await app.read(await given(app.client.responses.create(**wire.REQUESTS["responses"], stream=True)))


async def responses_left(app: App) -> None:
    stream = await given(app.client.responses.create(**wire.REQUESTS["responses"], stream=True))
    await app.read(stream, 2)
    await app.close(stream)


async def responses_helper(app: App) -> None:
    async with app.within(app.client.responses.stream(**wire.REQUESTS["responses"])) as stream:
        await app.read(stream)


async def chat_helper(app: App) -> None:
    resource = app.resource if hasattr(app.resource, "stream") else app.client.beta.chat.completions
    async with app.within(resource.stream(**wire.REQUESTS["chat"])) as stream:
        await app.read(stream, 1)


async def images(app: App) -> None:
    usage = {"input_tokens": 9, "output_tokens": 5, "total_tokens": 14}
    app.server.answers["/images/generations"] = {
        "created": 1,
        "data": [{"b64_json": "Z29zc2FtZXI=", "revised_prompt": wire.PROMPT}],
        "usage": {**usage, "input_tokens_details": {"text_tokens": 9, "image_tokens": 0}},
    }
    app.saw(await given(app.client.images.generate(model=wire.MODEL, prompt=wire.PROMPT)))


async def speech(app: App) -> None:
    app.server.answers["/audio/speech"] = b"sound"
    spoken = await given(app.client.audio.speech.create(model=wire.MODEL, voice="alloy", input=wire.PROMPT))
    app.saw(spoken.content)


async def moderations(app: App) -> None:
    app.server.answers["/moderations"] = {"id": "modr_1", "model": wire.MODEL, "results": []}
    app.saw(await given(app.client.moderations.create(input=wire.PROMPT)))


async def models(app: App) -> None:
    model = {"id": wire.MODEL, "object": "model", "created": 1, "owned_by": "us"}
    app.server.answers["/models"] = {"object": "list", "data": [model]}
    app.saw((await given(app.client.models.list())).data)


async def assistant(app: App) -> None:
    text = {"type": "text", "text": {"value": wire.TEXT[0], "annotations": []}}
    message = {"id": "msg_1", "object": "thread.message", "role": "assistant", "content": [text]}
    app.server.events["/threads/thread_1/runs"] = [
        wire.event(data, name)
        for name, data in (
            ("thread.run.created", {**RUN, "status": "queued", "usage": None}),
            ("thread.message.completed", message),
            ("thread.run.completed", RUN),
        )
    ] + [b"event: done\ndata: [DONE]\n\n"]
    await app.read(await given(app.client.beta.threads.runs.create(**ASSISTANT, stream=True)))


async def websocket(app: App) -> None:
    resource = getattr(app.client, "realtime", None) or app.client.beta.realtime
    async with app.within(resource.connect(model=wire.MODEL)) as connection:
        app.saw(await given(connection.recv()))
        await given(connection.send({"type": "response.create"}))
        for _ in range(2):
            app.saw(await given(connection.recv()))
        app.saw(await given(connection.recv_bytes()))
        app.saw(await given(connection.recv()))


async def websocket_left(app: App) -> None:
    resource = getattr(app.client, "realtime", None) or app.client.beta.realtime
    async with app.within(resource.connect(model=wire.MODEL)) as connection:
        app.saw(await given(connection.recv()))
        await given(connection.send({"type": "response.create"}))
        app.saw(await given(connection.recv()))
        await given(connection.close())


def _there_are(*modules: str) -> bool:
    return all(importlib.util.find_spec(module) is not None for module in modules)


HAS_REALTIME = _there_are("openai.resources", "websockets") and hasattr(openai.OpenAI, "realtime")

ALL: tuple[Script, ...] = (
    *SCRIPTS,
    retried,
    sixteenth,
    collected,
    connection_lost,
    long_chat,
    long_stream,
    usage_not_asked_for,
    bytes_read,
    raw_left,
    completions,
    *((responses, responses_stream, responses_left) if wire.HAS_RESPONSES else ()),
    *((responses_helper,) if wire.HAS_RESPONSES_STREAM else ()),
    *((chat_helper,) if wire.HAS_CHAT_STREAM else ()),
    images,
    speech,
    moderations,
    models,
    assistant,
    *((websocket, websocket_left) if HAS_REALTIME else ()),
)


class Peer:
    """A websocket to a realtime server that always says the same."""

    def __init__(self) -> None:
        self._said = iter(SAID)

    def send(self, message: Any) -> None:
        """Take a message."""

    def recv(self, **_: Any) -> bytes:
        """The next one."""
        return json.dumps(next(self._said)).encode()

    def close(self, **_: Any) -> None:
        """Close it."""


class AsyncPeer(Peer):
    """The same for the async client."""

    async def send(self, message: Any) -> None:  # type: ignore[override]
        """Take a message."""

    async def recv(self, **_: Any) -> bytes:  # type: ignore[override]
        """The next one."""
        return super().recv()

    async def close(self, **_: Any) -> None:  # type: ignore[override]
        """Close it."""


SAID: list[dict[str, Any]] = [
    {
        "type": "session.created",
        "event_id": "event_0",
        "session": {"id": "sess_1", "type": "realtime", "model": wire.MODEL},
    },
    {"type": "response.created", "event_id": "event_1", "response": {"id": "resp_1", "output": []}},
    {
        "type": "response.output_audio.delta",
        "event_id": "event_2",
        "response_id": "resp_1",
        "item_id": "item_1",
        "output_index": 0,
        "content_index": 0,
        "delta": "AAAA",
    },
    {
        "type": "response.output_item.done",
        "event_id": "event_3",
        "response_id": "resp_1",
        "output_index": 0,
        "item": {
            "id": "item_1",
            "type": "message",
            "role": "assistant",
            "content": [{"type": "output_audio", "transcript": wire.TEXT[0]}],
        },
    },
    {
        "type": "response.done",
        "event_id": "event_4",
        "response": {
            "id": "resp_1",
            "status": "completed",
            "output": [],
            "usage": {"input_tokens": 24, "output_tokens": 5, "total_tokens": 29},
        },
    },
]


@contextmanager
def peers() -> Iterator[None]:
    """Websockets lead to a `Peer`."""

    async def aconnect(*_: Any, **__: Any) -> AsyncPeer:
        return AsyncPeer()

    with ExitStack() as stack:
        if HAS_REALTIME:
            stack.enter_context(patch("websockets.sync.client.connect", lambda *_, **__: Peer()))
            # Newer releases have a class of their own, made from the one of websockets.
            own = "openai.lib._websocket"
            newer = f"{own}._WebSocketConnect" if _there_are(own) else "websockets.asyncio.client.connect"
            stack.enter_context(patch(newer, aconnect))
        yield
