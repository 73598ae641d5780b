"""The Responses API over a websocket: read as over HTTP, and several at once on lanes."""

from __future__ import annotations

import pytest

from gossamer.testing import capture

from .app import has
from .events import answer, on

APIS = [api for api in ("responses", "beta.responses") if has(api)]
pytestmark = pytest.mark.skipif(not APIS, reason="this release of the SDK connects to no Responses API")


def create(**fields):
    return {"type": "response.create", "model": "gpt-4o-mini", "input": "hi", **fields}


def created(lane=None, response_id="resp_1", **fields):
    return on(
        lane, "response.created", response=answer(response_id, status="in_progress", usage=None, **fields)
    )


def delta(lane=None):
    place = {"item_id": "i", "output_index": 0, "content_index": 0, "logprobs": []}
    return on(lane, "response.output_text.delta", delta="Hello", **place)


def completed(lane=None, response_id="resp_1", **fields):
    return on(lane, "response.completed", response=answer(response_id, **fields))


@pytest.mark.parametrize("api", APIS)
def test_a_response_is_a_span(api, app_for, run, telemetry):
    def script(peer):
        peer.wait("response.create")
        peer.send(created(), delta(), completed())
        peer.wait_for_close()

    app = app_for(script)
    asked = create(
        temperature=0.5,
        max_output_tokens=9,
        previous_response_id="resp_0",
        reasoning={"effort": "low"},
        text={"format": {"type": "json_object"}},
        service_tier="flex",
    )

    async def main():
        async with app.connect(api) as connection:
            await connection.send(asked)
            await connection.until("response.completed")

    run(main())
    (span,) = telemetry.spans
    assert (span["name"], span["status"]) == ("chat gpt-4o-mini", "UNSET")
    assert span["attributes"].pop("gen_ai.response.time_to_first_chunk") > 0
    assert span["attributes"] == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "openai.api.type": "responses",
        "server.address": "127.0.0.1",
        "server.port": app.server.port,
        "gen_ai.request.model": "gpt-4o-mini",
        "gen_ai.request.stream": True,
        "gen_ai.request.temperature": 0.5,
        "gen_ai.request.max_tokens": 9,
        "gen_ai.request.previous_response.id": "resp_0",
        "gen_ai.request.reasoning.level": "low",
        "gen_ai.output.type": "json",
        "openai.request.service_tier": "flex",
        "gen_ai.response.id": "resp_1",
        "gen_ai.response.model": "gpt-4o-mini-2024-07-18",
        "gen_ai.response.finish_reasons": ("stop",),
        "gen_ai.usage.input_tokens": 7,
        "gen_ai.usage.output_tokens": 3,
        "gossamer.stream.outcome": "completed",
    }


@pytest.mark.parametrize("api", APIS)
def test_each_answer_is_that_of_its_request(api, by, app_for, run):
    """A helper method names all parameters that there are, and what nobody gave is none."""
    told = {"type": "invalid_request_error", "code": "previous_response_not_found", "message": "no"}
    seen = []

    def script(peer):
        peer.wait("response.create")
        peer.send(created(), completed())
        peer.wait("response.create")
        peer.send({"type": "error", "status": 400, "error": told})
        peer.wait("response.create")
        peer.send(created(None, "resp_3"), completed(None, "resp_3"))

    app = app_for(script)

    async def main():
        async with app.connect(api) as connection:
            await connection.ask(by, model="gpt-4o-mini", input="hi", max_output_tokens=1)
            await connection.until("response.completed")
            await connection.ask(by, model="gpt-4o-mini", input="hi", max_output_tokens=2)
            await connection.until("error")
            await connection.ask(by, model="gpt-4o-mini", input="hi", max_output_tokens=3)
            await connection.until("response.completed")

    with capture(request_hook=lambda span, request: seen.append(set(request.json_data))) as telemetry:
        run(main())
    assert [
        (
            span["attributes"]["gen_ai.request.max_tokens"],
            span["attributes"].get("gen_ai.response.id"),
            span["attributes"].get("error.type"),
        )
        for span in telemetry.spans
    ] == [(1, "resp_1", None), (2, None, "previous_response_not_found"), (3, "resp_3", None)]
    assert seen == [{"type", "model", "input", "max_output_tokens"}] * 3


def test_lanes_are_kept_apart(app_for, run, telemetry):
    """Pieces of output have no id of their response: the lane tells which it is."""

    def script(peer):
        for _ in range(3):
            peer.wait("response.create")
        peer.send(created("b", "resp_b"), created("a", "resp_a"), created(None, "resp_c"))
        peer.send(delta("a"), completed("a", "resp_a"))
        peer.send(on("b", "response.incomplete", response=answer("resp_b", status="incomplete", usage=None)))
        peer.send(delta(), completed(None, "resp_c"))

    app = app_for(script)

    async def main():
        async with app.connect("responses") as connection:
            await connection.send(
                create(model="model-a", stream_id="a"), create(model="model-b", stream_id="b"), create()
            )
            await connection.until("response.completed", 2)

    run(main())
    spans = {span["attributes"]["gen_ai.response.id"]: span for span in telemetry.spans}
    assert [spans[key]["name"] for key in ("resp_a", "resp_b", "resp_c")] == [
        "chat model-a",
        "chat model-b",
        "chat gpt-4o-mini",
    ]
    spoke = {
        key for key, span in spans.items() if "gen_ai.response.time_to_first_chunk" in span["attributes"]
    }
    assert spoke == {"resp_a", "resp_c"}
    assert "gen_ai.usage.input_tokens" not in spans["resp_b"]["attributes"]


def test_a_server_that_goes_on_by_itself(app_for, run, telemetry):
    """After it was steered: the successor is a response of its own, which names its predecessor."""

    def script(peer):
        peer.wait("response.create")
        steered = answer("resp_1", status="incomplete", incomplete_details={"reason": "steered"})
        peer.send(created(), on(None, "response.incomplete", response=steered))
        peer.send(created(None, "resp_2", previous_response_id="resp_1"), completed(None, "resp_2"))

    app = app_for(script)

    async def main():
        async with app.connect("responses") as connection:
            await connection.send(create())
            await connection.until("response.completed")

    run(main())
    first, second = (span["attributes"] for span in telemetry.spans)
    assert first["gen_ai.response.finish_reasons"] == ("steered",)
    assert second["gen_ai.request.previous_response.id"] == "resp_1"
    assert second["gen_ai.request.model"] == "gpt-4o-mini-2024-07-18"


def test_an_answer_that_does_not_repeat_its_output(app_for, run, telemetry):
    def script(peer):
        call = {"id": "fc_1", "type": "function_call", "call_id": "call_1", "name": "f", "arguments": "{}"}
        peer.wait("response.create")
        item = on(None, "response.output_item.done", output_index=0, item=call)
        peer.send(created(), item, completed(output=None))

    app = app_for(script)

    async def main():
        async with app.connect("responses") as connection:
            await connection.send(create())
            await connection.until("response.completed")

    run(main())
    (span,) = telemetry.spans
    assert span["attributes"]["gen_ai.response.finish_reasons"] == ("tool_calls",)


def test_a_response_that_failed(app_for, run, telemetry):
    def script(peer):
        peer.wait("response.create")
        failed = answer(status="failed", error={"code": "server_error", "message": "no"}, usage=None)
        peer.send(created(), on(None, "response.failed", response=failed))

    app = app_for(script)

    async def main():
        async with app.connect("responses") as connection:
            await connection.send(create())
            await connection.until("response.failed")

    run(main())
    (span,) = telemetry.spans
    assert (span["status"], span["attributes"]["error.type"]) == ("ERROR", "server_error")


def error(lane=None, code="previous_response_not_found", **fields):
    told = {"type": "invalid_request_error", "code": code, "message": "no"}
    return {"type": "error", "error": told, **({} if lane is None else {"stream_id": lane}), **fields}


def test_an_error_answers_a_request(app_for, run, telemetry):
    """On its lane, before one that is under way, with the status that it would have over HTTP."""

    def script(peer):
        peer.wait("response.create")
        peer.send(created("a", "resp_a"))
        peer.wait("response.create")
        peer.wait("response.create")
        peer.send(error("a", status=400), completed("a", "resp_a"), created("b", "resp_b"))
        peer.send(completed("b", "resp_b"))

    app = app_for(script)

    async def main():
        async with app.connect("responses") as connection:
            await connection.send(create(stream_id="a"))
            await connection.until("response.created")
            await connection.send(create(stream_id="a", model="refused"), create(stream_id="b"))
            await connection.until("response.completed", 2)

    run(main())
    refused, *others = telemetry.spans
    assert refused["name"] == "chat refused"
    assert refused["attributes"]["error.type"] == "previous_response_not_found"
    assert refused["attributes"]["http.response.status_code"] == 400
    assert [span["status"] for span in others] == ["UNSET", "UNSET"]


@pytest.mark.parametrize("status", [0, -1, 10**30, None], ids=str)
def test_a_status_that_is_none(status, app_for, run, telemetry):
    """A number that is too large for OTLP would cost the whole batch."""

    def script(peer):
        peer.wait("response.create")
        peer.send(error(status=status))

    app = app_for(script)

    async def main():
        async with app.connect("responses") as connection:
            await connection.send(create())
            await connection.until("error")

    run(main())
    (span,) = telemetry.spans
    assert span["attributes"]["error.type"] == "previous_response_not_found"
    assert "http.response.status_code" not in span["attributes"]


def test_an_error_is_a_part_of_a_response(app_for, run, telemetry):
    def script(peer):
        peer.wait("response.create")
        peer.send(created(), error(code="server_error", sequence_number=3))
        peer.wait("response.create")
        peer.send(created(None, "resp_2"), completed(None, "resp_2"))

    app = app_for(script)

    async def main():
        async with app.connect("responses") as connection:
            await connection.send(create(), create())
            await connection.until("response.completed")

    run(main())
    failed, completed_ = telemetry.spans
    assert failed["attributes"]["error.type"] == "server_error"
    assert failed["attributes"]["gen_ai.response.id"] == "resp_1"
    assert completed_["attributes"]["gen_ai.response.id"] == "resp_2"


def test_an_error_of_the_connection_ends_the_only_one(app_for, run, telemetry):
    def script(peer):
        peer.wait("response.create")
        peer.send(error(code="websocket_connection_limit_reached"))
        peer.wait("response.create")
        peer.wait("response.create")
        peer.send(error(code="websocket_connection_limit_reached"))  # of two, it says of which to nobody

    app = app_for(script)

    async def main():
        async with app.connect("responses") as connection:
            await connection.send(create(stream_id="a"))
            await connection.until("error")
            await connection.send(create(stream_id="a"), create(stream_id="b"))
            await connection.until("error")

    run(main())
    assert [span["attributes"]["gossamer.stream.outcome"] for span in telemetry.spans] == [
        "failed",
        "closed",
        "closed",
    ]


def test_lanes_of_the_sdk(app_for, run, telemetry):
    """They write to the websocket itself, and read in a thread or task of their own."""
    websocket = pytest.importorskip("openai.lib.responses_websocket")

    def script(peer):
        peer.wait("response.create")
        peer.wait("response.create")
        peer.send(created("a", "resp_a"), created(None, "resp_b"), delta("a"), delta())
        peer.send(completed(None, "resp_b"), completed("a", "resp_a"))
        peer.wait_for_close()

    app = app_for(script)
    limits = websocket.ResponsesWebSocketLimits(
        max_lanes=3, max_events_per_lane=9, max_events=9, max_bytes_per_lane=9999, max_bytes=9999
    )

    def synchronous():
        connection = app.manager("responses").enter()
        with websocket.ResponsesWebSocketSession(connection, limits=limits) as session:
            lane = session.lane("a")
            lane.send(create(model="model-a"))
            session.default.send(create())
            return [lane.get_final_response(timeout=5), session.default.get_final_response(timeout=5)]

    async def asynchronous():
        connection = await app.manager("responses").enter()
        async with websocket.AsyncResponsesWebSocketSession(connection, limits=limits) as session:
            lane = session.lane("a")
            await lane.send(create(model="model-a"))
            await session.default.send(create())
            return [await lane.get_final_response(), await session.default.get_final_response()]

    answers = synchronous() if run.kind == "sync" else run(asynchronous())
    assert [response.id for response in answers] == ["resp_a", "resp_b"]
    assert [(span["name"], span["attributes"]["gen_ai.response.id"]) for span in telemetry.spans] == [
        ("chat gpt-4o-mini", "resp_b"),
        ("chat model-a", "resp_a"),
    ]
    assert all("gen_ai.response.time_to_first_chunk" in span["attributes"] for span in telemetry.spans)
