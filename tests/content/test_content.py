"""What a call said, within its limits: which comes first, how it is cut, and what is never recorded."""

from __future__ import annotations

import base64
import datetime as dt
import enum
import gc
import hashlib
import json
import sys
import threading
import tracemalloc
from collections.abc import Iterator
from typing import Any, NamedTuple

import openai
import pytest
from openai.types.chat import ChatCompletionMessage

from gossamer import errors
from gossamer.content import copies
from gossamer.content.content import Content, Policy
from gossamer.messages.message import (
    Base64,
    Part,
    Reader,
    at_url,
    data,
    file,
    generic,
    reasoning,
    text,
    tool_call,
    tool_call_response,
)

INSTRUCTIONS, TOOLS, INPUT, OUTPUT = (
    "gen_ai.system_instructions",
    "gen_ai.tool.definitions",
    "gen_ai.input.messages",
    "gen_ai.output.messages",
)
READER = Reader(
    inputs=lambda body: body.get("input", ()),
    message=lambda item: None if item is None else {"role": item[0], "parts": list(item[1:])},
    instructions=lambda body: body.get("instructions", []),
    tools=lambda body: body.get("tools", ()),
    tool=lambda tool, detailed: tool if detailed else {key: tool[key] for key in ("type", "name")},
    outputs=lambda answer: [{"role": "assistant", "parts": parts} for parts in answer.get("output", ())],
)
ROOMY = Policy(limit=10**6, part_limit=10**5)


@pytest.fixture(autouse=True)
def nothing_told(monkeypatch):
    monkeypatch.setattr(errors, "_told", set())


def read(policy: Policy = ROOMY, reader: Reader = READER, **call: Any) -> Content:
    content = Content(reader, policy)
    content.read_request(call)
    content.read_answer(call)
    return content


def sent(*parts: Part, policy: Policy = ROOMY) -> list[Part]:
    """The parts that are recorded of one message."""
    return read(policy, input=[("user", *parts)]).sections[INPUT][0]["parts"]


def one(part: Part, **policy: Any) -> Part:
    (recorded,) = sent(part, policy=Policy(**{"limit": 10**6, "part_limit": 10**5, **policy}))
    return recorded


def size(value: Any) -> int:
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


# What is recorded


def test_each_section_has_its_attribute_as_values_and_as_json():
    content = read(
        input=[("user", text("How light?")), ("assistant", reasoning("Hm."), text("Very."))],
        instructions=[text("Be brief.")],
        tools=[{"type": "function", "name": "weigh", "description": "Weighs", "parameters": {}}],
        output=[[text("蜘蛛の糸 🕸")], []],
    )
    assert content.as_json() == {
        INSTRUCTIONS: '[{"type":"text","content":"Be brief."}]',
        TOOLS: '[{"type":"function","name":"weigh"}]',
        INPUT: '[{"role":"user","parts":[{"type":"text","content":"How light?"}]},'
        '{"role":"assistant","parts":[{"type":"reasoning","content":"Hm."},{"type":"text","content":"Very."}]}]',
        OUTPUT: '[{"role":"assistant","parts":[{"type":"text","content":"蜘蛛の糸 🕸"}]},'
        '{"role":"assistant","parts":[]}]',
    }
    assert content.sections == {name: json.loads(found) for name, found in content.as_json().items()}
    assert content.truncated == []
    assert not content.dropped


def test_what_is_empty_has_no_attribute():
    assert read(input=[None], instructions=[], tools=[], output=[]).as_json() == {}


def test_a_message_keeps_the_name_of_its_author():
    reader = Reader(**{**vars(READER), "message": lambda item: item})
    content = read(reader=reader, input=[{"role": "user", "parts": [text("Hi")], "name": "Ann"}])
    assert content.sections[INPUT] == [{"role": "user", "parts": [text("Hi")], "name": "Ann"}]
    assert json.loads(content.as_json()[INPUT]) == content.sections[INPUT]


def test_details_of_tools_are_recorded_only_when_asked_for():
    tool = {"type": "function", "name": "weigh", "description": "Weighs", "parameters": {"type": "object"}}
    assert read(Policy(10**6, 10**5, tool_details=True), tools=[tool]).sections[TOOLS] == [tool]
    assert read(tools=[tool]).sections[TOOLS] == [{"type": "function", "name": "weigh"}]


def test_a_fetched_answer_brings_the_instructions_and_tools_but_no_input():
    reader = Reader(**{**vars(READER), "fetched": True})
    content = Content(reader, ROOMY)
    content.read_answer(
        {
            "instructions": [text("Be brief.")],
            "tools": [{"type": "function", "name": "weigh"}],
            "input": [("user", text("Hi"))],
            "output": [[text("Ho")]],
        }
    )
    assert list(content.sections) == [INSTRUCTIONS, TOOLS, OUTPUT]


def test_what_the_app_changes_after_the_request_does_not_change_what_is_recorded():
    arguments = {"to": ["Paris"]}
    items = [("user", text("Hi")), ("assistant", tool_call("fly", arguments))]
    content = Content(READER, ROOMY)
    content.read_request({"input": items})
    arguments["to"].append("Rome")
    items.clear()
    assert content.sections[INPUT][1]["parts"][0]["arguments"] == {"to": ["Paris"]}


def test_what_is_read_again_takes_the_place_of_what_was_read():
    content = Content(READER, ROOMY)
    content.read_request({"input": [("user", text("Hi"))], "instructions": [text("Be brief.")]})
    content.read_request({"input": [("user", text("Ho"))]})
    assert content.sections == {INPUT: [{"role": "user", "parts": [text("Ho")]}]}
    assert list(content.as_json()) == [INPUT]


# Limits


def test_the_newest_messages_are_kept_in_their_order():
    items = [("user", text(f"{number:03}" + "x" * 97)) for number in range(100)]
    content = read(Policy(limit=4000, part_limit=1000), input=items)
    kept = [message["parts"][0]["content"][:3] for message in content.sections[INPUT]]
    assert kept == [f"{number:03}" for number in range(100 - len(kept), 100)]
    assert 2700 < len(content.as_json()[INPUT]) <= 3000
    assert content.truncated == [INPUT]


def test_the_message_at_the_boundary_keeps_the_parts_that_fit():
    items = [("user", text("a" * 100), text("b" * 500), text("c")), ("user", text("d" * 100))]
    content = read(Policy(limit=800, part_limit=600), input=items)
    first, second = content.sections[INPUT]
    assert second["parts"] == [text("d" * 100)]
    whole, cut = first["parts"]
    assert whole == text("a" * 100)
    assert cut["truncated"] == 500
    assert set(cut["content"]) == {"b"}
    assert len(content.as_json()[INPUT]) == 600


def test_messages_that_have_no_room_are_not_even_read():
    looked_at: list[Any] = []
    reader = Reader(
        **{**vars(READER), "message": lambda item: looked_at.append(item) or READER.message(item)}
    )
    read(Policy(limit=1000, part_limit=500), reader, input=[("user", text("x" * 100))] * 1000)
    assert len(looked_at) < 10


def test_a_conversation_that_shows_nothing_is_not_walked_to_its_end():
    looked_at: list[Any] = []
    reader = Reader(**{**vars(READER), "message": looked_at.append})
    assert read(Policy(limit=1000, part_limit=500), reader, input=[0] * 10_000).truncated == [INPUT]
    assert len(looked_at) < 100


def test_instructions_come_before_tools_and_tools_before_messages():
    tools = [{"type": "function", "name": f"tool_{number}"} for number in range(100)]
    call = {"instructions": [text("i" * 200)], "tools": tools, "input": [("user", text("Hi"))]}
    content = read(Policy(limit=1000, part_limit=1000), **call)
    assert content.sections[INSTRUCTIONS] == [text("i" * 200)]
    assert [tool["name"] for tool in content.sections[TOOLS]] == [
        f"tool_{number}" for number in range(len(content.sections[TOOLS]))
    ]
    assert INPUT not in content.sections
    assert content.truncated == [TOOLS, INPUT]


def test_the_answer_has_a_quarter_of_the_room_and_whatever_the_request_left_over():
    long = text("x" * 5000)
    content = read(Policy(limit=1000, part_limit=5000), input=[("user", long)], output=[[long]])
    assert {name: len(found) for name, found in content.as_json().items()} == {INPUT: 750, OUTPUT: 250}
    content = read(Policy(limit=1000, part_limit=5000), input=[("user", text("Hi"))], output=[[long]])
    assert sum(len(found) for found in content.as_json().values()) == 1000


@pytest.mark.parametrize("letter", ["x", "界", "🕸", '"', "\n", "\x01", "é\\"])
def test_a_text_is_cut_as_late_as_the_limit_allows(letter):
    said = letter * 1000
    part = one(text(said), part_limit=300)
    assert part["truncated"] == len(said)
    assert said.startswith(part["content"])
    widest = size(letter) - 2
    assert 300 - widest < size(part) <= 300


def test_a_part_that_is_cut_for_its_own_limit_does_not_end_the_conversation():
    items = [("user", text("first")), ("user", text("x" * 1000)), ("user", text("last"))]
    content = read(Policy(limit=10_000, part_limit=100), input=items)
    assert [message["parts"][0]["content"][:5] for message in content.sections[INPUT]] == [
        "first",
        "xxxxx",
        "last",
    ]
    assert content.truncated == [INPUT]


def test_no_attribute_is_longer_than_the_sdk_lets_it_be():
    long = text("界" * 500)
    policy = Policy(limit=10_000, part_limit=10_000, attribute_limit=200)
    content = read(policy, instructions=[long], input=[("user", long)], output=[[long]])
    assert all(0 < len(found) <= 200 and json.loads(found) for found in content.as_json().values())
    assert content.truncated == [INSTRUCTIONS, INPUT, OUTPUT]


@pytest.mark.parametrize(
    ("part", "mark"),
    [
        (
            {
                "type": "server_tool_call",
                "name": "s",
                "id": "1",
                "server_tool_call": {"type": "s", "q": ["x"] * 99},
            },
            {"type": "server_tool_call", "name": "s", "id": "1", "server_tool_call": {"type": "s"}},
        ),
        (generic("odd", held=[["x"] * 99]), generic("odd", held=None)),
        (tool_call_response({"type": "t", "k": ["x"] * 99}, "1"), tool_call_response({"type": "t"}, "1")),
        (tool_call_response([["x"] * 99]), tool_call_response([])),
    ],
)
def test_a_structure_that_does_not_fit_leaves_a_mark(part, mark):
    assert one(part, part_limit=200) == {**mark, "truncated": True}
    assert one(part) == part


def test_a_structure_that_does_not_fit_what_is_left_leaves_a_mark_too():
    part = generic("odd", held=["x"] * 50)
    assert sent(text("y"), part, policy=Policy(limit=300, part_limit=300)) == [
        text("y"),
        {"type": "generic", "generic_type": "odd", "truncated": True},
    ]


def test_a_result_of_many_parts_keeps_the_first():
    part = tool_call_response([text("a" * 50), text("b" * 500), text("c")], "1")
    found = one(part, part_limit=300)
    assert found["truncated"] is True
    assert found["response"][0] == text("a" * 50)
    assert found["response"][1]["truncated"] == 500
    assert len(found["response"]) == 2
    assert size(found) == 300


def test_half_a_role_is_told(monkeypatch):
    content = read(input=[("r" * 300, text("Hi"))])
    assert content.sections[INPUT][0]["role"] == "r" * 256
    assert content.truncated == [INPUT]


@pytest.mark.parametrize("limit", [-1, 0, 1, 22, 40])
def test_without_room_nothing_is_recorded(limit):
    content = read(Policy(limit, 1000), input=[("user", text("Hi"))], instructions=[text("Hi")])
    assert content.as_json() == {}
    assert INPUT in content.truncated


LARGE: dict[str, Any] = {
    "text": lambda size: [("user", text("x" * size))],
    "cjk": lambda size: [("user", text("界" * size))],
    "control": lambda size: [("user", text("\x01" * size))],
    "arguments": lambda size: [("user", tool_call("f", '{"a":"' + "x" * size + '"}'))],
    "image": lambda size: [("user", at_url("image", "data:image/png;base64," + "A" * size))],
    "structure": lambda size: [("user", generic("odd", held=["x" * 50] * (size // 50)))],
    "results": lambda size: [("user", tool_call_response([text("x")] * (size // 50)))],
    "messages": lambda size: [("user", text("x" * 1000))] * (size // 1000),
    "short messages": lambda size: [("user", text("x"))] * (size // 50),
}


@pytest.mark.parametrize("kind", LARGE)
def test_what_is_cut_away_costs_nothing(kind):
    """Twice as much is no more work, and no more memory than the limit: nothing is walked or copied first."""
    small, large = (cost(LARGE[kind](size)) for size in (2_000_000, 4_000_000))
    assert large.functions == small.functions
    assert large.bytes < 2_500_000


class Cost(NamedTuple):
    """What reading a conversation takes: functions called, Python's and C's; bytes at the most."""

    functions: int
    bytes: int


def cost(items: list[Any]) -> Cost:
    functions = 0

    def profile(frame: Any, event: str, argument: Any) -> None:
        nonlocal functions
        functions += event in ("call", "c_call")

    policy = Policy(limit=128 * 1024, part_limit=64 * 1024)
    gc.collect()
    gc.disable()
    sys.setprofile(profile)
    try:
        read(policy, input=items)
    finally:
        sys.setprofile(None)
        gc.enable()
    tracemalloc.start()
    read(policy, input=items)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return Cost(functions, peak)


def test_a_key_without_a_name_is_named():
    part = generic("novelty", **{"": 1, "inside": [{"": 2}]})
    made = one(part)
    assert made["<empty>"] == 1
    assert made["inside"] == [{"<empty>": 2}]


# Arguments


@pytest.mark.parametrize(
    "arguments",
    ["{}", '{"city": "Paris", "days": 3}', ' {"a": [1.5, null, true, {"b": "\\u754c\\ud83d\\udd78"}]}'],
)
def test_arguments_are_recorded_as_the_object_that_they_are(arguments):
    assert one(tool_call("f", arguments))["arguments"] == json.loads(arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        *("", "Paris", "[1]", '"x"', "3", "null", '{"a":', '{"a": 1} x', "{'a': 1}", '{"a": "\n"}'),
        *(
            '{"a": NaN}',
            '{"a": -Infinity}',
            '{"a": 1e400}',
            '{"a": 9223372036854775808}',
            '{"a": %s}' % ("9" * 5000),
        ),
        *('{"": 1}', '{"a": [{"": 1}]}'),  # OpenTelemetry takes no such key, and warns
        *('{"a": 1, "a": 2}', '{"b": {"a": 1, "a": 2}}', '{"a": "\\ud83d"}', '{"\\udc00": 1}'),
        *('{"a": ' + "[" * 20 + "]" * 20 + "}", '{"a":' * 30_000),
    ],
)
def test_arguments_that_are_no_such_object_stay_the_text_that_was_sent(arguments):
    assert one(tool_call("f", arguments), part_limit=10**6)["arguments"] == arguments


def test_arguments_that_are_too_long_are_cut_as_the_text_that_was_sent():
    arguments = json.dumps({"a": "x" * 500})
    part = one(tool_call("f", arguments), part_limit=200)
    assert arguments.startswith(part["arguments"])
    assert part["truncated"] == len(arguments)
    assert size(part) == 200


# Values


class Color(str, enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    LOW = 1


class Secret:
    def __repr__(self) -> str:
        return "a secret"

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name)

    @property
    def __class__(self) -> Any:
        return dict


@pytest.mark.parametrize(
    ("value", "recorded"),
    [
        ("蜘蛛 🕸", "蜘蛛 🕸"),
        ("a\ud83db", "a\ufffdb"),
        (2**63 - 1, 2**63 - 1),
        (-(2**63), -(2**63)),
        (2**63, "9223372036854775808"),
        (10**5000, "<int: 16610 bits>"),
        (float("nan"), "nan"),
        (float("-inf"), "-inf"),
        (True, True),
        (None, None),
        (Color.RED, "red"),
        (Level.LOW, 1),
        ((1, [2]), [1, [2]]),
        ({1: 2, None: 3, "\ud800": 4}, {"1": 2, "None": 3, "\ufffd": 4}),
        (b"twelve bytes", "<bytes: 12>"),
        (dt.datetime(2026, 1, 1, tzinfo=dt.timezone.utc), "<datetime>"),
        (threading.Lock(), "<lock>"),
        (Secret(), "<Secret>"),
        (Secret, "<type>"),
        ({1, 2}, "<set>"),
        (iter([1]), "<list_iterator>"),
        (Base64("AAAA"), "<base64: 3>"),
        (openai.NOT_GIVEN, "<NotGiven>"),
        (ChatCompletionMessage(role="assistant", content="Hi"), {"role": "assistant", "content": "Hi"}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_values_become_what_json_has(value, recorded):
    part = one(generic("odd", held={"value": value}))
    assert part["held"]["value"] == recorded
    assert type(part["held"]["value"]) is type(recorded)


def test_a_value_within_itself_is_only_named():
    cyclic: dict[str, Any] = {"name": "a"}
    cyclic["self"] = [cyclic]
    assert one(generic("odd", held=cyclic))["held"] == {"name": "a", "self": ["<dict>"]}


def test_what_is_very_deep_is_only_named():
    deep: list[Any] = []
    for _ in range(10_000):
        deep = [deep]
    found = json.dumps(one(generic("odd", held=deep))["held"])
    assert found == "[" * 20 + '"<list>"' + "]" * 20


def test_a_text_with_half_a_surrogate_pair_is_recorded_without_it():
    assert sent(text("a\ud83d"), generic("\udc00", content="b\udc00")) == [
        text("a\ufffd"),
        generic("\ufffd", content="b\ufffd"),
    ]


# Data


IMAGE = bytes(range(256)) * 400
ENCODED = base64.b64encode(IMAGE).decode()
URL = f"data:image/png;base64,{ENCODED}"
BLOB = {"type": "blob", "modality": "image", "mime_type": "image/png"}


def test_of_data_the_size_is_recorded():
    assert one(at_url("image", URL)) == {**BLOB, "content": "", "byte_size": len(IMAGE)}


def test_of_data_the_sum_is_recorded_when_asked_for():
    digest = hashlib.sha256(IMAGE).hexdigest()
    found = one(at_url("image", URL), binary="sha256")
    assert found == {**BLOB, "content": "", "byte_size": len(IMAGE), "sha256": digest}
    unpadded = data("image", "image/png", Base64(base64.b64encode(b"ab").decode().rstrip("=")))
    assert one(unpadded, binary="sha256")["sha256"] == hashlib.sha256(b"ab").hexdigest()


@pytest.mark.parametrize(
    "encoded", ["no base64!", "%3Csvg%3E", "A" * 4 * 1024 * 1024], ids=["odd", "url", "large"]
)
def test_of_data_that_is_odd_or_large_there_is_no_sum(encoded):
    assert "sha256" not in one(data("image", None, Base64(encoded)), binary="sha256")


def test_the_sums_of_one_call_have_an_end(monkeypatch):
    monkeypatch.setattr(copies, "_HASHED_TOGETHER", 2 * len(IMAGE))
    found = sent(*[at_url("image", URL)] * 3, policy=Policy(10**6, 10**5, binary="sha256"))
    assert ["sha256" in part for part in found] == [True, True, False]


def test_data_itself_is_recorded_when_asked_for_and_never_half_of_it():
    assert one(at_url("image", URL), binary="data", part_limit=10**6) == {**BLOB, "content": ENCODED}
    size_only = {**BLOB, "content": "", "byte_size": len(IMAGE), "truncated": True}
    assert one(at_url("image", URL), binary="data", part_limit=1000) == size_only
    assert one(at_url("image", URL), binary="data", part_limit=10**6, limit=1000) == size_only


def test_data_in_the_result_of_a_tool_goes_by_the_same_rule():
    part = one(tool_call_response([text("Look:"), at_url("image", URL)], "1"))
    assert part["response"] == [text("Look:"), {**BLOB, "content": "", "byte_size": len(IMAGE)}]


# Redaction


def policy(redact: Any, **given: Any) -> Policy:
    return Policy(**{"limit": 10**6, "part_limit": 10**5, "tool_details": True, **given}, redact=redact)


CALL: dict[str, Any] = {
    "input": [("user", text("Hi"), at_url("image", URL)), ("tool", tool_call_response([text("inner")], "1"))],
    "instructions": [text("Be brief.")],
    "tools": [{"type": "function", "name": "weigh", "description": "Weighs"}],
    "output": [[tool_call("weigh", '{"a":1}')]],
}


def test_the_hook_sees_every_part_as_a_plain_dict():
    seen: list[Any] = []
    read(policy(lambda part: seen.append(json.loads(json.dumps(part))) or part), **CALL)
    assert seen == [
        text("Be brief."),
        {"type": "function", "name": "weigh", "description": "Weighs"},
        text("inner"),
        tool_call_response([text("inner")], "1"),
        text("Hi"),
        {**BLOB, "content": "", "byte_size": len(IMAGE)},
        tool_call("weigh", {"a": 1}),
    ]


def test_a_hook_that_changes_nothing_changes_nothing():
    assert read(policy(lambda part: part), **CALL).as_json() == read(policy(None), **CALL).as_json()


def test_the_hook_sees_a_text_before_it_is_cut():
    lengths: list[int] = []
    read(
        policy(lambda part: lengths.append(len(part["content"])), part_limit=100),
        input=[("user", text("x" * 9000))],
    )
    assert lengths == [9000]


def test_a_part_can_be_changed_replaced_and_dropped():
    def redact(part: Part) -> Part | None:
        if part["content"] == "drop":
            return None
        if part["content"] == "replace":
            return generic("gone", why=("a", b"b"))
        part["content"] += "!"
        return part

    found = sent(text("drop"), text("replace"), text("keep"), policy=policy(redact))
    assert found == [generic("gone", why=["a", "<bytes: 1>"]), text("keep!")]


def test_what_the_hook_keeps_and_changes_later_does_not_change_what_is_recorded():
    kept: list[Part] = []
    content = read(policy(lambda part: kept.append(part) or part), input=[("user", text("Hi"))])
    kept[0]["content"] = "changed"
    assert content.sections[INPUT][0]["parts"] == [text("Hi")]


def test_what_the_hook_writes_into_a_text_is_not_read_as_an_object_afterwards():
    """It looked for secrets in the text; those behind an escape would come out."""

    def redact(part: Part) -> Part:
        return {**part, "arguments": '{"a": "\\u0073ecret"}'}

    assert one(tool_call("f", "{}"), redact=redact)["arguments"] == '{"a": "\\u0073ecret"}'


@pytest.mark.parametrize(
    ("made", "recorded"),
    [
        ({"type": "text"}, text("")),
        ({"type": "text", "content": 3}, text("3")),
        ({"type": "mine", "x": 1}, {"type": "generic", "generic_type": "mine", "x": 1}),
        ({"type": "tool_call_response"}, tool_call_response(None)),
        ({"type": "file", "file_id": "f"}, file("", "f")),
        ({"type": "tool_call", "name": "f", "arguments": None, "id": 7}, tool_call("f", None, "7")),
        (
            {"type": "server_tool_call", "server_tool_call": 3},
            {"type": "server_tool_call", "name": "", "server_tool_call": {"type": "unknown"}},
        ),
    ],
)
def test_what_the_hook_makes_is_made_valid(made, recorded):
    assert one(text("Hi"), redact=lambda part: made) == recorded


def test_the_definition_of_a_tool_keeps_a_type_and_a_name():
    content = read(policy(lambda part: {"type": "function"}), tools=CALL["tools"])
    assert content.sections[TOOLS] == [{"type": "function", "name": "unknown"}]


def test_the_hook_sees_texts_that_can_be_encoded():
    seen: list[bytes] = []
    sent(text("a\ud83d"), policy=policy(lambda part: seen.append(part["content"].encode())))
    assert seen == ["a\ufffd".encode()]


def raising(part: Part) -> Part:
    raise KeyError(part["content"])


@pytest.mark.parametrize(
    ("redact", "told"),
    [
        (raising, "raised KeyError"),
        (lambda part: "text", "returned a str"),
        (lambda part: {}, "returned a dict without a type"),
        (lambda part: {"type": 3}, "returned a dict without a type"),
        (lambda part: True, "returned a bool"),
    ],
)
def test_a_hook_that_fails_leaves_no_content_of_the_call_and_is_told_once(redact, told, caplog):
    for _ in range(3):
        content = read(policy(redact), input=[("user", text("a prompt"))], output=[[text("an answer")]])
        assert content.dropped
        assert (content.sections, content.as_json(), content.truncated) == ({}, {}, [])
        assert content.text("an error") is None
    (record,) = caplog.records
    assert told in record.getMessage()
    assert "redact" in record.getMessage()
    assert "prompt" not in caplog.text
    assert record.exc_info is None


def test_a_hook_that_fails_at_the_answer_takes_back_what_was_recorded_of_the_request(caplog):
    def redact(part: Part) -> Part:
        return {} if part["content"] == "bad" else part

    content = Content(READER, policy(redact))
    content.read_request({"input": [("user", text("good"))]})
    assert content.sections
    content.read_answer({"output": [[text("bad")]]})
    assert content.dropped
    assert content.sections == content.as_json() == {}
    content.read_request({"input": [("user", text("good"))]})
    assert content.sections == {}


def test_an_interruption_in_the_hook_is_not_held_back():
    def redact(part: Part) -> Part:
        raise KeyboardInterrupt

    content = Content(READER, policy(redact))
    with pytest.raises(KeyboardInterrupt):
        content.read_request(CALL)
    assert content.sections == {}


def test_a_failure_of_a_reader_leaves_nothing_half_recorded():
    def outputs(answer: Any) -> Iterator[Any]:
        yield {"role": "assistant", "parts": [text("Hi")]}
        raise RuntimeError("a bug")

    content = Content(Reader(**{**vars(READER), "outputs": outputs}), ROOMY)
    content.read_request({"input": [("user", text("Hi"))]})
    with pytest.raises(RuntimeError):
        content.read_answer({})
    assert list(content.sections) == list(content.as_json()) == [INPUT]


# Error texts


def test_the_text_of_an_error_is_redacted_and_cut():
    content = Content(READER, policy(lambda part: {**part, "content": part["content"].replace("key", "***")}))
    assert content.text("a key\ud800") == "a ***\ufffd"
    assert Content(READER, Policy(100, 5)).text("界界界") == "界"
    assert Content(READER, Policy(100, 50, attribute_limit=2)).text("abc") == "ab"
    assert Content(READER, policy(lambda part: None)).text("a key") is None
    assert Content(READER, policy(lambda part: generic("gone"))).text("a key") is None


def test_a_hook_that_fails_at_the_text_of_an_error_takes_everything_back(caplog):
    content = Content(READER, policy(lambda part: part if part["content"] == "Hi" else 3))
    content.read_request({"input": [("user", text("Hi"))]})
    assert content.text("a key") is None
    assert content.dropped
    assert content.as_json() == {}


# What is nobody's to see


def test_names_of_authors_are_shown_to_the_hook_as_texts():
    reader = Reader(**{**vars(READER), "message": lambda item: item})
    sent_by_ann = {"role": "user", "parts": [text("Hi")], "name": "Ann"}

    def names(redact: Any) -> Any:
        policy = Policy(10**6, 10**5, redact=redact)
        return [message.get("name") for message in read(policy, reader, input=[sent_by_ann]).sections[INPUT]]

    assert names(lambda part: {**part, "content": part["content"].replace("Ann", "A.")}) == ["A."]
    assert names(lambda part: None if part["content"] == "Ann" else part) == [None]
    assert names(lambda part: {"type": "text"} if part["content"] == "Ann" else part) == [None]


@pytest.mark.parametrize(
    "field", ["encrypted_content", "signature", "fingerprint", "headers", "authorization"]
)
@pytest.mark.parametrize(
    "part",
    [
        lambda inner: generic("odd", inner=inner),
        lambda inner: {
            "type": "server_tool_call",
            "name": "t",
            "server_tool_call": {"type": "t", "a": [inner]},
        },
        lambda inner: {
            "type": "server_tool_call_response",
            "server_tool_call_response": {"type": "t", "a": inner},
        },
    ],
)
def test_what_is_sealed_or_a_key_is_left_out_however_deep(field, part):
    assert "SEALED" not in json.dumps(one(part({"b": [{field: "SEALED", "kept": 1}]})))
    assert '"kept": 1' in json.dumps(one(part({"b": [{field: "SEALED", "kept": 1}]})))


def test_what_a_tool_of_the_app_takes_may_be_called_as_it_likes():
    arguments = {"headers": {"accept": "*"}, "signature": "s"}
    assert one(tool_call("fetch", json.dumps(arguments)))["arguments"] == arguments


@pytest.mark.parametrize(
    ("url", "recorded"),
    [
        ("https://ann:secret@example.com/a.png?x=1", "https://example.com/a.png?x=1"),
        ("https://secret@example.com", "https://example.com"),
        ("https://example.com/@ann/a.png?to=b@c.test", "https://example.com/@ann/a.png?to=b@c.test"),
        ("https://a@b@example.com/", "https://example.com/"),
        ("file-1", "file-1"),
    ],
)
def test_addresses_have_no_user_and_no_password(url, recorded):
    assert at_url("image", url) == {"type": "uri", "modality": "image", "uri": recorded}
