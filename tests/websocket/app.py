"""An app with a sync or an async client: one script for both."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import openai

#: What `client.….connect()` there is in this release.
APIS = [
    api
    for api in ("realtime", "beta.realtime", "responses", "beta.responses", "live")
    if hasattr(openai.OpenAI(api_key="sk-fake"), api.partition(".")[0])
]


def resource(client: Any, api: str) -> Any:
    """`client.beta.realtime` for `beta.realtime`; None where this release does not have it."""
    for name in api.split("."):
        client = getattr(client, name, None)
    return client if hasattr(client, "connect") else None


def has(api: str) -> bool:
    """Whether this release of the SDK can connect to an API."""
    return resource(openai.OpenAI(api_key="sk-fake"), api) is not None


REALTIME = "realtime" if has("realtime") else "beta.realtime"


async def result(value: Any) -> Any:
    """What a method of either client gives."""
    return await value if inspect.isawaitable(value) else value


class App:
    """A client, of either kind."""

    def __init__(self, kind: str, port: int, **options: Any) -> None:
        self.kind = kind
        make = openai.OpenAI if kind == "sync" else openai.AsyncOpenAI
        self.client = make(
            api_key="sk-fake",
            base_url=f"http://127.0.0.1:{port}/v1",
            websocket_base_url=f"ws://127.0.0.1:{port}/v1",
            **options,
        )

    def manager(self, api: str = REALTIME, **arguments: Any) -> Any:
        """What `connect()` gives."""
        if api.endswith("realtime"):
            arguments = {"model": "gpt-realtime", **arguments}
        return resource(self.client, api).connect(**arguments)

    @asynccontextmanager
    async def connect(self, api: str = REALTIME, **arguments: Any) -> AsyncIterator[Connection]:
        """A connection for a block."""
        if self.kind == "sync":
            with self.manager(api, **arguments) as connection:
                yield Connection(connection)
        else:
            async with self.manager(api, **arguments) as connection:
                yield Connection(connection)


class Connection:
    """The SDK's connection, with coroutines for the methods of either kind."""

    def __init__(self, connection: Any) -> None:
        self.sdk = connection

    async def send(self, *events: Any) -> None:
        """Send these."""
        for event in events:
            await result(self.sdk.send(event))

    async def ask(self, by: str, **fields: Any) -> None:
        """Ask for a response: by the SDK's helper method, or by an event."""
        if by == "helper":
            await result(self.sdk.response.create(**fields))
        else:
            await self.send({"type": "response.create", **fields})

    async def recv(self) -> Any:
        """The next event."""
        return await result(self.sdk.recv())

    async def recv_bytes(self) -> Any:
        """The next message."""
        return await result(self.sdk.recv_bytes())

    async def close(self) -> None:
        """Close it."""
        await result(self.sdk.close())

    async def until(self, kind: str, times: int = 1) -> list[Any]:
        """All events up to one of this type."""
        seen = []
        while times:
            seen.append(await self.recv())
            times -= seen[-1].type == kind
        return seen

    async def __aiter__(self) -> AsyncIterator[Any]:
        """The events, by iterating."""
        if hasattr(self.sdk, "__aiter__"):
            async for event in self.sdk:
                yield event
        else:
            for event in self.sdk:
                yield event
