"""Prompts and answers: how each contender is told to record them or not to, and whether it does.

`--content` is for figures that can be compared, so nothing is taken on trust: what a contender exports
is searched for a word of the prompt and one of the answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gossamer.cli.bench import answers, calls

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_CAPTURE = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"

#: Off wherever there is a switch for it: what is compared is the bookkeeping. Logfire has none.
_OFF = {
    _CAPTURE: "NO_CONTENT",
    "TRACELOOP_TRACE_CONTENT": "false",
    "OPENINFERENCE_HIDE_INPUTS": "true",
    "OPENINFERENCE_HIDE_OUTPUTS": "true",
    "OPENINFERENCE_HIDE_EMBEDDINGS_TEXT": "true",
    "OPENINFERENCE_HIDE_EMBEDDINGS_VECTORS": "true",
}
_ON = {
    _CAPTURE: "SPAN_ONLY",
    "TRACELOOP_TRACE_CONTENT": "true",
    "OPENINFERENCE_HIDE_INPUTS": "false",
    "OPENINFERENCE_HIDE_OUTPUTS": "false",
    "OPENINFERENCE_HIDE_EMBEDDINGS_TEXT": "false",
    "OPENINFERENCE_HIDE_EMBEDDINGS_VECTORS": "false",
}

#: From before the variable had modes: theirs is `true`, and content goes to events.
_ON_IS_TRUE = ("elastic-opentelemetry-instrumentation-openai", "opentelemetry-instrumentation-openai-v2")

_MARKS = {"prompt": calls.MARK, "answer": answers.MARK}


def environment(contender: str, *, with_content: bool) -> dict[str, str]:
    """The variables that switch content on or off in a contender's process, before it is imported."""
    if not with_content:
        return _OFF
    return {**_ON, _CAPTURE: "true"} if contender in _ON_IS_TRUE else _ON


def held_by(exported: Iterable[Any]) -> list[str]:
    """Which content some exported spans and log records hold: `prompt`, `answer`, both or none."""
    texts = [text for one in exported for text in _texts(one)]
    return [what for what, mark in _MARKS.items() if any(mark in text for text in texts)]


def _texts(exported: Any) -> list[str]:
    record = getattr(exported, "log_record", None)
    if record is not None:
        return [str(record.body), str(dict(record.attributes or {}))]
    events = [str(dict(event.attributes or {})) for event in exported.events]
    return [str(dict(exported.attributes or {})), *events]


def remark(held: Sequence[str] | None, *, with_content: bool) -> str | None:
    """What is to be said of a figure whose contender held other content than it was told to; else None."""
    if held is None or list(held) == (list(_MARKS) if with_content else []):
        return None
    if not with_content:
        return "with content"
    return f"{held[0]} only" if held else "no content"


def lacks(held: Sequence[str] | None) -> bool:
    """Whether something was not recorded that should have been. Unknown of who exports nothing."""
    return held is not None and len(held) < len(_MARKS)
