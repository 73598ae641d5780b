"""Streamed chats: what is folded out of the chunks, however odd they are."""

from __future__ import annotations

import json
from typing import Any

import openai
import pytest

from gossamer.fields import fields

MESSAGES = [{"role": "user", "content": "How light is gossamer?"}]
REQUEST = {
    "gen_ai.operation.name": "chat",
    "openai.api.type": "chat_completions",
    "gen_ai.request.model": "gpt-4o",
    "gen_ai.request.stream": True,
    "gossamer.stream.outcome": "completed",
}
NAME = {"gen_ai.response.id": "chatcmpl-1", "gen_ai.response.model": "gpt-4o-2024-08-06"}
FINISH = "gen_ai.response.finish_reasons"


def chunk(*choices: Any, **more: Any) -> dict[str, Any]:
    """A chunk of one answer."""
    envelope = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "gpt-4o-2024-08-06",
    }
    return {**envelope, "choices": list(choices), **more}


def text(content: str | None, index: int = 0, **more: Any) -> dict[str, Any]:
    """A choice of a chunk that carries text."""
    return {"index": index, "delta": {"content": content}, "finish_reason": None, **more}


def end(reason: Any = "stop", index: int = 0, **more: Any) -> dict[str, Any]:
    """A choice of a chunk that is its last."""
    return {"index": index, "delta": {}, "finish_reason": reason, **more}


def usage(spent: int, made: int, **details: Any) -> dict[str, Any]:
    """Usage in the form of this API."""
    return {"prompt_tokens": spent, "completion_tokens": made, "total_tokens": spent + made, **details}


TOKENS = {"gen_ai.usage.input_tokens": 24, "gen_ai.usage.output_tokens": 7}
STREAMS: dict[str, tuple[list[Any], dict[str, Any]]] = {
    "no usage asked for": (
        [chunk(text("a")), chunk(text("b")), chunk(end())],
        {**NAME, FINISH: ("stop",)},
    ),
    "usage in a last chunk without choices": (
        [chunk(text("a"), usage=None), chunk(end("length"), usage=None), chunk(usage=usage(24, 7))],
        {**NAME, FINISH: ("length",), **TOKENS},
    ),
    "usage with the finish reason": (
        [chunk(text("a")), chunk(end(), usage=usage(24, 7))],
        {**NAME, FINISH: ("stop",), **TOKENS},
    ),
    "cumulative usage in each chunk": (
        [chunk(text(str(n)), usage=usage(24, n)) for n in range(7)] + [chunk(end(), usage=usage(24, 7))],
        {**NAME, FINISH: ("stop",), **TOKENS},
    ),
    "Groq: usage in a place of its own": (
        [chunk(text("a"), x_groq={"id": "r"}), chunk(end(), x_groq={"id": "r", "usage": usage(24, 7)})],
        {**NAME, FINISH: ("stop",), **TOKENS},
    ),
    "Groq: the same usage twice": (
        [chunk(text("a")), chunk(end(), x_groq={"usage": usage(24, 7)}), chunk(usage=usage(24, 7))],
        {**NAME, FINISH: ("stop",), **TOKENS},
    ),
    "Moonshot: usage in the choice": (
        [chunk(text("a")), chunk({**end(), "usage": usage(24, 7)})],
        {**NAME, FINISH: ("stop",), **TOKENS},
    ),
    "usage of null after the usage": (
        [chunk(text("a")), chunk(end(), usage=usage(24, 7)), chunk(usage=None)],
        {**NAME, FINISH: ("stop",), **TOKENS},
    ),
    "details of the usage": (
        [chunk(text("a")), chunk(end()),
         chunk(usage=usage(24, 7, prompt_tokens_details={"cached_tokens": 16},
                           completion_tokens_details={"reasoning_tokens": 4, "audio_tokens": 0}))],
        {**NAME, FINISH: ("stop",), **TOKENS, "gen_ai.usage.cache_read.input_tokens": 16,
         "gen_ai.usage.reasoning.output_tokens": 4},
    ),
    "tool calls": (
        [chunk(text(None)), chunk({"index": 0, "delta": {"tool_calls": [{"index": 0, "function": None}]}}),
         chunk(end("tool_calls"))],
        {**NAME, FINISH: ("tool_calls",)},
    ),
    "tier and fingerprint": (
        [chunk(text("a"), service_tier="default", system_fingerprint="fp_1"), chunk(end())],
        {**NAME, FINISH: ("stop",), "openai.response.service_tier": "default",
         "openai.response.system_fingerprint": "fp_1"},
    ),
    "Azure: first a chunk with no choices and no id": (
        [{"id": "", "object": "", "created": 0, "model": "", "choices": [], "prompt_filter_results": []},
         chunk(text("a")), chunk(end())],
        {**NAME, FINISH: ("stop",)},
    ),
    "Azure: a filter's verdict after the end": (
        [chunk(text("a")), chunk(end()),
         {"id": "", "object": "", "created": 0, "model": "",
          "choices": [{"index": 0, "finish_reason": None, "delta": None, "content_filter_offsets": {}}]}],
        {**NAME, FINISH: ("stop",)},
    ),
    "choices of null": (
        [chunk(text("a")), {**chunk(), "choices": None}, chunk(end())],
        {**NAME, FINISH: ("stop",)},
    ),
    "choices missing": (
        [{"id": "chatcmpl-1", "model": "gpt-4o-2024-08-06"}, chunk(end())],
        {**NAME, FINISH: ("stop",)},
    ),
    "no id, no model": (
        [{"choices": [text("a")]}, {"choices": [end()]}],
        {FINISH: ("stop",)},
    ),
    "delta and text of null": (
        [chunk({"index": 0, "delta": None}), chunk(text(None)), chunk(end())],
        {**NAME, FINISH: ("stop",)},
    ),
    "no end": ([chunk(text("a")), chunk(text("b"))], {**NAME, FINISH: ("error",)}),
    "an end of an odd type": ([chunk(text("a")), chunk(end(3))], {**NAME, FINISH: ("error",)}),
    "no index": (
        [chunk({"delta": {"content": "a"}}), chunk({"delta": {}, "finish_reason": "stop"})],
        {**NAME, FINISH: ("stop",)},
    ),
    "one chunk is all": ([chunk(end())], {**NAME, FINISH: ("stop",)}),
    "an end in the first chunk that has choices": (
        [chunk(), chunk(end("content_filter"))],
        {**NAME, FINISH: ("content_filter",)},
    ),
    "nothing at all": ([], {}),
}  # fmt: skip


@pytest.mark.parametrize("typed", [True, False], ids=["typed", "untyped"])
@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_is_folded(trace, post, name, typed):
    chunks, told = STREAMS[name]
    if typed:
        traced = trace(
            lambda client: client.chat.completions.create(model="gpt-4o", messages=MESSAGES, stream=True),
            chunks,
        )
    else:  # the chunks are dicts
        traced = post("/chat/completions", {"model": "gpt-4o", "stream": True}, chunks)
        assert traced.result == chunks
    assert len(traced.result) == len(chunks)
    assert traced.attributes == {**REQUEST, **told}
    assert traced.span["status"] == "UNSET"
    measured = traced.span["attributes"].get("gen_ai.response.time_to_first_chunk")
    assert (measured is not None) == bool(chunks)
    assert measured is None or 0 < measured <= traced.span["seconds"]


@pytest.mark.parametrize("typed", [True, False], ids=["typed", "untyped"])
def test_several_choices_are_kept_apart(trace, post, typed):
    chunks = [
        chunk(text("a", 0)), chunk(text("b", 2)), chunk(text("c", 1)), chunk(end("length", 2)),
        chunk(text("d", 0), text("e", 1)), chunk(end("stop", 0)), chunk(end("tool_calls", 1)),
        chunk(usage=usage(24, 7)),
    ]  # fmt: skip
    if typed:
        traced = trace(
            lambda client: client.chat.completions.create(
                model="gpt-4o", messages=MESSAGES, n=3, stream=True
            ),
            chunks,
        )
    else:
        traced = post("/chat/completions", {"model": "gpt-4o", "stream": True, "n": 3}, chunks)
    told = {**NAME, FINISH: ("stop", "tool_calls", "length"), "gen_ai.request.choice.count": 3, **TOKENS}
    assert traced.attributes == {**REQUEST, **told}


def test_a_choice_that_never_ended_has_a_reason_of_its_own(trace):
    chunks = [chunk(text("a", 0)), chunk(text("b", 1)), chunk(end("stop", 1))]
    traced = trace(
        lambda client: client.chat.completions.create(model="gpt-4o", messages=MESSAGES, n=3, stream=True),
        chunks,
    )
    assert traced.attributes[FINISH] == ("error", "stop", "error")


def test_a_number_of_choices_that_the_api_refuses_costs_nothing(post):
    traced = post(
        "/chat/completions",
        {"model": "gpt-4o", "stream": True, "n": 3_000_000},
        [chunk(text("a")), chunk(end())],
    )
    assert traced.attributes["gen_ai.request.choice.count"] == 3_000_000
    assert traced.attributes[FINISH] == ("stop", *["error"] * 127)


def test_a_chunk_may_end_several_choices(trace):
    traced = trace(
        lambda client: client.chat.completions.create(model="gpt-4o", messages=MESSAGES, n=2, stream=True),
        [chunk(text("a", 0), text("b", 1)), chunk(end("stop", 0), end("length", 1))],
    )
    assert traced.attributes[FINISH] == ("stop", "length")


@pytest.mark.parametrize(
    "odd", [None, 5, "text", [], {"choices": [None]}, {"choices": [5]}, {"usage": 5}, {}]
)
def test_a_chunk_that_is_none_is_passed_on(post, odd):
    chunks = [odd, chunk(text("a")), odd, chunk(end()), odd]
    traced = post("/chat/completions", {"model": "gpt-4o", "stream": True}, chunks)
    assert traced.result == chunks
    assert {**NAME, FINISH: ("stop",)}.items() <= traced.attributes.items()


def test_the_request_is_sent_as_it_was(telemetry, run, client):
    """Nothing is asked for on the app's behalf: no `stream_options` are put into its request."""
    sent = []
    caller = client([chunk(end())])
    caller._client.event_hooks = {"request": [_note(sent, run.kind)]}
    made = caller.chat.completions.create(model="gpt-4o", messages=MESSAGES, stream=True)
    if run.kind == "async":

        async def read(made: Any) -> None:
            async for _ in await made:
                pass

        run(read(made))
    else:
        list(made)
    assert sent == [{"model": "gpt-4o", "messages": MESSAGES, "stream": True}]


def _note(sent: list[Any], kind: str) -> Any:
    def note(request: Any) -> None:
        sent.append(json.loads(request.content))

    async def anote(request: Any) -> None:
        note(request)

    return anote if kind == "async" else note


def test_chunks_are_the_objects_of_the_sdk(trace):
    traced = trace(
        lambda client: client.chat.completions.create(model="gpt-4o", messages=MESSAGES, stream=True),
        [chunk(text("a")), chunk(end())],
    )
    assert all(type(one) is openai.types.chat.ChatCompletionChunk for one in traced.result)
    assert fields(traced.result[0])["id"] == "chatcmpl-1"
