"""The content of every recorded chat and completion: the messages say what the recorded JSON says."""

from __future__ import annotations

import json
from base64 import b64decode
from typing import Any

import jsonschema
import pytest
from openai._models import construct_type
from openai.types import Completion
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from gossamer.fields import fields
from gossamer.messages.chat import CHAT
from gossamer.messages.choices_stream import ContentFold
from gossamer.messages.completions import COMPLETIONS
from gossamer.messages.message import Base64

from .chat_texts import definition, named_tools, said, said_in_chunks
from .recorded import documents

READERS = {"chat.completions": CHAT, "completions": COMPLETIONS}
WHOLE = {"chat.completions": ChatCompletion, "completions": Completion}
CHUNKS = {"chat.completions": ChatCompletionChunk, "completions": Completion}

DATA_PARTS = {"image_url": "image", "input_audio": "audio", "file": "document"}


def encoded(value: Any) -> Any:
    """As JSON would carry it, data as its size."""
    if isinstance(value, Base64):
        return f"{value.byte_size} bytes"
    if isinstance(value, list):
        return [encoded(entry) for entry in value]
    return {key: encoded(inner) for key, inner in value.items()} if isinstance(value, dict) else value


def told(messages: list[Any]) -> list[str]:
    """The texts of messages; what data they have is checked here too."""
    for message in messages:
        for part in message["parts"]:
            if part["type"] == "blob":
                data = part["content"]
                assert data.byte_size == len(b64decode(data.text[data.start :]))
    without_data = [
        {**message, "parts": [part if part["type"] != "blob" else {**part, "content": None}
                              for part in message["parts"]]}
        for message in messages
    ]  # fmt: skip
    return said(without_data, "messages")


@pytest.fixture(scope="module")
def recordings(shared) -> list[dict[str, Any]]:
    """The calls that create chats and completions."""
    found = []
    with (shared / "corpus" / "corpus_dev.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            exchange = json.loads(line)
            if exchange["api"] in READERS and exchange["operation"] == "create":
                found.append(exchange)
    assert len(found) > 200
    return found


@pytest.fixture(scope="module")
def answered(recordings) -> list[dict[str, Any]]:
    """Those that had an answer."""
    return [exchange for exchange in recordings if exchange["response"]["status"] == 200]


@pytest.fixture(scope="module")
def valid(shared) -> Any:
    """Checks a value by the conventions' schema of that name."""
    checkers = {}
    for name in ("input-messages", "output-messages", "tool-definitions"):
        schema = json.loads((shared / "semconv" / "data" / f"gen-ai-{name}.json").read_text())
        checkers[name] = jsonschema.Draft202012Validator(schema)

    def check(name: str, value: Any) -> None:
        value = encoded(value)
        checkers[name].validate(value)
        assert ";base64," not in json.dumps(value)

    return check


def test_the_messages_are_told_as_they_were_sent(recordings, valid):
    checked = 0
    for exchange in recordings:
        reader, body = READERS[exchange["api"]], exchange["request"]["body"]
        assert reader.instructions(body) == []
        for item in reader.inputs(body):
            message, sent = reader.message(item), said(item, "prompt")
            if message is None:
                assert item == {"role": "assistant", "content": ""}, "there was something to show"
                continue
            valid("input-messages", [message])
            assert told([message]) == sent, exchange["id"]
            checked += 1
    assert checked > 500


def test_images_audio_and_files_are_told_as_what_they_are(recordings):
    found = []
    for exchange in recordings:
        for item in exchange["request"]["body"].get("messages") or []:
            content = item["content"] if isinstance(item.get("content"), list) else []
            sent = [DATA_PARTS[part["type"]] for part in content if part["type"] in DATA_PARTS]
            message = CHAT.message(item) or {"parts": []}
            kinds = ("blob", "uri", "file")
            made = [part for part in message["parts"] if part["type"] in kinds]
            if item.get("audio"):
                sent.append("audio")
            assert [part["modality"] for part in made] == sent, exchange["id"]
            found += [(part["type"], part["modality"]) for part in made]
    assert {("blob", "image"), ("uri", "image"), ("blob", "audio"), ("file", "audio"), ("blob", "document"),
            ("file", "document")} <= set(found)  # fmt: skip


def test_tools_are_told_by_type_and_name(recordings, valid):
    checked = 0
    for exchange in recordings:
        reader, body = READERS[exchange["api"]], exchange["request"]["body"]
        sent = [*(body.get("tools") or []), *(body.get("functions") or [])]
        found = [reader.tool(tool, False) for tool in reader.tools(body)]
        assert found == named_tools(body), exchange["id"]
        detailed = [reader.tool(tool, True) for tool in reader.tools(body)]
        for described, tool in zip(detailed, map(definition, sent), strict=True):
            # What is empty describes nothing; no parameters are parameters, too.
            assert described.get("description") == (tool.get("description") or None), exchange["id"]
            assert described.get("parameters") == tool.get("parameters"), exchange["id"]
        valid("tool-definitions", found)
        valid("tool-definitions", detailed)
        checked += len(sent)
    assert checked > 200


def test_an_answer_is_told_as_it_was_recorded(answered, valid):
    checked = 0
    for exchange in answered:
        if exchange["stream"]:
            continue
        reader, (answer,) = READERS[exchange["api"]], documents(exchange)
        messages = reader.outputs(answer)
        valid("output-messages", messages)
        choices = sorted(answer.get("choices") or [], key=lambda choice: choice["index"])
        assert len(messages) == len(choices)
        for message, choice in zip(messages, choices, strict=True):
            # Azure leaves the message out where its filter has held it back.
            key = "message" if exchange["api"] == "chat.completions" else "text"
            assert choice.get(key) is not None or choice["finish_reason"] == "content_filter"
            assert message["role"] == "assistant"
            assert told([message]) == said(choice.get(key), "text"), exchange["id"]
        typed = construct_type(type_=WHOLE[exchange["api"]], value=answer)
        assert encoded(reader.outputs(fields(typed))) == encoded(messages), exchange["id"]
        checked += len(choices)
    assert checked > 150


def test_a_stream_is_told_as_its_chunks_were_recorded(answered, valid):
    checked = 0
    for exchange in answered:
        if not exchange["stream"]:
            continue
        reader, chunks = READERS[exchange["api"]], documents(exchange)
        typed, untyped = ContentFold({}, 10_000_000), ContentFold({}, 10_000_000)
        for chunk in chunks:
            typed.add(construct_type(type_=CHUNKS[exchange["api"]], value=chunk))
            untyped.add(chunk)
        messages = reader.outputs(typed.answer())
        valid("output-messages", messages)
        field = "delta" if exchange["api"] == "chat.completions" else "text"
        expected = said_in_chunks(chunks, field)
        assert [told([message]) for message in messages] == [expected[index] for index in sorted(expected)], (
            exchange["id"]
        )
        assert encoded(reader.outputs(untyped.answer())) == encoded(messages), exchange["id"]
        assert not typed.cut
        checked += sum(map(len, expected.values()))
    assert checked > 70
