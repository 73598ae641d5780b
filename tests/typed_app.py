"""An app with types, checked and never run: the types of the SDK's calls are what they are without us.

mypy and pyright check it in `make lint`. What is wrong in it on purpose must be found wrong.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import openai
from openai import AsyncOpenAI, AsyncStream, OpenAI, Stream
from openai._legacy_response import LegacyAPIResponse
from openai.types import CreateEmbeddingResponse
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.responses import Response
from opentelemetry.trace import Span
from typing_extensions import assert_type

import gossamer
from gossamer import OpenAIInstrumentor
from gossamer.scope import Scope
from gossamer.settings import Settings
from gossamer.testing import Telemetry, capture


def before_and_after(client: OpenAI) -> None:
    assert_type(client.chat.completions.create(model="m", messages=[]), ChatCompletion)
    OpenAIInstrumentor().instrument()
    assert_type(client.chat.completions.create(model="m", messages=[]), ChatCompletion)
    assert_type(client.responses.create(model="m", input="How light?"), Response)
    assert_type(client.embeddings.create(model="m", input="Light."), CreateEmbeddingResponse)
    assert_type(openai.OpenAI().with_options(timeout=5), OpenAI)
    OpenAIInstrumentor().uninstrument()
    assert_type(client.chat.completions.create(model="m", messages=[]), ChatCompletion)


def streams_and_raw_responses(client: OpenAI) -> None:
    stream = client.chat.completions.create(model="m", messages=[], stream=True)
    assert_type(stream, Stream[ChatCompletionChunk])
    for chunk in stream:
        assert_type(chunk, ChatCompletionChunk)
    raw = client.chat.completions.with_raw_response.create(model="m", messages=[])
    assert_type(raw, LegacyAPIResponse[ChatCompletion])
    assert_type(raw.parse(), ChatCompletion)


async def asynchronous(client: AsyncOpenAI) -> None:
    assert_type(await client.chat.completions.create(model="m", messages=[]), ChatCompletion)
    stream = await client.chat.completions.create(model="m", messages=[], stream=True)
    assert_type(stream, AsyncStream[ChatCompletionChunk])
    async for chunk in stream:
        assert_type(chunk, ChatCompletionChunk)


def one_client(client: OpenAI, other: AsyncOpenAI) -> None:
    OpenAIInstrumentor().instrument_client(client, capture="SPAN_ONLY")
    OpenAIInstrumentor().instrument_client(other)
    assert_type(client, OpenAI)
    OpenAIInstrumentor().uninstrument_client(client)


@gossamer.attributes(session="s-17", **{"app.tenant": "acme"})
def answer(question: str, *, times: int = 1) -> list[str]:
    return [question] * times


@gossamer.capture("NO_CONTENT")
async def answer_later(question: str) -> str:
    return question


class Shop:
    @gossamer.capture(gossamer.CaptureMode.SPAN_ONLY)
    @gossamer.attributes({"app.tenant": "acme"})
    def advise(self, customer: int) -> bytes:
        return bytes(customer)


async def decorated(shop: Shop) -> None:
    assert_type(answer("How light?", times=2), list[str])
    assert_type(await answer_later("How light?"), str)
    assert_type(shop.advise(4), bytes)
    _called: Callable[[str], list[str]] = answer
    _awaited: Callable[[str], Awaitable[str]] = answer_later
    answer(5)  # type: ignore[arg-type]
    answer("How light?", often=2)  # type: ignore[call-arg]
    await answer_later()  # type: ignore[call-arg]
    shop.advise("4")  # type: ignore[arg-type]


def blocks() -> None:
    with gossamer.capture("SPAN_ONLY") as scope, gossamer.attributes(user="u-4"):
        assert_type(scope, Scope)
    gossamer.capture(None)  # type: ignore[arg-type]


def redact(part: dict[str, Any]) -> dict[str, Any] | None:
    return part if part["type"] == "text" else None


def see(span: Span, seen: Any) -> None:
    span.set_attribute("app.seen", type(seen).__name__)


def functions_of_the_app() -> None:
    OpenAIInstrumentor().instrument(redact=redact, request_hook=see, response_hook=see)
    assert_type(Settings(redact=redact, request_hook=see).capture, gossamer.CaptureMode)
    Settings(redact=see)  # type: ignore[arg-type]


def tests_of_the_app() -> None:
    with capture(redact=redact) as telemetry:
        assert_type(telemetry, Telemetry)
        assert_type(telemetry.spans, list[dict[str, Any]])
        assert_type(telemetry.metrics, dict[str, list[dict[str, Any]]])
        assert_type(telemetry.events, list[dict[str, Any]])
    assert_type(gossamer.__version__, str)
