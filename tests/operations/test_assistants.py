"""Assistants: created, and run on a thread, plain, streamed, and by the SDK's helper."""

from __future__ import annotations

from importlib.util import find_spec
from types import SimpleNamespace
from typing import Any

import openai
import pytest

from gossamer.operations import assistants
from gossamer.operations.assistants import CREATE_ASSISTANT
from gossamer.testing import capture

pytestmark = pytest.mark.filterwarnings("ignore:(deprecated|The Assistants API):DeprecationWarning")

# Created

CREATE = {"gen_ai.operation.name": "create_agent"}
BODIES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"model": "gpt-4o"}, {"gen_ai.request.model": "gpt-4o"}),
    ({"name": "Weaver"}, {"gen_ai.agent.name": "Weaver"}),
    ({"description": "Weaves"}, {"gen_ai.agent.description": "Weaves"}),
    ({"model": None, "name": None, "description": None}, {}),
    ({"model": 4, "name": ["Weaver"], "description": ""}, {}),
    ({"instructions": "Weave.", "tools": [], "metadata": {}, "temperature": 1, "top_p": 1}, {}),
]


@pytest.mark.parametrize(("body", "expected"), BODIES)
def test_a_request_for_an_assistant_tells_who_it_will_be(post, body, expected):
    assert post("/assistants", body, {}).attributes == {**CREATE, **expected}


def test_each_key_that_is_read_has_a_body_above(table):
    assert table(CREATE_ASSISTANT) == {key for body, expected in BODIES if expected for key in body}


ASSISTANT: dict[str, Any] = {
    "id": "asst_1",
    "object": "assistant",
    "created_at": 1,
    "model": "gpt-4o",
    "name": "Weaver",
    "instructions": "Weave.",
    "tools": [],
    "metadata": {},
}


def test_an_assistant_is_told_by_its_id(trace, telemetry):
    traced = trace(lambda client: client.beta.assistants.create(model="gpt-4o", name="Weaver"), ASSISTANT)
    assert traced.attributes == {
        **CREATE,
        "gen_ai.request.model": "gpt-4o",
        "gen_ai.agent.name": "Weaver",
        "gen_ai.agent.id": "asst_1",
    }
    assert traced.span["name"] == "create_agent Weaver"
    assert set(telemetry.metrics) == {"gen_ai.client.operation.duration"}
    assert traced.result.id == "asst_1"


def test_without_a_name_the_span_is_named_after_the_operation(trace):
    traced = trace(lambda client: client.beta.assistants.create(model="gpt-4o"), ASSISTANT)
    assert traced.span["name"] == "create_agent"


@pytest.mark.parametrize("agent_id", [None, "", 5, ["asst_1"]])
def test_an_odd_id_is_left_out(post, agent_id):
    assert post("/assistants", {}, {**ASSISTANT, "id": agent_id}).attributes == CREATE


# Run

RUN = {"gen_ai.operation.name": "invoke_agent"}
THREAD = {"gen_ai.conversation.id": "thread_1"}
FINISH = "gen_ai.response.finish_reasons"
PATHS = {
    "/threads/runs": {},
    "/threads/thread_1/runs": THREAD,
    "/threads/thread_1/runs/run_1/submit_tool_outputs": THREAD,
}
RUN_BODIES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"model": "gpt-4o"}, {"gen_ai.request.model": "gpt-4o"}),
    ({"assistant_id": "asst_1"}, {"gen_ai.agent.id": "asst_1"}),
    (
        {"temperature": 1, "top_p": 0.5, "max_completion_tokens": 16},
        {
            "gen_ai.request.temperature": 1.0,
            "gen_ai.request.top_p": 0.5,
            "gen_ai.request.max_tokens": 16,
        },
    ),
    (  # compatible servers take what chats take
        {"max_tokens": 9, "frequency_penalty": 1, "presence_penalty": 1, "stop": "a", "seed": 1, "n": 2,
         "top_k": 3, "service_tier": "flex"},
        {
            "gen_ai.request.max_tokens": 9,
            "gen_ai.request.frequency_penalty": 1.0,
            "gen_ai.request.presence_penalty": 1.0,
            "gen_ai.request.stop_sequences": ("a",),
            "gen_ai.request.seed": 1,
            "gen_ai.request.choice.count": 2,
            "gen_ai.request.top_k": 3,
            "openai.request.service_tier": "flex",
        },
    ),
    ({"response_format": {"type": "json_object"}}, {"gen_ai.output.type": "json"}),
]  # fmt: skip
ODD_BODIES: list[dict[str, Any]] = [
    {"assistant_id": None, "model": None, "max_completion_tokens": None, "response_format": None},
    {"assistant_id": ["asst_1"], "model": {}, "max_completion_tokens": "16", "response_format": "auto"},
    {"assistant_id": "", "response_format": {"type": ["text"]}, "thread": {"messages": []}},
    {"instructions": "Weave.", "additional_messages": [], "tool_outputs": [], "stream": False},
]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(("body", "expected"), RUN_BODIES)
def test_a_request_to_run_tells_thread_assistant_and_parameters(post, path, body, expected):
    assert post(path, body, {}).attributes == {**RUN, **PATHS[path], **expected}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("body", ODD_BODIES)
def test_what_is_odd_in_a_request_is_left_out(post, caplog, path, body):
    assert post(path, body, {}).attributes == {**RUN, **PATHS[path]}
    assert caplog.records == []


def test_each_key_that_is_read_of_a_run_has_a_body_above(table):
    reader = SimpleNamespace(describe_request=assistants._describe_run_request)
    assert table(reader) == {key for body, _ in RUN_BODIES for key in body}


@pytest.mark.parametrize("base", ["", "http://llm.test:8080/v1", "http://llm.test:8080/openai/v1"])
def test_the_thread_in_the_url_is_told_decoded(post, base):
    for end in ("", "/", "?beta=true", "/run_1/submit_tool_outputs"):
        traced = post(f"{base}/threads/runs%2F1/runs{end}", {}, {})
        assert traced.attributes == {**RUN, "gen_ai.conversation.id": "runs/1"}


USAGE = {
    "prompt_tokens": 24,
    "completion_tokens": 7,
    "total_tokens": 31,
    "prompt_token_details": {"cached_tokens": 16},
}
TOKENS = {"gen_ai.usage.input_tokens": 24, "gen_ai.usage.output_tokens": 7}
ANSWER: dict[str, Any] = {
    "id": "run_1",
    "object": "thread.run",
    "created_at": 1,
    "assistant_id": "asst_1",
    "thread_id": "thread_1",
    "status": "completed",
    "model": "gpt-4o",
    "usage": USAGE,
    "last_error": None,
    "required_action": None,
    "incomplete_details": None,
    "instructions": "",
    "tools": [],
    "metadata": {},
}
NAME = {"gossamer.run.id": "run_1", "gen_ai.agent.id": "asst_1", **THREAD}


def create(client: Any, **options: Any) -> Any:
    """One run."""
    return client.beta.threads.runs.create(thread_id="thread_1", assistant_id="asst_1", **options)


def test_a_run_that_is_taken_on_tells_its_ids(trace, telemetry):
    """It goes on after the call, so there is neither usage nor a finish reason."""
    traced = trace(create, {**ANSWER, "status": "queued", "usage": None})
    assert traced.attributes == {**RUN, **NAME}
    assert (traced.span["name"], traced.span["status"]) == ("invoke_agent", "UNSET")
    assert set(telemetry.metrics) == {"gen_ai.client.operation.duration"}


def test_the_thread_of_a_new_one_is_told_by_the_answer(trace):
    traced = trace(
        lambda client: client.beta.threads.create_and_run(
            assistant_id="asst_1", thread={"messages": [{"role": "user", "content": "How light?"}]}
        ),
        {**ANSWER, "status": "queued", "usage": None},
    )
    assert traced.attributes == {**RUN, **NAME}
    assert "How light?" not in repr(traced.span)


def test_tool_outputs_go_on_with_the_run(trace):
    traced = trace(
        lambda client: client.beta.threads.runs.submit_tool_outputs(
            thread_id="thread_1",
            run_id="run_1",
            tool_outputs=[{"tool_call_id": "call_1", "output": "0.1 g"}],
        ),
        ANSWER,
    )
    assert traced.attributes == {**RUN, **NAME, **TOKENS, FINISH: ("stop",)}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"status": "completed"}, "stop"),
        ({"status": "requires_action"}, "tool_calls"),
        ({"status": "cancelled"}, "error"),
        ({"status": "expired"}, "error"),
        ({"status": "incomplete", "incomplete_details": {"reason": "max_completion_tokens"}}, "length"),
        ({"status": "incomplete", "incomplete_details": {"reason": "max_prompt_tokens"}}, "length"),
        ({"status": "incomplete", "incomplete_details": {"reason": "new"}}, "error"),
        ({"status": "incomplete", "incomplete_details": {"reason": ["max_prompt_tokens"]}}, "error"),
        ({"status": "incomplete", "incomplete_details": None}, "error"),
        ({"status": "queued"}, None),
        ({"status": "in_progress"}, None),
        ({"status": "cancelling"}, None),
        ({"status": "new"}, None),
        ({"status": None}, None),
        ({"status": ["completed"]}, None),
    ],
)
def test_the_status_becomes_a_finish_reason(post, change, reason):
    traced = post("/threads/thread_1/runs", {}, {**ANSWER, **change})
    finish = {FINISH: (reason,)} if reason else {}
    assert traced.attributes == {**RUN, **NAME, **TOKENS, **finish}
    assert traced.span["status"] == "UNSET"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ({"code": "rate_limit_exceeded", "message": "secret"}, "rate_limit_exceeded"),
        ({"code": "a sentence with a secret in it", "message": "secret"}, "_OTHER"),
        ({"code": None}, "failed"),
        ({"code": 7}, "failed"),
        ("secret", "failed"),
        (None, "failed"),
    ],
)
def test_a_failed_run_is_a_failed_call(post, telemetry, error, code):
    traced = post("/threads/thread_1/runs", {}, {**ANSWER, "status": "failed", "last_error": error})
    assert traced.attributes == {**RUN, **NAME, **TOKENS, FINISH: ("error",), "error.type": code}
    assert (traced.span["status"], traced.span["description"]) == ("ERROR", f"response failed (code {code})")
    assert "secret" not in repr(traced.span)
    (point,) = telemetry.metrics["gen_ai.client.operation.duration"]
    assert point["attributes"]["error.type"] == code


def test_with_content_the_text_of_the_failure_is_told(client, run):
    failed = {**ANSWER, "status": "failed", "last_error": {"code": "server_error", "message": "It tore."}}

    async def aask() -> None:
        await create(client(failed))

    with capture(capture="SPAN_ONLY") as telemetry:
        run(aask() if run.kind == "async" else create(client(failed)))
        (span,) = telemetry.spans
    assert span["description"] == "response failed (code server_error): It tore."


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ({"id": None}, {"gossamer.run.id"}),
        ({"assistant_id": 5}, {"gen_ai.agent.id"}),
        ({"usage": None}, set(TOKENS)),
        ({"usage": [24]}, set(TOKENS)),
        ({"usage": {**USAGE, "prompt_tokens": "24"}}, {"gen_ai.usage.input_tokens"}),
        ({"thread_id": None}, set()),  # the path has told it
    ],
)
def test_an_odd_run_is_told_as_far_as_it_can_be_read(post, change, missing):
    traced = post("/threads/thread_1/runs", {}, {**ANSWER, **change})
    told = {**NAME, **TOKENS, FINISH: ("stop",)}
    assert traced.attributes == {**RUN, **{key: told[key] for key in told if key not in missing}}


# Streamed


def of_run(status: str, **change: Any) -> tuple[str, dict[str, Any]]:
    """An event of the run itself."""
    return f"thread.run.{status}", {**ANSWER, "status": status, "usage": None, **change}


MESSAGE: dict[str, Any] = {
    "id": "msg_1",
    "object": "thread.message",
    "created_at": 1,
    "thread_id": "thread_1",
    "role": "assistant",
    "status": "in_progress",
    "content": [],
    "metadata": {},
}
STEP = {
    "id": "step_1",
    "object": "thread.run.step",
    "created_at": 1,
    "run_id": "run_1",
    "status": "completed",
    "type": "message_creation",
    "step_details": {"type": "message_creation", "message_creation": {"message_id": "msg_1"}},
    "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
}
SAID = [{"type": "text", "text": {"value": "Very light.", "annotations": []}}]
BEGUN = [
    ("thread.run.created", of_run("queued")[1]),
    of_run("queued"),
    of_run("in_progress"),
    ("thread.run.step.created", STEP),
]
WRITING: list[Any] = [
    ("thread.message.created", MESSAGE),
    *(
        (
            "thread.message.delta",
            {
                "id": "msg_1",
                "object": "thread.message.delta",
                "delta": {"content": [{"index": 0, "type": "text", "text": {"value": piece}}]},
            },
        )
        for piece in ("Very ", "light.")
    ),
    ("thread.message.completed", {**MESSAGE, "status": "completed", "content": SAID}),
    ("thread.run.step.completed", STEP),
]
STREAM = [*BEGUN, *WRITING, of_run("completed", usage=USAGE)]
COMPLETED = {"gossamer.stream.outcome": "completed"}
FAILED = {"gossamer.stream.outcome": "failed"}
DONE = {**NAME, **TOKENS, FINISH: ("stop",), **COMPLETED}
STREAMS: dict[str, tuple[list[Any], dict[str, Any]]] = {
    "completed": (STREAM, DONE),
    "the last event is all": ([of_run("completed", usage=USAGE)], DONE),
    "steps have a usage of their own, which is a part": (
        [*STREAM, ("thread.run.step.completed", STEP)],
        DONE,
    ),
    "tools are to be called": (
        [*BEGUN, of_run("requires_action")],
        {**NAME, FINISH: ("tool_calls",), **COMPLETED},
    ),
    "incomplete": (
        [*BEGUN, of_run("incomplete", incomplete_details={"reason": "max_prompt_tokens"})],
        {**NAME, FINISH: ("length",), **COMPLETED},
    ),
    "failed": (
        [*BEGUN, of_run("failed", last_error={"code": "server_error", "message": "secret"})],
        {**NAME, FINISH: ("error",), "error.type": "server_error", **FAILED},
    ),
    "cut before its end": ([*BEGUN, *WRITING], {**NAME, FINISH: ("error",), **COMPLETED}),
    "events that nobody knows yet": ([("thread.run.telepathy.delta", {"thought": "?"}), *STREAM], DONE),
    "a run that is none": ([("thread.run.created", None), of_run("completed", usage=USAGE)], DONE),
    "nothing of a run": ([("thread.created", {"id": "thread_1"})], {**THREAD, **COMPLETED}),
    "nothing at all": ([], {**THREAD, **COMPLETED}),
}


@pytest.mark.parametrize("typed", [True, False], ids=["typed", "untyped"])
@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_is_folded(trace, post, name, typed):
    events, told = STREAMS[name]
    if typed:
        traced = trace(lambda client: create(client, stream=True), events)
        assert [chunk.event for chunk in traced.result] == [name for name, _ in events]
    else:
        traced = post("/threads/thread_1/runs", {"stream": True}, events)
        assert traced.result == [{"event": name, "data": data} for name, data in events]
        told = {"gen_ai.agent.id": told["gen_ai.agent.id"], **told} if "gen_ai.agent.id" in told else told
    asked = {"gen_ai.agent.id": "asst_1"} if typed else {}
    assert traced.attributes == {**RUN, **asked, **told}
    assert (traced.span["status"] == "ERROR") == ("error.type" in told)
    assert "secret" not in repr(traced.span)


@pytest.mark.skipif(
    find_spec("openai.resources.responses") is None,  # which came with them
    reason="this SDK drops all named events but those of a thread",
)
def test_an_error_event_fails_the_call(trace):
    """The SDK hands it on; no event of the run need follow."""
    error = {"code": "server_error", "message": "secret", "param": None, "type": "server_error"}
    traced = trace(lambda client: create(client, stream=True), [*BEGUN, ("error", error)])
    assert len(traced.result) == len(BEGUN) + 1
    assert traced.attributes == {**RUN, **NAME, FINISH: ("error",), "error.type": "server_error", **FAILED}
    assert traced.span["description"] == "response failed (code server_error)"
    assert "secret" not in repr(traced.span)


def test_an_error_event_may_come_bare(post):
    """As releases hand it on that know of no such event."""
    events = [*BEGUN, {"code": "server_error", "message": "secret", "param": None, "type": "server_error"}]
    traced = post("/threads/thread_1/runs", {"stream": True}, events)
    assert traced.attributes == {**RUN, **NAME, FINISH: ("error",), "error.type": "server_error", **FAILED}
    assert "secret" not in repr(traced.span)


@pytest.mark.parametrize(
    "odd", [None, 5, "text", [], {}, {"event": None}, {"event": ["thread.run.failed"]}, {"code": "failed"}]
)
def test_an_event_that_is_none_is_passed_on(post, odd):
    events = [odd, *STREAM[:3], odd, *STREAM[3:], odd]
    traced = post("/threads/thread_1/runs", {"stream": True}, events)
    assert len(traced.result) == len(events)
    assert traced.attributes == {**RUN, **DONE}


def test_a_stream_of_a_run_is_measured_as_any_other_operation(trace, telemetry):
    """The conventions have a time to the first chunk for inferences alone."""
    traced = trace(lambda client: create(client, stream=True), STREAM)
    assert set(telemetry.metrics) == {"gen_ai.client.operation.duration"}
    assert "gen_ai.response.time_to_first_chunk" not in traced.span["attributes"]
    assert "gen_ai.request.stream" not in traced.span["attributes"]


def test_a_stream_that_is_left_early_tells_what_has_come(trace, leave):
    traced = trace(leave(lambda client: create(client, stream=True), 3), STREAM)
    assert len(traced.result) == 3
    assert traced.attributes == {**RUN, **NAME, FINISH: ("error",), "gossamer.stream.outcome": "closed"}
    assert traced.span["status"] == "UNSET"


def test_a_new_thread_and_tool_outputs_stream_too(trace):
    def submit(client: Any) -> Any:
        return client.beta.threads.runs.submit_tool_outputs(
            thread_id="thread_1", run_id="run_1", tool_outputs=[], stream=True
        )

    for call in (
        lambda client: client.beta.threads.create_and_run(assistant_id="asst_1", stream=True),
        submit,
    ):
        assert trace(call, STREAM).attributes == {**RUN, **DONE}


# The SDK's helper


def helper(client: Any) -> Any:
    """The manager of a helper stream."""
    return client.beta.threads.runs.stream(thread_id="thread_1", assistant_id="asst_1")


def test_the_helper_stream_is_one_call(trace, run):
    def read(client: Any) -> list[str]:
        with helper(client) as stream:
            return [*stream.text_deltas, stream.get_final_run().status]

    async def aread(client: Any) -> list[str]:
        async with helper(client) as stream:
            said = [text async for text in stream.text_deltas]
            return [*said, (await stream.get_final_run()).status]

    traced = trace(aread if run.kind == "async" else read, STREAM)
    assert traced.result == ["Very ", "light.", "completed"]
    assert traced.attributes == {**RUN, **DONE}


def test_the_apps_own_handler_is_called_as_before(trace, run):
    base = openai.AsyncAssistantEventHandler if run.kind == "async" else openai.AssistantEventHandler
    seen: list[str] = []

    class Handler(base):  # type: ignore[misc, valid-type]
        def on_event(self, event: Any) -> Any:
            seen.append(event.event)
            return _nothing() if run.kind == "async" else None

    def ask(client: Any) -> Any:
        return client.beta.threads.runs.stream(
            thread_id="thread_1", assistant_id="asst_1", event_handler=Handler()
        )

    def read(client: Any) -> None:
        with ask(client) as stream:
            stream.until_done()

    async def aread(client: Any) -> None:
        async with ask(client) as stream:
            await stream.until_done()

    traced = trace(aread if run.kind == "async" else read, STREAM)
    assert seen == [name for name, _ in STREAM]
    assert traced.attributes == {**RUN, **DONE}


async def _nothing() -> None:
    return None


def test_the_helper_stream_may_be_left_early(trace, run):
    def read(client: Any) -> None:
        with helper(client) as stream:
            next(stream)

    async def aread(client: Any) -> None:
        async with helper(client) as stream:
            await anext(stream)

    traced = trace(aread if run.kind == "async" else read, STREAM)
    assert traced.attributes == {**RUN, **NAME, FINISH: ("error",), "gossamer.stream.outcome": "closed"}
