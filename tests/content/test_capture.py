"""Where the content of a call goes: to its span, to an event, to a hook, or nowhere."""

from __future__ import annotations

import asyncio
import json
import weakref
from typing import Any

import openai
import pytest
from openai import _base_client
from opentelemetry import trace
from opentelemetry.sdk.trace import SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

import gossamer
from gossamer import OpenAIInstrumentor, errors
from gossamer.call import Call
from gossamer.cli.fake import mock_async_client, mock_client
from gossamer.testing import Telemetry, capture

http = getattr(_base_client, "httpx2", None) or _base_client.httpx
EVENT_STREAM = {"content-type": "text/event-stream"}
INPUT, OUTPUT = "gen_ai.input.messages", "gen_ai.output.messages"
CONTENT = {INPUT, OUTPUT, "gen_ai.system_instructions", "gen_ai.tool.definitions"}
DETAILS, EXCEPTION = "gen_ai.client.inference.operation.details", "gen_ai.client.operation.exception"
CUT = "gossamer.content.truncated"
CHAT: dict[str, Any] = {"model": "gpt-test", "messages": [{"role": "user", "content": "How light?"}]}
SENT = [{"role": "user", "parts": [{"type": "text", "content": "How light?"}]}]
HAS_RESPONSES = hasattr(openai.OpenAI, "responses") or "responses" in openai.OpenAI.__annotations__
needs_responses = pytest.mark.skipif(not HAS_RESPONSES, reason="this SDK has no Responses API")


class Hook:
    """A completion hook that keeps what it is shown."""

    def __init__(self) -> None:
        self.seen: list[dict[str, Any]] = []

    def on_completion(self, **shown: Any) -> None:
        """Keep it, and leave a mark."""
        self.seen.append(shown)
        for target in (shown["span"], shown["log_record"]):
            if target is not None and hasattr(target, "set_attribute"):
                target.set_attribute("app.ref", "file:///1")
            elif target is not None:
                target.attributes = {**target.attributes, "app.ref": "file:///1"}


@pytest.fixture(autouse=True)
def nothing_told(monkeypatch):
    monkeypatch.setattr(errors, "_told", set())


@pytest.fixture
def client() -> Any:
    return openai.OpenAI(
        api_key="sk", base_url="http://llm.test/v1", http_client=mock_client(), max_retries=0
    )


def answering(handle: Any) -> openai.OpenAI:
    """A client whose requests come to this function."""
    transport = http.Client(transport=http.MockTransport(handle))
    return openai.OpenAI(api_key="sk", base_url="http://llm.test", http_client=transport)


def found(attributes: dict[str, Any]) -> dict[str, Any]:
    """The content among attributes, JSON read."""
    return {
        name: json.loads(value) if isinstance(value, str) else value
        for name, value in attributes.items()
        if name in CONTENT
    }


def plain(value: Any) -> Any:
    """The SDK makes tuples of lists."""
    if isinstance(value, (list, tuple)):
        return [plain(entry) for entry in value]
    return {key: plain(inner) for key, inner in value.items()} if hasattr(value, "items") else value


def named(telemetry: Telemetry, name: str) -> list[dict[str, Any]]:
    return [event for event in telemetry.events if event["name"] == name]


@pytest.mark.usefixtures("needs_events")
@pytest.mark.parametrize(
    ("mode", "on_span", "on_event"),
    [
        ("NO_CONTENT", False, False),
        ("SPAN_ONLY", True, False),
        ("EVENT_ONLY", False, True),
        ("SPAN_AND_EVENT", True, True),
    ],
)
@pytest.mark.parametrize("source", ["argument", "variable"])
@pytest.mark.parametrize("stream", [False, True])
def test_each_mode(client, monkeypatch, mode, on_span, on_event, source, stream):
    settings = {"capture": mode} if source == "argument" else {}
    if source == "variable":
        monkeypatch.setenv("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", mode.lower())
    with capture(**settings) as telemetry:
        answer = client.chat.completions.create(**CHAT, stream=stream)
        if stream:
            answer = "".join(chunk.choices[0].delta.content or "" for chunk in answer if chunk.choices)
        else:
            answer = answer.choices[0].message.content
        content = {
            INPUT: SENT,
            OUTPUT: [{"role": "assistant", "parts": [{"type": "text", "content": answer}]}],
        }
        (span,) = telemetry.spans
        assert found(span["attributes"]) == (content if on_span else {})
        events = named(telemetry, DETAILS)
        assert len(events) == on_event
        for event in events:
            assert plain(found(event["attributes"])) == content
            without = {name: value for name, value in span["attributes"].items() if name not in CONTENT}
            assert {n: v for n, v in event["attributes"].items() if n not in CONTENT} == without
            assert (event["severity"], event["body"]) == ("DEBUG", None)
            assert (event["trace_id"], event["span_id"]) == (span["trace_id"], span["span_id"])
            assert event["time"] == span["end"]


@pytest.mark.usefixtures("needs_events")
@pytest.mark.parametrize("mode", ["EVENT_ONLY", "SPAN_AND_EVENT"])
def test_an_event_tells_all_also_of_a_call_that_is_not_sampled(client, mode):
    with capture(sampler=ALWAYS_OFF, capture=mode) as telemetry:
        client.chat.completions.create(**CHAT)
        list(client.chat.completions.create(**CHAT, stream=True))
        assert telemetry.spans == []
        for event in named(telemetry, DETAILS):
            assert plain(found(event["attributes"]))[INPUT] == SENT
            assert event["attributes"]["gen_ai.response.finish_reasons"] == ("stop",)
            assert event["attributes"]["gen_ai.response.id"]
        assert len(telemetry.events) == 2


def test_on_the_span_alone_nothing_is_read_of_a_call_that_is_not_sampled(client):
    class Untouchable(dict):
        """Content that nobody may look at."""

    looked = []
    with capture(sampler=ALWAYS_OFF, capture="SPAN_ONLY", redact=looked.append) as telemetry:
        client.chat.completions.create(**CHAT)
        assert telemetry.events == []
    assert looked == []


@pytest.mark.usefixtures("needs_events")
@pytest.mark.parametrize("mode", ["SPAN_ONLY", "SPAN_AND_EVENT"])
def test_fetching_and_embedding(client, mode):
    with capture(capture=mode) as telemetry:
        client.embeddings.create(model="text-embedding-3-small", input="SECRET")
        assert "SECRET" not in str(telemetry.spans)
        if HAS_RESPONSES:
            answer = client.responses.create(model="gpt-test", input="hi", instructions="Be brief.")
            client.responses.retrieve(answer.id)
            fetched = found(telemetry.spans[-1]["attributes"])
            assert OUTPUT in fetched
            assert INPUT not in fetched
            # The conventions have the details of inferences only.
            assert len(named(telemetry, DETAILS)) == (mode == "SPAN_AND_EVENT")


@pytest.mark.usefixtures("needs_events")
def test_an_answer_that_never_came_has_its_question(client):
    with capture(capture="SPAN_AND_EVENT") as telemetry:
        with pytest.raises(openai.BadRequestError) as raised:
            client.chat.completions.create(**{**CHAT, "model": "fake-error-400"})
        (span,) = telemetry.spans
        assert found(span["attributes"]) == {INPUT: SENT}
        assert span["description"] == (
            f"BadRequestError (code context_length_exceeded, status 400): {raised.value}"
        )
        (details,), (told,) = named(telemetry, DETAILS), named(telemetry, EXCEPTION)
        assert details["attributes"]["error.type"] == "openai.BadRequestError"
        assert told["severity"] == "WARN"
        assert told["attributes"]["exception.type"] == "openai.BadRequestError"
        assert told["attributes"]["exception.message"] == str(raised.value)
        assert told["attributes"]["exception.stacktrace"].endswith(f"{raised.value}\n")
        assert (told["trace_id"], told["span_id"]) == (span["trace_id"], span["span_id"])


@pytest.mark.usefixtures("needs_events")
@pytest.mark.parametrize(
    ("mode", "on_span", "on_event"),
    [("NO_CONTENT", False, False), ("SPAN_ONLY", True, False), ("EVENT_ONLY", False, True)],
)
def test_the_text_of_an_error_goes_where_the_content_goes(client, mode, on_span, on_event):
    with capture(capture=mode) as telemetry:
        with pytest.raises(openai.BadRequestError) as raised:
            client.chat.completions.create(**{**CHAT, "model": "fake-error-400"})
        (span,), (event,) = telemetry.spans, named(telemetry, EXCEPTION)
        assert (str(raised.value) in span["description"]) is on_span
        assert ("exception.message" in event["attributes"]) is on_event
        assert event["attributes"]["exception.type"] == "openai.BadRequestError"
        assert event["attributes"]["http.response.status_code"] == 400


@pytest.mark.usefixtures("needs_events")
def test_of_a_failed_stream_what_had_come_is_there(client):
    with capture(capture="SPAN_AND_EVENT") as telemetry:
        with pytest.raises(openai.APIError):
            list(client.chat.completions.create(**{**CHAT, "model": "fake-stream-error"}, stream=True))
        (span,) = telemetry.spans
        assert found(span["attributes"])[OUTPUT][0]["parts"][0]["content"]
        assert span["attributes"]["gossamer.stream.outcome"] == "failed"
        assert len(named(telemetry, DETAILS)) == len(named(telemetry, EXCEPTION)) == 1


@pytest.mark.usefixtures("needs_events")
def test_a_stream_that_was_left_has_what_was_read_and_no_exception(client):
    with capture(capture="SPAN_AND_EVENT") as telemetry:
        with client.chat.completions.create(**CHAT, stream=True) as stream:
            read = [next(stream).choices[0].delta.content for _ in range(4)]
        (span,) = telemetry.spans
        assert found(span["attributes"])[OUTPUT][0]["parts"] == [
            {"type": "text", "content": "".join(piece or "" for piece in read)}
        ]
        assert [event["name"] for event in telemetry.events] == [DETAILS]


@needs_responses
def test_a_response_that_failed_tells_why_where_content_goes(client):
    head = {"id": "resp_1", "object": "response", "created_at": 1, "model": "gpt-test", "tools": []}
    error = {"code": "server_error", "message": "the prompt was odd"}
    failed = {**head, "status": "failed", "output": [], "error": error, "tool_choice": "auto"}
    client = answering(lambda request: http.Response(200, json=failed))
    for mode, description in (
        ("NO_CONTENT", "response failed (code server_error)"),
        ("SPAN_AND_EVENT", "response failed (code server_error): the prompt was odd"),
    ):
        with capture(capture=mode) as telemetry:
            client.responses.create(model="gpt-test", input="hi")
            assert telemetry.spans[0]["description"] == description
            assert named(telemetry, EXCEPTION) == []  # nothing was raised


@needs_responses
def test_an_error_event_tells_why_where_content_goes():
    events = [
        {"type": "response.created", "response": {"id": "r", "status": "in_progress"}, "sequence_number": 0},
        {"type": "error", "code": "server_error", "message": "the prompt was odd", "sequence_number": 1},
    ]
    body = "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events).encode()
    client = answering(lambda request: http.Response(200, headers=EVENT_STREAM, content=body))
    with capture(capture="SPAN_ONLY") as telemetry:
        try:
            list(client.responses.create(model="gpt-test", input="hi", stream=True))
        except openai.APIError:  # some releases raise here
            return
        assert telemetry.spans[0]["description"] == (
            "response failed (code server_error): the prompt was odd"
        )


@pytest.mark.usefixtures("needs_events")
def test_exceptions_of_plain_calls_that_are_cancelled_are_told():
    async def main() -> None:
        async with openai.AsyncOpenAI(
            api_key="sk", base_url="http://llm.test/v1", http_client=mock_async_client(delay=5)
        ) as client:
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(client.chat.completions.create(**CHAT), 0.05)

    with capture() as telemetry:
        asyncio.run(main())
        (event,) = telemetry.events
        assert event["attributes"]["exception.type"] == "asyncio.exceptions.CancelledError"


def test_without_a_logger_provider_there_are_no_events_and_spans_have_theirs(client):
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    instrumentor = OpenAIInstrumentor()
    instrumentor.instrument(tracer_provider=provider, capture="SPAN_AND_EVENT")
    try:
        client.chat.completions.create(**CHAT)
    finally:
        instrumentor.uninstrument()
    (span,) = exporter.get_finished_spans()
    assert found(dict(span.attributes))[INPUT] == SENT


@pytest.mark.usefixtures("needs_events")
def test_events_alone_need_no_tracer_and_no_meter(client):
    telemetry = Telemetry()
    instrumentor = OpenAIInstrumentor()
    instrumentor.instrument(logger_provider=telemetry.logger_provider, capture="EVENT_ONLY")
    try:
        client.chat.completions.create(**CHAT)
        list(client.chat.completions.create(**CHAT, stream=True))
        with pytest.raises(openai.APIError):
            list(client.chat.completions.create(**{**CHAT, "model": "fake-stream-error"}, stream=True))
    finally:
        instrumentor.uninstrument()
    assert [event["name"] for event in telemetry.events] == [*3 * [DETAILS], EXCEPTION]


def test_nobody_is_shown_what_no_processor_wants(client):
    class Deaf:
        """A logger, and its provider, that want nothing."""

        def get_logger(self, *_: Any, **__: Any) -> Any:
            return self

        def enabled(self, **_: Any) -> bool:
            return False

        def emit(self, record: Any) -> None:
            raise AssertionError(record)

    instrumentor = OpenAIInstrumentor()
    shown: list[Any] = []
    instrumentor.instrument(logger_provider=Deaf(), capture="EVENT_ONLY", redact=shown.append)
    try:
        client.chat.completions.create(**CHAT)
        list(client.chat.completions.create(**CHAT, stream=True))
    finally:
        instrumentor.uninstrument()
    assert shown == []


@pytest.mark.parametrize("stream", [False, True])
def test_json_is_cut_before_the_sdk_would_cut_it_in_its_middle(client, stream):
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False, span_limits=SpanLimits(max_span_attribute_length=100))
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    instrumentor = OpenAIInstrumentor()
    instrumentor.instrument(tracer_provider=provider, capture="SPAN_ONLY")
    long = [{"role": "user", "content": "x" * 1000}]
    try:
        answer = client.chat.completions.create(model="gpt-test", messages=long, stream=stream)
        if stream:
            list(answer)
    finally:
        instrumentor.uninstrument()
    (span,) = exporter.get_finished_spans()
    assert json.loads(span.attributes[INPUT])[0]["parts"][0]["content"].startswith("xxx")
    assert span.attributes[CUT][0] == INPUT


def test_a_long_stream_is_kept_up_to_the_limit_and_what_was_cut_is_said(client):
    with capture(capture="SPAN_ONLY", content_limit=1024) as telemetry:
        chunks = list(client.chat.completions.create(model="fake-chunks-900", messages=[], stream=True))
        answer = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
        (span,) = telemetry.spans
        (part,) = found(span["attributes"])[OUTPUT][0]["parts"]
        assert answer.startswith(part["content"])
        assert 800 < len(span["attributes"][OUTPUT]) <= 1024 < len(answer)
        assert span["attributes"][CUT] == (OUTPUT,)


@pytest.mark.usefixtures("needs_events")
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("mode", "captured"), [("NO_CONTENT", False), ("SPAN_AND_EVENT", True)])
def test_a_completion_hook_sees_each_call_whatever_the_mode(client, stream, mode, captured):
    hook = Hook()
    with capture(capture=mode, completion_hook=hook) as telemetry:
        answer = client.chat.completions.create(**CHAT, stream=stream)
        if stream:
            list(answer)
        (shown,) = hook.seen
        assert shown["inputs"][0].parts[0].content == "How light?"
        assert shown["outputs"][0].parts[0].content
        (span,) = telemetry.spans
        assert bool(found(span["attributes"])) is captured
        assert span["attributes"]["app.ref"] == "file:///1"
        assert [event["attributes"]["app.ref"] for event in telemetry.events] == captured * ["file:///1"]


@pytest.mark.usefixtures("needs_events")
def test_a_completion_hook_is_shown_no_text_of_errors_and_nothing_where_the_app_says_so(client):
    hook = Hook()
    with capture(completion_hook=hook) as telemetry:
        with pytest.raises(openai.BadRequestError):
            client.chat.completions.create(**{**CHAT, "model": "fake-error-400"})
        assert (
            telemetry.spans[0]["description"] == "BadRequestError (code context_length_exceeded, status 400)"
        )
        assert "exception.message" not in telemetry.events[0]["attributes"]
        with gossamer.capture("NO_CONTENT"):
            client.chat.completions.create(**CHAT)
    assert len(hook.seen) == 1
    assert hook.seen[0]["outputs"] == []


@pytest.mark.usefixtures("needs_events")
@pytest.mark.parametrize(
    "redact",
    [lambda part: 1 / 0, lambda part: "text"],
    ids=["raises", "gives back nonsense"],
)
def test_a_failing_redaction_drops_all_content_of_the_call_and_is_told_once(client, caplog, redact):
    hook = Hook()
    with capture(capture="SPAN_AND_EVENT", redact=redact, completion_hook=hook) as telemetry:
        for _ in range(3):
            client.chat.completions.create(**CHAT)
            list(client.chat.completions.create(**CHAT, stream=True))
            with pytest.raises(openai.BadRequestError):
                client.chat.completions.create(**{**CHAT, "model": "fake-error-400"})
        assert len(telemetry.spans) == 9
        assert all(not found(span["attributes"]) for span in telemetry.spans)
        assert all(not found(event["attributes"]) for event in telemetry.events)
        assert all("exception.message" not in event["attributes"] for event in telemetry.events)
        assert not [span for span in telemetry.spans if "prompt is too long" in (span["description"] or "")]
    assert len(caplog.records) == 1
    assert all(shown["inputs"] == [] and shown["outputs"] == [] for shown in hook.seen)


@pytest.mark.usefixtures("needs_events")
def test_a_redacted_text_is_what_is_recorded_everywhere(client):
    def redact(part: dict[str, Any]) -> dict[str, Any]:
        return {**part, "content": part["content"].replace("light", "****").replace("long", "****")}

    with capture(capture="SPAN_AND_EVENT", redact=redact) as telemetry:
        with pytest.raises(openai.BadRequestError):
            client.chat.completions.create(**{**CHAT, "model": "fake-error-400"})
        (span,) = telemetry.spans
        assert found(span["attributes"])[INPUT][0]["parts"][0]["content"] == "How ****?"
        assert "The prompt is too ****." in span["description"]
        details, told = telemetry.events
        assert plain(found(details["attributes"]))[INPUT][0]["parts"][0]["content"] == "How ****?"
        assert "too ****." in told["attributes"]["exception.message"]
        assert "too long" not in told["attributes"]["exception.stacktrace"]


def test_the_app_may_change_its_messages_afterwards(client):
    messages: list[Any] = [{"role": "user", "content": [{"type": "text", "text": "first"}]}]
    with capture(capture="SPAN_ONLY") as telemetry:
        stream = client.chat.completions.create(model="gpt-test", messages=messages, stream=True)
        messages[0]["content"][0]["text"] = "changed"
        messages.append({"role": "user", "content": "later"})
        list(stream)
        assert found(telemetry.spans[0]["attributes"])[INPUT] == [
            {"role": "user", "parts": [{"type": "text", "content": "first"}]}
        ]


def test_an_iterator_of_messages_is_the_sdks_to_read(client):
    with capture(capture="SPAN_ONLY") as telemetry:
        client.chat.completions.create(model="gpt-test", messages=(dict(m) for m in CHAT["messages"]))
        assert found(telemetry.spans[0]["attributes"])[INPUT] == SENT


def test_nothing_of_the_content_is_held_after_the_end(client, monkeypatch):
    kept = []
    enter = Call.enter
    monkeypatch.setattr(Call, "enter", lambda call, options: (kept.append(call), enter(call, options))[1])
    with capture(capture="SPAN_AND_EVENT"):
        stream = client.chat.completions.create(**CHAT, stream=True)
        captured = weakref.ref(kept[0].captured.content)
        list(stream)
        assert kept[0].captured is None
        assert kept[0].fold is None
        assert captured() is None


def test_the_span_is_not_current_while_the_app_reads(client):
    with capture(capture="SPAN_AND_EVENT"):
        for _ in client.chat.completions.create(**CHAT, stream=True):
            assert not trace.get_current_span().get_span_context().is_valid


def test_a_stream_that_was_cut_is_not_redacted_by_halves(client):
    """What the hook would have recognised may end behind the cut."""
    shown = []
    with capture(
        capture="SPAN_ONLY", content_limit=1024, redact=lambda part: shown.append(part) or part
    ) as telemetry:
        list(client.chat.completions.create(model="fake-chunks-900", messages=[], stream=True))
        (span,) = telemetry.spans
        assert OUTPUT not in span["attributes"]
        assert span["attributes"][CUT] == (OUTPUT,)
    assert shown == []


def test_a_message_of_very_many_parts_is_read_as_far_as_it_could_be_recorded(client):
    parts = [{"type": "text", "text": "x"}] * 20_000
    with capture(capture="SPAN_ONLY", content_limit=10**7, content_part_limit=10**6) as telemetry:
        client.chat.completions.create(model="gpt-test", messages=[{"role": "user", "content": parts}])
        (message,) = found(telemetry.spans[0]["attributes"])[INPUT]
    assert message["parts"][-1] == {"type": "generic", "generic_type": "left_out", "count": 18_000}
    assert len(message["parts"]) == 2001
