"""Managed agents (beta): created, and at work in a session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gossamer import semconv
from gossamer.fields import Fields, fields
from gossamer.operations.answer import failure_in
from gossamer.operations.operation import Attributes, Operation
from gossamer.operations.request import body_reader, id_in, inside, text
from gossamer.operations.usage import RESPONSES_USAGE, read_usage

if TYPE_CHECKING:
    from collections.abc import Iterable

_put_agent_id = text(semconv.AGENT_ID)
_put_agent_name = text(semconv.AGENT_NAME)
_put_conversation_id = text(semconv.CONVERSATION_ID)

_describe_session_request = body_reader(
    {
        "agent_id": _put_agent_id,
        "agent": inside("model", text(semconv.REQUEST_MODEL)),
    }
)


def _describe_session(answer: Fields, attributes: Attributes) -> None:
    """The session, the agent at work in it, and what it has used."""
    _put_conversation_id(answer.get("id"), attributes)
    agent = fields(answer.get("agent"))
    _put_agent_id(agent.get("id"), attributes)
    _put_agent_name(agent.get("name"), attributes)
    read_usage(answer.get("usage"), RESPONSES_USAGE, attributes)
    reason = answer.get("finish_reason")
    if type(reason) is str:
        attributes[semconv.RESPONSE_FINISH_REASONS] = (reason,)


class SessionFold:
    """Events of a session, folded: what its turns used, added up, and how the last one ended."""

    __slots__ = ("_answer", "_usages")

    def __init__(self, _: Attributes) -> None:
        self._answer: dict[str, Any] = {}
        self._usages: dict[str, Fields] = {}

    def add(self, chunk: Any) -> bool:
        """See `Fold.add`."""
        event = fields(chunk)
        session = event.get("session")
        if session is not None:
            self._answer.update({key: fields(session).get(key) for key in ("id", "agent", "status", "error")})
        kind = event.get("type")
        if kind == "error":  # this stream hands errors out as events, and does not raise them
            self._answer.update(status="failed", error=event.get("error"), finish_reason="error")
        ended = _TURNS.get(kind) if type(kind) is str else None
        if ended is not None:
            turn = fields(event.get("turn"))
            self._answer.setdefault("id", event.get("session_id"))
            if turn.get("subagent_id") is None:  # what a subagent fails to do is for its agent to judge
                self._answer.update(status=turn.get("status"), error=turn.get("error"), finish_reason=ended)
            # A turn may be told twice, after the app has subscribed anew.
            self._usages[str(event.get("turn_id"))] = fields(event.get("usage") or turn.get("usage"))
        return True

    def answer(self) -> Fields:
        """See `Fold.answer`."""
        return {**self._answer, "usage": _added(self._usages.values())} if self._usages else self._answer


def _added(usages: Iterable[Fields]) -> Fields:
    """Usages, added up, with what their totals are made of."""
    totals: dict[str, Any] = {}
    for usage in usages:
        for key, value in usage.items():
            if key.endswith("_details"):
                totals[key] = _added((fields(totals.get(key)), fields(value)))
            elif type(value) is int and value >= 0:
                totals[key] = totals.get(key, 0) + value
    return totals


_TURNS: Final[dict[Any, str]] = {
    "agent.session.turn.completed": "stop",
    "agent.session.turn.failed": "error",
    "agent.session.turn.cancelled": "error",
}
_KEPT_EVENTS: Final = frozenset({*_TURNS, "agent.session.created", "agent.session.failed", "error", None})

CREATE_AGENT = Operation(
    name="create_agent",
    method="POST",
    path="/agents",
    calls="`beta.agents.create`",
    metrics="other",
    describe_request=body_reader({"model": text(semconv.REQUEST_MODEL), "name": _put_agent_name}),
    describe=lambda answer, attributes: _put_agent_id(answer.get("id"), attributes),
    subject=semconv.AGENT_NAME,
    content="assistants",
)
CREATE_SESSION = Operation(
    name="invoke_agent",
    method="POST",
    path="/agents/sessions",
    calls="`beta.agents.sessions.create`",
    metrics="other",
    describe_request=_describe_session_request,
    describe=_describe_session,
    failure=failure_in("error"),
    subject=semconv.AGENT_NAME,
    fold=SessionFold,
    kept_events=_KEPT_EVENTS,
    content="sessions",
)
# The app watches a session at work; what it sends there is another request, and is not traced beside it.
WATCH_SESSION = Operation(
    name="invoke_agent",
    method="GET",
    path="/agents/sessions/{id}/events",
    calls="`beta.agents.sessions.events.stream`, `beta.agents.sessions.stream`",
    metrics="other",
    describe_request=lambda options, attributes: _put_conversation_id(id_in(options, -2), attributes),
    describe=_describe_session,
    failure=failure_in("error"),
    subject=semconv.AGENT_NAME,
    fold=SessionFold,
    kept_events=_KEPT_EVENTS,
    content="sessions",
)
