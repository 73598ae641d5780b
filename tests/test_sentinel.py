"""A word that stands in every prompt, answer, key and error text: without content it is recorded nowhere.

Left out is what is recorded on purpose: names of models, ids, finish reasons, and parameters such as stop
sequences. An error code is recorded if it is a code, and not if it is a sentence.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import inspect
import json
import logging
import sys
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from importlib.util import find_spec
from typing import Any

import openai
import opentelemetry.version
import pydantic
import pytest
from openai import _base_client

import gossamer
from gossamer import errors
from gossamer import events as events_module
from gossamer.testing import Telemetry, capture

# Of older releases, whose types do not know all tools.
pytestmark = pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")

http: Any = getattr(_base_client, "httpx2", None) or vars(_base_client)["httpx"]
carries_events = events_module._can_carry_events(opentelemetry.version.__version__)
has_responses = find_spec("openai.resources.responses") is not None

WORD = "xyzzy-secret"
#: The same for what must not be recorded even with content: keys, headers, the query of a URL.
KEY = "plugh-to-all"
SENTENCE = f"Sorry, not even {WORD} helps here."
DATA = b64encode(WORD.encode()).decode()
PNG = f"data:image/png;base64,{DATA}"
WORDS = (WORD, KEY, DATA)


# --- what is sent


TOOL = {
    "type": "function",
    "function": {
        "name": WORD,
        "description": SENTENCE,
        "strict": True,
        "parameters": {
            "type": "object",
            "properties": {WORD: {"type": "string", "description": SENTENCE}},
            "required": [WORD],
            "additionalProperties": False,
        },
    },
}
CALL = {
    "id": "call_1",
    "type": "function",
    "function": {"name": WORD, "arguments": json.dumps({WORD: SENTENCE})},
}
MESSAGES = [
    {"role": "system", "content": SENTENCE},
    {"role": "developer", "content": [{"type": "text", "text": SENTENCE}], "name": WORD},
    {
        "role": "user",
        "name": WORD,
        "content": [
            {"type": "text", "text": SENTENCE},
            {"type": "image_url", "image_url": {"url": PNG}},
            {"type": "image_url", "image_url": {"url": f"https://llm.test/{WORD}.png?{WORD}"}},
            {"type": "input_audio", "input_audio": {"data": DATA, "format": "wav"}},
            {"type": "file", "file": {"file_data": PNG, "filename": f"{WORD}.pdf"}},
            {"type": WORD, WORD: SENTENCE},
        ],
    },
    {"role": "assistant", "refusal": SENTENCE, "tool_calls": [CALL]},
    {"role": "assistant", "content": None, "function_call": CALL["function"]},
    {"role": "function", "name": WORD, "content": SENTENCE},
    {"role": "tool", "tool_call_id": "call_1", "content": SENTENCE},
]
#: What goes with every request, whatever it asks for.
BESIDE = {
    "extra_headers": {"X-Secret": f"{WORD} {KEY}"},
    "extra_query": {"secret": f"{WORD} {KEY}"},
    "extra_body": {
        WORD: SENTENCE,
        "user": WORD,
        "metadata": {WORD: SENTENCE},
        "prediction": {"type": "content", "content": SENTENCE},  # of chats
    },
}
MCP = {
    "type": "mcp",
    "server_label": "label",
    "server_url": f"https://{KEY}:{KEY}@mcp.test/{KEY}/sse?key={KEY}",
    "headers": {"Authorization": KEY},
    "authorization": KEY,
}
SANDBOX = {
    "type": "code_interpreter",
    "container": {"type": "auto", "network_policy": {"domain_secrets": [{"name": "token", "value": KEY}]}},
}
ITEMS = [
    {"role": "user", "content": [{"type": "input_text", "text": SENTENCE},
                                 {"type": "input_image", "image_url": PNG}]},
    {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": SENTENCE}],
     "encrypted_content": KEY},
    {"type": "function_call", "call_id": "call_1", "name": WORD, "arguments": json.dumps({WORD: SENTENCE})},
    {"type": "function_call_output", "call_id": "call_1", "output": SENTENCE},
    {"type": "additional_tools", "role": "developer", "tools": [MCP]},
    {"type": "tool_search_output", "execution": "client", "call_id": "call_2", "tools": [MCP]},
    {"type": "compaction", "id": "cmp_1", "encrypted_content": KEY},
    {"type": "novelty", "text": SENTENCE, "headers": {"Authorization": KEY}, "authorization": KEY,
     "server": {"headers": [KEY], "authorization": KEY, "encrypted_content": KEY}},
]  # fmt: skip
FORMAT = {"type": "json_schema", "name": WORD, "description": SENTENCE, "schema": {"title": SENTENCE}}
REQUESTS: dict[str, dict[str, Any]] = {
    "chat": {
        "model": "gpt-test",
        "messages": MESSAGES,
        "tools": [TOOL],
        "response_format": {"type": "json_schema", "json_schema": FORMAT},
        **BESIDE,
    },
    "completions": {"model": "gpt-test", "prompt": [SENTENCE, WORD], "suffix": WORD, **BESIDE},
    "embeddings": {"model": "embed-test", "input": [SENTENCE, WORD], **BESIDE},
    "responses": {
        "model": "gpt-test",
        "instructions": SENTENCE,
        "input": ITEMS,
        "tools": [{"type": "function", **TOOL["function"]}, MCP, SANDBOX],  # type: ignore[dict-item]
        "text": {"format": FORMAT},
        **BESIDE,
        "extra_body": {**BESIDE["extra_body"], "prompt": {"id": "pmpt_1", "variables": {WORD: SENTENCE}}},
    },
    "fetch": {"response_id": "resp_1", **{key: BESIDE[key] for key in ("extra_headers", "extra_query")}},
}

# --- what comes back


SAYS = json.dumps({"answer": SENTENCE})
USAGE = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}


def chat(content: str = SAYS) -> dict[str, Any]:
    """A chat completion in which everything says the word."""
    citation = {"url": f"https://{WORD}", "title": WORD, "start_index": 0, "end_index": 1}
    messages = [
        {"content": content, "tool_calls": [CALL], "reasoning_content": SENTENCE, "annotations": [citation]},
        {"content": None, "refusal": SENTENCE, WORD: SENTENCE},
    ]
    logprobs = {
        "content": [{"token": WORD, "logprob": 0.0, "bytes": [], "top_logprobs": []}],
        "refusal": None,
    }
    choices = [
        {
            "index": index,
            "message": {"role": "assistant", **message},
            "logprobs": logprobs,
            "finish_reason": "stop",
        }
        for index, message in enumerate(messages)
    ]
    return {"id": "1", "object": "chat.completion", "created": 1, "model": "gpt-test", "choices": choices,
            "usage": USAGE, WORD: SENTENCE}  # fmt: skip


def response(text: str = SAYS, **more: Any) -> dict[str, Any]:
    """A response of which the same is true."""
    content = [{"type": "output_text", "text": text, "annotations": [], "logprobs": []}]
    output = [
        *ITEMS[1:3],
        {"type": "message", "id": "msg_1", "status": "completed", "role": "assistant", "content": content},
    ]
    return {"id": "resp_1", "object": "response", "created_at": 1, "model": "gpt-test", "status": "completed",
            "error": None, "incomplete_details": None, "instructions": SENTENCE, "output": output,
            "metadata": {WORD: SENTENCE}, "user": WORD, "tools": REQUESTS["responses"]["tools"],
            "parallel_tool_calls": True, "tool_choice": "auto", "temperature": 1.0, "top_p": 1.0,
            **more}  # fmt: skip


FAILED = {"status": "failed", "error": {"code": SENTENCE, "message": SENTENCE}}


def answers(text: str = SAYS, **more: Any) -> dict[str, Any]:
    """What each API answers."""
    choice = {"index": 0, "text": SENTENCE, "logprobs": None, "finish_reason": "stop"}
    vector = {"object": "embedding", "index": 0, "embedding": [0.5], WORD: SENTENCE}
    return {
        "/chat/completions": chat(text),
        "/completions": {"id": "1", "object": "text_completion", "created": 1, "model": "m",
                         "choices": [choice], "usage": USAGE},
        "/embeddings": {"object": "list", "model": "m", "data": [vector], "usage": USAGE},
        "/responses": response(text, **more),
        "/responses/resp_1": response(text, **more),
    }  # fmt: skip


def events(path: str, answer: dict[str, Any]) -> list[bytes]:
    """An answer as a stream."""
    if path.startswith("/responses"):
        begun = {**answer, "status": "in_progress", "output": []}
        said: list[dict[str, Any]] = [{"type": "response.created", "response": begun}]
        said += [
            {"type": f"response.output_item.{kind}", "output_index": index, "item": item}
            for index, item in enumerate(answer["output"])
            for kind in ("added", "done")
        ]
        said.append({"type": f"response.{answer['status']}", "response": answer})
        return [event({**data, "sequence_number": number}, data["type"]) for number, data in enumerate(said)]
    about = {**answer, "object": "chat.completion.chunk", "usage": None}
    chunks = []
    for choice in answer["choices"]:
        ends = [choice]
        if "message" in choice:
            calls = [
                {"index": place, **call} for place, call in enumerate(choice["message"].get("tool_calls", []))
            ]
            delta = {**choice["message"], "tool_calls": calls}
            ends = [{**choice, "delta": delta, "finish_reason": None}, {**choice, "delta": {}}]
        chunks += [event({**about, "choices": [end]}) for end in ends]
    return [*chunks, event({**about, "choices": [], "usage": USAGE}), b"data: [DONE]\n\n"]


def event(data: dict[str, Any], name: str | None = None) -> bytes:
    """One server-sent event."""
    return (f"event: {name}\n" if name else "").encode() + b"data: " + json.dumps(data).encode() + b"\n\n"


def raising(error: BaseException) -> Callable[[], bytes]:
    """Fails in the place of a piece of a body."""

    def fail() -> bytes:
        raise error

    return fail


class Body(http.SyncByteStream, http.AsyncByteStream):  # type: ignore[misc]
    """A body in pieces, each bytes or something that happens in their place."""

    def __init__(self, pieces: list[Any]) -> None:
        self._pieces = pieces

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            yield piece() if callable(piece) else piece

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self:
            yield piece


Respond = Callable[[str, bool], tuple[int, list[Any]]]


def good(path: str, stream: bool) -> tuple[int, list[Any]]:
    """An answer."""
    return _given(path, stream, answers())


def not_as_asked_for(path: str, stream: bool) -> tuple[int, list[Any]]:
    """An answer whose text is not what a structured output must be."""
    return _given(path, stream, answers(json.dumps([SENTENCE])))


def failed(path: str, stream: bool) -> tuple[int, list[Any]]:
    """A response that says itself that it failed."""
    return _given(path, stream, answers(**FAILED))


def _given(path: str, stream: bool, found: dict[str, Any]) -> tuple[int, list[Any]]:
    answer = found[path]
    return 200, events(path, answer) if stream else [json.dumps(answer).encode()]


def refusing(status: int) -> Respond:
    """An error status, with a body that quotes the prompt."""
    error = {"message": SENTENCE, "type": WORD, "param": WORD, "code": SENTENCE, WORD: SENTENCE}
    return lambda path, stream: (status, [json.dumps({"error": error}).encode()])


def no_json(path: str, stream: bool) -> tuple[int, list[Any]]:
    """What is no JSON."""
    return 200, [b"data: " if stream else b"", b"{" + SENTENCE.encode() + b"\n\n"]


def dropped(path: str, stream: bool) -> tuple[int, list[Any]]:
    """A connection that fails in the middle of the answer."""
    _, pieces = good(path, stream)
    return 200, [*pieces[:1], raising(http.ReadError(SENTENCE))] if stream else [
        raising(http.ReadError(SENTENCE))
    ]


def error_event(path: str, stream: bool) -> tuple[int, list[Any]]:
    """A stream in the middle of which the server says that it failed."""
    status, pieces = good(path, stream)
    if stream:
        error = {"message": SENTENCE, "code": SENTENCE, "type": WORD}
        kind = {"type": "error", **error} if path == "/responses" else {"error": error}
        pieces = [pieces[0], event(kind, "error" if path == "/responses" else None)]
    return status, pieces


def unreachable(path: str, stream: bool) -> tuple[int, list[Any]]:
    """No connection at all."""
    raise http.ConnectError(SENTENCE)


def too_slow(path: str, stream: bool) -> tuple[int, list[Any]]:
    """No answer in time."""
    raise http.ReadTimeout(SENTENCE)


ENDINGS: dict[str, Respond] = {
    "good": good,
    "not as asked for": not_as_asked_for,
    "failed": failed,
    **{str(status): refusing(status) for status in (400, 401, 429, 500)},
    "no JSON": no_json,
    "dropped": dropped,
    "error event": error_event,
    "unreachable": unreachable,
    "too slow": too_slow,
}


#: One of each kind of them.
SOME = ("good", "not as asked for", "failed", "401", "no JSON", "dropped", "error event")


def client_of(kind: str, respond: Respond) -> Any:
    """A client whose requests are answered like that, with the word and the key wherever they may be."""

    def answer(request: Any) -> Any:
        asked = json.loads(request.content) if request.content else {}
        stream = bool(asked.get("stream")) or "stream" in request.url.params
        status, pieces = respond(request.url.path.removeprefix("/v1"), stream)
        headers = {"content-type": "text/event-stream" if stream and status == 200 else "application/json",
                   "x-request-id": "req_1", "openai-organization": WORD, "x-secret": WORD,
                   "retry-after-ms": "1"}  # fmt: skip
        return http.Response(status, headers=headers, stream=Body(pieces))

    async def answer_async(request: Any) -> Any:
        return answer(request)

    transport = http.MockTransport(answer if kind == "sync" else answer_async)
    session = (http.Client if kind == "sync" else http.AsyncClient)(transport=transport)
    return (openai.OpenAI if kind == "sync" else openai.AsyncOpenAI)(
        api_key=f"sk-{WORD}-{KEY}",
        organization=WORD,
        project=WORD,
        base_url="https://llm.test/v1",
        default_headers={"X-Other": f"{WORD} {KEY}"},
        http_client=session,
        max_retries=0,
    )


# --- how an app asks: each form works on both clients


class Answer(pydantic.BaseModel):
    """What the app asks for."""

    answer: str


async def given(value: Any) -> Any:
    """The value, awaited where the async client wants it so."""
    return await value if inspect.isawaitable(value) else value


async def drained(stream: Any) -> None:
    """Read a stream to its end, if it is one."""
    if hasattr(stream, "__anext__"):
        async for _ in stream:
            pass
    elif hasattr(stream, "__next__"):
        for _ in stream:
            pass


@asynccontextmanager
async def entered(manager: Any) -> AsyncIterator[Any]:
    """`with` or `async with`."""
    if hasattr(manager, "__aenter__"):
        async with manager as inside:
            yield inside
    else:
        with manager as inside:
            yield inside


def resource(client: Any, api: str) -> Any:
    """What has the methods of an API."""
    return (
        client.chat.completions if api == "chat" else getattr(client, "responses" if api == "fetch" else api)
    )


def method(owner: Any, api: str) -> Any:
    """`create`, or `retrieve`."""
    return getattr(owner, "retrieve" if api == "fetch" else "create")


async def plain(client: Any, api: str, **more: Any) -> None:
    await drained(await given(method(resource(client, api), api)(**REQUESTS[api], **more)))


async def left(client: Any, api: str, **more: Any) -> None:
    stream = await given(method(resource(client, api), api)(**REQUESTS[api], **more))
    await given(stream.__anext__() if hasattr(stream, "__anext__") else next(stream))
    await given(stream.close())


async def raw(client: Any, api: str, **more: Any) -> None:
    answer = await given(method(resource(client, api).with_raw_response, api)(**REQUESTS[api], **more))
    await drained(await given(answer.parse()))


async def streaming(client: Any, api: str, **more: Any) -> None:
    owner = resource(client, api).with_streaming_response
    async with entered(method(owner, api)(**REQUESTS[api], **more)) as answer:
        await drained(await given(answer.parse()))


async def unparsed(client: Any, api: str, **more: Any) -> None:
    owner = resource(client, api).with_streaming_response
    async with entered(method(owner, api)(**REQUESTS[api], **more)) as answer:
        await given(answer.read())


async def posted(client: Any, api: str, **more: Any) -> None:
    path = {"chat": "/chat/completions", "fetch": "/responses/resp_1"}.get(api, f"/{api}")
    path = f"{path}?key={KEY}&{WORD}"
    body = {key: value for key, value in REQUESTS[api].items() if not key.startswith("extra_")}
    options = {"headers": REQUESTS[api]["extra_headers"]}
    if api == "fetch":
        await given(client.get(path, cast_to=object, options=options))
    else:
        await given(client.post(path, cast_to=object, body=body, options=options))


def wanting(api: str) -> dict[str, Any]:
    """A request of an output of our type."""
    key, instead = ("text_format", "text") if api == "responses" else ("response_format", "response_format")
    request = {name: value for name, value in REQUESTS[api].items() if name != instead}
    return {**request, key: Answer}


async def parsed(client: Any, api: str) -> None:
    await given(resource(client, api).parse(**wanting(api)))


async def helper(client: Any, api: str) -> None:
    async with entered(resource(client, api).stream(**wanting(api))) as stream:
        await drained(aiter(stream) if hasattr(stream, "__aiter__") else iter(stream))


def streamed(form: Callable[..., Any]) -> Callable[..., Any]:
    """A form with `stream=True`."""
    return lambda client, api: form(client, api, stream=True)


#: Form → how it asks, and of which APIs.
GENERATING = ("chat", "responses", "completions")
ALL = ("chat", "responses", "fetch", "completions", "embeddings")
FORMS: dict[str, tuple[Callable[..., Coroutine[Any, Any, None]], tuple[str, ...]]] = {
    "plain": (plain, ALL),
    "stream": (streamed(plain), (*GENERATING, "fetch")),
    "stream that is left": (streamed(left), GENERATING),
    "raw": (raw, ALL),
    "raw stream": (streamed(raw), GENERATING),
    "streaming": (streaming, ALL),
    "streaming stream": (streamed(streaming), GENERATING),
    "unparsed": (unparsed, ALL),
    "posted": (posted, ALL),
    "parsed": (parsed, ("chat", "responses")),
    "helper": (helper, ("chat", "responses")),
}


def apis_of(form: str) -> list[str]:
    """The APIs that this release of the SDK has in this form."""
    apis = FORMS[form][1]
    client = client_of("sync", good)
    name = {"parsed": "parse", "helper": "stream"}.get(form)
    found = [api for api in apis if has_responses or api not in ("responses", "fetch")]
    found = [api for api in found if name is None or hasattr(resource(client, api), name)]
    if (
        form == "stream"
        and "fetch" in found
        and "stream" not in inspect.signature(client.responses.retrieve).parameters
    ):
        found.remove("fetch")
    return found


def ask(kind: str, form: str, api: str, ending: str) -> BaseException | None:
    """Make a call; what it raises."""
    client = client_of(kind, ENDINGS[ending])
    call = FORMS[form][0](client, api)
    try:
        if kind == "sync":
            call.send(None)  # which never waits
        else:
            asyncio.run(call)
    except StopIteration:
        return None
    except Exception as error:  # noqa: BLE001 - the app's business
        return error
    return None


# --- what is recorded


CONTENT = ("gen_ai.input.messages", "gen_ai.output.messages")
DETAILS = "gen_ai.client.inference.operation.details"


class Ear(logging.Handler):
    """All that is logged, as it would be written down."""

    def __init__(self) -> None:
        super().__init__(0)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.append(f"{record.name}: {self.format(record)} {record.args!r}")


@contextmanager
def listening(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What is logged: by us from DEBUG on, by others as they are set; and what nobody could catch."""
    ear, root, ours = Ear(), logging.getLogger(), logging.getLogger("gossamer")
    level = ours.level
    monkeypatch.setattr(errors, "_told", set())
    monkeypatch.setattr(sys, "unraisablehook", lambda found: ear.heard.append(repr(found.exc_value)))
    root.addHandler(ear)
    ours.setLevel(logging.DEBUG)
    try:
        yield ear.heard
    finally:
        ours.setLevel(level)
        root.removeHandler(ear)


def recorded(found: Telemetry) -> str:
    """Spans, events and metric points, with everything in them."""
    spans = [span.to_json() for span in found.exporter.get_finished_spans()]
    return "\n".join([*spans, repr(found.spans), repr(found.events), repr(found.metrics)])


def says(text: str, *words: str) -> list[str]:
    """Which of the words are in a text, each with what stands around it."""
    return [text[max(text.find(word) - 80, 0) :][:160] for word in words if word in text]


def recording(form: str, api: str, ending: str, kind: str, found: Telemetry) -> str:
    """Make a call; all that is recorded of it."""
    ask(kind, form, api, ending)
    if not found.spans:
        gc.collect()  # an exception has kept an answer that nobody parsed
    assert len(found.spans) == 1
    text = recorded(found)
    found.clear()
    return text


@pytest.mark.parametrize("form", FORMS)
def test_by_default_the_word_is_nowhere(form, run, monkeypatch):
    with listening(monkeypatch) as heard, capture() as found:
        for api in apis_of(form):
            for ending in ENDINGS:
                text = recording(form, api, ending, run.kind, found)
                assert says(text, *WORDS) == [], (api, ending)
    assert says("\n".join(heard), *WORDS) == []


@pytest.mark.parametrize("form", FORMS)
def test_with_content_it_is_on_the_span_and_on_the_event_of_every_call(form, run):
    with capture(capture="SPAN_AND_EVENT") as found:
        for api in apis_of(form):
            assert ask(run.kind, form, api, "good") is None, api
            (span,), names = found.spans, [event["name"] for event in found.events]
            content = [WORD in span["attributes"].get(name, "") for name in CONTENT]
            if api == "embeddings":  # the conventions have no place for any
                expected = [False, False]
            elif form in ("unparsed", "stream that is left"):  # the answer was not, or hardly, seen
                expected = [api != "fetch", form != "unparsed" and api != "responses"]
            else:
                expected = [api != "fetch", True]
            assert content == expected, api
            if carries_events:
                assert names == ([DETAILS] if api in GENERATING else []), api
                assert not names or WORD in repr(found.events[0]["attributes"])
            found.clear()


@pytest.mark.parametrize("ending", [ending for ending in ENDINGS if ending != "good"])
def test_with_content_it_is_in_what_is_told_of_a_failure(ending, run):
    form = {"not as asked for": "parsed", "error event": "stream"}.get(ending, "plain")
    api = "responses" if ending == "failed" else "chat"
    if api not in apis_of(form):
        pytest.skip("this release of the SDK has no such call")
    with capture(capture="SPAN_AND_EVENT") as found:
        error = ask(run.kind, form, api, ending)
        (span,) = found.spans
        told = [event["attributes"] for event in found.events if event["name"].endswith("exception")]
        assert span["status"] == "ERROR"
        if ending == "failed":
            assert (error, told) == (None, [])
            assert span["description"].endswith(SENTENCE)
        else:
            assert span["description"].endswith(f": {error}")
            assert [event["exception.message"] for event in told] == [str(error)] * carries_events


def test_what_is_logged_is_heard(monkeypatch):
    with listening(monkeypatch) as heard:
        logging.getLogger("gossamer").debug("psst: %s", WORD)
        logging.getLogger("app").warning("no secret", exc_info=ValueError(WORD))
    assert [len(says(line, WORD)) for line in heard] == [1, 1]


# --- whatever else is set


class Hook:
    """A completion hook that keeps what it is given to itself."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def on_completion(self, inputs: Any, outputs: Any, system_instruction: Any, **_: Any) -> None:
        self.seen.append(repr((inputs, outputs, system_instruction)))


def fail(*_: Any, **__: Any) -> Any:
    """A failure of ours, or of the app's hook, whose message quotes a prompt."""
    raise RuntimeError(SENTENCE)


#: Name → settings with which no content may be recorded.
SETTINGS: dict[str, dict[str, Any]] = {
    "all but content": {
        "semconv": "both",
        "time_per_output_chunk": True,
        "tool_details": True,
        "capture_may_widen": True,
        "stream_usage": "always",
        "content_binary": "data",
    },
    "for a hook alone": {"completion_hook": Hook()},
    "redaction drops all": {"capture": "SPAN_AND_EVENT", "redact": lambda part: None},
    "redaction fails": {"capture": "SPAN_AND_EVENT", "redact": fail},
    "redaction gives something else": {"capture": "SPAN_AND_EVENT", "redact": lambda part: SENTENCE},
}


@pytest.mark.parametrize("form", ["plain", "stream", "parsed"])
@pytest.mark.parametrize("settings", SETTINGS)
def test_whatever_else_is_set_the_word_is_nowhere(settings, form, monkeypatch):
    with listening(monkeypatch) as heard, capture(**SETTINGS[settings]) as found:
        for api in apis_of(form):
            for ending in SOME:
                assert says(recording(form, api, ending, "sync", found), *WORDS) == [], (api, ending)
    assert says("\n".join(heard), *WORDS) == []


def only_texts(part: Any) -> Any:
    """Redaction that fails where it sees an image."""
    return part if part["type"] == "text" else fail()


@pytest.mark.parametrize("ending", ENDINGS)
def test_where_redaction_failed_once_the_word_is_nowhere_in_that_call(ending):
    with capture(capture="SPAN_AND_EVENT", redact=only_texts) as found:
        assert says(recording("stream", "chat", ending, "sync", found), *WORDS) == []
        assert says(recording("plain", "completions", "good", "sync", found), WORD) != []


@pytest.mark.parametrize("form", ["plain", "stream", "parsed"])
def test_in_a_block_without_content_the_word_is_nowhere(form, run, monkeypatch):
    hook = Hook()
    settings = {"capture": "SPAN_AND_EVENT", "completion_hook": hook}
    with listening(monkeypatch) as heard, capture(**settings) as found, gossamer.capture("NO_CONTENT"):
        for api in apis_of(form):
            for ending in SOME:
                assert says(recording(form, api, ending, run.kind, found), *WORDS) == [], (api, ending)
    assert says("\n".join(heard), *WORDS) == []
    assert hook.seen == []


def test_a_hook_alone_sees_the_word_all_the_same():
    hook = Hook()
    with capture(completion_hook=hook) as found:
        assert says(recording("plain", "chat", "good", "sync", found), WORD) == []
    assert WORD in hook.seen[0]


# --- when something fails


class FailingHook:
    """A completion hook that raises."""

    on_completion = fail


@pytest.mark.parametrize("hook", ["request_hook", "response_hook", "completion_hook"])
@pytest.mark.parametrize("form", ["plain", "stream", "raw", "parsed"])
def test_a_hook_that_fails_is_told_without_its_message(hook, form, run, monkeypatch):
    given = {hook: FailingHook() if hook == "completion_hook" else fail}
    apis = apis_of(form) or pytest.skip("this release of the SDK has no such call")
    with listening(monkeypatch) as heard, capture(**given) as found:
        for api in apis:
            for ending in ("good", "401", "dropped"):
                assert says(recording(form, api, ending, run.kind, found), *WORDS) == [], (api, ending)
    assert "RuntimeError in fail:" in "\n".join(heard)
    assert says("\n".join(heard), *WORDS) == []


of_events = pytest.mark.skipif(not carries_events, reason="this OpenTelemetry is too old for events")
#: Where we fail: (module, class or nothing, function).
FAULTS = [
    ("gossamer.operations.table", "Table", "find"),
    ("gossamer.telemetry", "Telemetry", "_describe"),
    ("gossamer.telemetry", "", "watch_parser"),
    ("gossamer.telemetry", "", "tap_stream"),
    ("gossamer.telemetry", "", "watch_raw"),
    ("gossamer.raw", "", "tap_stream"),
    ("gossamer.call", "Call", "answered"),
    ("gossamer.failure", "", "of_exception"),
    ("gossamer.metrics", "Metrics", "record"),
    pytest.param(("gossamer.events", "", "LogRecord"), marks=of_events),
    ("gossamer.operations.choices", "", "read_usage"),
    ("opentelemetry.sdk.trace", "Tracer", "start_span"),
    ("opentelemetry.sdk.trace", "Span", "set_attributes"),
    ("opentelemetry.sdk.trace", "Span", "set_status"),
]
#: Of content. There the log alone must not say what the failure does.
CONTENT_FAULTS = [
    ("gossamer.content.capture", "Capture", "begin"),
    ("gossamer.content.content", "Content", "read_request"),
    ("gossamer.content.content", "Content", "read_answer"),
    ("gossamer.content.content", "Content", "text"),
    ("gossamer.content.section", "Section", "json"),
    ("gossamer.messages.choices_stream", "ContentFold", "answer"),
    ("gossamer.completion.hook", "", "input_message"),
    pytest.param(("gossamer.events", "Events", "details"), marks=of_events),
]


def broken(monkeypatch: pytest.MonkeyPatch, fault: tuple[str, str, str]) -> None:
    """Make this fail."""
    module, owner, name = fault
    found = importlib.import_module(module)
    monkeypatch.setattr(getattr(found, owner) if owner else found, name, fail)


def ask_every_way() -> None:
    """Chats, in the forms that pass most of the places."""
    for form in ("plain", "stream", "raw", "raw stream", "parsed"):
        for ending in ("good", "401", "dropped"):
            if "chat" in apis_of(form):
                ask("sync", form, "chat", ending)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault[-1])
def test_a_failure_of_ours_is_told_without_its_message(fault, monkeypatch):
    with listening(monkeypatch) as heard, capture(strict=False) as found:
        broken(monkeypatch, fault)
        ask_every_way()
        assert "Gossamer failed" in "\n".join(heard)
        assert says(recorded(found), *WORDS) == []
    assert says("\n".join(heard), *WORDS) == []


@pytest.mark.parametrize("fault", CONTENT_FAULTS, ids=lambda fault: fault[-1])
def test_a_failure_with_content_is_logged_without_its_message(fault, monkeypatch):
    settings = {"capture": "SPAN_AND_EVENT", "completion_hook": Hook()}
    with listening(monkeypatch) as heard, capture(strict=False, **settings):
        broken(monkeypatch, fault)
        ask_every_way()
    assert "Gossamer failed" in "\n".join(heard)
    assert says("\n".join(heard), *WORDS) == []


# --- what is never recorded


@pytest.mark.parametrize("form", FORMS)
def test_keys_headers_and_queries_are_not_recorded_with_content_either(form, monkeypatch):
    settings = {"capture": "SPAN_AND_EVENT", "tool_details": True, "content_binary": "data"}
    with listening(monkeypatch) as heard, capture(**settings) as found:
        for api in apis_of(form):
            for ending in SOME:
                assert says(recording(form, api, ending, "sync", found), KEY) == [], (api, ending)
    assert says("\n".join(heard), *WORDS) == []
