"""Assistants: created, and run on a thread.

A run goes on after the call that started it, unless that call streams. What asks for its state is not traced:
the polling helpers ask every second.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gossamer import semconv
from gossamer.fields import NOTHING, Fields, fields
from gossamer.operations.answer import failure_in
from gossamer.operations.operation import Attributes, Operation
from gossamer.operations.request import SAMPLING, body_reader, id_in, inside, output_type, text, whole
from gossamer.operations.usage import CHOICES_USAGE, read_usage

if TYPE_CHECKING:
    from collections.abc import Callable

_describe_run_request = body_reader(
    {
        **SAMPLING,
        "assistant_id": text(semconv.AGENT_ID),
        "max_completion_tokens": whole(semconv.REQUEST_MAX_TOKENS),
        "response_format": inside("type", output_type),
    }
)


def _describe_run_on(thread: int | None) -> Callable[[Any, Attributes], None]:
    """Reads what the body says, and the thread, where it stands in the path: at this place from the end."""

    def describe_request(options: Any, attributes: Attributes) -> None:
        _describe_run_request(options, attributes)
        if thread is not None:
            attributes[semconv.CONVERSATION_ID] = id_in(options, thread)

    return describe_request


_TEXTS: Final = (
    ("id", semconv.RUN_ID),
    ("assistant_id", semconv.AGENT_ID),
    ("thread_id", semconv.CONVERSATION_ID),
)
_FINISH_REASONS: Final = {
    "completed": "stop",
    "requires_action": "tool_calls",
    "failed": "error",
    "cancelled": "error",
    "expired": "error",
}
_AT_WORK: Final = ("queued", "in_progress", "cancelling")


def describe_run(answer: Fields, attributes: Attributes) -> None:
    """The run, its assistant and thread, how it ended, and its usage."""
    for key, name in _TEXTS:
        value = answer.get(key)
        if type(value) is str and value:
            attributes[name] = value
    read_usage(answer.get("usage"), CHOICES_USAGE, attributes)
    status = answer.get("status")
    reason = _FINISH_REASONS.get(status) if type(status) is str else None
    if status == "incomplete":
        why = fields(answer.get("incomplete_details")).get("reason")
        reason = "length" if why in ("max_completion_tokens", "max_prompt_tokens") else "error"
    if reason is not None:
        attributes[semconv.RESPONSE_FINISH_REASONS] = (reason,)


class RunFold:
    """Events of a run, folded: each event of the run itself has all of it."""

    __slots__ = ("_error", "_run")

    def __init__(self, _: Attributes) -> None:
        self._run: Fields = NOTHING
        self._error: Fields = NOTHING

    def add(self, chunk: Any) -> bool:
        """See `Fold.add`. These events are told apart by `event`, which no tap looks at: all come here."""
        found = fields(chunk)
        event = found.get("event")
        if type(event) is str:
            if event.startswith("thread.run.") and event.count(".") == 2:
                self._run = fields(found.get("data"))
            elif event == "error":
                self._fail(found.get("data"))
        elif "code" in found and "message" in found:  # the same from releases that hand it on bare
            self._fail(found)
        return False

    def _fail(self, error: Any) -> None:
        """No event of the run need follow that says so."""
        self._error = {"status": "failed", "last_error": error}

    def answer(self) -> Fields:
        """See `Fold.answer`. A stream that ended before its run did was cut."""
        run = {**self._run, **self._error}
        return {**run, "status": "cancelled"} if run.get("status") in _AT_WORK else run


CREATE_ASSISTANT = Operation(
    name="create_agent",
    method="POST",
    path="/assistants",
    calls="`beta.assistants.create`",
    metrics="other",
    describe_request=body_reader(
        {
            "model": text(semconv.REQUEST_MODEL),
            "name": text(semconv.AGENT_NAME),
            "description": text(semconv.AGENT_DESCRIPTION),
        }
    ),
    describe=lambda answer, attributes: text(semconv.AGENT_ID)(answer.get("id"), attributes),
    subject=semconv.AGENT_NAME,
    content="assistants",
)
RUNS: Final = tuple(
    Operation(
        name="invoke_agent",
        method="POST",
        path=path,
        calls=calls,
        metrics="other",
        describe_request=_describe_run_on(thread),
        describe=describe_run,
        failure=failure_in("last_error"),
        subject=semconv.AGENT_NAME,
        fold=RunFold,
        kept_events=frozenset(),
        content="runs",
    )
    for path, thread, calls in (
        ("/threads/runs", None, "`beta.threads.create_and_run`, `_poll`, `_stream`"),
        ("/threads/{id}/runs", -2, "`beta.threads.runs.create`, `_and_poll`, `.stream`"),
        (
            "/threads/{id}/runs/{id}/submit_tool_outputs",
            -4,
            "`beta.threads.runs.submit_tool_outputs`, `_and_poll`, `_stream`",
        ),
    )
)
