"""Recordings of images, audio, assistants, searches, moderations: what is told is what was sent and received.

The bodies are read here by readers of their own.
"""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Iterator
from typing import Any

import pytest

from .recorded import documents
from .test_telemetry import tokens

INPUT, OUTPUT, INSTRUCTIONS = "gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.system_instructions"


def runs_of(corpus: Any, *apis: str) -> list[Any]:
    """The runs of these APIs that were answered; skips where this SDK lacks them."""
    found = [run for run in answered(corpus) if run.exchange["api"] in apis]
    if not found and len(corpus.runs) < 1600:
        pytest.skip("this SDK lacks a part of the recorded operations")
    assert found, "nothing was recorded"
    return found


def answered(corpus: Any) -> list[Any]:
    """The runs that were answered, but for streams by a method that does not stream in this SDK yet."""
    return [
        run
        for run in corpus.traced
        if run.bare.error is None and (run.bare.handed or not run.exchange["stream"] or is_bytes(run))
    ]


def is_bytes(run: Any) -> bool:
    """Whether the SDK reads the answer as bytes, also where these are events."""
    return run.exchange["api"] == "audio.speech"


def body_of(run: Any) -> dict[str, Any]:
    """The fields of the request that are no files."""
    body = run.exchange["request"]["body"]
    if "multipart" not in body:
        return body
    return {part["name"]: part["text"] for part in body["multipart"] if "text" in part}


def last(run: Any) -> dict[str, Any]:
    """The last document of the answer that is one: of a stream the event that has everything."""
    return documents(run.exchange)[-1]


def told(run: Any, names: tuple[str, ...]) -> dict[str, Any]:
    """These attributes of the span, or those that begin so."""
    return {name: value for name, value in run.span.attributes.items() if name.startswith(names)}


def content(run: Any, name: str) -> Any:
    """Content on the span, read from its JSON."""
    return json.loads(run.span.attributes.get(name, "[]"))


def parts(run: Any, name: str) -> Iterator[dict[str, Any]]:
    """The parts of all messages in an attribute."""
    for message in content(run, name):
        yield from message["parts"]


def test_images_are_told_with_their_model_count_and_usage(corpus):
    for run in runs_of(corpus, "images"):
        body, attributes = body_of(run), run.span.attributes
        assert attributes["gen_ai.output.type"] == "image"
        model = body.get("model")
        if model:
            assert attributes["gen_ai.request.model"] == model
        assert run.span.name == (f"generate_content {model}" if model else "generate_content"), str(run)
        count = int(body.get("n", 1))
        assert attributes.get("gen_ai.request.choice.count", 1) == count
        assert told(run, ("gen_ai.usage.",)) == tokens(last(run).get("usage")), str(run)


def test_images_are_told_by_address_or_size_and_never_as_they_are(content_runs):
    for run in runs_of(content_runs, "images"):
        found = [part for part in parts(run, OUTPUT) if part["type"] != "generic"]
        images = last(run)["data"]
        assert len(found) == len(images)
        for part, image in zip(found, images, strict=True):
            assert part["modality"] == "image"
            if "url" in image:
                assert part["uri"] == image["url"]
            else:
                assert part["byte_size"] == len(b64decode(image["b64_json"]))
                assert part["content"] == ""
        assert [part["content"] for part in parts(run, INPUT) if part["type"] == "text"] == [
            body_of(run)["prompt"]
        ]


def test_speech_is_told_without_a_look_at_it(content_runs):
    for run in runs_of(content_runs, "audio.speech"):
        body, attributes = body_of(run), run.span.attributes
        assert run.span.name == f"generate_content {body['model']}"
        assert attributes["gen_ai.output.type"] == "speech"
        assert [part["content"] for part in parts(run, INPUT)] == [body["input"]]
        said = [part["content"] for part in content(run, INSTRUCTIONS)]
        assert said == ([body["instructions"]] if "instructions" in body else [])
        assert OUTPUT not in attributes


def test_transcripts_are_told_with_their_usage_in_tokens_or_seconds(content_runs):
    seconds = 0
    for run in runs_of(content_runs, "audio.transcriptions", "audio.translations"):
        attributes, answer = run.span.attributes, run.exchange["response"]["body"]
        assert attributes["gen_ai.output.type"] in ("text", "json")
        doc = last(run) if answer.startswith(("{", "data:")) else {"text": answer}
        usage = doc.get("usage") or {}
        details = usage.get("input_token_details")
        assert told(run, ("gen_ai.usage.",)) == tokens({**usage, "input_tokens_details": details}), str(run)
        assert attributes.get("gossamer.usage.audio_seconds") == usage.get("seconds")
        seconds += "seconds" in usage
        assert [part["content"] for part in parts(run, OUTPUT)] == [doc["text"]], str(run)
    assert seconds


def run_of(run: Any) -> dict[str, Any]:
    """The state of a run that an answer, or the last such event of a stream, tells."""
    found = [doc for doc in documents(run.exchange) if doc.get("object") == "thread.run"]
    return found[-1]


STATES = {"completed": "stop", "incomplete": "length", "requires_action": "tool_calls", "failed": "error"}


def test_runs_are_told_by_assistant_thread_and_usage(corpus):
    for run in runs_of(corpus, "beta.threads", "beta.threads.runs"):
        state, attributes = run_of(run), run.span.attributes
        assert run.span.name == "invoke_agent"
        assert attributes["gen_ai.agent.id"] == state["assistant_id"]
        assert attributes["gen_ai.conversation.id"] == state["thread_id"]
        assert attributes["gossamer.run.id"] == state["id"]
        assert told(run, ("gen_ai.usage.",)) == tokens(state["usage"])
        reason = STATES.get(state["status"])
        assert attributes.get("gen_ai.response.finish_reasons") == (reason and (reason,)), str(run)


def test_streamed_runs_tell_what_was_said(content_runs):
    checked = 0
    for run in runs_of(content_runs, "beta.threads", "beta.threads.runs"):
        said = [
            part["text"]["value"]
            for doc in documents(run.exchange)
            if doc.get("object") == "thread.message" and doc["status"] == "completed"
            for part in doc["content"]
        ]
        if run.exchange["stream"]:
            assert [part["content"] for part in parts(run, OUTPUT) if part["type"] == "text"] == said
            checked += len(said)
    assert checked


def test_assistants_are_told_with_name_and_instructions(content_runs):
    named = 0
    for run in runs_of(content_runs, "beta.assistants"):
        body, attributes = body_of(run), run.span.attributes
        name = body.get("name")
        assert run.span.name == (f"create_agent {name}" if name else "create_agent")
        named += bool(name)
        assert attributes["gen_ai.agent.id"] == last(run)["id"]
        assert attributes["gen_ai.request.model"] == body["model"]
        said = [part["content"] for part in content(run, INSTRUCTIONS)]
        assert said == ([body["instructions"]] if body.get("instructions") else [])
    assert named


def test_searches_tell_store_query_and_what_was_found(content_runs):
    for run in runs_of(content_runs, "vector_stores"):
        body, attributes = body_of(run), run.span.attributes
        store = attributes["gen_ai.data_source.id"]
        assert f"/vector_stores/{store}/search" in run.exchange["request"]["path"]
        assert run.span.name == f"retrieval {store}"
        assert attributes.get("gen_ai.retrieval.top_k") == body.get("max_num_results")
        assert attributes["gen_ai.retrieval.query.text"] == body["query"]
        found = content(run, "gen_ai.retrieval.documents")
        assert [(document["id"], document["score"]) for document in found] == [
            (document["file_id"], document["score"]) for document in last(run)["data"]
        ]
        assert INPUT not in attributes


def test_moderations_tell_their_model_and_nothing_of_what_they_found(content_runs):
    for run in runs_of(content_runs, "moderations"):
        attributes = run.span.attributes
        assert attributes["gossamer.method"] == "moderations.create"
        assert attributes["gen_ai.response.model"] == last(run)["model"]
        assert attributes["gen_ai.response.id"] == last(run)["id"]
        assert "flagged" not in str(attributes)


def test_what_a_compaction_cost_is_counted(corpus):
    found = [run for run in runs_of(corpus, "responses") if run.exchange["operation"] == "compact"]
    if not found and len(corpus.runs) < 1600:
        pytest.skip("this SDK cannot compact")
    assert found
    for run in found:
        assert told(run, ("gen_ai.usage.",)) == tokens(last(run)["usage"])
        assert run.span.attributes["gen_ai.conversation.compacted"] is True
        assert run.span.name == f"chat {body_of(run)['model']}"


def test_streams_are_told_as_streams(corpus):
    checked = set()
    for run in answered(corpus):
        attributes = run.span.attributes
        if run.exchange["stream"] and run.operation in ("generate_content", "invoke_agent"):
            if is_bytes(run):
                continue
            assert attributes["gossamer.stream.outcome"] == "completed", str(run)
            if run.operation == "generate_content":
                assert attributes["gen_ai.request.stream"] is True
                assert attributes["gen_ai.response.time_to_first_chunk"] >= 0
            checked.add(run.exchange["api"])
    assert checked >= {"beta.threads", "beta.threads.runs"}
    assert "audio.transcriptions" in checked or len(corpus.runs) < 1600
