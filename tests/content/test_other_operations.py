"""Content of images, sounds, videos, runs and searches: where it goes, and where it never does."""

from __future__ import annotations

import asyncio
import json
from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema
import openai
import pytest
from openai import _base_client

from gossamer import errors
from gossamer.testing import Telemetry, capture

http: Any = getattr(_base_client, "httpx2", None) or vars(_base_client)["httpx"]

WORD = "xyzzy-secret"
SAID = f"Not even {WORD} helps."
BYTES = f"the very bytes of {WORD}".encode()
DATA = b64encode(BYTES).decode()
URL = "https://llm.test/a.png"
INSTRUCTIONS, TOOLS, INPUT, OUTPUT = (
    "gen_ai.system_instructions",
    "gen_ai.tool.definitions",
    "gen_ai.input.messages",
    "gen_ai.output.messages",
)
QUERY, DOCUMENTS = "gen_ai.retrieval.query.text", "gen_ai.retrieval.documents"
CONTENT = (INSTRUCTIONS, TOOLS, INPUT, OUTPUT, QUERY, DOCUMENTS)
CUT = "gossamer.content.truncated"
DETAILS, EXCEPTION = "gen_ai.client.inference.operation.details", "gen_ai.client.operation.exception"


class Asked(NamedTuple):
    """A request and its answer with a text in each place that has one, and what is told of it."""

    path: str
    body: dict[str, Any]
    answer: Any
    """A list is streamed."""
    content: dict[str, Any]
    is_inference: bool = True


def text(content: str = SAID) -> dict[str, Any]:
    """A part."""
    return {"type": "text", "content": content}


def user(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"role": "user", "parts": list(parts or (text(),))}


def assistant(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"role": "assistant", "parts": list(parts or (text(),))}


def image(kind: str) -> dict[str, Any]:
    """What is told of an image by default."""
    return {
        "type": "blob",
        "modality": "image",
        "mime_type": f"image/{kind}",
        "content": "",
        "byte_size": len(BYTES),
    }


AT_URL = {"type": "uri", "modality": "image", "uri": URL}
#: What goes along with any request, and is content of none.
BESIDE = {"user": WORD, "metadata": {"of": SAID}, "safety_identifier": WORD, "prompt_cache_key": WORD}
MESSAGE = {"role": "user", "content": [{"type": "text", "text": SAID}]}
TOOL = {"type": "function", "function": {"name": "weigh", "description": SAID, "parameters": {"title": SAID}}}
FUNCTION = {"name": "weigh", "arguments": json.dumps({"what": SAID})}
RUN: dict[str, Any] = {
    "id": "run_1",
    "object": "thread.run",
    "thread_id": "thread_1",
    "assistant_id": "asst_1",
    "status": "requires_action",
    "instructions": SAID,
    "required_action": {
        "type": "submit_tool_outputs",
        "submit_tool_outputs": {"tool_calls": [{"id": "call_1", "type": "function", "function": FUNCTION}]},
    },
    "incomplete_details": {"detail": SAID},
}
TOOL_CALL = {"type": "tool_call", "name": "weigh", "arguments": {"what": SAID}, "id": "call_1"}
ITEM = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": SAID}]}

CALLS: dict[str, Asked] = {
    "images.generate": Asked(
        "/images/generations",
        {"model": "m", "prompt": SAID},
        {"output_format": "png", "data": [{"b64_json": DATA, "revised_prompt": SAID}, {"url": URL}]},
        {
            INPUT: [user()],
            OUTPUT: [
                assistant(
                    image("png"), {"type": "generic", "generic_type": "revised_prompt", "content": SAID}
                ),
                assistant(AT_URL),
            ],
        },
    ),
    "images.generate streamed": Asked(
        "/images/generations",
        {"model": "m", "prompt": SAID, "stream": True},
        [
            {"type": "image_generation.partial_image", "b64_json": DATA},
            {"type": "image_generation.completed", "b64_json": DATA, "output_format": "webp"},
        ],
        {INPUT: [user()], OUTPUT: [assistant(image("webp"))]},
    ),
    "images.edit": Asked(
        "/images/edits",
        {"prompt": SAID, "images": [{"image_url": f"data:image/png;base64,{DATA}"}, {"image_url": URL}]},
        {"data": [{"url": URL}]},
        {INPUT: [user(text(), image("png"), AT_URL)], OUTPUT: [assistant(AT_URL)]},
    ),
    "videos.create": Asked(
        "/videos",
        {"prompt": SAID},
        {"id": "video_1", "status": "queued", "prompt": SAID},
        {INPUT: [user()]},
    ),
    "videos.remix": Asked("/videos/video_1/remix", {"prompt": SAID}, {"prompt": SAID}, {INPUT: [user()]}),
    "audio.speech": Asked(
        "/audio/speech",
        {"input": SAID, "instructions": SAID, "voice": "alloy"},
        {},
        {INPUT: [user()], INSTRUCTIONS: [text()]},
    ),
    "audio.transcriptions": Asked(
        "/audio/transcriptions",
        {"prompt": SAID, "known_speaker_names": [WORD], "known_speaker_references": [DATA]},
        {"text": SAID, "segments": [{"text": SAID, "speaker": WORD}], "words": [{"word": WORD}]},
        {INPUT: [user()], OUTPUT: [assistant()]},
    ),
    "audio.transcriptions in plain text": Asked(
        "/audio/transcriptions",
        {"prompt": SAID, "response_format": "text"},
        SAID,
        {INPUT: [user()], OUTPUT: [assistant()]},
    ),
    "audio.transcriptions streamed": Asked(
        "/audio/transcriptions",
        {"prompt": SAID, "stream": True},
        [{"type": "transcript.text.delta", "delta": SAID}, {"type": "transcript.text.done", "text": SAID}],
        {INPUT: [user()], OUTPUT: [assistant()]},
    ),
    "audio.translations": Asked(
        "/audio/translations", {"prompt": SAID}, {"text": SAID}, {INPUT: [user()], OUTPUT: [assistant()]}
    ),
    "responses.compact": Asked(
        "/responses/compact",
        {"model": "m", "input": SAID, "instructions": SAID},
        {"id": "resp_1", "output": [ITEM, {"type": "compaction", "id": "c", "encrypted_content": WORD}]},
        {
            INPUT: [user()],
            INSTRUCTIONS: [text()],
            OUTPUT: [assistant(text(), {"type": "compaction", "id": "c"})],
        },
    ),
    "vector_stores.search": Asked(
        "/vector_stores/vs_1/search",
        {"query": [SAID, SAID], "filters": {"type": "eq", "key": WORD, "value": SAID}},
        {
            "search_query": [SAID],
            "data": [
                {
                    "file_id": "file_1",
                    "filename": "a.md",
                    "score": 0.5,
                    "attributes": {"of": SAID},
                    "content": [{"type": "text", "text": SAID}],
                }
            ],
        },
        {
            QUERY: f"{SAID}\n{SAID}",
            DOCUMENTS: [{"type": "document", "id": "file_1", "name": "a.md", "score": 0.5, "content": SAID}],
        },
        is_inference=False,
    ),
    "beta.assistants.create": Asked(
        "/assistants",
        {"model": "m", "instructions": SAID, "tools": [TOOL], "tool_resources": {"of": SAID}},
        {"id": "asst_1", "instructions": SAID, "description": SAID},
        {INSTRUCTIONS: [text()]},
        is_inference=False,
    ),
    "beta.agents.create": Asked(
        "/agents",
        {"model": "m", "instructions": SAID},
        {"id": "agent_1", "instructions": SAID},
        {INSTRUCTIONS: [text()]},
        is_inference=False,
    ),
    "beta.threads.create_and_run": Asked(
        "/threads/runs",
        {
            "assistant_id": "asst_1",
            "instructions": SAID,
            "additional_instructions": SAID,
            "tools": [TOOL],
            "thread": {"messages": [MESSAGE]},
        },
        RUN,
        {
            INSTRUCTIONS: [text(), text()],
            TOOLS: [{"type": "function", "name": "weigh"}],
            INPUT: [user()],
            OUTPUT: [assistant(TOOL_CALL)],
        },
        is_inference=False,
    ),
    "beta.threads.runs.create streamed": Asked(
        "/threads/thread_1/runs",
        {"assistant_id": "asst_1", "additional_messages": [MESSAGE], "stream": True},
        [
            ("thread.message.delta", {"delta": {"content": [{"type": "text", "text": {"value": SAID}}]}}),
            (
                "thread.message.completed",
                {"role": "assistant", "content": [{"type": "text", "text": {"value": SAID}}]},
            ),
            ("thread.run.requires_action", RUN),
        ],
        {INPUT: [user()], OUTPUT: [assistant(), assistant(TOOL_CALL)]},
        is_inference=False,
    ),
    "beta.threads.runs.submit_tool_outputs": Asked(
        "/threads/thread_1/runs/run_1/submit_tool_outputs",
        {"tool_outputs": [{"tool_call_id": "call_1", "output": SAID}]},
        {**RUN, "status": "in_progress", "required_action": None},
        {
            INPUT: [
                {
                    "role": "tool",
                    "parts": [{"type": "tool_call_response", "response": SAID, "id": "call_1"}],
                }
            ]
        },
        is_inference=False,
    ),
    "beta.agents.sessions.create": Asked(
        "/agents/sessions",
        {
            "agent": {"model": "m", "instructions": SAID, "tools": [{"type": "function", "name": "weigh"}]},
            "input": SAID,
        },
        {"id": "sess_1", "agent": {"id": "agent_1", "instructions": SAID}, "error": SAID},
        {
            INSTRUCTIONS: [text()],
            TOOLS: [{"type": "function", "name": "weigh"}],
            INPUT: [user()],
        },
        is_inference=False,
    ),
    "beta.agents.sessions.create streamed": Asked(
        "/agents/sessions",
        {
            "agent_id": "agent_1",
            "input": [{"role": "user", "content": [{"type": "input_text", "text": SAID}]}],
            "stream": True,
        },
        [
            {"type": "agent.session.turn.output_text.delta", "delta": SAID},
            {
                "type": "agent.session.turn.item.done",
                "item": {
                    "type": "message",
                    "role": "assistant",
                    "content": [{"type": "output_text", "text": SAID}],
                },
            },
            {"type": "agent.session.turn.completed", "turn_id": "turn_1", "turn": {"status": "completed"}},
        ],
        {INPUT: [user()], OUTPUT: [assistant()]},
        is_inference=False,
    ),
    # The conventions have no place for what is said in these, or the API has none that is read yet.
    "moderations.create": Asked(
        "/moderations",
        {"input": SAID},
        {"id": "modr-1", "results": [{"categories": {WORD: True}}]},
        {},
        is_inference=False,
    ),
    "decisions.create": Asked(
        "/decisions",
        {"input": SAID, "questions": [{"text": SAID}]},
        {"answers": [{"choice": SAID, "name": WORD}]},
        {},
    ),
    "responses.cancel": Asked(
        "/responses/resp_1/cancel",
        {},
        {"status": "cancelled", "output": [ITEM], "instructions": SAID},
        {},
        is_inference=False,
    ),
}
each_call = pytest.mark.parametrize("name", CALLS)
each_content = pytest.mark.parametrize("name", [name for name, asked in CALLS.items() if asked.content])


@pytest.fixture(autouse=True)
def nothing_told(monkeypatch):
    monkeypatch.setattr(errors, "_told", set())


@pytest.fixture
def ask(run) -> Callable[..., Any]:
    """Send a body as it is, with what goes along with any, and get the answer, read to its end."""

    def ask(asked: Asked, status: int = 200) -> Any:
        content_type, content = _encode(asked.answer)
        if status != 200:
            content_type, content = "application/json", json.dumps({"error": {"message": SAID}}).encode()

        def handle(request: Any) -> Any:
            return http.Response(status, headers={"content-type": content_type}, content=content)

        async def ahandle(request: Any) -> Any:
            return handle(request)

        is_async = run.kind == "async"
        kind = openai.AsyncOpenAI if is_async else openai.OpenAI
        session = (http.AsyncClient if is_async else http.Client)(
            transport=http.MockTransport(ahandle if is_async else handle)
        )
        client = kind(api_key="sk", base_url="http://llm.test/v1", http_client=session, max_retries=0)
        options: dict[str, Any] = {}
        if isinstance(asked.answer, list):
            stream_class = openai.AsyncStream if is_async else openai.Stream
            options = {"stream": True, "stream_cls": stream_class[object]}

        def post() -> Any:
            return client.post(asked.path, cast_to=object, body={**BESIDE, **asked.body}, **options)

        async def apost() -> Any:
            result = await post()
            return [chunk async for chunk in result] if options else result

        return run(apost() if is_async else list(post()) if options else post())

    return ask


def _encode(answer: Any) -> tuple[str, bytes]:
    if isinstance(answer, str):
        return "text/plain", answer.encode()
    if not isinstance(answer, list):
        return "application/json", json.dumps(answer).encode()
    events = [event if isinstance(event, tuple) else (None, event) for event in answer]
    lines = [(f"event: {name}\n" if name else "") + f"data: {json.dumps(data)}\n\n" for name, data in events]
    return "text/event-stream", "".join(lines).encode()


def content(attributes: dict[str, Any]) -> dict[str, Any]:
    """The content among attributes, JSON read."""
    return {
        name: json.loads(value) if isinstance(value, str) and name != QUERY else plain(value)
        for name, value in attributes.items()
        if name in CONTENT
    }


def plain(value: Any) -> Any:
    """The SDK makes tuples of lists."""
    if isinstance(value, (list, tuple)):
        return [plain(entry) for entry in value]
    return {key: plain(inner) for key, inner in value.items()} if hasattr(value, "items") else value


def everything(telemetry: Telemetry) -> str:
    """All that was recorded, as one text."""
    return repr((telemetry.spans, telemetry.metrics, telemetry.events))


@each_call
def test_without_content_nothing_that_was_said_is_recorded(ask, telemetry, name):
    ask(CALLS[name])
    (span,) = telemetry.spans
    assert not set(CONTENT) & set(span["attributes"])
    found = everything(telemetry)
    assert WORD not in found
    assert DATA not in found


@each_call
@pytest.mark.parametrize("mode", ["NO_CONTENT", "SPAN_AND_EVENT"])
def test_a_refusal_tells_its_text_only_with_content(ask, name, mode):
    with capture(capture=mode) as telemetry:
        with pytest.raises(openai.BadRequestError):
            ask(CALLS[name], status=400)
        (span,) = telemetry.spans
        assert (WORD in (span["description"] or "")) == (mode != "NO_CONTENT")
        assert WORD not in repr(telemetry.metrics)
        if mode == "NO_CONTENT":
            assert WORD not in everything(telemetry)


@pytest.mark.usefixtures("needs_events")
@each_call
def test_content_is_on_the_span_and_of_inferences_in_an_event(ask, name):
    """Structured values there, JSON here. The conventions have that event for inferences alone."""
    asked = CALLS[name]
    with capture(capture="SPAN_AND_EVENT") as telemetry:
        result = ask(asked)
        (span,) = telemetry.spans
        events = telemetry.events
        assert WORD not in repr(telemetry.metrics)
    assert result == (asked.answer if not isinstance(asked.answer, list) else result)
    assert content(span["attributes"]) == asked.content
    assert CUT not in span["attributes"]
    assert [event["name"] for event in events] == ([DETAILS] if asked.is_inference else [])
    for event in events:
        assert content(event["attributes"]) == asked.content
        assert event["span_id"] == span["span_id"]


@each_content
def test_content_fits_the_schemas_of_the_conventions(ask, shared, name):
    with capture(capture="SPAN_ONLY") as telemetry:
        ask(CALLS[name])
        (span,) = telemetry.spans
    for attribute, value in content(span["attributes"]).items():
        if attribute != QUERY:
            path = shared / "semconv" / "data" / _schema(attribute)
            jsonschema.validate(value, json.loads(Path(path).read_text(encoding="utf-8")))


def _schema(attribute: str) -> str:
    return f"{attribute.replace('.', '-').replace('_', '-')}.json"


WITH_DATA = ("images.generate", "images.generate streamed", "images.edit")


@pytest.mark.parametrize("name", WITH_DATA)
@pytest.mark.parametrize("binary", ["size", "sha256", "data"])
def test_images_are_recorded_only_where_it_is_asked_for(ask, name, binary):
    with capture(capture="SPAN_ONLY", content_binary=binary) as telemetry:
        ask(CALLS[name])
        (span,) = telemetry.spans
    blobs = [
        part
        for messages in content(span["attributes"]).values()
        for message in messages
        for part in message["parts"]
        if part["type"] == "blob"
    ]
    assert len(blobs) == 1
    expected = {**image(blobs[0]["mime_type"].removeprefix("image/"))}
    if binary == "sha256":
        expected["sha256"] = sha256(BYTES).hexdigest()
    elif binary == "data":
        expected["content"] = DATA
        del expected["byte_size"]
    assert blobs == [expected]
    assert (DATA in repr(span)) == (binary == "data")


@each_content
@pytest.mark.parametrize("part_limit", [256, 1024])
def test_no_more_is_recorded_than_the_limits_allow(ask, name, part_limit):
    """What is left is JSON still, and it is told where something is missing."""
    long = _longer(CALLS[name], 200)
    with capture(capture="SPAN_ONLY", content_limit=1024, content_part_limit=part_limit) as telemetry:
        ask(long)
        (span,) = telemetry.spans
    found = {key: value for key, value in span["attributes"].items() if key in CONTENT}
    content(span["attributes"])
    assert found
    assert sum(len(value.encode()) for value in found.values()) <= 1024
    told = {key for key, value in CALLS[name].content.items() if WORD in json.dumps(value)}
    # Tools that find no room are left out, and this is told.
    assert told <= set(span["attributes"][CUT]) <= told | {TOOLS}


def _longer(asked: Asked, times: int) -> Asked:
    def longer(value: Any) -> Any:
        if isinstance(value, str):
            return value.replace(SAID, SAID * times)
        if isinstance(value, (list, tuple)):
            return type(value)(longer(entry) for entry in value)
        return {key: longer(inner) for key, inner in value.items()} if isinstance(value, dict) else value

    return asked._replace(body=longer(asked.body), answer=longer(asked.answer))


@each_content
def test_redaction_sees_all_that_was_said(ask, name):
    def redact(part: dict[str, Any]) -> dict[str, Any]:
        assert type(part["type"]) is str
        redacted: dict[str, Any] = json.loads(json.dumps(part).replace(WORD, "***"))
        return redacted

    asked = CALLS[name]
    with capture(capture="SPAN_AND_EVENT", redact=redact) as telemetry:
        ask(asked)
        (span,) = telemetry.spans
        assert WORD not in everything(telemetry)
    assert content(span["attributes"]) == json.loads(json.dumps(asked.content).replace(WORD, "***"))


@each_content
def test_what_redaction_drops_is_gone(ask, name):
    with capture(capture="SPAN_AND_EVENT", redact=lambda part: None) as telemetry:
        ask(CALLS[name])
        (span,) = telemetry.spans
        assert WORD not in everything(telemetry)
    # A message stays, and tells nothing but that it was there.
    kept = [message for value in content(span["attributes"]).values() for message in value]
    assert [message["parts"] for message in kept] == [[]] * len(kept)


@each_content
def test_where_redaction_fails_nothing_is_recorded(ask, caplog, name):
    def redact(part: dict[str, Any]) -> dict[str, Any]:
        raise LookupError(WORD)

    with capture(capture="SPAN_AND_EVENT", redact=redact) as telemetry:
        ask(CALLS[name])
        (span,) = telemetry.spans
        assert WORD not in everything(telemetry)
    assert not set(CONTENT) & set(span["attributes"])
    told = [record.getMessage() for record in caplog.records]
    assert len([line for line in told if "redact" in line]) == 1, told  # an old OpenTelemetry has another
    assert WORD not in caplog.text


def test_redaction_that_fails_on_a_document_takes_the_query_along(ask):
    def redact(part: dict[str, Any]) -> dict[str, Any]:
        if part["type"] == "document":
            raise LookupError
        return part

    with capture(capture="SPAN_ONLY", redact=redact) as telemetry:
        ask(CALLS["vector_stores.search"])
        (span,) = telemetry.spans
    assert content(span["attributes"]) == {}


def test_a_query_that_is_cut_is_told_to_be(ask):
    search = CALLS["vector_stores.search"]._replace(body={"query": SAID * 50}, answer={})
    with capture(capture="SPAN_ONLY", content_part_limit=256) as telemetry:
        ask(search)
        (span,) = telemetry.spans
    assert span["attributes"][QUERY] == (SAID * 50)[:256]
    assert span["attributes"][CUT] == (QUERY,)


def test_a_sound_is_content_of_its_text_alone(run):
    """By the SDK's own method, whose answer is bytes."""

    def handle(request: Any) -> Any:
        return http.Response(200, headers={"content-type": "audio/mpeg"}, content=BYTES)

    async def ahandle(request: Any) -> Any:
        return handle(request)

    async def aspeak() -> Any:
        session = http.AsyncClient(transport=http.MockTransport(ahandle))
        client = openai.AsyncOpenAI(api_key="sk", base_url="http://llm.test/v1", http_client=session)
        return await client.audio.speech.create(model="tts-1", voice="alloy", input=SAID)

    def speak() -> Any:
        session = http.Client(transport=http.MockTransport(handle))
        client = openai.OpenAI(api_key="sk", base_url="http://llm.test/v1", http_client=session)
        return client.audio.speech.create(model="tts-1", voice="alloy", input=SAID)

    with capture(capture="SPAN_ONLY") as telemetry:
        result = asyncio.run(aspeak()) if run.kind == "async" else speak()
        (span,) = telemetry.spans
    assert result.content == BYTES
    assert content(span["attributes"]) == {INPUT: [user()]}
    assert "the very bytes" not in repr(span)
