"""The app under load: `python -m gossamer.cli.bench.load.app CONTENDER API_URL`.

One route streams a chat completion on to the caller. The process says hello with its port, tells
its CPU time when asked, and ends when its input does.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import threading
import time
from typing import IO, TYPE_CHECKING, Any

import uvicorn
from openai import AsyncOpenAI
from starlette.applications import Starlette
from starlette.responses import StreamingResponse
from starlette.routing import Route

from gossamer.cli.bench import protocol
from gossamer.cli.bench.installation import install
from gossamer.cli.bench.worker import hello, peak_bytes

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

    from gossamer.cli.bench.protocol import Message

MODEL = "fake-chunks-100"
"""Makes the fake API stream exactly 100 pieces of text."""


def application(client: AsyncOpenAI) -> Starlette:
    """The web app."""

    async def completion(_request: Request) -> StreamingResponse:
        return StreamingResponse(_words(client), media_type="text/plain")

    return Starlette(routes=[Route("/", completion)])


async def _words(client: AsyncOpenAI) -> AsyncIterator[str]:
    stream = await client.chat.completions.create(
        model=MODEL,
        messages=[{"role": "user", "content": "What does a spider's thread weigh?"}],
        stream=True,
    )
    async for chunk in stream:
        if chunk.choices and chunk.choices[0].delta.content:
            yield chunk.choices[0].delta.content


async def serve(contender: str, api_url: str, requests: IO[str], replies: IO[str]) -> None:
    """Serve until `requests` ends."""
    install(contender)
    async with AsyncOpenAI(api_key="none", base_url=api_url, timeout=600, max_retries=0) as client:
        config = uvicorn.Config(application(client), log_level="error", lifespan="off")
        server = uvicorn.Server(config)
        # The protocol is named so that asyncio sends each chunk at once (TCP_NODELAY).
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen(256)
            protocol.send(replies, {**hello(contender), "port": listener.getsockname()[1]})
            listening = threading.Thread(target=_listen, args=(server, requests, replies), daemon=True)
            listening.start()
            await server.serve(sockets=[listener])


def _listen(server: uvicorn.Server, requests: IO[str], replies: IO[str]) -> None:
    for request in protocol.messages(requests):
        protocol.send(replies, _answer(request))
    server.should_exit = True


def _answer(request: Message) -> dict[str, Any]:
    if request["do"] == "usage":
        return {"cpu_ns": time.process_time_ns(), "peak_bytes": peak_bytes()}
    return {"error": f"unknown request {request['do']!r}"}


def main() -> None:
    """Keep the pipe to ourselves: what a contender prints goes to standard error."""
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    contender, api_url = sys.argv[1:]
    try:
        asyncio.run(serve(contender, api_url, sys.stdin, replies))
    except Exception as error:  # noqa: BLE001  # a contender may fail in any way it likes
        protocol.send(replies, {"error": f"{type(error).__name__}: {error}"})


if __name__ == "__main__":
    main()
