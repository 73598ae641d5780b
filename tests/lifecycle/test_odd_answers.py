"""Odd requests and answers: they pass as they are, and what cannot be read is left out."""

from __future__ import annotations

from typing import Any

import pytest
from opentelemetry.metrics import NoOpMeterProvider
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

from gossamer import OpenAIInstrumentor
from gossamer.testing import Telemetry

from .app import APPS, App, given
from .scenario import Scenario, play, play_bare, quiet
from .server import Server
from .test_errors import APIS, ERROR_BODY


def test_e8_what_the_sdk_refuses_is_no_call(telemetry: Telemetry, kind: str) -> None:
    async def script(app: App) -> None:
        with pytest.raises(TypeError, match="Missing required arguments"):
            await given(app.client.chat.completions.create(model="m"))

    APPS[kind](Server(), "chat", telemetry).run(script)
    assert telemetry.spans == []


@pytest.mark.parametrize("model", [None, 5, ["a"], {"a": 1}, ""])
def test_e8_odd_models(model: Any, kind: str) -> None:
    async def script(app: App) -> None:
        app.saw(await given(app.client.chat.completions.create(model=model, messages=[])))

    played = play(Scenario("E8", script, None, usage=True, error=None), "chat", kind)
    assert played.span["name"] == "chat"
    assert "gen_ai.request.model" not in played.attributes


ODD_ANSWERS: list[Any] = [
    {},
    {"choices": None, "output": None, "data": None, "usage": None, "model": None},
    {"choices": [None], "output": [None], "usage": 5},
    {"choices": [{"message": None}], "output": "a text", "usage": {"prompt_tokens": "many"}},
    {"choices": "text", "output": [{"type": None}], "usage": {"total_tokens": None}, "id": 7},
    [],
    [1, 2],
    "a text",
    5,
    None,
]


@pytest.mark.parametrize("asked", [api for api in APIS if api != "embeddings"])  # there the SDK itself raises
@pytest.mark.parametrize("answer", ODD_ANSWERS, ids=repr)
def test_e9_odd_answers(answer: Any, asked: str, kind: str) -> None:
    async def script(app: App) -> None:
        app.server.answers = dict.fromkeys(app.server.answers, answer)
        app.saw(await app.ask())

    play(Scenario("E9", script, None, usage=False, error=None), asked, kind)


def test_e5_a_good_answer_sets_no_status(kind: str) -> None:
    async def script(app: App) -> None:
        app.saw(await app.ask())

    for asked in APIS:
        played = play(Scenario("E5", script, None, usage=True, error=None), asked, kind)
        assert played.span["description"] is None


def test_a_call_with_nothing_recorded_is_the_same(kind: str) -> None:
    """Neither sampled nor measured: the call passes, and nothing is kept."""

    async def script(app: App) -> None:
        await app.read(await app.start())
        app.saw(await app.ask())
        app.server.refusals = [(400, ERROR_BODY)]
        await app.fails(app.ask())

    bare = play_bare(script, "chat", kind)
    instrumentor = OpenAIInstrumentor()
    instrumentor.instrument(tracer_provider=TracerProvider(ALWAYS_OFF), meter_provider=NoOpMeterProvider())
    try:
        with quiet():
            app = APPS[kind](Server(), "chat", None)
            app.run(script)
    finally:
        instrumentor.uninstrument()
    assert app.seen == bare.seen
