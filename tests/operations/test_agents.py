"""Managed agents: created, and at work in a session that the app starts or watches."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import pytest

from gossamer.operations.agents import CREATE_AGENT, CREATE_SESSION

needs_agents = pytest.mark.skipif(
    find_spec("openai.resources.beta.agents") is None, reason="this SDK has no managed agents"
)

# Created

CREATE = {"gen_ai.operation.name": "create_agent"}
BODIES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"model": "gpt-5"}, {"gen_ai.request.model": "gpt-5"}),
    ({"name": "Weaver"}, {"gen_ai.agent.name": "Weaver"}),
    ({"model": None, "name": None}, {}),
    ({"model": ["gpt-5"], "name": 5}, {}),
    ({"instructions": "Weave.", "tools": [], "service_tier": "flex"}, {}),
]
AGENT: dict[str, Any] = {"id": "agent_1", "object": "agent", "name": "Weaver", "model": "gpt-5"}


@pytest.mark.parametrize(("body", "expected"), BODIES)
def test_a_request_for_an_agent_tells_who_it_will_be(post, body, expected):
    assert post("/agents", body, {}).attributes == {**CREATE, **expected}


def test_each_key_that_is_read_of_an_agent_has_a_body_above(table):
    assert table(CREATE_AGENT) == {key for body, expected in BODIES if expected for key in body}


@needs_agents
def test_an_agent_is_told_by_its_id(trace, telemetry):
    traced = trace(lambda client: client.beta.agents.create(model="gpt-5", name="Weaver"), AGENT)
    assert traced.attributes == {
        **CREATE,
        "gen_ai.request.model": "gpt-5",
        "gen_ai.agent.name": "Weaver",
        "gen_ai.agent.id": "agent_1",
    }
    assert traced.span["name"] == "create_agent Weaver"
    assert set(telemetry.metrics) == {"gen_ai.client.operation.duration"}


@pytest.mark.parametrize("agent_id", [None, "", 5, ["agent_1"]])
def test_an_odd_id_is_left_out(post, agent_id):
    assert post("/agents", {}, {**AGENT, "id": agent_id}).attributes == CREATE


# At work

RUN = {"gen_ai.operation.name": "invoke_agent"}
FINISH = "gen_ai.response.finish_reasons"
SESSION_BODIES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"agent_id": "agent_1"}, {"gen_ai.agent.id": "agent_1"}),
    ({"agent": {"model": "gpt-5"}}, {"gen_ai.request.model": "gpt-5"}),
    ({"agent_id": None, "agent": None}, {}),
    ({"agent_id": 5, "agent": {"model": None}}, {}),
    ({"agent": "agent_1"}, {}),
    ({"input": "How light?", "environment": {"type": "none"}, "stream": False}, {}),
]
SESSION: dict[str, Any] = {
    "id": "sess_1",
    "object": "agent.session",
    "agent": AGENT,
    "status": "in_progress",
    "error": None,
    "usage": None,
}
NAME = {
    "gen_ai.conversation.id": "sess_1",
    "gen_ai.agent.id": "agent_1",
    "gen_ai.agent.name": "Weaver",
}
USAGE = {
    "input_tokens": 24,
    "output_tokens": 7,
    "total_tokens": 31,
    "input_tokens_details": {"cached_tokens": 16},
    "output_tokens_details": {"reasoning_tokens": 4},
}
TOKENS = {
    "gen_ai.usage.input_tokens": 24,
    "gen_ai.usage.output_tokens": 7,
    "gen_ai.usage.cache_read.input_tokens": 16,
    "gen_ai.usage.reasoning.output_tokens": 4,
}


@pytest.mark.parametrize(("body", "expected"), SESSION_BODIES)
def test_a_request_for_a_session_tells_the_agent(post, body, expected):
    assert post("/agents/sessions", body, {}).attributes == {**RUN, **expected}


def test_each_key_that_is_read_of_a_session_has_a_body_above(table):
    assert table(CREATE_SESSION) == {key for body, expected in SESSION_BODIES if expected for key in body}


def create(client: Any, **options: Any) -> Any:
    """A session, with its first input."""
    return client.beta.agents.sessions.create(
        agent_id="agent_1", environment={"type": "none"}, input="How light?", **options
    )


@needs_agents
def test_a_session_is_told_with_its_agent(trace, telemetry):
    traced = trace(create, {**SESSION, "usage": USAGE})
    assert traced.attributes == {**RUN, **NAME, **TOKENS}
    assert (traced.span["name"], traced.span["status"]) == ("invoke_agent", "UNSET")
    assert set(telemetry.metrics) == {"gen_ai.client.operation.duration"}
    assert "How light?" not in repr(traced.span)


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ({"agent": None}, {"gen_ai.agent.id", "gen_ai.agent.name"}),
        ({"agent": "agent_1"}, {"gen_ai.agent.id", "gen_ai.agent.name"}),
        ({"agent": {**AGENT, "name": None}}, {"gen_ai.agent.name"}),
        ({"id": 5}, {"gen_ai.conversation.id"}),
        ({"usage": [24]}, set()),
        ({"status": "budget_reached"}, set()),
        ({"status": ["failed"]}, set()),
    ],
)
def test_an_odd_session_is_told_as_far_as_it_can_be_read(post, change, missing):
    traced = post("/agents/sessions", {}, {**SESSION, **change})
    assert traced.attributes == {**RUN, **{key: NAME[key] for key in NAME if key not in missing}}
    assert traced.span["status"] == "UNSET"


@pytest.mark.parametrize("error", ["It tore: secret", {"message": "secret"}, None])
def test_a_session_that_failed_at_once_is_a_failed_call(post, error):
    traced = post("/agents/sessions", {}, {**SESSION, "status": "failed", "error": error})
    assert traced.attributes == {**RUN, **NAME, "error.type": "failed"}
    assert traced.span["status"] == "ERROR"
    assert "secret" not in repr(traced.span)


# Streamed


def of_session(kind: str, **change: Any) -> dict[str, Any]:
    """An event that carries the session."""
    session = {**SESSION, **change}
    return {"type": f"agent.session.{kind}", "event_id": f"event_{kind}", "session": session}


def of_turn(kind: str, turn_id: str = "turn_1", usage: Any = USAGE, **turn: Any) -> dict[str, Any]:
    """An event that carries a turn."""
    return {
        "type": f"agent.session.turn.{kind}",
        "event_id": f"event_{turn_id}_{kind}",
        "session_id": "sess_1",
        "turn_id": turn_id,
        "turn": {"id": turn_id, "session_id": "sess_1", "status": kind, "subagent_id": None, **turn},
        "usage": usage,
    }


DELTA = {
    "type": "agent.session.turn.output_text.delta",
    "event_id": "event_delta",
    "session_id": "sess_1",
    "turn_id": "turn_1",
    "delta": "Very light.",
}
BEGUN = [of_session("created"), of_turn("created", usage=None), DELTA]
END = [of_turn("completed"), of_session("idle", status="idle")]
COMPLETED = {"gossamer.stream.outcome": "completed"}
FAILED = {"gossamer.stream.outcome": "failed"}
DONE = {**NAME, **TOKENS, FINISH: ("stop",), **COMPLETED}
TWICE = {name: 2 * count for name, count in TOKENS.items()}
ERROR = {"code": "rate_limit_exceeded", "message": "secret", "type": "error"}
STREAMS: dict[str, tuple[list[Any], dict[str, Any]]] = {
    "completed": ([*BEGUN, *END], DONE),
    "two turns": ([*BEGUN, of_turn("completed", "turn_0"), *END], {**DONE, **TWICE}),
    "a turn that is told twice": ([*BEGUN, *END, of_turn("completed")], DONE),
    "usage in the turn alone": ([*BEGUN, of_turn("completed", usage=None), of_turn("completed", usage=None)],
                                {**NAME, FINISH: ("stop",), **COMPLETED}),
    "usage of the turn itself": (
        [*BEGUN, {**of_turn("completed", usage=None), "turn": {"status": "completed", "usage": USAGE}}],
        DONE),
    "a turn without usage": ([*BEGUN, of_turn("completed", "turn_0", usage=None), *END], DONE),
    "a turn with an odd usage": (
        [*BEGUN, of_turn("completed", "turn_0", usage={"input_tokens": "24", "input_tokens_details": 5,
                                                       "output_tokens": -7}), *END], DONE),
    "failed": (
        [*BEGUN, of_turn("failed", error=ERROR)],
        {**NAME, **TOKENS, FINISH: ("error",), "error.type": "rate_limit_exceeded", **FAILED},
    ),
    "cancelled": ([*BEGUN, of_turn("cancelled")], {**NAME, **TOKENS, FINISH: ("error",), **COMPLETED}),
    "failed, and then done otherwise": (
        [*BEGUN, of_turn("failed", "turn_0", error=ERROR), *END], {**DONE, **TWICE}),
    "a subagent's turn counts, and does not decide": (
        [*BEGUN, *END, of_turn("failed", "turn_2", subagent_id="sub_1", error=ERROR)], {**DONE, **TWICE}),
    "the session failed": (
        [*BEGUN, of_session("failed", status="failed", error="secret")],
        {**NAME, "error.type": "failed", **FAILED},
    ),
    "cut before its end": (BEGUN, {**NAME, **COMPLETED}),
    "events that nobody knows yet": (
        [BEGUN[0], {"type": "agent.session.telepathy", "thought": "?"}, *END], DONE),
    "a turn that is none": ([*BEGUN, {**of_turn("completed"), "turn": None}], DONE),
    "nothing at all": ([], COMPLETED),
}  # fmt: skip


@pytest.mark.parametrize("typed", [pytest.param(True, marks=needs_agents), False], ids=["typed", "untyped"])
@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_is_folded(trace, post, name, typed):
    events, told = STREAMS[name]
    if typed:
        traced = trace(lambda client: create(client, stream=True), events)
        assert [chunk.type for chunk in traced.result] == [event["type"] for event in events]
        told = {"gen_ai.agent.id": "agent_1", **told}
    else:
        traced = post("/agents/sessions", {"stream": True}, events)
        assert traced.result == events
    assert traced.attributes == {**RUN, **told}
    assert (traced.span["status"] == "ERROR") == ("error.type" in told)
    assert "secret" not in repr(traced.span)


@pytest.mark.parametrize("odd", [None, 5, "text", [], {}, {"type": None}, {"type": ["x"]}, {"session": 5}])
def test_an_event_that_is_none_is_passed_on(post, odd):
    events = [*BEGUN, odd, *END]
    traced = post("/agents/sessions", {"stream": True}, events)
    assert traced.result == events
    assert traced.attributes.keys() <= {*RUN, *DONE}
    assert {**TOKENS, FINISH: ("stop",)}.items() <= traced.attributes.items()


@needs_agents
def test_an_error_event_is_handed_on_as_the_sdk_does(trace):
    """It is a value, after which the turn may fail, and tells so itself."""
    error = {"type": "error", "event_id": "event_e", "session_id": "sess_1", "error": ERROR}
    traced = trace(lambda client: create(client, stream=True), [*BEGUN, error, *END])
    assert traced.result[3].type == "error"
    assert traced.attributes == {**RUN, **DONE}


@needs_agents
def test_a_stream_that_is_left_early_tells_what_has_come(trace, telemetry, leave):
    traced = trace(leave(lambda client: create(client, stream=True), 2), [*BEGUN, *END])
    assert len(traced.result) == 2
    assert traced.attributes == {**RUN, **NAME, "gossamer.stream.outcome": "closed"}
    assert set(telemetry.metrics) == {"gen_ai.client.operation.duration"}
    assert "gen_ai.response.time_to_first_chunk" not in traced.span["attributes"]


# Watched

WATCH = {**RUN, "gen_ai.conversation.id": "sess_1"}


@needs_agents
def test_who_watches_a_session_has_a_span_of_what_is_seen(trace):
    traced = trace(
        lambda client: client.beta.agents.sessions.events.stream("sess_1"),
        [of_session("idle", status="idle"), *BEGUN[1:], *END],
    )
    assert traced.attributes == {**RUN, **DONE}
    assert traced.span["name"] == "invoke_agent"


@pytest.mark.parametrize(
    "url", ["/agents/sessions/a%2Fb/events", "http://llm.test:8080/v1/agents/sessions/a%2Fb/events?x=1"]
)
def test_the_session_in_the_url_is_told_decoded(trace, url):
    traced = trace(lambda client: client.get(url, cast_to=object), {})
    assert traced.attributes == {**RUN, "gen_ai.conversation.id": "a/b"}


@needs_agents
def test_the_helper_stream_is_one_call(telemetry, run, client):
    """It asks whether the session is idle, subscribes, and sends the input: the span is of the second."""
    answers = {
        ("GET", "/v1/agents/sessions/sess_1"): {**SESSION, "status": "idle"},
        ("GET", "/v1/agents/sessions/sess_1/events"): [*BEGUN[1:], *END],
        ("POST", "/v1/agents/sessions/sess_1/events"): {},
    }
    caller = client(lambda request: answers[request.method, request.url.path])

    def ask() -> Any:
        return caller.beta.agents.sessions.stream("sess_1", input="How light?")

    def read() -> list[str]:
        with ask() as stream:
            return [event.type for event in stream]

    async def aread() -> list[str]:
        async with ask() as stream:
            return [event.type async for event in stream]

    seen = run(aread() if run.kind == "async" else read())
    assert seen == [event["type"] for event in (*BEGUN[1:], *END)]
    (span,) = telemetry.spans
    assert span["name"] == "invoke_agent"
    # The helper closes the subscription at the end of the turn, before the server does.
    found = span["attributes"]
    assert {**WATCH, **TOKENS, FINISH: ("stop",)}.items() <= found.items()
    assert found["gossamer.stream.outcome"] == "closed"
    assert span["status"] == "UNSET"
