"""The callers: many requests at once, each on a connection of its own, as `ab` makes them."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gossamer.cli.bench.errors import BenchError

if TYPE_CHECKING:
    from collections.abc import Iterator

_REQUEST = b"GET / HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n"


class LoadError(BenchError):
    """A request got a wrong answer, or the run took longer than it may."""


@dataclass(frozen=True)
class Burst:
    """What one burst of requests took, in seconds."""

    elapsed: float
    latencies: list[float]

    @property
    def throughput(self) -> float:
        """Requests a second."""
        return len(self.latencies) / self.elapsed


def burst(port: int, requests: int, at_once: int, limit: float) -> Burst:
    """Make `requests` requests, `at_once` at any time, in at most `limit` seconds."""
    return asyncio.run(_burst(port, requests, at_once, limit))


async def _burst(port: int, requests: int, at_once: int, limit: float) -> Burst:
    turns = iter(range(requests))
    latencies: list[float] = []
    started = time.perf_counter()
    callers = [_caller(port, turns, latencies) for _ in range(min(at_once, requests))]
    try:
        await asyncio.wait_for(asyncio.gather(*callers), limit)
    except asyncio.TimeoutError:
        done = len(latencies)
        raise LoadError(f"only {done} of {requests} answers in {limit:g} seconds") from None
    return Burst(time.perf_counter() - started, latencies)


async def _caller(port: int, turns: Iterator[int], latencies: list[float]) -> None:
    for _ in turns:
        started = time.perf_counter()
        await fetch(port)
        latencies.append(time.perf_counter() - started)


async def fetch(port: int) -> bytes:
    """One request: the body of the answer, which must be a success and not be empty."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(_REQUEST)
        answer = await reader.read()
    finally:
        writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    if b" 200 " not in head.partition(b"\r\n")[0] or not body:
        raise LoadError(f"a wrong answer: {answer[:200]!r}")
    return body
