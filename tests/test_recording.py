"""What is recorded of tokens that nobody told: an estimate, marked as one, made once at the end."""

from __future__ import annotations

import gc
import json
from typing import Any

import openai
import pytest
from openai import _base_client
from opentelemetry.sdk.trace import Span
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

from gossamer import OpenAIInstrumentor
from gossamer.backlog import BATCH
from gossamer.cli.fake import mock_client
from gossamer.encodings import Encodings
from gossamer.failure import of_exception
from gossamer.testing import Telemetry, capture
from gossamer.tokens import TokenCounter

http = getattr(_base_client, "httpx2", None) or _base_client.httpx

CHAT: dict[str, Any] = {"model": "gpt-test", "messages": [{"role": "user", "content": "How light?"}]}
INPUT, OUTPUT = "gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens"
ESTIMATED = "gossamer.usage.estimated"
FRAMES = 4 + 3  # of one message, and of the answer's beginning


class Letters:
    """A tokenizer of a token a letter, which notes when it is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, text: str) -> list[int]:
        self.asked.append(text)
        return [0] * len(text)


@pytest.fixture
def letters(monkeypatch) -> Letters:
    letters = Letters()
    counter = TokenCounter(Encodings({"o200k_base": letters}, lambda model: "o200k_base"))
    monkeypatch.setattr(TokenCounter, "load", lambda: counter)
    return letters


def answering(answer: Any) -> openai.OpenAI:
    """A client that gets this, as JSON or as a stream of it."""

    def handle(request: Any) -> Any:
        if isinstance(answer, list):
            lines = [f"data: {json.dumps(chunk)}\n\n" for chunk in answer]
            body = "".join([*lines, "data: [DONE]\n\n"]).encode()
            return http.Response(200, headers={"content-type": "text/event-stream"}, content=body)
        return http.Response(200, json=answer)

    transport = http.Client(transport=http.MockTransport(handle))
    return openai.OpenAI(api_key="sk", base_url="http://llm.test", http_client=transport, max_retries=0)


def chunks(*pieces: str, finish: str | None = "stop", **last: Any) -> list[dict[str, Any]]:
    head = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "gpt-test"}
    told = [{"delta": {"content": piece}, "finish_reason": None} for piece in pieces]
    told.append({"delta": {}, "finish_reason": finish})
    made: list[dict[str, Any]] = [{**head, "choices": [{"index": 0, **choice}]} for choice in told]
    made[-1].update(last)
    return made


def plain(**more: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": "Very."}
    choice = {"index": 0, "finish_reason": "stop", "message": message}
    head = {"id": "c", "object": "chat.completion", "created": 1, "model": "gpt-test"}
    return {**head, "choices": [choice], **more}


def ask(client: openai.OpenAI, **more: Any) -> list[Any]:
    answer = client.chat.completions.create(**CHAT, **more)
    return list(answer) if more.get("stream") else [answer]


def test_an_answer_without_usage_is_counted_and_marked(letters):
    with capture(count_tokens=True) as telemetry:
        ask(answering(plain()))
        ask(answering(chunks("Ve", "ry", ".")), stream=True)
        for span in telemetry.spans:
            found = span["attributes"]
            assert (found[INPUT], found[OUTPUT], found[ESTIMATED]) == (len("How light?") + FRAMES, 5, True)
        (point,) = telemetry.metrics["gen_ai.client.inference.operation.output_tokens"]
        assert (point["count"], point["sum"]) == (2, 10)
        assert ESTIMATED not in point["attributes"]


def test_by_default_nothing_is_counted(letters):
    with capture() as telemetry:
        ask(answering(plain()))
        assert not {INPUT, OUTPUT, ESTIMATED} & set(telemetry.spans[0]["attributes"])
    assert letters.asked == []


def test_a_reported_number_is_never_replaced(letters):
    usage = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
    with capture(count_tokens=True) as telemetry:
        ask(answering(plain(usage=usage)))
        ask(answering(chunks("Very", usage=usage)), stream=True)
        ask(answering(plain(usage={"prompt_tokens": 1})))
        for span in telemetry.spans:
            assert span["attributes"][INPUT] == 1
            assert ESTIMATED not in span["attributes"]
    assert letters.asked == []


def test_nothing_of_it_is_touched_while_a_stream_is_read(letters):
    with capture(count_tokens=True) as telemetry:
        stream = answering(chunks(*["word "] * 500)).chat.completions.create(**CHAT, stream=True)
        for _ in range(500):
            next(stream)
        assert letters.asked == []
        list(stream)
        assert letters.asked == ["How light?", "word " * 500]  # once each, at the end
        assert telemetry.spans[0]["attributes"][OUTPUT] == 2500


def test_an_answer_above_the_limit_is_not_counted_and_not_kept(letters):
    with capture(count_tokens=True, capture="SPAN_ONLY", content_limit=1024) as telemetry:
        ask(answering(chunks(*["word " * 100] * 100)), stream=True)
        ask(answering(chunks(*["word " * 10] * 100)), stream=True)
        large, small = telemetry.spans
        assert OUTPUT not in large["attributes"]
        assert INPUT in large["attributes"]
        assert small["attributes"][OUTPUT] == 5000  # more than is captured, less than the limit of counting
        assert len(small["attributes"]["gen_ai.output.messages"]) <= 1024


def test_a_call_that_failed_or_has_no_content_is_not_counted(letters):
    client = openai.OpenAI(
        api_key="sk", base_url="http://llm.test/v1", http_client=mock_client(), max_retries=0
    )
    with capture(count_tokens=True) as telemetry:
        with pytest.raises(openai.BadRequestError):
            client.chat.completions.create(**{**CHAT, "model": "fake-error-400"})
        client.embeddings.create(model="text-embedding-3-small", input="hi")
        assert all(ESTIMATED not in span["attributes"] for span in telemetry.spans)
    assert letters.asked == []


def test_of_a_stream_that_was_left_what_had_come_is_counted(letters):
    with capture(count_tokens=True) as telemetry:
        stream = answering(chunks("Ve", "ry", ".")).chat.completions.create(**CHAT, stream=True)
        next(stream)
        next(stream)
        del stream
        assert telemetry.spans[0]["attributes"][OUTPUT] == 4


def test_metrics_have_the_estimate_also_of_calls_that_are_not_sampled(letters):
    with capture(count_tokens=True, sampler=ALWAYS_OFF) as telemetry:
        ask(answering(chunks("Very")), stream=True)
        (point,) = telemetry.metrics["gen_ai.client.inference.operation.output_tokens"]
        assert point["sum"] == 4


def test_where_nothing_can_be_counted_with_it_is_told_once_and_calls_go_on(monkeypatch, caplog, tmp_path):
    pytest.importorskip("tiktoken")
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    with capture(count_tokens=True) as telemetry:
        for _ in range(3):
            ask(answering(plain()))
        assert ESTIMATED not in telemetry.spans[0]["attributes"]
    assert len(caplog.records) == 1


@pytest.mark.usefixtures("needs_events")
def test_events_have_the_same_attributes_whenever_points_are_recorded():
    """Points are recorded some calls at a time, and are then given more attributes."""
    client = openai.OpenAI(
        api_key="sk", base_url="http://llm.test/v1", http_client=mock_client(), max_retries=0
    )
    with capture() as telemetry:
        for _ in range(2 * BATCH):
            with pytest.raises(openai.APIError):
                list(client.chat.completions.create(**{**CHAT, "model": "fake-stream-error"}, stream=True))
        names = {tuple(sorted(event["attributes"])) for event in telemetry.events}
        assert len(telemetry.events) == 2 * BATCH
        assert len(names) == 1


def test_where_events_are_not_wanted_tokens_are_counted_all_the_same(letters):
    class Deaf:
        """A logger, and its provider, that want nothing."""

        def get_logger(self, *_: Any, **__: Any) -> Any:
            return self

        def enabled(self, **_: Any) -> bool:
            return False

        def emit(self, record: Any) -> None:
            raise AssertionError(record)

    telemetry = Telemetry()
    instrumentor = OpenAIInstrumentor()
    instrumentor.instrument(
        tracer_provider=telemetry.tracer_provider,
        logger_provider=Deaf(),
        capture="EVENT_ONLY",
        count_tokens=True,
    )
    try:
        ask(answering(chunks("Very")), stream=True)
    finally:
        instrumentor.uninstrument()
    assert telemetry.spans[0]["attributes"][OUTPUT] == 4


def test_an_exception_whose_text_cannot_be_had_is_told_all_the_same():
    class OddError(Exception):
        """Of an HTTP library of somebody's own, say."""

        def __str__(self) -> str:
            raise RuntimeError

    told = of_exception(OddError(), message=True, stacktrace=True)
    assert told.error_type.endswith("OddError")
    assert (told.message, told.raised) == (None, True)
    assert told.stacktrace is not None


def test_a_stream_that_is_kept_holds_nothing_of_its_call():
    client = openai.OpenAI(api_key="sk", base_url="http://llm.test/v1", http_client=mock_client())
    with capture(capture="SPAN_AND_EVENT", stream_usage="always"):
        stream = client.chat.completions.create(**CHAT, stream=True)
        call = stream.response.stream._call
        list(stream)
        held = (call.span, call.body_as_it_was, call.captured, call.fold)
        assert held == (None, None, None, None)
        assert not call.context


def test_points_that_wait_hold_no_content():
    client = openai.OpenAI(api_key="sk", base_url="http://llm.test/v1", http_client=mock_client())
    with capture(capture="SPAN_AND_EVENT") as telemetry:
        client.chat.completions.create(**CHAT)
        telemetry.clear()
        gc.collect()
        assert [found for found in gc.get_objects() if type(found) is Span] == []
        assert telemetry.metrics["gen_ai.client.inference.duration"]
