"""Streams of the Responses API: the content of one that is cut, and of one that is not."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import pytest

from gossamer.messages.message import Base64
from gossamer.messages.responses import RESPONSES
from gossamer.messages.responses_stream import ContentEventsFold, ContentFetchFold
from gossamer.operations.responses import EventsFold, FetchFold

PLENTY = 1_000_000
BEGUN = {"id": "resp_1", "model": "m", "status": "in_progress", "output": []}
MESSAGE = {
    "type": "message",
    "id": "m",
    "role": "assistant",
    "status": "completed",
    "content": [
        {"type": "output_text", "text": "Light as a feather.", "annotations": [], "logprobs": []},
        {"type": "refusal", "refusal": "No more."},
    ],
}
REASONING = {
    "type": "reasoning",
    "id": "r",
    "encrypted_content": "secret",
    "summary": [{"type": "summary_text", "text": "First"}, {"type": "summary_text", "text": "Second"}],
}
THOUGHT = {
    "type": "reasoning",
    "id": "r",
    "summary": [],
    "content": [{"type": "reasoning_text", "text": "Feathers."}],
}
CALL = {
    "type": "function_call",
    "id": "f",
    "call_id": "c",
    "name": "weigh",
    "arguments": '{"what":"feather"}',
}
CUSTOM = {"type": "custom_tool_call", "id": "k", "call_id": "c2", "name": "run", "input": "print(1)"}
MCP = {
    "type": "mcp_call",
    "id": "p",
    "server_label": "wiki",
    "name": "ask",
    "arguments": '{"q":1}',
    "output": "a",
}
CODE = {
    "type": "code_interpreter_call",
    "id": "i",
    "container_id": "n",
    "code": "1 + 1",
    "status": "completed",
}
IMAGE = {"type": "image_generation_call", "id": "g", "status": "completed", "result": "iVBORw0KGgo="}

#: Field of an item → the type of its deltas; for lists of parts by the type of the part.
DELTAS = {
    "output_text": ("response.output_text.delta", "content_index", "text"),
    "refusal": ("response.refusal.delta", "content_index", "refusal"),
    "reasoning_text": ("response.reasoning_text.delta", "content_index", "text"),
    "summary_text": ("response.reasoning_summary_text.delta", "summary_index", "text"),
}
TEXTS = {
    ("function_call", "arguments"): "response.function_call_arguments.delta",
    ("custom_tool_call", "input"): "response.custom_tool_call_input.delta",
    ("mcp_call", "arguments"): "response.mcp_call_arguments.delta",
    ("code_interpreter_call", "code"): "response.code_interpreter_call_code.delta",
}
OUTPUTS: dict[str, list[dict[str, Any]]] = {
    "message": [MESSAGE],
    "reasoning summary and message": [REASONING, MESSAGE],
    "reasoning and a call": [THOUGHT, CALL],
    "tools": [CUSTOM, MCP, CODE, IMAGE],
    "everything": [REASONING, THOUGHT, MESSAGE, CALL, CUSTOM, MCP, CODE, IMAGE],
}


def deltas_of(item: dict[str, Any], index: int, size: int) -> list[dict[str, Any]]:
    """The events that bring the texts of an item, in pieces of a size."""

    def pieces(kind: str, said: str, **place: int) -> list[dict[str, Any]]:
        at = {"type": kind, "item_id": item["id"], "output_index": index, **place}
        return [{**at, "delta": said[start : start + size]} for start in range(0, len(said), size)]

    events = []
    for field in ("summary", "content"):
        for place, part in enumerate(item.get(field, ())):
            kind, place_field, key = DELTAS[part["type"]]
            events += pieces(kind, part[key], **{place_field: place})
    for (item_type, field), kind in TEXTS.items():
        if item["type"] == item_type:
            events += pieces(kind, item[field])
    return events


def begun(item: dict[str, Any]) -> dict[str, Any]:
    """An item as it is when it is added."""
    bare = {key: [] if type(value) is list else value for key, value in item.items()}
    for field in ("arguments", "input", "code"):
        if field in bare:
            bare[field] = ""
    for field in ("output", "result", "encrypted_content"):
        bare.pop(field, None)
    return bare


def events_of(
    output: list[dict[str, Any]], *, size: int = 3, done: bool = True, indexed: bool = True
) -> list[Any]:
    """All events of a response but the last."""
    events: list[Any] = [{"type": "response.created", "response": BEGUN}]
    for index, item in enumerate(output):
        events.append({"type": "response.output_item.added", "output_index": index, "item": begun(item)})
        events += deltas_of(item, index, size)
        events.append({"type": "response.something.new", "output_index": index})
        if done:
            events.append({"type": "response.output_item.done", "output_index": index, "item": item})
    if not indexed:
        for event in events:
            event.pop("output_index", None)
    return events


def completed(output: Any, status: str = "completed") -> dict[str, Any]:
    """The last event."""
    return {"type": f"response.{status}", "response": {**BEGUN, "status": status, "output": output}}


def as_dicts(events: list[Any]) -> list[Any]:
    """As an untyped call gets them."""
    return events


def as_models(events: list[Any]) -> list[Any]:
    """As the SDK parses them."""
    from openai._models import construct_type
    from openai.types.responses import ResponseStreamEvent

    return [construct_type(type_=ResponseStreamEvent, value=event) for event in events]


needs_responses = pytest.mark.skipif(
    find_spec("openai.types.responses") is None, reason="this SDK has no Responses API"
)
both_forms = pytest.mark.parametrize("form", [as_dicts, pytest.param(as_models, marks=needs_responses)])
each_output = pytest.mark.parametrize("output", OUTPUTS.values(), ids=OUTPUTS)


def fold(events: list[Any], limit: int = PLENTY, kind: Any = ContentEventsFold) -> Any:
    """A fold that has seen them."""
    made = kind({}, limit)
    for event in events:
        assert made.add(event) is (kind not in (ContentEventsFold, ContentFetchFold))
    return made


def messages(folded: Any) -> Any:
    """What it says, with data as text."""
    return readable(RESPONSES.outputs(folded.answer()))


def readable(value: Any) -> Any:
    """Data as its base64, models as dicts."""
    if isinstance(value, Base64):
        return value.text[value.start :]
    if isinstance(value, dict):
        return {key: readable(inner) for key, inner in value.items()}
    return [readable(inner) for inner in value] if isinstance(value, list) else value


def said(folded: Any) -> str:
    """All text that was kept."""
    parts = [part for message in messages(folded) for part in message["parts"]]
    return "".join(part.get("content") or part.get("arguments") or "" for part in parts)


@both_forms
@each_output
def test_a_finished_stream_says_what_the_unstreamed_answer_says(form, output):
    folded = fold(form([*events_of(output), completed(output)]))
    assert messages(folded) == readable(RESPONSES.outputs({"output": output}))
    assert folded.answer()["status"] == "completed"
    assert not folded.cut


@both_forms
@each_output
@pytest.mark.parametrize("output_at_the_end", [[], None])
def test_a_server_that_leaves_the_output_out_at_the_end_loses_nothing(form, output, output_at_the_end):
    folded = fold(form([*events_of(output), completed(output_at_the_end)]))
    assert messages(folded) == readable(RESPONSES.outputs({"output": output}))
    assert folded.answer()["status"] == "completed"
    assert not folded.cut


@both_forms
@pytest.mark.parametrize("size", [1, 4, 100])
@pytest.mark.parametrize("indexed", [True, False])
def test_the_deltas_of_items_that_did_not_finish_are_put_together(form, size, indexed):
    output = [REASONING, {**THOUGHT, "id": "r2"}, MESSAGE, CALL, CUSTOM, CODE]
    folded = fold(form(events_of(output, size=size, done=False, indexed=indexed)))
    assert messages(folded) == readable(RESPONSES.outputs({"output": output}))
    assert folded.answer()["status"] == "cancelled"


@both_forms
def test_a_stream_cut_anywhere_keeps_what_was_said_until_there(form):
    output = [REASONING, MESSAGE, CALL]
    events, whole, before = form(events_of(output, size=2)), said(fold(form(events_of(output)))), ""
    for end in range(len(events) + 1):
        now = said(fold(events[:end]))
        assert whole.startswith(now)
        assert now.startswith(before)
        before = now
    assert before == whole


@pytest.mark.parametrize(
    "last",
    [
        {"type": "error", "code": "server_error", "message": "secret"},
        {"event": "error", "data": {"type": "error", "code": "server_error"}},
        completed([], "failed"),
        completed(None, "incomplete"),
    ],
)
def test_a_stream_that_fails_keeps_what_was_said(last):
    folded = fold([*events_of([MESSAGE, CALL])[:-2], last])
    assert said(folded) == 'Light as a feather.No more.{"what":"feather"}'
    assert folded.answer()["status"] in ("failed", "incomplete")


def test_the_response_of_a_failed_stream_counts_where_it_has_output():
    folded = fold([*events_of([MESSAGE, CALL]), completed([MESSAGE], "failed")])
    assert messages(folded) == RESPONSES.outputs({"output": [MESSAGE]})


def test_the_output_of_a_response_at_work_is_not_its_end():
    at_work = {"type": "response.in_progress", "response": {**BEGUN, "output": [MESSAGE]}}
    assert messages(fold([at_work])) == RESPONSES.outputs({"output": [MESSAGE]})
    folded = fold([at_work, *events_of([MESSAGE, CALL])])
    assert messages(folded) == RESPONSES.outputs({"output": [MESSAGE, CALL]})


def test_a_stream_taken_up_in_its_middle_tells_what_came():
    events = [event for event in events_of([REASONING, MESSAGE, CALL], done=False) if "delta" in event]
    assert messages(fold(events)) == [
        {
            "role": "assistant",
            "parts": [
                {"type": "reasoning", "content": "First"},
                {"type": "reasoning", "content": "Second"},
                {"type": "text", "content": "Light as a feather."},
                {"type": "generic", "generic_type": "refusal", "content": "No more."},
                {"type": "generic", "generic_type": "function_call", "arguments": CALL["arguments"]},
            ],
        }
    ]


@both_forms
def test_items_may_come_mixed(form):
    ours, theirs = deltas_of(MESSAGE, 0, 2), deltas_of({**MESSAGE, "id": "m2"}, 1, 2)
    added = [
        {"type": "response.output_item.added", "output_index": index, "item": begun(MESSAGE)}
        for index in (1, 0)
    ]
    mixed = [event for pair in zip(ours, theirs, strict=True) for event in pair]
    (message,) = messages(fold(form([*added, *mixed])))
    assert message["parts"] == RESPONSES.outputs({"output": [MESSAGE, MESSAGE]})[0]["parts"]


@pytest.mark.parametrize("done", [True, False])
def test_items_that_all_have_the_same_index_are_told_apart(done):
    output = [THOUGHT, MESSAGE, CALL]
    events = events_of(output, done=done)
    for event in events:
        if "output_index" in event:
            event["output_index"] = 0
    assert messages(fold(events)) == RESPONSES.outputs({"output": output})


def test_an_item_that_is_added_twice_is_one():
    events = events_of([CALL])
    assert messages(fold([*events[:2], *events[1:]])) == RESPONSES.outputs({"output": [CALL]})


def test_ids_that_differ_from_event_to_event_do_not_matter():
    events = events_of([MESSAGE])
    for number, event in enumerate(events):
        if "item_id" in event:
            event["item_id"] = f"m{number}"
        if "item" in event:
            event["item"] = {**event["item"], "id": f"m{number}"}
    assert messages(fold(events)) == RESPONSES.outputs({"output": [MESSAGE]})


@both_forms
@pytest.mark.parametrize("done", [True, False])
@pytest.mark.parametrize("limit", [0, 1, 7, 18, 19, 20, 26, 27, 28, 40, PLENTY])
def test_no_more_is_kept_than_the_limit_allows(form, done, limit):
    whole = 'Light as a feather.No more.{"what":"feather"}'
    folded = fold(form(events_of([MESSAGE, CALL], done=done)), limit)
    assert said(folded) == whole[:limit]
    assert folded.cut == (limit < len(whole))
    parts = messages(folded)[0]["parts"]
    assert parts[-1]["name"] == "weigh"
    assert parts[-1]["id"] == "c"


def test_what_is_cut_is_not_missed_once_the_whole_response_is_there():
    folded = fold(events_of([MESSAGE, CALL]), 5)
    assert folded.cut
    folded.add(completed([MESSAGE, CALL]))
    assert not folded.cut
    assert messages(folded) == RESPONSES.outputs({"output": [MESSAGE, CALL]})


def test_an_item_that_comes_at_once_is_cut_to_a_prefix():
    events = [{"type": "response.output_item.done", "output_index": 0, "item": MESSAGE}]
    folded = fold(events, 5)
    assert said(folded) == "Light"
    assert folded.cut


def test_data_is_kept_whole_or_not_at_all():
    screenshots = {
        "type": "code_interpreter_call",
        "id": "i",
        "code": "1",
        "outputs": [
            {"type": "image", "url": "data:image/png;base64,iVBORw0KGgo="},
            {"type": "logs", "logs": "abc"},
        ],
    }
    for item in (IMAGE, screenshots):
        events = [{"type": "response.output_item.done", "output_index": 0, "item": item}]
        folded = fold(events, 10)
        assert folded.cut
        assert "iVB" not in str(messages(folded))
        assert "iVB" in str(messages(fold(events)))


def test_memory_is_bounded_whatever_a_server_sends():
    kept = fold(
        [
            {
                "type": "response.output_item.done",
                "output_index": 0,
                "item": {"type": "new", "all": list(range(90_000))},
            },
            *(
                {"type": "response.output_item.added", "output_index": n, "item": CALL}
                for n in range(1, 30_000)
            ),
            *(
                {"type": "response.output_text.delta", "output_index": 0, "content_index": n, "delta": "ab"}
                for n in range(30_000)
            ),
        ],
        100,
    )
    assert kept.cut
    assert len(str(kept.answer())) < 400_000


def test_depth_is_bounded_too():
    deep: Any = "end"
    for _ in range(5_000):
        deep = [deep]
    folded = fold(
        [{"type": "response.output_item.done", "output_index": 0, "item": {"type": "new", "deep": deep}}]
    )
    assert folded.cut
    assert "end" not in str(folded.answer())


def test_what_the_app_changes_later_does_not_change_what_was_seen():
    item = {**MESSAGE, "content": [{"type": "output_text", "text": "seen"}]}
    folded = fold([{"type": "response.output_item.done", "output_index": 0, "item": item}])
    item["content"][0]["text"] = "changed"  # type: ignore[index]
    assert said(folded) == "seen"


def test_what_is_never_read_is_not_kept_and_takes_no_room():
    item = {
        **MESSAGE,
        "content": [{**MESSAGE["content"][0], "logprobs": ["x" * 99], "annotations": ["x" * 99]}],
    }  # type: ignore[dict-item,index]
    folded = fold([{"type": "response.output_item.done", "output_index": 0, "item": item}], 19)
    assert said(folded) == "Light as a feather."
    assert not folded.cut
    assert "secret" not in str(fold(events_of([REASONING])).answer())


@pytest.mark.parametrize(
    "event",
    [
        None,
        5,
        {},
        {"type": None},
        {"type": ["response.output_text.delta"], "response": {"output": []}},
        {"type": "response.output_text.delta"},
        {"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": None},
        {"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": {"text": "x"}},
        {"type": "response.output_item.added"},
        {"type": "response.output_item.done", "output_index": 0, "item": None},
        {"type": "response.completed"},
        {"type": "response.completed", "response": "x"},
        {"type": "response.completed", "response": {"output": "x"}},
    ],
)
def test_odd_events_change_nothing(event):
    events = events_of([MESSAGE], done=False)
    for position in range(1, len(events) + 1):
        folded = fold([*events[:position], event, *events[position:]])
        assert said(folded) == "Light as a feather.No more."
        assert not folded.cut


@pytest.mark.parametrize("place", [{"content_index": [0]}, {"content_index": None}, {"content_index": "1"}])
def test_an_odd_place_is_the_first(place):
    item = {**MESSAGE, "content": [{"type": "output_text", "text": "Light as a feather."}]}
    events = [{**event, **place} if "delta" in event else event for event in events_of([item], done=False)]
    assert said(fold(events)) == "Light as a feather."


@pytest.mark.parametrize("index", [{"output_index": [0]}, {"output_index": "0"}, {"output_index": None}])
def test_an_odd_index_is_none(index):
    events = [{**event, **index} for event in events_of([MESSAGE, CALL], done=False)]
    assert messages(fold(events)) == RESPONSES.outputs({"output": [MESSAGE, CALL]})


def test_the_answer_may_be_asked_for_at_any_time():
    events, folded = events_of([MESSAGE]), ContentEventsFold({}, PLENTY)
    assert folded.answer() == {}
    for event in events:
        folded.add(event)
        assert folded.answer() == folded.answer()
        assert folded.answer()["model"] == "m"
    assert said(folded) == "Light as a feather.No more."


def test_a_fetched_stream_has_the_same_content_and_no_failure_of_its_own():
    for events in (
        events_of([MESSAGE]),
        events_of([MESSAGE], done=False),
        [*events_of([CALL]), completed([])],
    ):
        folded = fold(events, kind=ContentFetchFold)
        assert messages(folded) == messages(fold(events))
        assert folded.answer()["status"] == fold(events, 0, lambda _, __: FetchFold({})).answer()["status"]
    assert isinstance(folded, FetchFold)


@each_output
def test_all_but_the_output_is_what_the_fold_without_content_says(output):
    for events in (
        events_of(output),
        [*events_of(output), completed(output)],
        [{"type": "error", "code": "c"}],
    ):
        plain = fold(events, 0, lambda _, __: EventsFold({})).answer()
        with_content = fold(events).answer()
        assert {**with_content, "output": None} == {**plain, "output": None}
