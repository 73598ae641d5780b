"""Structured outputs: an error after a good answer is raised out of the call, whose usage is known."""

from __future__ import annotations

import json
from typing import Any

import pydantic
import pytest

from . import wire
from .app import App, given
from .scenario import COLLECTORS, SEEN, Scenario, Table, play

CHAT, RESPONSES = Table(), Table()


class Answer(pydantic.BaseModel):
    """What the app asks for."""

    answer: int


def parser(app: App, *, raw: bool = False) -> Any:
    """`parse()` of this release."""
    resource = app.resource if hasattr(app.resource, "parse") else app.client.beta.chat.completions
    owner = resource.with_raw_response if raw else resource
    if not hasattr(owner, "parse"):
        pytest.skip("this release of the SDK has no with_raw_response.parse() here")
    return owner.parse


async def ask(app: App) -> Any:
    wanted = {"text_format": Answer} if app.api == "responses" else {"response_format": Answer}
    return await given(parser(app)(**wire.REQUESTS[app.api], **wanted))


async def ask_raw(app: App) -> Any:
    wanted = {"text_format": Answer} if app.api == "responses" else {"response_format": Answer}
    response = await given(parser(app, raw=True)(**wire.REQUESTS[app.api], **wanted))
    return await given(response.parse())


@RESPONSES.row("R6-parsed", usage=True)
@CHAT.row("R6-parsed", usage=True)
async def parsed(app: App) -> None:
    app.saw(await ask(app))
    app.over()


@RESPONSES.row("R6-raw-parsed", usage=True)
@CHAT.row("R6-raw-parsed", usage=True)
async def raw_parsed(app: App) -> None:
    app.saw(await ask_raw(app))
    app.over()


@RESPONSES.row("E1-not-as-asked-for", usage=True, error=SEEN)
@CHAT.row("E1-not-as-asked-for", usage=True, error=SEEN)
async def not_as_asked_for(app: App) -> None:
    text = json.dumps({"answer": "no number"})
    app.server.answers |= {"/chat/completions": wire.chat(text), "/responses": wire.response(text=text)}
    error = await app.fails(ask(app))
    assert isinstance(error, pydantic.ValidationError)
    app.over()


@RESPONSES.row("E1-raw-not-as-asked-for", usage=True, error=SEEN)
@CHAT.row("E1-raw-not-as-asked-for", usage=True, error=SEEN)
async def raw_not_as_asked_for(app: App) -> None:
    text = json.dumps({"answer": "no number"})
    app.server.answers |= {"/chat/completions": wire.chat(text), "/responses": wire.response(text=text)}
    await app.fails(ask_raw(app))
    app.over()


@CHAT.row("E1-cut-at-the-token-limit", usage=True, error="openai.LengthFinishReasonError")
async def cut_at_the_token_limit(app: App) -> None:
    app.server.answers["/chat/completions"] = wire.chat(wire.TEXT[0], "length")
    await app.fails(ask(app))
    app.over()


@CHAT.row("E1-raw-cut-at-the-token-limit", usage=True, error="openai.LengthFinishReasonError")
async def raw_cut_at_the_token_limit(app: App) -> None:
    app.server.answers["/chat/completions"] = wire.chat(wire.TEXT[0], "length")
    await app.fails(ask_raw(app))
    app.over()


@CHAT.row("E1-stopped-by-the-content-filter", usage=True, error="openai.ContentFilterFinishReasonError")
async def stopped_by_the_content_filter(app: App) -> None:
    app.server.answers["/chat/completions"] = wire.chat("", "content_filter")
    await app.fails(ask(app))
    app.over()


@CHAT.row("S10-helper-cut-at-the-token-limit", outcome="closed")
async def helper_cut_at_the_token_limit(app: App) -> None:
    app.server.events["/chat/completions"] = wire.chat_events(wire.TEXT[0], finish_reason="length")
    resource = app.resource if hasattr(app.resource, "stream") else app.client.beta.chat.completions

    async def work() -> None:
        helper = resource.stream(**wire.REQUESTS["chat"], response_format=Answer)
        async with app.within(helper) as stream:
            await app.read(stream)

    await app.fails(work())
    app.over()


@pytest.mark.skipif(
    not wire.HAS_CHAT_STREAM, reason="this release of the SDK has no chat.completions.parse()"
)
@pytest.mark.parametrize("collector", COLLECTORS)
@pytest.mark.parametrize("scenario", CHAT.rows, ids=str)
def test_chat(scenario: Scenario, kind: str, collector: str) -> None:
    play(scenario, "chat", kind, collector)


@pytest.mark.skipif(not wire.HAS_RESPONSES_STREAM, reason="this release of the SDK has no responses.parse()")
@pytest.mark.parametrize("collector", COLLECTORS)
@pytest.mark.parametrize("scenario", RESPONSES.rows, ids=str)
def test_responses(scenario: Scenario, kind: str, collector: str) -> None:
    play(scenario, "responses", kind, collector)


@pytest.mark.skipif(
    not wire.HAS_CHAT_STREAM, reason="this release of the SDK has no chat.completions.parse()"
)
def test_the_finish_reason_is_kept_with_the_usage(kind: str) -> None:
    scenario = next(row for row in CHAT.rows if row.script is cut_at_the_token_limit)
    played = play(scenario, "chat", kind)
    assert played.attributes["gen_ai.response.finish_reasons"] == ("length",)
    assert played.attributes["gen_ai.usage.output_tokens"] == wire.OUTPUT_TOKENS
