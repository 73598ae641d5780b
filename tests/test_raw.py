"""A raw response and its options belong to the app: what of ours is in them is in nobody's way."""

from __future__ import annotations

import copy
import gc
from typing import Any

import openai
import pytest

from gossamer.cli.fake import mock_client
from gossamer.raw import Parser
from gossamer.testing import capture

CHAT: dict[str, Any] = {
    "model": "gpt-4o",
    "messages": [{"role": "user", "content": "How light is gossamer?"}],
}


@pytest.fixture
def chats() -> Any:
    client = openai.OpenAI(api_key="sk-fake", base_url="https://llm.test/v1", http_client=mock_client())
    return client.chat.completions


def test_the_options_of_an_unparsed_response_can_be_copied_and_the_copy_has_nothing_of_ours(telemetry, chats):
    raw = chats.with_raw_response.create(**CHAT)
    assert isinstance(raw._options.post_parser, Parser)
    deep = copy.deepcopy(raw._options)
    assert deep.url == raw._options.url
    assert not isinstance(deep.post_parser, Parser)
    assert copy.copy(raw._options).url == raw._options.url
    assert telemetry.spans == []  # a copy that goes is not the response that goes
    assert raw.parse().choices
    assert len(telemetry.spans) == 1


def test_a_second_parse_is_the_apps_alone(telemetry, chats):
    raw = chats.with_raw_response.create(**CHAT)
    assert raw.parse() is raw.parse()
    assert len(telemetry.spans) == 1


@pytest.mark.parametrize("parse", [True, False])
def test_a_raw_response_is_read_without_being_parsed_twice(telemetry, chats, parse):
    raw = chats.with_raw_response.create(**CHAT)
    text = raw.text if isinstance(raw.text, str) else raw.text()
    assert '"choices"' in text
    if parse:
        raw.parse()
    del raw
    (span,) = telemetry.spans
    assert ("gen_ai.response.id" in span["attributes"]) == parse


def test_a_tap_that_fails_in_the_apps_parse_leaves_the_end_to_the_guard(chats, monkeypatch):
    def fail(*_: object, **__: object) -> None:
        raise LookupError("ours")

    monkeypatch.setattr("gossamer.raw.tap_stream", fail)
    with capture(strict=False) as telemetry:
        raw = chats.with_raw_response.create(**CHAT, stream=True)
        assert raw.parse() is not None  # never read: its body is never closed
        del raw
        gc.collect()
        assert len(telemetry.spans) == 1
