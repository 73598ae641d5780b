"""Streams of choices: whatever way an answer is cut into chunks, it reads as if it had come in one piece."""

from __future__ import annotations

import sys
from itertools import chain, zip_longest
from typing import Any

import pytest
from openai.types import Completion
from openai.types.chat import ChatCompletionChunk

from gossamer.messages.chat import CHAT
from gossamer.messages.choices_stream import ContentFold
from gossamer.messages.completions import COMPLETIONS
from gossamer.messages.message import Base64
from gossamer.operations.choices import ChoicesFold

PLENTY = 1_000_000
CHUNK = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
USAGE = {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}


def function(name: str, arguments: str, call_id: str) -> dict[str, Any]:
    """A call of a function."""
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


def custom(name: str, said: str, call_id: str) -> dict[str, Any]:
    """A call of a custom tool."""
    return {"id": call_id, "type": "custom", "custom": {"name": name, "input": said}}


CALLS = [
    function("weigh", '{"what": "feather"}', "c1"),
    custom("run", "print(1)", "c2"),
    function("f", "", "c3"),
]

#: The messages of the choices of one answer.
ANSWERS: dict[str, list[dict[str, Any]]] = {
    "text": [{"content": "Light as a 🪶 of 光."}],
    "nothing": [{"content": ""}],
    "refusal": [{"content": None, "refusal": "No, thanks."}],
    "reasoning_content": [{"reasoning_content": "Feathers?", "content": "Very."}],
    "reasoning": [{"reasoning": "Feathers?", "content": "Very."}],
    "tools": [{"content": "Let me see.", "tool_calls": CALLS}],
    "one tool twice": [{"tool_calls": [function("f", "{}", "c1"), function("f", "{}", "c2")]}],
    "function": [{"content": None, "function_call": {"name": "f", "arguments": '{"a": 1}'}}],
    "audio": [
        {"content": None, "audio": {"id": "a", "transcript": "Very light.", "data": "AAAABBBBCCCCDD=="}}
    ],
    "choices": [{"content": "Very."}, {"content": ""}, {"content": "A little.", "tool_calls": CALLS[:1]}],
    "another role": [{"role": "model", "content": "Very."}],
}


def pieces(text: str, size: int) -> list[str]:
    """A text, cut."""
    return [text[start : start + size] for start in range(0, len(text), size)]


def deltas_of(message: dict[str, Any], size: int) -> list[dict[str, Any]]:
    """The deltas of a message, its texts in pieces of that size; those of base64 by its groups."""
    deltas: list[dict[str, Any]] = [
        {"role": message.get("role", "assistant"), "content": "", "refusal": None}
    ]
    for field in ("reasoning_content", "reasoning", "content", "refusal"):
        deltas += [{field: piece} for piece in pieces(message.get(field) or "", size)]
    audio = message.get("audio")
    if audio:
        deltas.append({"audio": {"id": audio["id"], "transcript": ""}})
        deltas += [{"audio": {"transcript": piece}} for piece in pieces(audio["transcript"], size)]
        deltas += [{"audio": {"data": piece}} for piece in pieces(audio["data"], size * 4)]
    for index, call in enumerate(message.get("tool_calls", ())):
        kind = call["type"]
        field = "input" if kind == "custom" else "arguments"
        named = {**call, kind: {**call[kind], field: ""}}
        deltas.append({"tool_calls": [{"index": index, **named}]})
        deltas += [
            {"tool_calls": [{"index": index, kind: {field: piece}}]}
            for piece in pieces(call[kind][field], size)
        ]
    legacy = message.get("function_call")
    if legacy:
        deltas.append({"function_call": {"name": legacy["name"], "arguments": ""}})
        deltas += [{"function_call": {"arguments": piece}} for piece in pieces(legacy["arguments"], size)]
    return deltas


def choice(delta: Any, index: Any = 0, reason: str | None = None) -> dict[str, Any]:
    """A choice of a chunk."""
    return {"index": index, "delta": delta, "finish_reason": reason, "logprobs": None}


def chunk(*choices: Any, **more: Any) -> dict[str, Any]:
    """A chunk."""
    return {**CHUNK, "choices": list(choices), "usage": None, **more}


def in_turn(choices: list[list[Any]]) -> list[dict[str, Any]]:
    """One choice after the other."""
    return [chunk(entry) for entries in choices for entry in entries]


def interleaved(choices: list[list[Any]]) -> list[dict[str, Any]]:
    """A chunk for each choice, in turns."""
    return [chunk(entry) for entry in chain(*zip_longest(*choices)) if entry is not None]


def together(choices: list[list[Any]]) -> list[dict[str, Any]]:
    """All choices in each chunk."""
    return [chunk(*(entry for entry in row if entry is not None)) for row in zip_longest(*choices)]


def parsed(chunk: dict[str, Any]) -> Any:
    """A chunk as the SDK hands it out."""
    from openai._models import construct_type

    return construct_type(type_=ChatCompletionChunk, value=chunk)


def as_it_is(chunk: dict[str, Any]) -> Any:
    """A chunk of an untyped stream."""
    return chunk


def folded(chunks: list[Any], limit: int = PLENTY, request: Any = None) -> ContentFold:
    """All chunks in a fold."""
    fold = ContentFold(request or {}, limit)
    for entry in chunks:
        fold.add(entry)
    return fold


def plain(value: Any) -> Any:
    """Data as its base64."""
    if isinstance(value, Base64):
        return value.text[value.start :]
    if isinstance(value, list):
        return [plain(entry) for entry in value]
    return {key: plain(inner) for key, inner in value.items()} if isinstance(value, dict) else value


def outputs(*deltas: Any, **more: Any) -> list[Any]:
    """The parts of the answer that these deltas make, parsed and as they are."""
    chunks = [chunk(choice(delta)) for delta in deltas]
    (message,) = plain(CHAT.outputs(folded([parsed(entry) for entry in chunks], **more).answer()))
    assert plain(CHAT.outputs(folded(chunks, **more).answer())) == [message]
    found = message["parts"]
    assert isinstance(found, list)
    return found


def text(content: str) -> dict[str, Any]:
    """A text part."""
    return {"type": "text", "content": content}


def call(name: str, arguments: Any, **more: Any) -> dict[str, Any]:
    """A call of a tool."""
    return {"type": "tool_call", "name": name, "arguments": arguments, **more}


@pytest.mark.parametrize("make", [parsed, as_it_is])
@pytest.mark.parametrize("order", [in_turn, interleaved, together])
@pytest.mark.parametrize("size", [1, 3, 1000])
@pytest.mark.parametrize("name", ANSWERS)
def test_a_streamed_answer_reads_as_an_unstreamed_one(name, size, order, make):
    messages = ANSWERS[name]
    whole = [
        {"index": index, "finish_reason": "stop", "message": message}
        for index, message in enumerate(messages)
    ]
    cut = [
        [*(choice(delta, index) for delta in deltas_of(message, size)), choice({}, index, "stop")]
        for index, message in enumerate(messages)
    ]
    fold = folded([make(entry) for entry in [*order(cut), chunk(usage=USAGE)]])
    answer = fold.answer()
    assert plain(CHAT.outputs(answer)) == plain(CHAT.outputs({"choices": whole}))
    assert [(entry["index"], entry["finish_reason"]) for entry in answer["choices"]] == [
        (index, "stop") for index in range(len(messages))
    ]
    assert not fold.cut
    assert fold.answer() == answer


@pytest.mark.parametrize("index", [[0], {}, "content", 0.5, None])
def test_a_call_with_an_odd_index_takes_no_text_of_others(index):
    said = {"tool_calls": [{"index": index, "function": {"arguments": "{}"}}]}
    first = {"tool_calls": [{"index": index, **function("f", "", "c1")}]}
    assert outputs({"content": "a"}, first, said, {"content": "b"}) == [
        text("ab"),
        call("f", "{}", id="c1"),
    ]


@pytest.mark.parametrize("make", [parsed, as_it_is])
def test_all_but_the_content_is_what_a_fold_without_content_finds(make):
    chunks = [
        chunk(usage=None),
        chunk(choice({"role": "assistant", "content": ""}), system_fingerprint="fp"),
        chunk(choice({"content": "a"})),
        chunk(choice({"content": "b"}, 1)),
        chunk(choice({}, 0, "stop"), service_tier="default"),
        chunk(choice({"content": "c"}, 1, "length")),
        chunk(usage=USAGE),
    ]
    with_content, without = ContentFold({}, PLENTY), ChoicesFold({})
    for entry in map(make, chunks):
        without.add(entry)
        assert with_content.add(entry) is False  # it wants all of them
    bare = without.answer()
    answer = {**with_content.answer()}
    answer["choices"] = [{"finish_reason": entry["finish_reason"]} for entry in answer["choices"]]
    assert answer == bare


def test_a_choice_that_was_asked_for_and_did_not_come_is_an_empty_message():
    fold = folded([chunk(choice({"content": "a"}, 1))], request={"gen_ai.request.choice.count": 3})
    messages = CHAT.outputs(fold.answer())
    assert [message["parts"] for message in messages] == [[], [text("a")], []]


def test_nothing_folded_is_no_answer():
    assert folded([]).answer() == {}


LEGACY = [
    {"index": 0, "text": "Very.", "finish_reason": "stop"},
    {"index": 1, "text": "", "finish_reason": "stop"},
]


@pytest.mark.parametrize("beside", [{}, {"delta": {"role": "assistant", "content": "x"}}], ids=["", "delta"])
@pytest.mark.parametrize("typed", [True, False])
def test_a_legacy_completion_is_folded_too(typed, beside):
    from openai._models import construct_type

    chunks: list[Any] = []
    for piece in "Very.":
        same = {name: {**delta, "content": piece} for name, delta in beside.items()}
        chunks.append(chunk({"index": 0, "text": piece, "finish_reason": None, "logprobs": None, **same}))
    chunks += [
        chunk({"index": 0, "text": "", "finish_reason": "stop"}),
        chunk({"index": 1, "text": "", "finish_reason": "stop"}),
    ]
    if typed:
        chunks = [construct_type(type_=Completion, value=entry) for entry in chunks]
    answer = folded(chunks).answer()
    assert COMPLETIONS.outputs(answer) == COMPLETIONS.outputs({"choices": LEGACY})
    if not beside:
        assert answer["choices"][0] == LEGACY[0]


# What servers do differently.


def args(arguments: Any, **more: Any) -> dict[str, Any]:
    """A delta of a call."""
    return {"tool_calls": [{**more, "function": {"arguments": arguments}}]}


def begun(name: str, arguments: Any = "", **more: Any) -> dict[str, Any]:
    """A delta of a call that names the function."""
    return {"tool_calls": [{**more, "type": "function", "function": {"name": name, "arguments": arguments}}]}


def both(first: Any, second: Any) -> dict[str, Any]:
    """The calls of two deltas in one."""
    return {"tool_calls": [*first["tool_calls"], *second["tool_calls"]]}


ONE = [call("f", '{"a":1}', id="c")]
TWO = [call("f", "{}", id="c"), call("f", "[]", id="d")]
CALLED: dict[str, tuple[list[Any], list[Any]]] = {
    "id and name repeated": (
        [
            begun("f", index=0, id="c"),
            begun("f", '{"a"', index=0, id="c"),
            begun("f", ":1}", index=0, id="c"),
        ],
        ONE,
    ),
    "another id with each piece": (
        [begun("f", index=0, id="c"), args('{"a"', index=0, id="x"), args(":1}", index=0, id="y")],
        ONE,
    ),
    "the id empty after the first": (
        [begun("f", index=0, id="c"), args('{"a"', index=0, id=""), args(":1}", index=0, id="")],
        ONE,
    ),
    "the id after the name": ([begun("f", index=0), args('{"a":1}', index=0, id="c")], ONE),
    "no index": ([begun("f", id="c"), args('{"a"'), args(":1}")], ONE),
    "no index, and the id repeated": ([begun("f", id="c"), args('{"a"', id="c"), args(":1}", id="c")], ONE),
    "no index in the second": ([begun("f", index=0, id="c"), args('{"a":1}', id="c")], ONE),
    "arguments of null": ([begun("f", None, index=0, id="c"), args('{"a":1}', index=0)], ONE),
    "one index for all calls": ([begun("f", "{}", index=0, id="c"), begun("f", "[]", index=0, id="d")], TWO),
    "whole calls": ([begun("f", "{}", index=0, id="c"), begun("f", "[]", index=1, id="d")], TWO),
    "whole calls at once": (
        [both(begun("f", "{}", index=0, id="c"), begun("f", "[]", index=1, id="d"))],
        TWO,
    ),
    "whole calls without an index": ([both(begun("f", "{}", id="c"), begun("f", "[]", id="d"))], TWO),
    "whole calls without index and id": (
        [begun("f", "{}"), both(begun("f", "[]"), begun("g", ""))],
        [call("f", "{}"), call("f", "[]"), call("g", "")],
    ),
    "calls by turns": (
        [
            both(begun("f", index=0, id="c"), begun("f", index=1, id="d")),
            both(args("[", index=1), args("{", index=0)),
            both(args("}", index=0), args("]", index=1)),
        ],
        TWO,
    ),
    "the second call first": ([begun("f", "[]", index=1, id="d"), begun("f", "{}", index=0, id="c")], TWO),
    "no arguments at all": ([begun("f", None, index=0, id="c")], [call("f", None, id="c")]),
}


@pytest.mark.parametrize("name", CALLED)
def test_calls_are_put_together_however_they_come(name):
    deltas, expected = CALLED[name]
    assert outputs({"role": "assistant"}, *deltas) == expected


SAID: dict[str, tuple[list[Any], list[Any]]] = {
    "role in each": ([{"role": "assistant", "content": piece} for piece in "abc"], [text("abc")]),
    "reasoning of null in each": (
        [{"content": piece, "reasoning": None, "reasoning_details": []} for piece in "abc"],
        [text("abc")],
    ),
    "reasoning beside text": (
        [{"content": piece, "reasoning_content": piece} for piece in "abc"],
        [{"type": "reasoning", "content": "abc"}, text("abc")],
    ),
    "reasoning in two fields": (
        [{"reasoning_content": piece, "reasoning": piece} for piece in "abc"],
        [{"type": "reasoning", "content": "abc"}],
    ),
    "refusal beside text": (
        [{"content": piece, "refusal": piece} for piece in "abc"],
        [text("abc"), {"type": "generic", "generic_type": "refusal", "content": "abc"}],
    ),
    "a call beside text": (
        [{"content": "a"}, {"content": "b", **begun("f", "{}", index=0)}, {"content": "c"}],
        [text("abc"), call("f", "{}")],
    ),
    "a function beside text": (
        [{"content": "a"}, {"content": "b", "function_call": {"name": "f", "arguments": "{}"}}],
        [text("ab"), call("f", "{}")],
    ),
    "audio beside text": (
        [{"content": "a"}, {"content": "b", "audio": {"id": "i"}}],
        [text("ab"), {"type": "file", "modality": "audio", "file_id": "i"}],
    ),
    "parts of Mistral's": (
        [
            {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "H"}]}]},
            {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "m."}]}]},
            {"content": [{"type": "text", "text": "a"}]},
            {"content": "b"},
        ],
        [{"type": "reasoning", "content": "Hm."}, text("ab")],
    ),
    "odd types": (
        [
            {
                "content": 7,
                "refusal": [],
                "reasoning": {},
                "role": 7,
                "tool_calls": "a",
                "function_call": "a",
            },
            {"content": [7, None, "a"], "tool_calls": [7, None, "a", {}], "audio": "a"},
            {"content": {"a": 1}, "audio": {"id": 1, "data": 7, "transcript": []}, "function_call": {}},
            {"content": "a"},
        ],
        [text("a")],
    ),
}


@pytest.mark.parametrize("name", SAID)
def test_what_servers_add_to_a_delta_is_told(name):
    deltas, expected = SAID[name]
    assert outputs({"content": "", "role": "assistant"}, *deltas) == expected


@pytest.mark.parametrize(
    "odd",
    [None, 7, "a", [], object(), {}, {"choices": None}, {"choices": 7}, {"choices": [None, 7, "a", []]},
     {"choices": [{"index": [], "delta": 7}]}, {"choices": [{"index": None}]}],
)  # fmt: skip
def test_an_odd_chunk_changes_nothing(odd):
    fold = folded([parsed(chunk(choice({"content": "a"}))), odd, parsed(chunk(choice({"content": "b"})))])
    assert CHAT.outputs(fold.answer())[0]["parts"] == [text("ab")]
    folded([parsed(odd) if isinstance(odd, dict) else odd]).answer()


def test_choices_without_an_index_are_told_apart_by_their_place():
    row = chunk(choice({"content": "a"}, None), choice({"content": "b"}, None))
    fold = folded([parsed(row), parsed(row), parsed(chunk(choice({"content": "c"}, None)))])
    assert [message["parts"] for message in CHAT.outputs(fold.answer())] == [[text("aac")], [text("bb")]]


@pytest.mark.parametrize("first", [{"role": "assistant", "content": "", "refusal": None}, {"content": "a"}])
@pytest.mark.parametrize("more", [{}, {"role": "assistant"}, {"refusal": None, "reasoning": None}])
def test_deltas_of_text_alone_take_the_short_way(first, more, monkeypatch):
    fold = folded([parsed(chunk(choice(first))), parsed(chunk(choice({"content": "b"})))])
    monkeypatch.delattr(ContentFold, "_add_other")  # what it does would be done thousands of times
    fold.add(parsed(chunk(choice({"content": "c", **more}), obfuscation="xxx")))
    assert CHAT.outputs(fold.answer())[0]["parts"][0]["content"].endswith("bc")


# What is kept has a limit.


def cut_at(limit: int, *deltas: Any) -> tuple[list[Any], ContentFold]:
    """The parts of an answer, and its fold, by a limit; at its end is what a limit must not touch."""
    chunks = [*(chunk(choice(delta)) for delta in deltas), chunk(choice({}, 0, "stop")), chunk(usage=USAGE)]
    fold = folded([parsed(entry) for entry in chunks], limit)
    answer = fold.answer()
    assert answer["choices"][0]["finish_reason"] == "stop"
    assert answer["usage"].total_tokens == 7
    assert answer["id"] == "chatcmpl-1"
    return plain(CHAT.outputs(answer)[0]["parts"]), fold


@pytest.mark.parametrize("size", [1, 2, 3, 10])
@pytest.mark.parametrize("limit", range(12))
def test_of_a_text_a_prefix_is_kept(size, limit):
    said = "0123456789"
    parts, fold = cut_at(limit, {"role": "assistant"}, *({"content": piece} for piece in pieces(said, size)))
    assert parts == ([text(said[:limit])] if limit else [])
    assert fold.cut == (limit < len(said))


def test_nothing_is_kept_after_a_cut_wherever_it_would_go():
    deltas = [
        {"content": "a"}, {"content": "bcdef"}, {"content": "g"}, {"reasoning": "h"}, {"refusal": "i"},
        begun("f", "{}", index=0, id="c"), args("x", index=0),
        {"function_call": {"name": "g", "arguments": "y"}}, {"audio": {"id": "j", "transcript": "k"}},
    ]  # fmt: skip
    parts, fold = cut_at(3, *deltas)
    assert parts == [
        text("abc"),
        {"type": "file", "modality": "audio", "file_id": "j"},
        call("f", "", id="c"),
        call("g", ""),
    ]
    assert fold.cut


def test_arguments_are_cut_like_a_text():
    parts, fold = cut_at(4, begun("f", "", index=0), args('{"a', index=0), args('": 1}', index=0))
    assert parts == [call("f", '{"a"')]
    assert fold.cut


@pytest.mark.parametrize(("limit", "kept"), [(8, True), (7, False)])
def test_audio_is_kept_whole_or_not_at_all_and_leaves_the_room_to_its_transcript(limit, kept):
    deltas = [{"audio": {"id": "i"}}, {"audio": {"data": "AAAA"}}, {"audio": {"data": "BBBB"}}]
    parts, fold = cut_at(limit, *deltas, {"audio": {"transcript": "Very."}})
    sound: dict[str, Any] = {"type": "blob", "modality": "audio", "content": "AAAABBBB", "id": "i"}
    assert parts == [text("Very."), sound if kept else {"type": "file", "modality": "audio", "file_id": "i"}]
    assert fold.cut is not kept


def test_audio_that_is_no_base64_once_it_is_joined_is_left_out():
    parts, fold = cut_at(PLENTY, {"audio": {"id": "i", "data": "AA=="}}, {"audio": {"data": "BBBB"}})
    assert parts == [{"type": "file", "modality": "audio", "file_id": "i"}]
    assert fold.cut


def test_calls_and_choices_without_end_are_not_kept():
    fold = ContentFold({}, PLENTY)
    for index in range(5000):
        fold.add(chunk(choice(begun("f", index=index))))
        fold.add(chunk(choice({"content": "a"}, index)))
    kept = CHAT.outputs(fold.answer())
    assert sum(1 + len(message["parts"]) for message in kept) < 3000
    assert fold.cut


def test_a_name_without_end_is_not_kept():
    parts, fold = cut_at(1000, begun("f" * 2000, "{}", index=0, id="c"))
    assert [part["type"] for part in parts] == ["generic"]
    assert fold.cut
    assert outputs(begun("f" * 900, "{}", index=0), limit=1000) == [call("f" * 900, "{}")]


def test_arguments_that_are_sent_as_they_are_meant_are_kept():
    call = {"index": 0, "id": "c", "type": "function", "function": {"name": "f", "arguments": {"a": 1}}}
    fold = folded([chunk(choice({"tool_calls": [call]}))])
    (message,) = CHAT.outputs(fold.answer())
    assert message["parts"][0]["arguments"] == {"a": 1}


def test_a_message_in_the_place_of_a_delta_is_read():
    fold = folded(
        [chunk({"index": 0, "message": {"role": "assistant", "content": "a"}, "finish_reason": None})]
    )
    assert [message["parts"] for message in CHAT.outputs(fold.answer())] == [[text("a")]]


def test_what_has_no_place_between_pieces_of_text_is_told_to_be_missing():
    fold = folded([chunk(choice({"content": [{"type": "text", "text": "a"}, {"type": "image_url"}]}))])
    assert fold.cut
    assert [message["parts"] for message in CHAT.outputs(fold.answer())] == [[text("a")]]


@pytest.mark.parametrize(
    ("first", "more"),
    [
        ({"content": "a"}, {"content": "b"}),
        ({"reasoning_content": "a"}, {"content": None, "reasoning_content": "b"}),
        (begun("f", index=0), {"tool_calls": [{"index": 0, "function": {"arguments": "b"}}]}),
    ],
    ids=["text", "reasoning", "arguments"],
)
def test_a_piece_of_what_has_begun_takes_few_functions(first, more):
    """An agent's stream is mostly arguments, and a reasoning model's mostly thoughts."""
    fold, piece = ContentFold({}, PLENTY), parsed(chunk(choice(more)))
    fold.add(parsed(chunk(choice(first))))
    fold.add(piece)
    calls = 0

    def profile(frame: Any, event: str, argument: Any) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(profile)
    fold.add(piece)
    sys.setprofile(None)
    assert calls <= 3  # add(), _only_piece(), _is_all()
