"""Websockets whose events are odd or none, and which end anywhere: the app gets what it gets without us."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from functools import cache
from typing import Any

import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gossamer import finalizers
from gossamer.testing import Telemetry, capture

from .play import Mode, check, collected, heard, modes, unheard, unsuspended
from .spoiling import few

pytest.importorskip("websockets.asyncio.client")
from .protocols import PROTOCOLS, RESPONSES, Protocol
from .talking import CONNECTED, Asking, Lanes, Talk
from .talks import programs, programs_on_lanes, scripts, sent
from .wire import Network, Script

LEAVES: list[Any] = [None, None, None, KeyError, KeyboardInterrupt, asyncio.CancelledError, GeneratorExit]


@cache
def client_of(asynchronous: bool) -> Any:
    """One for all plays: a client is slow to make."""
    make = openai.AsyncOpenAI if asynchronous else openai.OpenAI
    return make(api_key="sk-test", base_url="http://llm.test/v1")


App = tuple[Asking, Callable[[], Coroutine[Any, Any, None]]]


def agree(make: Callable[[Network], App], script: list[Script], mode: Mode, *, gated: bool = False) -> None:
    """The app sees the same, and each response has one good span, which is given back."""
    with unheard(), collected():
        bare, _ = played(make, script, mode, gated=gated)
    with heard() as complaints, capture(strict=False, **dict(mode.settings)) as telemetry:
        with collected():
            traced, app = played(make, script, mode, gated=gated)
        assert complaints == []
        assert traced == bare
        told(telemetry, app, script)
        assert not finalizers.unfinished
        assert not [reference() for reference in app.held if reference() is not None]
    assert complaints == []


def played(
    make: Callable[[Network], App], script: list[Script], mode: Mode, *, gated: bool
) -> tuple[list[str], Asking]:
    """All that the app, and the server, see of one play."""
    network = Network(script, gated=gated)
    with network():
        app, run = make(network)
        if mode.asynchronous:
            asyncio.run(run())
        else:
            unsuspended(run())
    return [*app.seen, *network.seen], app


def told(telemetry: Telemetry, app: Asking, script: list[Script]) -> None:
    """As many spans as responses were asked for, and no more of others than a server began."""
    spans = telemetry.spans
    begun = sum(str(frame).count("response.created") for one in script for frame in one.frames)
    found = Counter(span["parent_id"] for span in spans)
    for parent, (least, most) in app.expected.items():
        own = begun if parent == CONNECTED else 0
        assert least <= found[parent] <= most + own, (parent, app.expected, found)
    assert set(found) <= set(app.expected)
    for span in spans:
        check(span, telemetry)
        assert app.abandons or span["attributes"]["gossamer.stream.outcome"] != "abandoned"
    durations = telemetry.metrics.get("gen_ai.client.inference.duration", [])
    assert sum(point["count"] for point in durations) == len(spans)


@pytest.mark.parametrize("protocol", PROTOCOLS, ids=str)
def test_odd_events(protocol: Protocol) -> None:
    client = client_of(False)
    if protocol.resource(client) is None:
        pytest.skip("this release of the SDK has no such connections")

    @few(15)
    @given(st.data(), modes, st.sampled_from(LEAVES), st.booleans())
    def check(data: Any, mode: Mode, leaves: Any, again: bool) -> None:
        script, steps = data.draw(scripts(protocol)), data.draw(programs(protocol))
        queued = data.draw(st.lists(sent(protocol), max_size=2)) if data.draw(st.integers(0, 4)) == 0 else []

        def make(network: Network) -> App:
            talk = Talk(protocol, mode, network, steps, again=again)
            return talk, lambda: talk.run(client_of(mode.asynchronous), queued, leaves)

        agree(make, script, mode)

    check()


@few(30)
@given(st.data(), modes, st.sampled_from(LEAVES), st.sampled_from([3, 99]), st.booleans())
def test_lanes(data: Any, mode: Mode, leaves: Any, most: int, isolate: bool) -> None:
    pytest.importorskip("openai.lib.responses_websocket")
    script, steps = data.draw(scripts(RESPONSES))[:1], data.draw(programs_on_lanes())
    names = ("max_events_per_lane", "max_events", "max_bytes_per_lane", "max_bytes")
    limits = {"max_lanes": 3, **dict.fromkeys(names[:2], most), **dict.fromkeys(names[2:], most * 1_000)}

    def make(network: Network) -> App:
        lanes = Lanes(mode, network, steps, limits, isolate=isolate)
        return lanes, lambda: lanes.run(client_of(mode.asynchronous), leaves)

    agree(make, script, mode, gated=True)
