"""More of what an app does: other APIs, odd ends, and all that can be said in a chat."""

from __future__ import annotations

from typing import Any

import gossamer
from gossamer.backlog import BATCH, _backlogs

from . import wire
from .app import App, Script, given
from .fault_scripts import SCRIPTS, drained
from .peer import HAS_REALTIME
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
