"""The yardstick with content: the same spans by hand, with prompts and answers as JSON.

As a careful user would write it who has read the conventions' JSON schemas: one encoder, made once; the
pieces of a stream in a list, joined at its end; of a response what its last event repeats. The JSON is the
very same that Gossamer records for the same calls; a test compares them.
"""

from __future__ import annotations

import json
from time import perf_counter
from typing import TYPE_CHECKING, Any

from gossamer.cli.bench import calls
from gossamer.cli.bench.calls import CHAT_REQUEST
from gossamer.cli.bench.handwritten import (
    HandWritten,
    of_chat,
    of_completion,
    of_last_chunk,
    of_response,
    of_response_request,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gossamer.cli.bench.handwritten import Attributes

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class HandWrittenContent(HandWritten):
    """As `HandWritten`, with content. The conventions have no attribute for that of embeddings."""

    def chat(self, client: Any, request: Mapping[str, Any] = CHAT_REQUEST) -> int:
        """A plain chat completion."""
        started = perf_counter()
        with self._span({**of_chat(request), **_asked(request["messages"])}) as span:
            completion = client.chat.completions.create(**request)
            span.set_attributes({**of_completion(completion), **_answered(completion)})
            self._record(perf_counter() - started, completion)
        return len(completion.choices)

    async def chat_async(self, client: Any, request: Mapping[str, Any] = CHAT_REQUEST) -> int:
        """A plain chat completion, awaited."""
        started = perf_counter()
        with self._span({**of_chat(request), **_asked(request["messages"])}) as span:
            completion = await client.chat.completions.create(**request)
            span.set_attributes({**of_completion(completion), **_answered(completion)})
            self._record(perf_counter() - started, completion)
        return len(completion.choices)

    def chat_stream(self, client: Any) -> int:
        """A streamed chat completion: the span covers the reading too."""
        request = calls.CHAT_STREAM_REQUEST
        started = perf_counter()
        count, first = 0, 0.0
        pieces: list[str] = []
        reasons: list[str] = []
        with self._span({**of_chat(request), **_asked(request["messages"])}) as span:
            for chunk in client.chat.completions.create(**request):
                if not count:
                    first = perf_counter() - started
                if chunk.choices:
                    choice = chunk.choices[0]
                    text = choice.delta.content
                    if text:
                        pieces.append(text)
                    if choice.finish_reason:
                        reasons.append(choice.finish_reason)
                count += 1
            span.set_attributes({**of_last_chunk(chunk, reasons, first), **_said("".join(pieces))})
            self._record(perf_counter() - started, chunk, first)
        return count

    async def chat_stream_async(self, client: Any) -> int:
        """A streamed chat completion, awaited."""
        request = calls.CHAT_STREAM_REQUEST
        started = perf_counter()
        count, first = 0, 0.0
        pieces: list[str] = []
        reasons: list[str] = []
        with self._span({**of_chat(request), **_asked(request["messages"])}) as span:
            async for chunk in await client.chat.completions.create(**request):
                if not count:
                    first = perf_counter() - started
                if chunk.choices:
                    choice = chunk.choices[0]
                    text = choice.delta.content
                    if text:
                        pieces.append(text)
                    if choice.finish_reason:
                        reasons.append(choice.finish_reason)
                count += 1
            span.set_attributes({**of_last_chunk(chunk, reasons, first), **_said("".join(pieces))})
            self._record(perf_counter() - started, chunk, first)
        return count

    def responses_stream(self, client: Any) -> int:
        """A streamed response."""
        request = calls.RESPONSES_STREAM_REQUEST
        started = perf_counter()
        count, first = 0, 0.0
        with self._span({**of_response_request(), **_put(request["input"])}) as span:
            for event in client.responses.create(**request):  # noqa: B007
                if not count:
                    first = perf_counter() - started
                count += 1
            response = event.response
            span.set_attributes({**of_response(response, first), **_responded(response)})
            self._record_response(perf_counter() - started, response, first)
        return count

    async def responses_stream_async(self, client: Any) -> int:
        """A streamed response, awaited."""
        request = calls.RESPONSES_STREAM_REQUEST
        started = perf_counter()
        count, first = 0, 0.0
        with self._span({**of_response_request(), **_put(request["input"])}) as span:
            async for event in await client.responses.create(**request):  # noqa: B007
                if not count:
                    first = perf_counter() - started
                count += 1
            response = event.response
            span.set_attributes({**of_response(response, first), **_responded(response)})
            self._record_response(perf_counter() - started, response, first)
        return count


def _message(role: str, *texts: str) -> dict[str, Any]:
    return {"role": role, "parts": [{"type": "text", "content": text} for text in texts]}


def _asked(messages: list[dict[str, str]]) -> Attributes:
    return {
        "gen_ai.input.messages": _encode(
            [_message(message["role"], message["content"]) for message in messages]
        )
    }


def _answered(completion: Any) -> Attributes:
    messages = [_message(choice.message.role, choice.message.content) for choice in completion.choices]
    return {"gen_ai.output.messages": _encode(messages)}


def _said(text: str) -> Attributes:
    return {"gen_ai.output.messages": _encode([_message("assistant", text)])}


def _put(text: str) -> Attributes:
    return {"gen_ai.input.messages": _encode([_message("user", text)])}


def _responded(response: Any) -> Attributes:
    texts = [part.text for item in response.output for part in item.content]
    return {"gen_ai.output.messages": _encode([_message("assistant", *texts)])}
