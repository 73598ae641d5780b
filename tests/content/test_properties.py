"""Whatever comes: valid JSON of the structured values, never over a limit, valid by the schemas."""

from __future__ import annotations

import copy
import json
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gossamer import errors, semconv
from gossamer.content.content import Content, Policy
from gossamer.content.limits import fit, json_prefix, prefix
from gossamer.content.schemas import valid_part
from gossamer.messages.message import Base64, Reader

SCHEMAS = {
    semconv.SYSTEM_INSTRUCTIONS: "gen-ai-system-instructions.json",
    semconv.INPUT_MESSAGES: "gen-ai-input-messages.json",
    semconv.OUTPUT_MESSAGES: "gen-ai-output-messages.json",
    semconv.TOOL_DEFINITIONS: "gen-ai-tool-definitions.json",
}
TYPES = (
    *(
        "text",
        "reasoning",
        "tool_call",
        "tool_call_response",
        "server_tool_call",
        "server_tool_call_response",
    ),
    *("blob", "file", "uri", "compaction", "generic", "something_new"),
)
KEYS = (
    *("content", "name", "id", "arguments", "response", "modality", "mime_type", "file_id", "uri"),
    *("generic_type", "server_tool_call", "server_tool_call_response", "truncated", "extra"),
)

READER = Reader(
    inputs=lambda body: body["input"],
    message=lambda item: item,
    instructions=lambda body: body["instructions"],
    tools=lambda body: body["tools"],
    tool=lambda tool, detailed: tool,
    outputs=lambda answer: answer["output"],
)

texts = st.one_of(
    st.text(max_size=20),
    st.text(alphabet=st.sampled_from('a"\\\n\x00\x1f\x7f界🕸é\ud83d\udc00'), max_size=60),
    st.integers(0, 3000).map(lambda count: "界" * count),
    st.integers(0, 3000).map(lambda count: "\x01" * count),
    st.just('{"a": [1, {"b": 1e400}]}'),
    st.just('{"city": "Paris", "days": 3}'),
)
leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([10**400, -(2**63), 2**63, float("nan"), float("-inf"), -0.0, object(), b"bytes", int]),
    st.floats(),
    texts,
    texts.map(Base64),
)
values = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(st.one_of(texts, st.integers(), st.none()), inner, max_size=4),
    ),
    max_leaves=12,
)
parts = st.builds(
    lambda kind, rest: {"type": kind, **rest},
    st.sampled_from(TYPES),
    st.dictionaries(st.sampled_from(KEYS), values, max_size=5),
)
results = st.builds(
    lambda entries: {"type": "tool_call_response", "response": entries},
    st.lists(st.one_of(parts, values), max_size=5),
)
common = st.one_of(texts.map(lambda text: {"type": "text", "content": text}), parts, results)
messages = st.fixed_dictionaries(
    {"role": st.one_of(st.sampled_from(["user", "assistant", "tool"]), texts)},
    optional={"name": st.one_of(st.none(), texts)},
).flatmap(
    lambda shell: st.lists(common, max_size=4).map(lambda list_of_parts: {**shell, "parts": list_of_parts})
)
tools = st.one_of(
    st.none(),
    st.builds(
        lambda name, rest: {"type": "function", "name": name, **rest},
        texts,
        st.dictionaries(st.sampled_from(["description", "parameters"]), values),
    ),
)
calls = st.fixed_dictionaries(
    {
        "input": st.lists(st.one_of(st.none(), messages), max_size=5),
        "instructions": st.lists(common, max_size=2),
        "tools": st.lists(tools, max_size=2),
        "output": st.lists(messages, max_size=3),
    }
)


def fail(part: Any) -> Any:
    raise ValueError("a prompt")


def shrink(part: Any) -> Any:
    part["content"] = "-"
    return part


def grow(part: Any) -> Any:
    part["content"] = "界" * 5000
    part["more"] = [part.get("content"), {1: object(), "\ud800": float("inf")}]
    return part


class Odd(dict):
    """What a hook may give back."""


HOOKS: list[Any] = [
    *(None, None, None, fail, shrink, grow, copy.deepcopy),
    *(lambda part: None, lambda part: "text", lambda part: {}, lambda part: {"type": 1}),
    *(lambda part: Odd(type="text"), lambda part: {"type": "text", "content": object(), 3: b""}),
    *(
        lambda part: {"type": "tool_call", "arguments": '{"a":1}', "name": None},
        lambda part: {"type": "blob"},
    ),
]
policies = st.builds(
    Policy,
    limit=st.one_of(st.integers(0, 300), st.integers(0, 20_000)),
    part_limit=st.one_of(st.integers(0, 100), st.integers(0, 10_000)),
    binary=st.sampled_from(["size", "sha256", "data"]),
    redact=st.sampled_from(HOOKS),
    attribute_limit=st.one_of(st.none(), st.integers(0, 2000)),
)


@pytest.fixture(scope="module")
def validators(shared):
    folder = shared / "semconv" / "data"
    schemas = {name: json.loads((folder / file).read_text()) for name, file in SCHEMAS.items()}
    return {name: jsonschema.Draft202012Validator(schema) for name, schema in schemas.items()}


def recorded(call: Any, policy: Policy) -> Content:
    content = Content(READER, policy)
    content.read_request(call)
    content.read_answer(call)
    return content


def size(text: str) -> int:
    return len(text.encode())


@settings(max_examples=200, deadline=None)
@given(calls, policies)
def test_the_json_is_valid_and_says_what_the_values_say_and_no_limit_is_passed(call, policy):
    content = recorded(call, policy)
    found = content.as_json()
    assert {name: json.loads(text) for name, text in found.items()} == content.sections
    assert sum(size(text) for text in found.values()) <= policy.limit
    for name, text in found.items():
        assert content.sections[name]
        assert policy.attribute_limit is None or len(text) <= policy.attribute_limit
        entries = content.sections[name]
        told = [part for entry in entries for part in (entry["parts"] if "messages" in name else [entry])]
        assert all(size(compact(part)) <= policy.part_limit for part in told)
    assert len(set(content.truncated)) == len(content.truncated)
    if content.dropped:
        assert not found
        assert not content.truncated


def compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(calls, policies)
def test_what_is_recorded_is_valid_by_the_schemas(validators, call, policy):
    for name, value in recorded(call, policy).sections.items():
        validators[name].validate(value)


@settings(max_examples=50, deadline=None)
@given(calls, policies)
def test_reading_twice_records_the_same(call, policy):
    once, twice = recorded(call, policy), recorded(call, policy)
    twice.read_request(call)
    twice.read_answer(call)
    assert twice.as_json() == once.as_json()
    assert sorted(twice.truncated) == sorted(once.truncated)


@settings(max_examples=50, deadline=None)
@given(calls, policies)
def test_where_nothing_is_told_to_be_cut_everything_is_there(call, policy):
    content = recorded(call, policy)
    if policy.redact is None and not content.truncated:
        roomy = recorded(call, Policy(10**7, 10**6, binary=policy.binary))
        assert content.as_json() == roomy.as_json()


@given(texts, st.integers(-5, 200))
def test_a_text_is_cut_to_the_longest_beginning_that_fits(text, room):
    sane = "".join("\ufffd" if "\ud800" <= letter <= "\udfff" else letter for letter in text)
    for cut, measured in (
        (prefix, size),
        (json_prefix, lambda part: size(compact(part)) - 2),
    ):
        kept = cut(text, room)
        assert sane.startswith(kept)
        assert measured(kept) <= max(room, 0)
        if kept != sane:
            assert measured(sane[: len(kept) + 1]) > room


@given(texts.filter(bool), st.integers(0, 400))
def test_a_text_that_fits_to_the_byte_is_whole_and_a_byte_less_cuts_it(text, extra):
    part = valid_part({"type": "text", "content": text, "extra": "e" * extra})
    whole = fit(part, 10**6)
    assert whole is not None
    assert whole.whole
    exact = fit(part, whole.size)
    assert exact == whole
    less = fit(part, whole.size - 1)
    assert less is None or (not less.whole and less.size < whole.size)


@given(values)
def test_nothing_of_the_app_is_kept_by_reference(value):
    held = {"inner": value}
    call = {"input": [{"role": "user", "parts": [{"type": "generic", "generic_type": "x", "held": held}]}]}
    content = Content(READER, Policy(10**6, 10**6))
    content.read_request({**call, "instructions": [], "tools": []})
    before = copy.deepcopy(content.sections)
    held.clear()
    assert content.sections == before


@pytest.fixture(autouse=True)
def told(monkeypatch):
    monkeypatch.setattr(errors, "_told", set())
