"""Streams that are kept until their event loop is over."""

from __future__ import annotations

import dataclasses

import pytest

from .app import App
from .scenario import COLLECTORS, Scenario, Table, play

KEPT = Table()


@KEPT.row("A7-half-read", outcome="abandoned")
async def half_read(app: App) -> None:
    stream = await app.start()
    await app.read(stream, 1)
    await app.settle()  # what the loop itself leaves undone when it is closed is not our business
    app.kept.append(stream)
    app.running()


@KEPT.row("A7-never-iterated", outcome="abandoned")
async def never_iterated(app: App) -> None:
    app.kept.append(await app.start())
    app.running()


@KEPT.row("A7-in-a-cycle", outcome="abandoned")
async def in_a_cycle(app: App) -> None:
    stream = await app.start()
    await app.read(stream, 1)
    cycle = [stream]
    cycle.append(cycle)
    await app.settle()
    app.kept.append(stream)


@pytest.mark.parametrize("collector", COLLECTORS)
@pytest.mark.parametrize("loop", ["shut down", "closed"])
@pytest.mark.parametrize("scenario", KEPT.rows, ids=str)
def test_kept_beyond_the_loop(scenario: Scenario, api: str, loop: str, collector: str) -> None:
    if loop == "closed":
        play(scenario, api, "async, loop closed", collector)
        return
    if scenario.script is not never_iterated:
        # asyncio.run() closes all generators at its end, ours, the SDK's and those of the HTTP library, in
        # any order: whether the body is closed before the tap hears of it is chance.
        scenario = dataclasses.replace(scenario, outcome=("abandoned", "closed"))
    play(scenario, api, "async", collector)
