"""Tokens that are counted here, where a server does not tell them.

What is counted is tested with a tokenizer of a token a character. What tiktoken makes of it is tested with
the real one, which needs its encoding files: every make target installs a package that brings them along.
"""

from __future__ import annotations

import json
import os
import random
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import pytest

from gossamer import errors, tokens
from gossamer.encodings import Encodings
from gossamer.messages.chat import CHAT as CHAT_READER
from gossamer.operations.chat import CHAT
from gossamer.operations.completions import COMPLETIONS
from gossamer.operations.embeddings import EMBEDDINGS
from gossamer.operations.responses import FETCH_RESPONSE, RESPONSES
from gossamer.tokens import LIMIT, TokenCounter

O200K, CL100K = "fb374d419588a4632f3f557e76b4b70aebbca790", "9b5ad71b2ce5302211f9c61530b329a4922fc6a4"
GIVEN = os.environ.get("TIKTOKEN_CACHE_DIR")

FRAME, NAMED, PRIMING = 4, 1, 3


# What is counted.


class Characters:
    """A tokenizer of a token a character, that keeps what it was given."""

    def __init__(self) -> None:
        self.given: list[str] = []

    def __call__(self, text: str) -> list[int]:
        self.given.append(text)
        return [ord(character) for character in text]


@pytest.fixture(autouse=True)
def strict(monkeypatch: pytest.MonkeyPatch) -> None:
    """A failure of ours is raised."""
    monkeypatch.setattr(errors, "strict", True)


@pytest.fixture
def characters() -> Characters:
    return Characters()


@pytest.fixture
def counter(characters: Characters) -> TokenCounter:
    return TokenCounter(Encodings({"o200k_base": characters}, lambda model: {"gpt-4": "cl100k_base"}[model]))


def said(*contents: Any, **more: Any) -> dict[str, Any]:
    """A chat."""
    return {"messages": [{"role": "user", "content": content} for content in contents], **more}


def answered(*messages: Any) -> dict[str, Any]:
    """The answer to a chat, of some choices."""
    made = [{"content": entry} if isinstance(entry, str) else entry for entry in messages]
    return {"choices": [{"index": index, "message": message} for index, message in enumerate(made)]}


def test_a_chat_is_its_texts_and_their_frames(counter, characters):
    assert counter.count(None, CHAT, said("four"), answered("three")) == (4 + FRAME + PRIMING, 5)
    assert characters.given == ["four", "three"]


def test_each_message_has_a_frame_and_each_name_a_token(counter):
    body = {
        "messages": [
            {"role": "system", "content": "12"},
            {"role": "user", "name": "abc", "content": "1"},
            {"role": "user", "content": [{"type": "text", "text": "1"}, {"type": "text", "text": "2"}]},
        ]
    }
    assert counter.count(None, CHAT, body, {}) == (2 + 4 + 2 + 3 * FRAME + NAMED + PRIMING, None)


CALL = {"id": "call_1", "type": "function", "function": {"name": "abc", "arguments": '{"a": 1}'}}
IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}

#: A message of a chat → the characters that are counted.
MESSAGES: list[tuple[Any, int | None]] = [
    ({"role": "assistant", "content": "12", "reasoning_content": "345"}, 5),
    ({"role": "assistant", "refusal": "No."}, 3),
    ({"role": "assistant", "content": None, "tool_calls": [CALL]}, 3 + 8),
    ({"role": "assistant", "function_call": {"name": "abc", "arguments": "{}"}}, 5),
    ({"role": "assistant", "function_call": {"name": "abc", "arguments": None}}, 3),
    ({"role": "assistant", "function_call": {"name": "abc", "arguments": {"a": [1, None]}}}, 3 + 14),
    ({"role": "tool", "tool_call_id": "call_1", "content": "12345"}, 5),
    ({"role": "tool", "tool_call_id": "call_1", "content": [{"type": "text", "text": "123"}, IMAGE]}, 3),
    ({"role": "user", "content": [{"type": "text", "text": "123"}, IMAGE]}, 3),
    ({"role": "user", "content": [IMAGE]}, None),
    ({"role": "user", "content": [{"type": "new", "content": "12"}]}, None),
    ({"role": "assistant", "audio": {"transcript": "123", "data": "AAAA", "id": "audio_1"}}, 3),
    ({"role": "tool", "content": None}, None),
    ({"role": "user", "name": "abc", "content": [IMAGE]}, None),
    ({"role": "user", "content": ""}, None),
    ({"role": "user", "content": 7}, None),
    ({}, None),
    (None, None),
]


@pytest.mark.parametrize(("message", "expected"), MESSAGES, ids=repr)
def test_texts_are_counted_and_nothing_else_is(counter, message, expected):
    framed = None if expected is None else expected + FRAME + PRIMING
    assert counter.count(None, CHAT, {"messages": [message]}, {}) == (framed, None)


def test_all_choices_are_counted(counter):
    answer = answered("12", {"tool_calls": [CALL]}, {"refusal": "No."}, {"reasoning": "Hm.", "content": "1"})
    assert counter.count(None, CHAT, {}, answer) == (None, 2 + 11 + 3 + 4)


@pytest.mark.parametrize(
    "answer", [{}, {"choices": []}, answered(""), answered({"role": "assistant"})], ids=repr
)
def test_nothing_is_not_zero(counter, answer):
    assert counter.count(None, CHAT, {"messages": []}, answer) == (None, None)


def test_tools_are_counted_as_their_json(counter, characters):
    function = {"name": "abc", "description": "d", "parameters": {"type": "object"}}
    text = '{"type":"function","name":"abc","description":"d","parameters":{"type":"object"}}'
    body = said("1", tools=[{"type": "function", "function": function}, None])
    assert counter.count(None, CHAT, body, {}) == (1 + len(text) + FRAME + PRIMING, None)
    assert characters.given == [text, "1"]


def test_a_schema_without_end_is_counted_as_far_as_it_can_be_told(counter):
    schema: dict[str, Any] = {"type": "object"}
    schema["properties"] = {"again": schema, "odd": object()}
    tokens, _ = counter.count(
        None, CHAT, said("1", tools=[{"type": "function", "name": "f", "parameters": schema}]), {}
    )
    assert 50 < tokens < 200


def test_responses_are_framed_as_chats_are(counter):
    body = {
        "instructions": "123",
        "input": [
            {"role": "user", "content": [{"type": "input_text", "text": "12"}]},
            {"type": "function_call", "name": "abc", "arguments": "{}", "call_id": "1"},
            {"type": "function_call_output", "output": "1234", "call_id": "1"},
        ],
    }
    output = [
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm."}]},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "12"}]},
    ]
    expected = 3 + 2 + 5 + 4 + 4 * FRAME + PRIMING, 3 + 2
    assert counter.count(None, RESPONSES, body, {"output": output}) == expected


@pytest.mark.parametrize(
    "more",
    [{"previous_response_id": "resp_1"}, {"conversation": "conv_1"}, {"prompt": {"id": "pmpt_1"}}],
    ids=repr,
)
def test_what_the_provider_adds_to_an_input_cannot_be_counted(counter, more):
    answer = {"output": [{"type": "message", "content": [{"type": "output_text", "text": "12"}]}]}
    assert counter.count(None, RESPONSES, {"input": "1", **more}, answer) == (None, 2)
    assert counter.count(None, FETCH_RESPONSE, {}, {**answer, "instructions": "1"}) == (None, 2)


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [("123", 3), (["12", "345"], 5), ([7, 8, 9], 3), ([[7, 8], [9], "12"], 5), ("", None), ([], None)],
    ids=repr,
)
def test_legacy_completions_have_no_frame_and_tokens_are_counted_as_they_are(counter, prompt, expected):
    answer = {"choices": [{"index": 0, "text": "1"}, {"index": 1, "text": "23"}]}
    assert counter.count(None, COMPLETIONS, {"prompt": prompt}, answer) == (expected, 3)


def test_an_api_without_content_is_not_counted(counter):
    assert counter.count(None, EMBEDDINGS, said("1"), answered("1")) == (None, None)


def test_a_failure_is_told_and_nothing_is_counted(counter, monkeypatch, caplog):
    monkeypatch.setattr(errors, "strict", False)

    def fail(_: Any) -> Any:
        raise ZeroDivisionError("the prompt")

    monkeypatch.setattr(tokens, "reader_of", lambda _: replace(CHAT_READER, message=fail))
    assert counter.count(None, CHAT, said("1"), answered("1")) == (None, None)
    (record,) = caplog.records
    assert (record.name, record.levelname) == ("gossamer", "WARNING")
    assert "ZeroDivisionError" in caplog.text
    assert "prompt" not in caplog.text


def test_models_that_an_app_makes_up_do_not_pile_up():
    asked: list[str] = []

    def encoding_of(model: str) -> str:
        asked.append(model)
        raise KeyError(model)

    counter = TokenCounter(Encodings({"cl100k_base": Characters()}, encoding_of))
    for _ in range(2):
        for number in range(300):
            assert counter.count(f"model-{number}", CHAT, {}, answered("12")) == (None, 2)
    assert len(asked) == 300 + 44
    assert len(counter._encodings._of_model) == 256


# What is too large.


@pytest.mark.parametrize("character", ["a ", "é ", "的\uff0c", "😀 "], ids=ascii)
def test_what_is_too_large_is_not_counted_at_all(counter, characters, character):
    size = len(character.encode())
    fits, too_large = (character * (room // size) for room in (LIMIT - 100, LIMIT))
    assert counter.count(None, CHAT, said(fits), answered(fits)) == (
        len(fits) + FRAME + PRIMING,
        len(fits),
    )
    del characters.given[:]
    assert counter.count(None, CHAT, said(too_large), answered("12")) == (None, 2)
    assert characters.given == ["12"]
    assert counter.count(None, CHAT, said("12"), answered(too_large)) == (2 + FRAME + PRIMING, None)
    assert characters.given == ["12", "12"]


@pytest.mark.parametrize(
    "body",
    [
        said(*["a " * 100] * 100),
        said(*[["hi"]] * 100, *["a " * 5000] * 2),
        said("1", tools=[{"type": "function", "name": "f", "description": "a " * LIMIT}]),
        said("1", tools=[{"type": "function", "name": "f", "parameters": {"a": ["b"] * LIMIT}}]),
        said("1", tools=[{"type": "function", "name": "f"}] * LIMIT),
        said("1", tools=[None] * LIMIT),
        said(*[None] * LIMIT),
        said([{"type": "text", "text": "a"}] * LIMIT),
        {"messages": [{"role": "tool", "content": [IMAGE] * LIMIT}]},
        {"messages": [{"role": "user", "name": "a " * LIMIT, "content": "1"}]},
        {"messages": [{"role": "assistant", "tool_calls": [CALL] * LIMIT}]},
    ],
    ids=range(11),
)
def test_all_that_is_said_is_within_the_limit_together(counter, characters, body):
    assert counter.count(None, CHAT, body, {}) == (None, None)
    assert characters.given == []


def test_what_follows_the_limit_is_not_read(counter, monkeypatch):
    read = []

    def message(item: Any) -> Any:
        read.append(item)
        return CHAT_READER.message(item)

    monkeypatch.setattr(tokens, "reader_of", lambda _: replace(CHAT_READER, message=message))
    assert counter.count(None, CHAT, said(*["hello"] * 10**5), {}) == (None, None)
    assert read == []  # so many messages cannot be short enough
    assert counter.count(None, CHAT, said("1", "a " * LIMIT, "1", "1"), {}) == (None, None)
    assert len(read) == 2


# What takes tiktoken long: pieces that it does not cut.

#: None of these has a place where it would be cut.
ENDLESS = {
    "letters": "a",
    "capitals": "aB",
    "Chinese": "的一是",
    "Thai with its marks": "กิน้ำ",
    "marks": "a\u0301\u0302",
    "Korean": "한국어",
    "emoji": "😀👍",
    "joined emoji": "👩\u200d🚀",
    "invisible": "\u200b",
    "spaces": " ",
    "tabs": "\t",
    "lines": "\n",
    "lines with spaces": " \n",
    "wide spaces": "\u3000",
    "punctuation": "-=",
    "underscores": "_",
    "punctuation of all kinds": "^😀—_",
    "controls": "\x1c^",
    "zero": "\0",
    "rare letters": "\U00020000\U0002a6df",
}


@pytest.mark.parametrize("piece", ENDLESS.values(), ids=ENDLESS)
def test_a_long_text_without_a_cut_is_not_counted(counter, characters, piece):
    long, short = (piece * (length // len(piece)) for length in (1200, 300))
    assert counter.count(None, CHAT, said(f"So: {long}"), answered("12")) == (None, 2)
    assert characters.given == ["12"]
    assert counter.count(None, CHAT, said(f"So: {short}"), {})[0] == len(short) + 4 + FRAME + PRIMING


@pytest.mark.parametrize(
    "text",
    [
        "It was the best of times, it was the worst of times. " * 200,
        "    if found is not None:\n        return [*found]\n\n" * 200,
        '{"city": "Bogotá", "degrees": 12.5},\n' * 300,
        "|---|---|---:|\n" * 500,
        f"{'-' * 120}\n" * 50,
        f"0123456789 {'=' * 79}\n" * 100,
        "天地玄黄\uff0c宇宙洪荒。" * 500,
        "สวัสดีครับ ยินดีต้อนรับ " * 200,
        "1234567890" * 1000,
        "ab12+/" * 2000,
        "😀 " * 3000,
    ],
    ids=ascii,
)
def test_texts_as_they_are_written_are_counted(counter, text):
    assert counter.count(None, CHAT, {}, answered(text)) == (None, len(text))


def jumble(pick: random.Random) -> str:
    """A text of few characters in runs, some of them long."""
    alphabet = [*"".join(ENDLESS.values()), *"a1.,'\u2019\uff0c。éＡ５々²Ⅷー_/\r\n \x85\ufeff\U0001e900"]
    few = [pick.choice(alphabet) * pick.randint(1, 3) for _ in range(pick.randint(1, 4))]
    longest = pick.choice((5, 30, 60, 90, 130))
    text = ""
    while len(text) < LIMIT:
        run = "".join(pick.sample(few, pick.randint(1, len(few))))
        text += run * pick.randint(1, max(longest // len(run), 1)) + pick.choice((" ", ". ", "1", "a"))
        if not pick.randrange(40):
            text += run * pick.choice((10, 100))
    return text[: pick.choice((1000, 3000, 5000, 16000))]


def piece_work(pieces: list[str]) -> int:
    """What these take an older tiktoken, in 0.33 ns."""
    return sum(len(piece.encode()) ** 2 for piece in pieces)


@pytest.mark.parametrize("name", ["o200k_base", "cl100k_base"])
def test_no_text_that_is_counted_takes_an_older_tiktoken_long(real, name):
    """By the pieces that the pattern of the encoding itself makes of a text."""
    import regex

    pieces_of = regex.compile(real[name]._pat_str).findall
    characters = Characters()
    counter = TokenCounter(Encodings({"o200k_base": characters}, str))
    pick = random.Random(7)
    texts = [jumble(pick) for _ in range(100)]
    for text in texts:
        counter.count(None, CHAT, {}, answered(text))
    assert 20 < len(characters.given) < 80
    assert max(piece_work(pieces_of(text)) for text in characters.given) < 9_000_000  # 3 ms
    assert max(piece_work(pieces_of(text)) for text in texts) > 15_000_000


# With tiktoken.


@pytest.fixture(scope="module")
def files() -> Path:
    """A folder with tiktoken's encoding files, as its cache has them."""
    pytest.importorskip("tiktoken", reason="needs tiktoken, which is in .venv and in no cell of the matrix")
    folders = [Path(GIVEN)] if GIVEN else []
    try:
        brought = distribution("llama-index-core").locate_file("llama_index/core/_static/tiktoken_cache")
        folders.insert(0, Path(str(brought)))
    except PackageNotFoundError:
        pass
    for folder in folders:
        if (folder / O200K).is_file() and (folder / CL100K).is_file():
            return folder
    reason = "needs the files of requirements/encodings.txt (every make target installs them)"
    return pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)


class NetworkUsedError(Exception):
    """Somebody tried."""


@pytest.fixture(scope="module", autouse=True)
def no_network() -> Iterator[list[str]]:
    """Nothing here reaches for the network. What tries, fails, and fails the tests even if that is caught."""
    tried: list[str] = []

    def trap(name: str) -> Callable[..., Any]:
        def refuse(*_: Any, **__: Any) -> Any:
            tried.append(name)
            raise NetworkUsedError(name)

        return refuse

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", trap("getaddrinfo"))
        patch.setattr(socket.socket, "connect", trap("connect"))
        patch.setattr(socket.socket, "connect_ex", trap("connect_ex"))
        try:
            import requests
            import tiktoken.load
        except ImportError:
            pass
        else:
            patch.setattr(requests, "get", trap("requests.get"))
            patch.setattr(requests.Session, "request", trap("requests"))
            patch.setattr(tiktoken.load, "read_file", trap("read_file"))
        yield tried


@pytest.fixture(autouse=True)
def nothing_tried(no_network: list[str]) -> Iterator[None]:
    """The test that tried is the one that fails."""
    yield
    assert no_network == []


@pytest.fixture(scope="module")
def loaded(files: Path, no_network: list[str]) -> TokenCounter:
    """A counter, loaded from the files alone, whatever was loaded before."""
    import tiktoken.registry

    tiktoken.registry.ENCODINGS.clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIKTOKEN_CACHE_DIR", str(files))
        counter = TokenCounter.load()
    assert counter is not None
    assert no_network == []
    return counter


@pytest.fixture(scope="module")
def real(loaded: TokenCounter) -> dict[str, Any]:
    """tiktoken's own encodings."""
    import tiktoken

    return {name: tiktoken.get_encoding(name) for name in ("o200k_base", "cl100k_base")}


#: Which encoding a model's tokens are counted with.
MODELS = {
    "gpt-4o": "o200k_base",
    "gpt-4.1-mini-2025-04-14": "o200k_base",
    "gpt-oss-120b": "o200k_base",
    "openai/gpt-4o": "o200k_base",
    "llama-3.3-70b-versatile": "o200k_base",
    "gpt-4-0613": "cl100k_base",
    "gpt-3.5-turbo": "cl100k_base",
    "ft:gpt-3.5-turbo:acme::abc": "cl100k_base",
    None: "o200k_base",
}

TEXTS = [
    "Where did the autumn go?",
    "def f(x):\n    return x ** 2  # squared\n",
    "Zażółć gęślą jaźń. Съешь же ещё этих мягких булок. 天地玄黄\uff0c宇宙洪荒。",
    "👩\u200d🚀👍🏽 😀",
    "  \t\n\n   12345678.90   ",
    '{"city": "Bogotá", "degrees": [12.5, null]}',
    "<|endoftext|><|im_start|>system<|fim_prefix|>",
    "It was the best of times, it was the worst of times. " * 250,
]


@pytest.mark.parametrize("text", TEXTS, ids=ascii)
@pytest.mark.parametrize("model", MODELS)
def test_a_text_has_as_many_tokens_as_tiktoken_says(loaded, real, model, text):
    expected = len(real[MODELS[model]].encode(text, disallowed_special=()))
    found = loaded.count(model, CHAT, said(text), answered(text))
    assert found == (expected + FRAME + PRIMING, expected)
    assert loaded.count(model, COMPLETIONS, {"prompt": text}, {}) == (expected, None)


@pytest.mark.parametrize("text", ["a\ud83d b", "\udc00", "\ud83d\ude00"], ids=ascii)
def test_halves_of_surrogate_pairs_are_counted_as_what_stands_for_them(loaded, real, text):
    sane = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    expected = len(real["o200k_base"].encode(sane))
    assert loaded.count("gpt-4o", CHAT, {}, answered(text)) == (None, expected)


def test_a_model_whose_encoding_is_not_here_is_not_counted(loaded):
    for _ in range(2):
        assert loaded.count("text-davinci-003", COMPLETIONS, {"prompt": "1"}, {}) == (None, None)


def test_recorded_chats_have_as_many_tokens_as_the_api_told(loaded, shared):
    """Of texts alone, unstreamed, and of models whose format is published."""
    found = []
    with (shared / "corpus" / "corpus_dev.jsonl").open(encoding="utf-8") as lines:
        for exchange in map(json.loads, lines):
            body, answer = exchange["request"]["body"], exchange["response"]["body"]
            if exchange["api"] != "chat.completions" or exchange["stream"] or not isinstance(body, dict):
                continue
            texts = [message.get("content") for message in body.get("messages") or []]
            is_known = str(body.get("model")).startswith(("gpt-4o-mini", "gpt-4o-2", "gpt-4-turbo"))
            more = {"tools", "functions", "response_format"} & set(body)
            if not is_known or more or not all(isinstance(text, str) for text in texts):
                continue
            usage = json.loads(answer).get("usage") if exchange["response"]["status"] == 200 else None
            if exchange["provider"] == "openai" and usage:
                counted, _ = loaded.count(body["model"], CHAT, body, {})
                found.append((counted, usage["prompt_tokens"]))
    assert len(found) > 15
    exact = sum(counted == told for counted, told in found)
    assert exact / len(found) > 0.85, found


def test_tools_are_encoded_by_the_same_encoding(loaded, real):
    text = '{"type":"function","name":"get_weather","description":"Größe","parameters":{"type":"object"}}'
    function = {"name": "get_weather", "description": "Größe", "parameters": {"type": "object"}}
    body = said("Hello!", tools=[{"type": "function", "function": function}])
    answer = answered({"tool_calls": [CALL]})
    for name, model in (("o200k_base", "gpt-4o"), ("cl100k_base", "gpt-4")):
        count = real[name].encode
        expected = len(count(text)) + len(count("Hello!")) + FRAME + PRIMING
        assert loaded.count(model, CHAT, body, answer) == (
            expected,
            len(count("abc")) + len(count('{"a": 1}')),
        )


# Loading.


@pytest.mark.parametrize(
    ("kept", "lost", "counted", "uncounted"),
    [(O200K, CL100K, ["gpt-4o", "mistral-large", None], "gpt-4"), (CL100K, O200K, ["gpt-4", "x"], "gpt-4o")],
    ids=["o200k_base", "cl100k_base"],
)
def test_with_one_file_the_models_of_the_other_are_not_counted(
    loaded, files, tmp_path, monkeypatch, caplog, kept, lost, counted, uncounted
):
    (tmp_path / kept).write_bytes((files / kept).read_bytes())
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    counter = TokenCounter.load()
    (record,) = caplog.records
    assert (record.name, record.levelname) == ("gossamer", "WARNING")
    assert record.message.startswith("The tokens of some models are not counted")
    assert lost in record.message
    assert kept not in record.message
    assert str(tmp_path) in record.message
    assert counter is not None
    for model in counted:
        assert counter.count(model, CHAT, {}, answered("Hello!")) == (None, 2)
    assert counter.count(uncounted, CHAT, said("Hello!"), answered("Hello!")) == (None, None)
    assert len(caplog.records) == 1


@pytest.fixture
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty cache of tiktoken, which is there."""
    pytest.importorskip("tiktoken", reason="needs tiktoken, which is in .venv and in no cell of the matrix")
    monkeypatch.delenv("DATA_GYM_CACHE_DIR", raising=False)
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    return tmp_path


def told(caplog: pytest.LogCaptureFixture) -> str:
    """The one warning that there is, of a counter that could not be had."""
    assert TokenCounter.load() is None
    (record,) = caplog.records
    assert (record.name, record.levelname) == ("gossamer", "WARNING")
    assert record.message.startswith("No tokens are counted")
    return record.message


def test_without_files_it_is_told_which_and_where_and_how(cache, caplog):
    message = told(caplog)
    for name in (
        "o200k_base",
        O200K,
        "cl100k_base",
        CL100K,
        "is not there",
        str(cache),
        "TIKTOKEN_CACHE_DIR",
    ):
        assert name in message


@pytest.mark.parametrize("variable", ["DATA_GYM_CACHE_DIR", None])
def test_files_are_looked_for_where_tiktoken_does(cache, tmp_path, monkeypatch, caplog, variable):
    monkeypatch.delenv("TIKTOKEN_CACHE_DIR")
    folder = tmp_path / "data-gym-cache"
    if variable:
        monkeypatch.setenv(variable, str(folder))
    else:
        monkeypatch.setattr("gossamer.encodings.gettempdir", lambda: str(tmp_path))
    assert str(folder) in told(caplog)


def test_a_cache_that_is_off_is_told(cache, monkeypatch, caplog):
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", "")
    assert "cache is off" in told(caplog)


def test_a_file_with_other_content_is_left_alone(cache, caplog):
    for name in (O200K, CL100K):
        (cache / name).write_bytes(b"IQ== 0\n")
    assert "has other content than it should" in told(caplog)
    assert [(cache / name).read_bytes() for name in (O200K, CL100K)] == [b"IQ== 0\n"] * 2


def test_a_file_that_cannot_be_read_is_told(cache, caplog):
    for name in (O200K, CL100K):
        (cache / name).mkdir()
    assert "cannot be read (" in told(caplog)


def test_a_release_of_tiktoken_that_asks_for_another_file_is_not_used(files, monkeypatch, caplog):
    from tiktoken_ext import openai_public

    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(files))
    for constructors in ({"o200k_base": dict, "cl100k_base": None}, {}):
        monkeypatch.setattr(openai_public, "ENCODING_CONSTRUCTORS", constructors)
        assert "asks for another" in told(caplog)
        caplog.clear()


def test_an_encoding_that_tiktoken_cannot_make_is_told(files, monkeypatch, caplog):
    import tiktoken

    def fail(name: str) -> Any:
        raise ValueError(name)

    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(files))
    monkeypatch.setattr(tiktoken, "get_encoding", fail)
    assert "tiktoken cannot read it (ValueError)" in told(caplog)


def test_whatever_else_goes_wrong_is_told_and_not_raised(cache, monkeypatch, caplog):
    def fail() -> str:
        raise FileNotFoundError("no usable temporary directory")

    monkeypatch.delenv("TIKTOKEN_CACHE_DIR")
    monkeypatch.setattr("gossamer.encodings.gettempdir", fail)
    monkeypatch.setattr(errors, "strict", False)
    assert TokenCounter.load() is None
    assert "FileNotFoundError" in caplog.text


def test_without_tiktoken_the_extra_is_told(monkeypatch, caplog):
    monkeypatch.setitem(sys.modules, "tiktoken", None)
    message = told(caplog)
    assert "gossamer[tiktoken]" in message
    assert "ModuleNotFoundError" in message


def test_a_broken_tiktoken_is_none(tmp_path, monkeypatch, caplog):
    (tmp_path / "tiktoken.py").write_text("raise OSError('libsomething is missing')")
    for name in [name for name in sys.modules if name.partition(".")[0] == "tiktoken"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(tmp_path)
    assert "OSError" in told(caplog)
