"""What events mean for the generations of a connection, in whatever order they come; without a connection."""

from __future__ import annotations

import json
from typing import Optional

import pytest

from gossamer import OpenAIInstrumentor
from gossamer.providers import server_at
from gossamer.testing import capture
from gossamer.websocket.realtime import RealtimeSession
from gossamer.websocket.responses import ResponsesSession

from .events import CREATE, answer, created, delta, done, on, session


def connected(kind=RealtimeSession):
    """A session that records where the instrumentor does."""
    hook = OpenAIInstrumentor()._websockets
    return kind(hook.telemetry, server_at("wss://api.openai.com:443"), "gpt-realtime")


def receive(known, *events):
    for event in events:
        known.received(event["type"], event)


def ids(telemetry):
    return [span["attributes"].get("gen_ai.response.id") for span in telemetry.spans]


def outcomes(telemetry):
    return [span["attributes"]["gossamer.stream.outcome"] for span in telemetry.spans]


def test_the_server(telemetry):
    known = connected()
    known.sending("response.create", CREATE)
    receive(known, created(), done())
    (span,) = telemetry.spans
    assert span["attributes"]["server.address"] == "api.openai.com"
    assert span["attributes"]["server.port"] == 443


def test_what_is_told_twice_counts_once(telemetry):
    known = connected()
    known.sending("response.create", CREATE)
    receive(known, created(), created(), done(), done())
    assert ids(telemetry) == ["resp_1"]
    assert telemetry.metrics["gen_ai.client.inference.duration"][0]["count"] == 1


def test_the_end_of_what_has_not_begun_is_none(telemetry):
    known = connected()
    receive(known, done("resp_0"), delta("resp_0"))
    known.sending("response.create", CREATE)
    receive(known, done("resp_0"), created("resp_1"), done("resp_1"))
    assert ids(telemetry) == ["resp_1"]


def test_after_the_close_nothing_begins(telemetry):
    known = connected()
    known.sending("response.create", CREATE)
    known.close()
    known.close()
    receive(known, created("resp_2"), done("resp_2"))
    known.sending("response.create", CREATE)
    known.close()
    assert outcomes(telemetry) == ["closed"]


@pytest.mark.parametrize("name", [None, ["resp_1"], {}, 5])
def test_a_server_that_names_no_response(telemetry, name):
    known = connected()
    known.sending("response.create", CREATE)
    begun, said, ended = created(), delta(), done()
    begun["response"]["id"] = said["response_id"] = ended["response"]["id"] = name
    receive(known, begun, said, ended)
    assert outcomes(telemetry) == ["completed"]
    assert "gen_ai.response.time_to_first_chunk" in telemetry.spans[0]["attributes"]


def test_which_lane_an_answer_is_on(telemetry):
    """One on a lane that nobody asked on is the server's own."""
    known = connected(ResponsesSession)
    known.sending("response.create", {**CREATE, "model": "asked", "stream_id": "a"})
    for lane, key in (("b", "resp_b"), ("a", "resp_a")):
        receive(known, on(lane, "response.created", response=answer(key, status="in_progress", model="own")))
        receive(known, on(lane, "response.completed", response=answer(key)))
    assert [span["name"] for span in telemetry.spans] == ["chat own", "chat asked"]


def test_an_error_without_a_code(telemetry):
    known = connected(ResponsesSession)
    known.sending("response.create", CREATE)
    receive(known, {"type": "error", "error": {"message": "no"}})
    known.sending("response.create", CREATE)
    receive(known, {"type": "error", "code": "flat", "message": "no", "sequence_number": 1})
    assert [span["attributes"]["error.type"] for span in telemetry.spans] == ["_OTHER", "flat"]


@pytest.mark.parametrize("given", [{"id": ""}, {"id": None}, {"id": 5}, {}, None])
def test_a_session_without_a_name(given, telemetry):
    known = connected()
    receive(known, {"type": "session.created", "session": given}, session("session.updated"))
    receive(known, {"type": "session.updated", "session": given})
    known.sending("response.create", CREATE)
    receive(known, created(), done())
    assert telemetry.spans[0]["attributes"]["gossamer.session.id"] == "sess_1"


@pytest.mark.parametrize(
    "error", [TimeoutError(), ValueError(), KeyboardInterrupt(), GeneratorExit(), RuntimeError("concurrent")]
)
def test_what_is_no_end_of_a_connection(error, telemetry):
    known = connected()
    known.sending("response.create", CREATE)
    known.lost(error)
    assert telemetry.spans == []
    known.lost(ConnectionResetError())
    assert telemetry.spans[0]["attributes"]["error.type"] == "ConnectionResetError"


def test_a_component_that_fails_takes_no_points():
    """A span processor's failure is no failure of the response, and begins it no second time."""
    from opentelemetry.sdk.trace import SpanProcessor

    class Failing(SpanProcessor):
        def on_start(self, span, parent_context=None):
            raise ValueError("the processor's own")

    OpenAIInstrumentor().uninstrument()
    with capture(strict=False) as telemetry:
        telemetry.tracer_provider.add_span_processor(Failing())
        known = connected()
        known.sending("response.create", CREATE)
        receive(known, created(), delta(), done())
    (point,) = telemetry.metrics["gen_ai.client.inference.duration"]
    assert (point["count"], "error.type" in point["attributes"]) == (1, False)


@pytest.mark.parametrize("asks", [True, False], ids=["asked for", "its own"])
def test_a_response_of_which_nothing_can_be_told_is_known(asks, monkeypatch):
    """Its events are not another's, and it leaves nothing that would be wrong."""
    from gossamer.call import Call

    OpenAIInstrumentor().uninstrument()
    with capture(strict=False) as telemetry:
        known = connected()
        with monkeypatch.context() as patch:
            patch.setattr(Call, "fold_stream", lambda self: 1 / 0)
            if asks:
                known.sending("response.create", CREATE)
            else:
                receive(known, created("resp_1"))
        known.sending("response.create", {**CREATE, "response": {"max_output_tokens": 2}})
        receive(known, created("resp_1"), done("resp_1"), created("resp_2"), done("resp_2"))
    untold, told = telemetry.spans
    assert "gossamer.stream.outcome" not in untold["attributes"]
    assert told["attributes"]["gen_ai.response.id"] == "resp_2"
    assert told["attributes"]["gen_ai.request.max_tokens"] == 2
    (point,) = telemetry.metrics["gen_ai.client.inference.duration"]
    assert (point["count"], "error.type" in point["attributes"]) == (1, False)


def test_typed_events_are_read_as_dicts_are(telemetry):
    from openai._models import BaseModel

    class Asked(BaseModel):
        max_output_tokens: int
        output_modalities: list[str]
        metadata: dict[str, str]
        instructions: Optional[str] = None  # noqa: UP045 - pydantic evaluates it

    class Create(BaseModel):
        type: str
        event_id: str
        response: Asked

    asked = Asked(max_output_tokens=7, output_modalities=["text"], metadata={"topic": "a"})

    create = Create(type="response.create", event_id="mine", response=asked)
    known = connected()
    receive(known, session(max_output_tokens=3))
    generation = known.sending("response.create", create)
    assert (generation.event_id, generation.metadata) == ("mine", {"topic": "a"})
    known.close()
    (span,) = telemetry.spans
    assert span["attributes"]["gen_ai.request.max_tokens"] == 7
    assert span["attributes"]["gen_ai.output.type"] == "text"


def test_an_app_that_says_something_of_itself(telemetry):
    import gossamer

    known = connected()
    receive(known, session())
    with gossamer.attributes({"gossamer.session.id": "mine", "gen_ai.conversation.id": "c-1"}):
        known.sending("response.create", CREATE)
    receive(known, created(), done())
    assert telemetry.spans[0]["attributes"]["gossamer.session.id"] == "mine"
    assert telemetry.spans[0]["attributes"]["gen_ai.conversation.id"] == "c-1"


def test_no_more_than_the_newest_items_wait(telemetry):
    OpenAIInstrumentor().uninstrument()
    with capture(capture="SPAN_ONLY"):
        known = connected()
        for number in range(500):
            known.sending("conversation.item.create", {"item": {"id": str(number)}})
        waiting = known._items.take()
        assert [waiting[0], len(waiting)] == [{"id": "372"}, 128]
        assert known._items.take() == []


def test_no_more_than_so_much_of_them_waits(telemetry):
    """Images are large, and nobody may ever ask for a response."""
    OpenAIInstrumentor().uninstrument()
    with capture(capture="SPAN_ONLY"):
        known = connected()
        image = "A" * 3_000_000
        for number in range(5):
            item = {"id": str(number), "content": [{"type": "input_image", "image_url": image}]}
            known.sending("conversation.item.create", {"item": item})
        known.sending("conversation.item.create", {"item": {"id": "too large", "text": image * 3}})
        assert [item["id"] for item in known._items.take()] == ["3", "4"]


def test_an_item_is_what_it_was_when_it_was_sent():
    """The app may use its dict for the next one."""
    OpenAIInstrumentor().uninstrument()
    with capture(capture="SPAN_ONLY") as telemetry:
        known = connected()
        part = {"type": "input_text"}
        item = {"type": "message", "role": "user", "content": [part]}
        for text in ("one", "two"):
            part["text"] = text
            known.sending("conversation.item.create", {"item": item})
        known.sending("response.create", CREATE)
        known.close()
    messages = json.loads(telemetry.spans[0]["attributes"]["gen_ai.input.messages"])
    assert [message["parts"][0]["content"] for message in messages] == ["one", "two"]
