"""Realtime sessions: one span for each response, and what it says."""

from __future__ import annotations

from collections import UserDict
from types import MappingProxyType

import pytest
from opentelemetry import context, trace

from .app import has
from .events import (
    APPEND,
    CREATE,
    USAGE_ATTRIBUTES,
    created,
    delta,
    done,
    message,
    session,
    whole,
)

APIS = [api for api in ("realtime", "beta.realtime") if has(api)]
pytestmark = pytest.mark.skipif(not APIS, reason="this release of the SDK has no realtime connections")


@pytest.mark.parametrize("api", APIS)
def test_a_response_is_a_span(api, app_for, run, telemetry):
    def script(peer):
        peer.send(session())
        peer.wait("response.create")
        peer.send(*whole())
        peer.wait_for_close()

    app = app_for(script)

    async def main():
        async with app.connect(api) as connection:
            await connection.until("session.created")
            await connection.send(APPEND, CREATE)
            await connection.until("response.done")

    run(main())
    (span,) = telemetry.spans
    assert (span["name"], span["kind"], span["status"]) == ("chat gpt-realtime", "CLIENT", "UNSET")
    first = span["attributes"].pop("gen_ai.response.time_to_first_chunk")
    assert 0 < first <= span["seconds"]
    assert span["attributes"] == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "server.address": "127.0.0.1",
        "server.port": app.server.port,
        "gen_ai.request.model": "gpt-realtime",
        "gen_ai.request.stream": True,
        "gen_ai.output.type": "speech",
        "gen_ai.conversation.id": "conv_1",
        "gen_ai.response.id": "resp_1",
        "gen_ai.response.model": "gpt-realtime-snapshot",
        "gen_ai.response.finish_reasons": ("stop",),
        "gossamer.session.id": "sess_1",
        "gossamer.stream.outcome": "completed",
        **USAGE_ATTRIBUTES,
    }
    metrics = telemetry.metrics
    for name in ("duration", "time_to_first_chunk", "operation.input_tokens", "operation.output_tokens"):
        (point,) = metrics[f"gen_ai.client.inference.{name}"]
        assert point["count"] == 1
        assert point["attributes"]["gen_ai.response.model"] == "gpt-realtime-snapshot"
    by_modality = {
        point["attributes"]["gen_ai.token.modality"]: point["value"]
        for point in metrics["gen_ai.client.inference.usage.input_tokens"]
    }
    assert by_modality == {"text": 60, "audio": 40}


def test_the_parent_is_what_is_current_where_it_is_asked_for(app_for, run, telemetry):
    def script(peer):
        peer.wait("response.create")
        peer.send(*whole())

    app = app_for(script)
    tracer = telemetry.tracer_provider.get_tracer("app")

    async def main():
        with tracer.start_as_current_span("connecting"):
            manager = app.connect()
            connection = await manager.__aenter__()
        with tracer.start_as_current_span("asking"):
            await connection.send(CREATE)
            assert trace.get_current_span().name == "asking"
        with tracer.start_as_current_span("receiving"):
            await connection.until("response.done")
        await manager.__aexit__(None, None, None)

    run(main())
    spans = {span["name"]: span for span in telemetry.spans}
    assert spans["chat gpt-realtime"]["parent_id"] == spans["asking"]["span_id"]


def test_the_server_answers_speech(app_for, run, telemetry):
    """Nobody asks: it begins with the end of the speech, where the connection was made."""

    def script(peer):
        peer.send(session())
        peer.wait("input_audio_buffer.append")
        peer.send({"type": "input_audio_buffer.speech_started", "event_id": "e", "item_id": "i"})
        peer.send({"type": "input_audio_buffer.speech_stopped", "event_id": "e", "item_id": "i"})
        peer.wait("input_audio_buffer.commit")
        peer.send({"type": "input_audio_buffer.committed", "event_id": "e", "item_id": "i"}, *whole())
        peer.wait("input_audio_buffer.commit")
        peer.send(*whole("resp_2"))

    app = app_for(script)
    tracer = telemetry.tracer_provider.get_tracer("app")
    marks = []

    async def main():
        with tracer.start_as_current_span("connecting"):
            manager = app.connect()
            connection = await manager.__aenter__()
        await connection.send(APPEND)
        await connection.until("input_audio_buffer.speech_stopped")
        with tracer.start_as_current_span("receiving"), tracer.start_as_current_span("mark") as mark:
            marks.append(mark)
            await connection.send({"type": "input_audio_buffer.commit"})
            await connection.until("response.done")
            await connection.send({"type": "input_audio_buffer.commit"})
            await connection.until("response.done")
        await manager.__aexit__(None, None, None)

    run(main())
    spans = [span for span in telemetry.spans if span["name"] == "chat gpt-realtime"]
    (connecting,) = [span for span in telemetry.spans if span["name"] == "connecting"]
    assert [span["parent_id"] for span in spans] == [connecting["span_id"]] * 2
    # The first began when the speech ended, the second, without speech, with its first event.
    assert spans[0]["start"] < marks[0].start_time < spans[1]["start"]
    assert spans[0]["attributes"]["gen_ai.output.type"] == "speech"
    assert spans[0]["attributes"]["gen_ai.request.model"] == "gpt-realtime"


def test_several_at_once_are_kept_apart(app_for, run, telemetry):
    """By their metadata when they begin, and then by their ids."""

    def script(peer):
        for _ in range(3):
            peer.wait("response.create")
        peer.send(created("resp_b", metadata={"topic": "b"}), created("resp_a", metadata={"topic": "a"}))
        peer.send(created("resp_c"), delta("resp_a"), delta("resp_b"), delta("resp_c"))
        peer.send(done("resp_b", status="incomplete", status_details={"reason": "max_output_tokens"}))
        peer.send(done("resp_c", usage=None), done("resp_a"))

    app = app_for(script)

    async def main():
        async with app.connect() as connection:
            for asked in (
                {"metadata": {"topic": "a"}, "max_output_tokens": 1},
                {"metadata": {"topic": "b"}, "max_output_tokens": 2},
                {"max_output_tokens": 3},
            ):
                await connection.send({"type": "response.create", "response": asked})
            await connection.until("response.done", 3)

    run(main())
    assert [
        (
            span["attributes"]["gen_ai.response.id"],
            span["attributes"]["gen_ai.request.max_tokens"],
            span["attributes"]["gen_ai.response.finish_reasons"],
            span["attributes"].get("gen_ai.usage.input_tokens"),
        )
        for span in telemetry.spans
    ] == [
        ("resp_b", 2, ("length",), 100),
        ("resp_c", 3, ("stop",), None),
        ("resp_a", 1, ("stop",), 100),
    ]
    assert all("gen_ai.response.time_to_first_chunk" in span["attributes"] for span in telemetry.spans)


APART = {"conversation": "none", "max_output_tokens": 77}
TOPIC = {"metadata": {"topic": "moderation"}}


@pytest.mark.parametrize(
    ("asked", "told"), [(TOPIC, TOPIC), ({}, {"metadata": None})], ids=["named", "unnamed"]
)
def test_the_server_answers_speech_while_something_else_is_asked_for(
    asked, told, by, app_for, run, telemetry
):
    """What is asked for outside of the conversation is no answer in it, and takes nothing from one."""
    conversation = {"conversation_id": "conv_1", "metadata": None}

    def script(peer):
        peer.send({"type": "input_audio_buffer.speech_stopped", "event_id": "e", "item_id": "i"})
        peer.send({"type": "input_audio_buffer.committed", "event_id": "e", "item_id": "i"})
        peer.wait("response.create")
        peer.send(created("resp_heard", **conversation), done("resp_heard", **conversation))
        peer.send(created("resp_apart", conversation_id=None, **told), done("resp_apart", **told))

    app = app_for(script)
    tracer = telemetry.tracer_provider.get_tracer("app")

    async def main():
        async with app.connect() as connection:
            await connection.until("input_audio_buffer.committed")
            with tracer.start_as_current_span("asking"):
                await connection.ask(by, response={**APART, **asked})
            await connection.until("response.done", 2)

    run(main())
    spans = {span["attributes"].get("gen_ai.response.id", "asking"): span for span in telemetry.spans}
    assert "gen_ai.request.max_tokens" not in spans["resp_heard"]["attributes"]
    assert spans["resp_heard"]["parent_id"] is None
    assert spans["resp_heard"]["start"] < spans["asking"]["start"]  # when the speech ended
    assert spans["resp_apart"]["attributes"]["gen_ai.request.max_tokens"] == 77
    assert spans["resp_apart"]["parent_id"] == spans["asking"]["span_id"]


@pytest.mark.parametrize(
    ("heard", "told"),
    [(True, {}), (False, {"metadata": None, "conversation_id": "conv_1"})],
    ids=["who tells nothing of them", "who heard nobody"],
)
def test_a_server_that_does_not_repeat_metadata(heard, told, by, app_for, run, telemetry):
    """It answers the oldest."""

    def script(peer):
        for number in (1, 2):
            if heard:
                peer.send({"type": "input_audio_buffer.speech_stopped", "event_id": "e", "item_id": "i"})
            peer.wait("response.create")
            peer.send(created(f"resp_{number}", **told), done(f"resp_{number}", **told))

    app = app_for(script)

    async def main():
        async with app.connect() as connection:
            for asked in ({**APART, **TOPIC}, {**TOPIC, "max_output_tokens": 2}):
                await connection.ask(by, response=asked)
                await connection.until("response.done")

    run(main())
    assert [
        (span["attributes"]["gen_ai.response.id"], span["attributes"]["gen_ai.request.max_tokens"])
        for span in telemetry.spans
    ] == [("resp_1", 77), ("resp_2", 2)]


@pytest.mark.parametrize("reason", ["turn_detected", "client_cancelled"])
def test_somebody_speaks_again(reason, app_for, run, telemetry):
    """A response that is cancelled is no error, and its tokens count."""

    def script(peer):
        peer.wait("response.create")
        peer.send(created(), delta())
        details = {"type": "cancelled", "reason": reason}
        peer.send(done(status="cancelled", status_details=details, output=[]))

    app = app_for(script)

    async def main():
        async with app.connect() as connection:
            await connection.send(CREATE)
            await connection.until("response.done")

    run(main())
    (span,) = telemetry.spans
    assert span["status"] == "UNSET"
    assert span["attributes"]["gossamer.stream.outcome"] == "cancelled"
    assert span["attributes"]["gen_ai.response.finish_reasons"] == (reason,)
    assert span["attributes"]["gen_ai.usage.output_tokens"] == 50
    assert "error.type" not in span["attributes"]


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ({"type": "server_error", "code": "inference_rate_limit_exceeded"}, "inference_rate_limit_exceeded"),
        ({"type": "server_error", "code": None}, "server_error"),
        (None, "failed"),
    ],
)
def test_a_response_that_failed(error, expected, app_for, run, telemetry):
    def script(peer):
        peer.wait("response.create")
        details = {"type": "failed", "error": error}
        peer.send(created(), done(status="failed", status_details=details, output=[], usage=None))

    app = app_for(script)

    async def main():
        async with app.connect() as connection:
            await connection.send(CREATE)
            await connection.until("response.done")

    run(main())
    (span,) = telemetry.spans
    assert span["status"] == "ERROR"
    assert span["description"] == f"response failed (code {expected})"
    assert span["attributes"]["error.type"] == expected
    assert span["attributes"]["gossamer.stream.outcome"] == "failed"
    assert span["attributes"]["gen_ai.response.finish_reasons"] == ("error",)
    (point,) = telemetry.metrics["gen_ai.client.inference.duration"]
    assert point["attributes"]["error.type"] == expected


def test_tools_are_called(app_for, run, telemetry):
    def script(peer):
        call = {"id": "item_1", "type": "function_call", "call_id": "call_1", "name": "f", "arguments": "{}"}
        peer.wait("response.create")
        peer.send(created(), delta(kind="function_call_arguments", piece="{}"), done(output=[call]))
        peer.wait("response.create")
        # Here the last event tells nothing of what was made.
        item = {"type": "response.output_item.done", "event_id": "e", "response_id": "resp_2"}
        peer.send(created("resp_2"), {**item, "output_index": 0, "item": call}, done("resp_2", output=None))
        peer.wait("response.create")
        peer.send(created("resp_3"), done("resp_3", output=[message()]))

    app = app_for(script)

    async def main():
        async with app.connect() as connection:
            for _ in range(3):
                await connection.send(CREATE)
                await connection.until("response.done")

    run(main())
    assert [span["attributes"]["gen_ai.response.finish_reasons"] for span in telemetry.spans] == [
        ("tool_calls",),
        ("tool_calls",),
        ("stop",),
    ]
    # The second spoke with its item, the third, which shows nothing before its end, never.
    spoke = ["gen_ai.response.time_to_first_chunk" in span["attributes"] for span in telemetry.spans]
    assert spoke == [True, True, False]


def test_what_holds_for_a_session_holds_for_its_responses(app_for, run, telemetry):
    def script(peer):
        peer.send(session(id="sess_1", output_modalities=["audio"], temperature=0.8))
        peer.wait("session.update")
        peer.wait("response.create")
        settings = {"id": None, "output_modalities": ["text"]}
        peer.send(session("session.updated", **settings), *whole(output_modalities=["text"]))
        peer.wait("response.create")
        peer.send(*whole("resp_2"))

    app = app_for(script)

    async def main():
        async with app.connect() as connection:
            await connection.until("session.created")
            update = {"type": "realtime", "output_modalities": ["text"], "max_output_tokens": 100}
            await connection.send({"type": "session.update", "session": update}, CREATE)
            await connection.until("response.done")
            asked = {"output_modalities": ["audio"], "max_output_tokens": 7}
            await connection.send({"type": "response.create", "response": asked})
            await connection.until("response.done")

    run(main())
    first, second = (span["attributes"] for span in telemetry.spans)
    assert (first["gen_ai.output.type"], second["gen_ai.output.type"]) == ("text", "speech")
    assert (first["gen_ai.request.max_tokens"], second["gen_ai.request.max_tokens"]) == (100, 7)
    assert first["gen_ai.request.temperature"] == second["gen_ai.request.temperature"] == 0.8
    assert first["gossamer.session.id"] == second["gossamer.session.id"] == "sess_1"


@pytest.mark.parametrize("kind", [MappingProxyType, UserDict], ids=lambda kind: kind.__name__)
def test_an_event_may_be_any_mapping(kind, app_for, run, telemetry):
    """The SDK sends it, and so it counts."""

    def script(peer):
        peer.wait("response.create")
        peer.send(*whole())

    app = app_for(script)

    async def main():
        async with app.connect() as connection:
            await connection.send(kind({**CREATE, "response": kind({"max_output_tokens": 7})}))
            await connection.until("response.done")

    try:
        run(main())
    except TypeError:
        pytest.skip("this release of the SDK sends none")
    (span,) = telemetry.spans
    assert span["attributes"]["gen_ai.request.max_tokens"] == 7
    assert span["parent_id"] is None


def test_a_session_that_is_named_late(app_for, run, telemetry):
    def script(peer):
        peer.wait("response.create")
        peer.send(session(), *whole())

    app = app_for(script)

    async def main():
        async with app.connect() as connection:
            await connection.send(CREATE)
            await connection.until("response.done")

    run(main())
    (span,) = telemetry.spans
    assert span["attributes"]["gossamer.session.id"] == "sess_1"


def error(**fields):
    return {"type": "error", "event_id": "event_9", "error": {"type": "invalid_request_error", **fields}}


BUSY = "conversation_already_has_active_response"
#: What the truncation of an item is answered with that was not as long: nothing leads to what it is about.
TOO_SHORT = {"code": None, "param": None, "event_id": None}


@pytest.mark.parametrize(
    ("event_id", "told", "ends"),
    [
        ("mine", {"code": "invalid_value", "event_id": "mine"}, "invalid_value"),
        ("mine", {"code": "invalid_value", "event_id": "another's"}, None),
        ("mine", {"code": "invalid_value"}, None),
        ("mine", {"code": "invalid_value", "param": "response.temperature"}, "invalid_value"),
        ("mine", {"code": BUSY}, BUSY),
        (None, {"code": BUSY}, BUSY),
        (None, {"code": BUSY, "event_id": ""}, BUSY),
        (None, {"code": BUSY, "event_id": "the server's"}, BUSY),
        (None, {"code": None, "param": "response.modalities"}, "invalid_request_error"),
        (None, TOO_SHORT, None),
        (None, {"code": "invalid_value", "param": "session.voice"}, None),
        (None, {"code": "invalid_value", "param": "response_id"}, None),
        (None, {"code": "input_audio_buffer_commit_empty"}, None),
        (None, {"code": "response_cancel_not_active"}, None),
    ],
)
def test_an_error_ends_what_it_is_about(event_id, told, ends, by, app_for, run, telemetry):
    def script(peer):
        peer.wait("response.create")
        peer.send(error(message="no", **told))
        peer.wait("session.update")
        peer.send(*whole())

    app = app_for(script)

    async def main():
        async with app.connect() as connection:
            await connection.ask(by, **({"event_id": event_id} if event_id else {}))
            await connection.until("error")
            assert [span["attributes"]["error.type"] for span in telemetry.spans] == ([ends] if ends else [])
            await connection.send({"type": "session.update", "session": {}})
            await connection.until("response.done")

    run(main())
    # An error that was about something else has left the response as it was.
    assert [span["attributes"].get("error.type") for span in telemetry.spans] == [*filter(None, [ends]), None]


def test_an_error_that_may_be_about_a_response(by, app_for, run, telemetry):
    """It was, where a later one is answered, which takes nothing of it. It ended when the error came."""

    def script(peer):
        for number in (1, 2, 3):
            peer.wait("response.create")
            peer.send(error(message="no", **TOO_SHORT), error(code="later", message="no"))
            peer.wait("response.create")
            peer.send(*whole(f"resp_{number}"))
        peer.wait("response.create")
        peer.send(error(message="no", **TOO_SHORT))

    app = app_for(script)
    tracer = telemetry.tracer_provider.get_tracer("app")

    async def main():
        async with app.connect() as connection:
            for number in (1, 2, 3):
                await connection.ask(by, response={"max_output_tokens": 10 + number})
                await connection.until("error", 2)
                tracer.start_span("the errors are there").end()
                await connection.ask(by, response={"max_output_tokens": 20 + number})
                await connection.until("response.done")
            await connection.ask(by, response={"max_output_tokens": 14})
            await connection.until("error")
            tracer.start_span("the errors are there").end()

    run(main())
    spans = [span for span in telemetry.spans if span["name"] == "chat gpt-realtime"]
    assert [
        (
            span["attributes"]["gen_ai.request.max_tokens"],
            span["attributes"].get("gen_ai.response.id"),
            span["attributes"].get("error.type"),
            span["attributes"]["gossamer.stream.outcome"],
        )
        for span in spans
    ] == [
        (11, None, "invalid_request_error", "failed"),
        (21, "resp_1", None, "completed"),
        (12, None, "invalid_request_error", "failed"),
        (22, "resp_2", None, "completed"),
        (13, None, "invalid_request_error", "failed"),
        (23, "resp_3", None, "completed"),
        (14, None, "invalid_request_error", "failed"),
    ]
    marks = [span for span in telemetry.spans if span["name"] == "the errors are there"]
    refused = [span for span in spans if span["status"] == "ERROR"]
    assert all(span["end"] < mark["start"] for span, mark in zip(refused, marks, strict=True))


def test_errors_that_may_be_about_several(by, app_for, run, telemetry):
    """Each is about another one. When one is refused for certain, the server is done with those before."""

    def script(peer):
        for code in ("first", "second"):
            peer.wait("response.create")
            peer.send(error(code=code, message="no"))
        peer.wait("response.create")
        peer.send(error(code=BUSY, message="no"))
        peer.wait_for_close()

    app = app_for(script)

    async def main():
        async with app.connect() as connection:
            for ended in (0, 0, 3):
                await connection.ask(by)
                await connection.until("error")
                assert len(telemetry.spans) == ended

    run(main())
    assert [span["attributes"]["error.type"] for span in telemetry.spans] == ["first", "second", BUSY]


def test_errors_about_something_else_end_none_of_several(by, app_for, run, telemetry):
    def script(peer):
        for _ in range(2):
            peer.wait("response.create")
        peer.send(error(message="no", **TOO_SHORT), error(message="no", **TOO_SHORT))
        peer.send(*whole("resp_1"), *whole("resp_2"))

    app = app_for(script)

    async def main():
        async with app.connect() as connection:
            for number in (1, 2):
                await connection.ask(by, response={"max_output_tokens": number})
            await connection.until("response.done", 2)

    run(main())
    assert [
        (
            span["attributes"]["gen_ai.response.id"],
            span["attributes"]["gen_ai.request.max_tokens"],
            span["status"],
        )
        for span in telemetry.spans
    ] == [("resp_1", 1, "UNSET"), ("resp_2", 2, "UNSET")]


def test_sound_that_is_taken_over_late_is_answered_by_what_was_asked_for(by, app_for, run, telemetry):
    """As with push to talk. What the server says later by itself has nothing to do with it."""

    def script(peer):
        peer.wait("response.create")
        peer.send({"type": "input_audio_buffer.committed", "event_id": "e", "item_id": "i"}, *whole())
        peer.wait("session.update")
        peer.send(*whole("resp_2"))

    app = app_for(script)

    async def main():
        async with app.connect() as connection:
            await connection.send({"type": "input_audio_buffer.commit"})
            await connection.ask(by)
            await connection.until("response.done")
            await connection.send({"type": "session.update", "session": {}})
            await connection.until("response.done")

    run(main())
    first, second = telemetry.spans
    assert second["start"] >= first["end"]


def test_one_that_is_suppressed_takes_no_other_for_itself(app_for, run, telemetry):
    from opentelemetry.instrumentation.utils import suppress_instrumentation

    def script(peer):
        peer.wait("response.create")
        peer.wait("response.create")
        peer.send(*whole("resp_1"), *whole("resp_2"))

    app = app_for(script)

    async def main():
        async with app.connect() as connection:
            with suppress_instrumentation():
                await connection.send(CREATE)
            await connection.send(CREATE)
            await connection.until("response.done", 2)

    run(main())
    (span,) = telemetry.spans
    assert span["attributes"]["gen_ai.response.id"] == "resp_2"
    assert context.get_current() == {}
