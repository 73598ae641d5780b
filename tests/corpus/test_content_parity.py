"""One answer, many ways: its content is told alike whole and streamed, raw and parsed, sync and async."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import Any

import openai
import pytest

from gossamer.testing import capture

from . import chat_texts
from .made_up import EXCHANGES, TEXT
from .recorded import CONTENT, OUTPUT, documents, one_of_each
from .streams import chunks_of, events_of, streamed, unstreamed

Exchange = dict[str, Any]
Tell = Callable[..., dict[str, Any]]

OF_CONTENT = (*CONTENT, "gossamer.content.truncated")


@pytest.fixture(scope="module")
def tell(replay_check, roomy) -> Iterator[Tell]:
    """Makes a call, and gives the content that is told of it."""
    with capture(**roomy) as telemetry:

        def teller(exchange: Exchange, replay: Any = replay_check.replay) -> dict[str, Any]:
            telemetry.clear()
            result = replay(exchange)
            if asyncio.iscoroutine(result):
                asyncio.run(result)
            (span,) = telemetry.spans
            return of_content(span["attributes"])

        yield teller


def of_content(attributes: Any) -> dict[str, Any]:
    """The attributes that are content."""
    return {name: attributes[name] for name in OF_CONTENT if name in attributes}


def of_run(run: Any) -> dict[str, Any]:
    """The content on the span of a run."""
    return of_content(run.spans[0].attributes)


def answered(content: Any, *, stream: bool) -> list[Any]:
    """The runs of the sync client that brought an answer with content."""
    return [
        run
        for run in content.of_text
        if run.kind == "sync"
        and run.operation != "embeddings"
        and run.exchange["stream"] == stream
        and run.exchange["response"]["status"] == 200
    ]


def test_sync_and_async_tell_the_same(content):
    runs = iter(content.runs)
    for run, arun in zip(runs, runs, strict=True):
        assert (run.kind, arun.kind) == ("sync", "async")
        assert [of_content(span.attributes) for span in run.spans] == [
            of_content(span.attributes) for span in arun.spans
        ], str(run)
        assert [(event["name"], of_content(event["attributes"])) for event in run.events] == [
            (event["name"], of_content(event["attributes"])) for event in arun.events
        ], str(run)


def test_an_answer_in_pieces_tells_what_the_whole_one_does(content, tell):
    checked = 0
    for run in answered(content, stream=False):
        if run.operation != "fetch_response":  # which not every release can stream
            assert tell(streamed(run.exchange)) == of_run(run), str(run)
            checked += 1
    assert checked > 150


def test_a_stream_tells_what_its_answer_does_whole(content, tell):
    checked = 0
    for run in answered(content, stream=True):
        assert tell(unstreamed(run.exchange)) == of_run(run), str(run)
        checked += 1
    assert checked > 60


def test_a_response_whose_last_event_says_little_is_told_by_its_items(content, tell):
    for run in one_of_each(answered(content, stream=False)):
        if run.exchange["api"] == "responses" and run.operation != "fetch_response":
            *events, last = events_of(*documents(run.exchange))
            empty = {**last, "response": {**last["response"], "output": []}}
            for end in ([], [empty]):
                assert tell(streamed(run.exchange, [*events, *end])) == of_run(run), str(run)


@pytest.mark.parametrize("name", EXCHANGES)
def test_what_no_recording_has_is_told_alike(name, tell):
    exchange = EXCHANGES[name]
    if name == "response" and find_spec("openai.types.responses") is None:
        pytest.skip("this SDK has no Responses API")
    expected = tell(exchange)
    for told in expected.values():
        assert TEXT in told
    assert tell(streamed(exchange)) == expected
    if name == "response":
        *events, last = events_of(*documents(exchange))
        empty = {**last, "response": {**last["response"], "output": []}}
        for end in ([], [empty]):
            assert tell(streamed(exchange, [*events, *end])) == expected


def test_a_stream_that_is_cut_tells_what_it_has_brought(content, tell):
    checked = 0
    for run in one_of_each(answered(content, stream=False)):
        if run.exchange["api"] == "chat.completions":
            chunks = chunks_of(*documents(run.exchange))
            chunks = chunks[: len(chunks) // 2]
            messages = json.loads(tell(streamed(run.exchange, chunks))[OUTPUT])
            told = [chat_texts.said(message["parts"], "") for message in messages]
            assert told == [*chat_texts.said_in_chunks(chunks, "delta").values()], str(run)
            checked += any(told)
    assert checked > 10


def by_streaming_response(replay_check: Any) -> Callable[[Exchange], None]:
    """Calls `with_streaming_response`, and reads what `parse()` gives."""

    def replay(exchange: Exchange) -> None:
        client = replay_check.make_client(exchange)
        steps = replay_check.plan(client, exchange)
        owner, name = steps.method.__self__, steps.method.__name__
        try:
            with getattr(owner.with_streaming_response, name)(*steps.args, **steps.kwargs) as response:
                parsed = response.parse()
                if isinstance(parsed, openai.Stream):
                    assert [*parsed]
        except openai.APIError:
            assert exchange["response"]["status"] != 200

    return replay


def by_async_streaming_response(replay_check: Any) -> Callable[[Exchange], Any]:
    """The same with the async client."""

    async def replay(exchange: Exchange) -> None:
        client = replay_check.make_client(exchange, asynchronous=True)
        steps = replay_check.plan(client, exchange)
        owner, name = steps.method.__self__, steps.method.__name__
        try:
            async with getattr(owner.with_streaming_response, name)(*steps.args, **steps.kwargs) as response:
                parsed = await response.parse()
                if isinstance(parsed, openai.AsyncStream):
                    assert [event async for event in parsed]
        except openai.APIError:
            assert exchange["response"]["status"] != 200

    return replay


def raw(exchange: Exchange) -> Exchange:
    """An exchange that is to be made with `with_raw_response`, and parsed."""
    request = exchange["request"]
    headers = {**request["headers"], "x-stainless-raw-response": "true"}
    return {**exchange, "request": {**request, "headers": headers}}


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_every_way_to_ask_tells_the_same(content, tell, replay_check, kind):
    is_sync = kind == "sync"
    by_response = (by_streaming_response if is_sync else by_async_streaming_response)(replay_check)
    replay = replay_check.replay if is_sync else replay_check.areplay
    varied = one_of_each([run for run in content.of_text if run.kind == kind and of_run(run)])
    for run in varied:
        exchange, expected = run.exchange, of_run(run)
        assert tell(raw(exchange), replay) == expected, str(run)
        assert tell(exchange, by_response) == expected, str(run)
        if (
            not exchange["stream"]
            and exchange["response"]["status"] == 200
            and run.operation != "fetch_response"
        ):
            pieces = streamed(exchange)
            assert tell(pieces, replay) == expected, str(run)
            assert tell(raw(pieces), replay) == expected, str(run)
            assert tell(pieces, by_response) == expected, str(run)
    assert len(varied) > 25
