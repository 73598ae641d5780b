"""Content: how it is switched on and off, and what is said of who does not do as told."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from opentelemetry._logs import LogRecord

from gossamer.cli.bench import answers, calls, content, conversation
from gossamer.cli.bench.contenders import Contender
from gossamer.cli.bench.telemetry import Outlets, Telemetry
from gossamer.cli.bench.workers import WORKER, WorkerProcess

CAPTURE = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
OPENINFERENCE = "OPENINFERENCE_HIDE_OUTPUTS"


@pytest.mark.parametrize(
    ("contender", "on"),
    [
        ("gossamer", "SPAN_ONLY"),
        ("opentelemetry-instrumentation-genai-openai", "SPAN_ONLY"),
        ("elastic-opentelemetry-instrumentation-openai", "true"),
        ("opentelemetry-instrumentation-openai-v2", "true"),
        ("something-new", "SPAN_ONLY"),
    ],
)
def test_each_contender_is_told_in_its_own_words(contender: str, on: str) -> None:
    told = content.environment(contender, with_content=True)
    assert (told[CAPTURE], told["TRACELOOP_TRACE_CONTENT"], told[OPENINFERENCE]) == (on, "true", "false")
    told = content.environment(contender, with_content=False)
    assert (told[CAPTURE], told["TRACELOOP_TRACE_CONTENT"], told[OPENINFERENCE]) == (
        "NO_CONTENT",
        "false",
        "true",
    )


def test_what_is_switched_on_is_switched_off_too() -> None:
    assert content.environment("gossamer", with_content=True).keys() == (
        content.environment("gossamer", with_content=False).keys()
    )


def span(attributes: dict[str, Any] | None = None, *events: dict[str, Any]) -> Any:
    return SimpleNamespace(
        attributes=attributes, events=[SimpleNamespace(attributes=event) for event in events]
    )


def record(body: Any) -> Any:
    return SimpleNamespace(log_record=SimpleNamespace(body=body, attributes=None))


@pytest.mark.parametrize(
    ("exported", "held"),
    [
        ([], []),
        ([span(), span({"gen_ai.request.model": "m"}, {"x": 1})], []),
        ([span({"a": f"[{calls.MARK}]"}), span({"b": ("x", answers.MARK)})], ["prompt", "answer"]),
        ([span(None, {"message": answers.MARK})], ["answer"]),
        ([span(), record({"content": f"a {calls.MARK}"}), record(None)], ["prompt"]),
    ],
)
def test_content_is_found_wherever_it_lies(exported: list[Any], held: list[str]) -> None:
    assert content.held_by(exported) == held


@pytest.mark.parametrize(
    ("held", "with_content", "remark"),
    [
        (None, True, None),
        (None, False, None),
        ([], False, None),
        (["prompt", "answer"], True, None),
        (["prompt", "answer"], False, "with content"),
        (["prompt"], False, "with content"),
        ([], True, "no content"),
        (["answer"], True, "answer only"),
    ],
)
def test_who_does_as_told_is_not_remarked_on(
    held: list[str] | None, with_content: bool, remark: str | None
) -> None:
    assert content.remark(held, with_content=with_content) == remark


def test_prompts_and_answers_can_be_told_apart() -> None:
    requests = [value for name, value in vars(calls).items() if name.endswith("_REQUEST")]
    assert len(requests) == 5
    for request in map(json.dumps, requests):
        assert calls.MARK in request
        assert answers.MARK not in request
    for operation in ("chat", "chat_long", "chat_stream", "responses_stream"):
        answer = b"".join(getattr(answers, operation)()).decode()
        assert answers.MARK in answer
        assert calls.MARK not in answer


def test_a_long_conversation_is_one_of_a_hundred_kilobytes() -> None:
    messages = conversation.conversation()
    sizes = [len(json.dumps(message, ensure_ascii=False).encode()) for message in messages]
    assert len(messages) == 100
    assert all(850 < size < 1024 for size in sizes)
    assert [message["role"] for message in messages[:3]] == ["system", "user", "assistant"]
    assert messages[-1]["role"] == "user"


def test_log_records_leave_the_sdk_only_where_content_may_be_in_them() -> None:
    without = Outlets.build()
    assert without.log_processor is None
    outlets = Outlets.build(logs=True)
    pipeline = Telemetry.build(outlets)
    with outlets.watched() as exported:
        pipeline.logger_provider.get_logger("test").emit(LogRecord(body=calls.MARK))
        pipeline.tracer_provider.get_tracer("test").start_span("span", attributes={"a": answers.MARK}).end()
    assert len(exported) == 2
    assert content.held_by(exported) == ["prompt", "answer"]
    pipeline.tracer_provider.get_tracer("test").start_span("span").end()
    outlets.settle()
    assert len(exported) == 2  # nobody watches any more
    pipeline.logger_provider.shutdown()
    for one in (without, outlets):
        one.span_processor.shutdown()


@pytest.mark.parametrize("contender", ["bare", "handwritten", "gossamer"])
@pytest.mark.parametrize("option", ["", "--content"])
def test_a_contender_tells_what_content_it_records(contender: str, option: str) -> None:
    worker = WorkerProcess(Contender(contender), WORKER, *option.split())
    try:
        ready = worker.ask(do="prepare", scenario="chat-sync")
    finally:
        worker.close()
    held = ["prompt", "answer"] if option else []
    assert ready["content"] == (None if contender == "bare" else held)
