"""Calls that fail: the same exception reaches the app, and the span says which."""

from __future__ import annotations

import gc
import json
import weakref
from typing import Any

import openai
import pytest
from openai import _base_client
from opentelemetry import trace

from gossamer.testing import Telemetry

from . import wire
from .app import APPS, App
from .scenario import SEEN, Scenario, Table, play, quiet
from .server import CONNECTION_DROPPED, READ_TIMEOUT, Server, http, raising

ERROR_BODY = json.dumps({"error": {"message": wire.PROMPT, "code": "bad_thing", "type": "t"}}).encode()
APIS = ["chat", "completions", "embeddings", *(["responses"] if wire.HAS_RESPONSES else [])]


def refused(status: int, body: bytes = ERROR_BODY, *, stream: bool = False) -> Scenario:
    """The API answers with an error status."""

    async def script(app: App) -> None:
        app.server.refusals = [(status, body)]
        error = await app.fails(app.start() if stream else app.ask())
        assert isinstance(error, openai.APIStatusError)
        app.saw(error.response.read())
        app.saw(error.body)
        app.over()

    return Scenario("refused", script, "failed" if stream else None, usage=False, error=SEEN)


@pytest.mark.parametrize("asked", APIS)
@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 429, 500, 503])
def test_e3_refused(status: int, asked: str, kind: str) -> None:
    played = play(refused(status), asked, kind)
    assert played.attributes["http.response.status_code"] == status
    assert played.attributes["gossamer.request.id"] == "req_1"
    assert played.attributes["gen_ai.request.model"] == wire.MODEL
    assert played.attributes["server.address"] == "llm.test"
    assert played.span["description"].endswith(f"(code bad_thing, status {status})")


@pytest.mark.parametrize("status", [401, 429])
def test_e3_stream_refused(status: int, api: str, kind: str) -> None:
    played = play(refused(status, stream=True), api, kind)
    assert played.attributes["http.response.status_code"] == status


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>Bad gateway</html>",
        b'{"error": "a text"}',
        b'{"detail": []}',
        b"[1, 2]",
        b"null",
        b"\xff\xfe",
    ],
)
def test_e7_odd_error_bodies(body: bytes, kind: str) -> None:
    play(refused(502, body), "chat", kind)


CONNECTIONS = Table()


@CONNECTIONS.row("E1-no-connection", error="openai.APIConnectionError")
async def no_connection(app: App) -> None:
    app.server.on_request = lambda request: raising(http.ConnectError, "no route")()
    await app.fails(app.ask())
    app.over()


@CONNECTIONS.row("E1-timeout", error="openai.APITimeoutError")
async def timeout(app: App) -> None:
    app.server.on_request = lambda request: READ_TIMEOUT()
    await app.fails(app.ask())
    app.over()


@CONNECTIONS.row("E1-dropped-in-the-body", error=SEEN)
async def dropped_in_the_body(app: App) -> None:
    app.server._body = lambda pieces: type(app.server)._body(app.server, [CONNECTION_DROPPED])  # type: ignore[method-assign]
    await app.fails(app.ask())
    app.over()


@CONNECTIONS.row("A3-keyboard-interrupt", error="KeyboardInterrupt")
async def keyboard_interrupt(app: App) -> None:
    app.server.on_request = lambda request: raising(KeyboardInterrupt)()
    await app.fails(app.ask())
    app.over()


@CONNECTIONS.row("A3-system-exit", error="SystemExit")
async def system_exit(app: App) -> None:
    app.server.on_request = lambda request: raising(SystemExit, 3)()
    await app.fails(app.ask())
    app.over()


@CONNECTIONS.row("E1-answer-is-no-json", error=SEEN)
async def answer_is_no_json(app: App) -> None:
    app.server.answers = dict.fromkeys(app.server.answers, b"{no json")
    await app.fails(app.ask())
    app.over()


@pytest.mark.parametrize("asked", APIS)
@pytest.mark.parametrize("scenario", CONNECTIONS.rows, ids=str)
def test_connection(scenario: Scenario, asked: str, kind: str) -> None:
    play(scenario, asked, kind)


def test_e1_the_very_same_exception(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    cause, context = KeyError("cause"), ValueError("context")
    error = openai.OpenAIError("of the SDK")
    error.__cause__, error.__context__ = cause, context

    def request(
        self: Any, cast_to: Any, options: Any, *, stream: bool = False, stream_cls: Any = None
    ) -> Any:
        raise error

    async def arequest(
        self: Any, cast_to: Any, options: Any, *, stream: bool = False, stream_cls: Any = None
    ) -> Any:
        raise error

    async def script(app: App) -> None:
        assert await app.fails(app.ask()) is error
        assert error.__cause__ is cause
        assert error.__context__ is context
        frames = []
        traceback = error.__traceback__
        while traceback is not None:
            frames.append(traceback.tb_frame.f_code.co_name)
            traceback = traceback.tb_next
        assert frames[-1] in ("request", "arequest")
        error.__traceback__ = None

    monkeypatch.setattr(_base_client.SyncAPIClient, "request", request)
    monkeypatch.setattr(_base_client.AsyncAPIClient, "request", arequest)
    play(Scenario("E1", script, None, usage=False, error="openai.OpenAIError"), "chat", kind)


def test_no_exception_is_kept(telemetry: Telemetry, kind: str) -> None:
    """Its traceback holds all locals of its callers: an app that drops it must be rid of them."""

    async def script(app: App) -> None:
        app.server.after(2, wire.ERROR_EVENT)
        stream = await app.start()
        for work in (app.read(stream), app.ask()):
            app.server.refusals = [(400, ERROR_BODY)]
            error = weakref.ref(await app.fails(work))
            gc.collect()
            assert error() is None
        app.kept.append(stream)

    APPS[kind](Server(), "chat", telemetry).run(script)


def test_e4_the_span_around_a_caught_error_is_untouched(telemetry: Telemetry, kind: str) -> None:
    tracer = telemetry.tracer_provider.get_tracer("app")

    async def script(app: App) -> None:
        app.server.refusals = [(400, ERROR_BODY)]
        with tracer.start_as_current_span("request") as span:
            await app.fails(app.ask())
            assert trace.get_current_span() is span
            assert span.is_recording()

    with quiet():
        APPS[kind](Server(), "chat", telemetry).run(script)
    call, around = telemetry.spans
    assert around["status"] == "UNSET"
    assert around["events"] == []
    assert call["parent_id"] == around["span_id"]


# --- retries


@pytest.mark.parametrize("refusals", [1, 2])
def test_e6_retries_are_one_call(kind: str, refusals: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_base_client, "INITIAL_RETRY_DELAY", 0)

    async def script(app: App) -> None:
        app.server.refusals = [(429, ERROR_BODY)] * refusals
        app.saw(await app.ask())

    scenario = Scenario("E6", script, None, usage=True, error=None)
    played = play(scenario, "chat", kind, max_retries=2)
    assert played.attributes["gossamer.request.retries"] == refusals
    assert len(played.app.server.requests) == refusals + 1


def test_e6_retries_in_vain(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_base_client, "INITIAL_RETRY_DELAY", 0)

    async def script(app: App) -> None:
        app.server.refusals = [(500, ERROR_BODY)] * 3
        await app.fails(app.ask())

    played = play(Scenario("E6", script, None, usage=False, error=SEEN), "chat", kind, max_retries=1)
    assert played.attributes["gossamer.request.retries"] == 1
    assert played.attributes["gossamer.request.id"] == "req_2"


def test_e6_retries_before_a_stream(api: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_base_client, "INITIAL_RETRY_DELAY", 0)

    async def script(app: App) -> None:
        app.server.refusals = [(500, ERROR_BODY)]
        await app.read(await app.start())

    played = play(Scenario("E6", script, "completed", usage=True, error=None), api, kind, max_retries=1)
    assert played.attributes["gossamer.request.retries"] == 1
