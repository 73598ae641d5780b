"""Live sessions: a span for each response that the Responses API makes for them."""

from __future__ import annotations

import pytest

from .app import has
from .events import answer

pytestmark = pytest.mark.skipif(not has("live"), reason="this release of the SDK has no live sessions")


def started():
    responses = {"model": "gpt-4o-mini", "instructions": "Be brief.", "max_output_tokens": 50}
    session = {
        "id": "live_1",
        "model": "gpt-live-1",
        "delegation": {"type": "responses", "responses": responses},
    }
    return {"type": "session.started", "event_id": "e", "session": session}


def nested(delegation, kind, **fields):
    event = {"type": kind, "sequence_number": 0, **fields}
    return {"type": "response.event", "event_id": "e", "delegation_id": delegation, "event": event}


def begun(delegation, response_id):
    response = answer(response_id, status="in_progress", usage=None)
    return nested(delegation, "response.created", response=response)


def spoken(delegation):
    return nested(delegation, "response.output_text.delta", delta="x", item_id="i", output_index=0)


def completed(delegation, response_id):
    return nested(delegation, "response.completed", response=answer(response_id))


SPEECH = {"type": "session.output_audio.delta", "event_id": "e", "audio": "AAAA", "delta": "AAAA"}


def test_what_is_delegated(app_for, run, telemetry):
    def script(peer):
        peer.send(started(), SPEECH, begun("d1", "resp_1"), begun("d2", "resp_2"), SPEECH, spoken("d2"))
        item = {"type": "function_call", "name": "f", "call_id": "c", "arguments": "{}"}
        peer.send(nested("d2", "response.output_item.done", output_index=0, item=item))
        peer.send(completed("d2", "resp_2"))
        peer.send(nested("d1", "error", code="server_error", message="no"))
        peer.wait("response.create")
        peer.send(begun("d3", "resp_3"), spoken("d3"), completed("d3", "resp_3"), SPEECH)
        peer.wait("response.create")
        told = {
            "type": "invalid_request_error",
            "code": "no_backend",
            "message": "no",
            "client_event_id": "mine",
        }
        peer.send({"type": "error", "event_id": "e", "error": told})

    app = app_for(script)

    async def main():
        async with app.connect("live") as connection:
            await connection.until("session.output_audio.delta", 2)
            await connection.until("response.event", 4)
            await connection.send({"type": "response.create", "event_id": "first"})
            await connection.until("session.output_audio.delta")
            await connection.send({"type": "response.create", "event_id": "mine"})
            await connection.until("error")

    run(main())
    assert [
        (
            span["attributes"].get("gen_ai.response.id"),
            span["attributes"].get("gen_ai.response.finish_reasons"),
            span["attributes"].get("error.type"),
            "gen_ai.response.time_to_first_chunk" in span["attributes"],
        )
        for span in telemetry.spans
    ] == [
        ("resp_2", ("tool_calls",), None, True),
        ("resp_1", ("error",), "server_error", False),
        ("resp_3", ("stop",), None, True),
        (None, None, "no_backend", False),
    ]
    for span in telemetry.spans:
        assert span["attributes"]["gossamer.session.id"] == "live_1"
        assert span["attributes"]["gen_ai.request.max_tokens"] == 50
        assert span["attributes"]["openai.api.type"] == "responses"
    assert telemetry.spans[2]["attributes"]["gen_ai.request.model"] == "gpt-4o-mini"


@pytest.mark.parametrize(
    ("api", "arguments"), [("live.forks", {}), ("live.sideband", {"session_id": "live_1"})]
)
def test_the_other_connections(api, arguments, app_for, run, telemetry):
    import inspect

    def script(peer):
        peer.send(started(), begun("d1", "resp_1"), completed("d1", "resp_1"))

    app = app_for(script)
    resource = app.client.live.forks if api == "live.forks" else app.client.live.sideband
    required = {
        name: "live_1"
        for name, parameter in inspect.signature(resource.connect).parameters.items()
        if parameter.default is parameter.empty
    }

    async def main():
        async with app.connect(api, **required) as connection:
            await connection.until("response.event", 2)

    run(main())
    (span,) = telemetry.spans
    assert span["attributes"]["gen_ai.response.id"] == "resp_1"


def test_a_translation_is_no_generation(app_for, run, telemetry):
    if not has("realtime.translations"):
        pytest.skip("this release of the SDK translates nothing")

    def script(peer):
        peer.send({"type": "session.created", "event_id": "e", "session": {"id": "sess_1"}})
        peer.send({"type": "session.output_audio.delta", "event_id": "e", "delta": "AAAA"})

    app = app_for(script)

    async def main():
        async with app.connect("realtime.translations", model="gpt-realtime-translate") as connection:
            await connection.until("session.output_audio.delta")

    run(main())
    assert telemetry.spans == []


@pytest.mark.parametrize("named", [True, False], ids=["named", "unnamed"])
def test_an_error_shifts_nothing(named, by, app_for, run, telemetry):
    """By the id of what asked, or without any: it is about the oldest, which the next response leaves out."""

    def script(peer):
        told = {"type": "invalid_request_error", "code": "no_backend", "message": "no"}
        peer.wait("response.create")
        peer.send(
            {
                "type": "error",
                "event_id": "e",
                "error": {**told, **({"client_event_id": "1"} if named else {})},
            }
        )
        peer.wait("response.create")
        peer.send(begun("d1", "resp_1"), completed("d1", "resp_1"))
        peer.wait("response.create")
        peer.send(begun("d2", "resp_2"), completed("d2", "resp_2"))

    app = app_for(script)
    tracer = telemetry.tracer_provider.get_tracer("app")

    async def main():
        async with app.connect("live") as connection:
            for number, last, times in ((1, "error", 1), (2, "response.event", 2), (3, "response.event", 2)):
                with tracer.start_as_current_span(f"turn {number}"):
                    await connection.ask(by, **({"event_id": str(number)} if named else {}))
                await connection.until(last, times)

    run(main())
    turns = {span["span_id"]: span["name"] for span in telemetry.spans if span["parent_id"] is None}
    assert [
        (
            turns[span["parent_id"]],
            span["attributes"].get("gen_ai.response.id"),
            span["attributes"].get("error.type"),
        )
        for span in telemetry.spans
        if span["parent_id"] is not None
    ] == [("turn 1", None, "no_backend"), ("turn 2", "resp_1", None), ("turn 3", "resp_2", None)]


def test_a_delegation_that_fails_at_once_is_what_was_asked_for(app_for, run, telemetry):
    """Not the response that is under way in another one."""

    def script(peer):
        peer.send(started(), begun("d1", "resp_1"))
        peer.wait("response.create")
        refused = {"type": "error", "code": "rate_limit_exceeded", "message": "no"}
        peer.send({"type": "response.event", "event_id": "e", "delegation_id": "d2", "event": refused})
        peer.send(completed("d1", "resp_1"))

    app = app_for(script)

    async def main():
        async with app.connect("live") as connection:
            await connection.until("response.event")
            await connection.send({"type": "response.create"})
            await connection.until("response.event", 2)

    run(main())
    refused, other = telemetry.spans
    assert refused["attributes"]["error.type"] == "rate_limit_exceeded"
    assert "gen_ai.response.id" not in refused["attributes"]
    assert other["attributes"]["gen_ai.response.id"] == "resp_1"
    assert other["attributes"]["gossamer.stream.outcome"] == "completed"
