"""The fake API, by the unmodified SDK: as a real process and inside this one."""

from __future__ import annotations

import asyncio
import json
import time
from importlib.metadata import version

import openai
import pytest
from openai import AsyncOpenAI, OpenAI

from gossamer.cli.fake import FakeServer, mock_async_client, mock_client

MESSAGES = [{"role": "user", "content": "How light is gossamer?"}]
TOOL = {
    "name": "get_weather",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
}

sdk = tuple(map(int, version("openai").split(".")[:2]))
needs_responses = pytest.mark.skipif(sdk < (1, 66), reason="this SDK has no Responses API")


@pytest.fixture(scope="module")
def server():
    with FakeServer() as server:
        yield server


@pytest.fixture(params=["process", "in-process"])
def client(request):
    """A client of the server process, and one that is answered inside this process."""
    if request.param == "process":
        options = {"base_url": request.getfixturevalue("server").base_url}
    else:
        options = {"base_url": "http://127.0.0.1/v1", "http_client": mock_client()}
    with OpenAI(api_key="sk-fake", **options) as client:
        yield client


def stream(client, model, **more):
    return list(client.chat.completions.create(model=model, messages=MESSAGES, stream=True, **more))


def text_of(chunks):
    return "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices[:1])


def test_chat_is_complete(client):
    completion = client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES, n=2)
    assert completion.model == "gpt-4o-mini-2024-07-18"
    assert [choice.finish_reason for choice in completion.choices] == ["stop", "stop"]
    assert completion.choices[0].message.content
    assert completion.usage.completion_tokens == 24
    assert completion.usage.total_tokens == completion.usage.prompt_tokens + 24
    assert completion.system_fingerprint


def test_an_unknown_model_answers_under_its_name(client):
    completion = client.chat.completions.create(model="my-model", messages=MESSAGES)
    assert completion.model == "my-model"


def test_a_stream_says_what_the_plain_answer_says(client):
    plain = client.chat.completions.create(model="gpt-4o", messages=MESSAGES)
    chunks = stream(client, "gpt-4o")
    assert text_of(chunks) == plain.choices[0].message.content
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert all(chunk.usage is None for chunk in chunks)


def test_usage_comes_last_when_asked_for(client):
    *chunks, last = stream(client, "gpt-4o", stream_options={"include_usage": True})
    assert last.choices == []
    assert last.usage.completion_tokens == 12
    assert all(chunk.usage is None for chunk in chunks)


def test_the_number_of_content_chunks_is_steered(client):
    chunks = stream(client, "fake-chunks-100")
    assert sum(1 for chunk in chunks if chunk.choices[0].delta.content) == 100


def test_every_usage_detail(client):
    usage = client.chat.completions.create(model="fake-usage-details", messages=MESSAGES).usage
    details = json.loads(usage.model_dump_json())
    assert details["prompt_tokens_details"]["cached_tokens"] == 1024
    assert details["prompt_tokens_details"]["audio_tokens"] == 32
    assert details["completion_tokens_details"]["reasoning_tokens"] == 64
    assert details["completion_tokens_details"]["audio_tokens"] == 16


def test_tools_are_called_then_answered(client):
    tools = [{"type": "function", "function": TOOL}]
    first = client.chat.completions.create(model="gpt-4o", messages=MESSAGES, tools=tools)
    (call,) = first.choices[0].message.tool_calls
    assert first.choices[0].finish_reason == "tool_calls"
    assert json.loads(call.function.arguments) == {"city": "some city"}

    result = {"role": "tool", "tool_call_id": call.id, "content": "sunny"}
    messages = [*MESSAGES, first.choices[0].message, result]
    second = client.chat.completions.create(model="gpt-4o", messages=messages, tools=tools)
    assert second.choices[0].finish_reason == "stop"


def test_tool_calls_are_streamed_in_pieces(client):
    tools = [{"type": "function", "function": {**TOOL, "name": name}} for name in "ab"]
    chunks = stream(client, "gpt-4o", tools=tools, extra_body={"parallel_tool_calls": True})
    arguments = ["", ""]
    for chunk in chunks:
        for delta in chunk.choices[0].delta.tool_calls or ():
            arguments[delta.index] += delta.function.arguments
    assert [json.loads(text) for text in arguments] == [{"city": "some city"}] * 2
    assert chunks[-1].choices[0].finish_reason == "tool_calls"


def test_the_token_limit_cuts(client):
    completion = client.chat.completions.create(model="gpt-4o", messages=MESSAGES, max_tokens=3)
    assert completion.choices[0].finish_reason == "length"
    assert completion.usage.completion_tokens == 3


@pytest.mark.parametrize(
    ("model", "error"),
    [
        ("fake-error-400", openai.BadRequestError),
        ("fake-error-401", openai.AuthenticationError),
        ("fake-error-404", openai.NotFoundError),
        ("fake-error-429", openai.RateLimitError),
        ("fake-error-500", openai.InternalServerError),
    ],
)
def test_errors(client, model, error):
    with pytest.raises(error) as caught:
        client.chat.completions.create(model=model, messages=MESSAGES)
    assert caught.value.response.headers["x-request-id"].startswith("req_")


def test_a_rate_limit_that_passes(client):
    with pytest.raises(openai.RateLimitError):
        client.with_options(max_retries=0).chat.completions.create(
            model="fake-rate-limit-once", messages=MESSAGES
        )
    if sdk < (1, 47):  # does not number its attempts: the fake takes every second for a retry
        client.with_options(max_retries=0).chat.completions.create(
            model="fake-rate-limit-once", messages=MESSAGES
        )
    completion = client.with_options(max_retries=1).chat.completions.create(
        model="fake-rate-limit-once", messages=MESSAGES
    )
    assert completion.choices[0].finish_reason == "stop"


def test_an_error_in_the_middle_of_a_stream(client):
    received = []
    with pytest.raises(openai.APIError, match="had an error"):
        received.extend(  # one by one, so that what came before the error is kept
            client.chat.completions.create(model="fake-stream-error", messages=MESSAGES, stream=True)
        )
    assert text_of(received)


def test_a_connection_that_drops(client):
    received = []
    with pytest.raises(Exception, match=r"peer closed connection|Connection error"):
        received.extend(client.chat.completions.create(model="fake-drop", messages=MESSAGES, stream=True))
    assert text_of(received)
    with pytest.raises(openai.APIConnectionError):
        client.with_options(max_retries=0).chat.completions.create(model="fake-drop", messages=MESSAGES)


def test_a_slow_answer(client):
    started = time.monotonic()
    client.chat.completions.create(model="fake-slow-0.2", messages=MESSAGES)
    assert time.monotonic() - started >= 0.2


def test_a_read_timeout(server):
    with (
        OpenAI(api_key="sk-fake", base_url=server.base_url, timeout=0.2, max_retries=0) as client,
        pytest.raises(openai.APITimeoutError),
    ):
        client.chat.completions.create(model="fake-slow-1", messages=MESSAGES)


@needs_responses
def test_response_events_are_in_order(client):
    events = list(client.responses.create(model="gpt-5-mini", input="Hello", stream=True))
    kinds = [event.type for event in events if event.type != "response.output_text.delta"]
    assert kinds == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",  # the reasoning
        "response.output_item.done",
        "response.output_item.added",  # the message
        "response.content_part.added",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ]
    plain = client.responses.create(model="gpt-5-mini", input="Hello")
    streamed = events[-1].response
    assert streamed.output_text == plain.output_text
    assert streamed.usage == plain.usage
    assert streamed.usage.output_tokens_details.reasoning_tokens == 64


@needs_responses
def test_response_tool_calls(client):
    tools = [{"type": "function", "strict": False, **TOOL}]
    response = client.responses.create(model="gpt-4o", input="Rain?", tools=tools)
    (call,) = response.output
    assert json.loads(call.arguments) == {"city": "some city"}
    conversation = [
        {"role": "user", "content": "Rain?"},
        {"type": "function_call_output", "call_id": call.call_id, "output": "no"},
    ]
    response = client.responses.create(model="gpt-4o", input=conversation, tools=tools)
    assert response.output_text


@needs_responses
def test_response_states(client):
    failed = client.responses.create(model="fake-failed", input="Hello")
    assert (failed.status, failed.error.code) == ("failed", "server_error")
    cut = client.responses.create(model="fake-incomplete", input="Hello")
    assert (cut.status, cut.incomplete_details.reason) == ("incomplete", "max_output_tokens")
    last = list(client.responses.create(model="fake-stream-error", input="Hello", stream=True))[-1]
    assert last.type == "error" or last.event == "error"  # older SDKs have no type for it


@needs_responses
def test_a_response_is_fetched_again(client):
    assert client.responses.retrieve("resp_1").id == "resp_1"
    assert client.responses.retrieve("resp_fake-failed").status == "failed"


def test_embeddings_are_the_same_in_both_forms(client):
    request = {"model": "text-embedding-3-small", "input": ["a", "b"], "dimensions": 8}
    packed = client.embeddings.create(**request)
    plain = client.embeddings.create(**request, encoding_format="float")
    assert len(plain.data[1].embedding) == 8
    assert packed.data[1].embedding == pytest.approx(plain.data[1].embedding)
    assert plain.data[0].embedding != plain.data[1].embedding


def test_the_older_endpoints(client):
    several = client.completions.create(model="davinci-002", prompt=["One", "Two"])
    assert [choice.index for choice in several.choices] == [0, 1]
    chunks = list(client.completions.create(model="davinci-002", prompt="One", stream=True))
    said = "".join(chunk.choices[0].text for chunk in chunks)
    assert said == several.choices[0].text
    assert "gpt-4o" in {model.id for model in client.models.list()}


def test_async_clients(server):
    async def play(**options):
        async with AsyncOpenAI(api_key="sk-fake", **options) as client:
            chunks = await client.chat.completions.create(
                model="fake-chunks-20", messages=MESSAGES, stream=True
            )
            content = [chunk.choices[0].delta.content async for chunk in chunks]
            with pytest.raises(openai.BadRequestError):
                await client.chat.completions.create(model="fake-error-400", messages=MESSAGES)
            return sum(map(bool, content))

    assert asyncio.run(play(base_url=server.base_url)) == 20
    mock = {"base_url": "http://127.0.0.1/v1", "http_client": mock_async_client()}
    assert asyncio.run(play(**mock)) == 20
