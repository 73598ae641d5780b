"""docs/content.md: what is recorded of some calls, as it was recorded."""

from __future__ import annotations

import inspect
import json
from typing import Any, Final

import docs_conversations as conversations
import docs_exchanges as exchanges
import openai
from docs_markdown import code, table
from docs_meanings import CONTENT
from docs_observed import watch

from gossamer import semconv

_WIDTH: Final = 110


def page() -> str:
    """The generated part."""
    examples = (_chat, _response, _too_long, _redacted, _event, _failure)
    return "\n\n".join(["## Examples", *(example() for example in examples)])


def _chat() -> str:
    span, _ = _seen(conversations.CHAT, capture="SPAN_ONLY")
    return _section(
        "A chat",
        "Sent, and answered with a text:",
        _block({key: conversations.CHAT[key] for key in ("messages", "tools")}),
        "Recorded on the span with `SPAN_ONLY`. Each attribute is one string; its JSON is broken into lines "
        "here:",
        _block(_content(span)),
    )


def _response() -> str:
    span, _ = _seen(conversations.RESPONSE, capture="SPAN_ONLY")
    return _section(
        "A response",
        "Of the Responses API, with instructions and a tool that the provider runs. Sent:",
        _block(conversations.RESPONSE),
        "Answered:",
        _block({"output": conversations.RESPONSE_ANSWER["output"]}),
        "Recorded on the span with `SPAN_ONLY`. All items of an answer are parts of one message:",
        _block(_content(span)),
    )


def _too_long() -> str:
    span, _ = _seen(conversations.LONG, capture="SPAN_ONLY", content_limit=1024, content_part_limit=256)
    sent, found = len(conversations.LONG["messages"]), _content(span)
    kept = len(found[semconv.INPUT_MESSAGES])
    return _section(
        "Too long",
        f"The newest {kept} of {sent} messages, with the smallest limits that there are, "
        "`GOSSAMER_CONTENT_LIMIT=1024` and `GOSSAMER_CONTENT_PART_LIMIT=256`:",
        _block(found),
    )


def _redacted() -> str:
    span, _ = _seen(conversations.CHAT, capture="SPAN_ONLY", redact=conversations.redact)
    name = semconv.INPUT_MESSAGES
    return _section(
        "Redacted",
        "The chat from above with `instrument(redact=redact)`:",
        f"```python\n{inspect.getsource(conversations.redact).rstrip()}\n```",
        _block({name: _content(span)[name]}),
    )


def _event() -> str:
    _, (event,) = _seen(conversations.RESPONSE, capture="EVENT_ONLY")
    return _section(
        "The event",
        f"The response from above with `EVENT_ONLY`: a log record with the event name `{event['name']}`, the "
        f"severity {event['severity']}, no body, and these attributes:",
        _block(event["attributes"]),
    )


def _failure() -> str:
    rows = []
    for mode in ("NO_CONTENT", "SPAN_ONLY", "EVENT_ONLY"):
        span, events = _seen(conversations.CHAT, refused=True, capture=mode)
        told = events[-1]["attributes"]
        first_line = told.get(semconv.EXCEPTION_STACKTRACE, "").partition("\n")[0]
        rows.append(
            (
                code(mode),
                span["description"],
                told.get(semconv.EXCEPTION_MESSAGE, ""),
                f"{first_line} …" if first_line else "",
            )
        )
    heads = (
        "Mode",
        "Description of the span's status",
        f"`{semconv.EXCEPTION_MESSAGE}` of the event",
        f"`{semconv.EXCEPTION_STACKTRACE}` of the event",
    )
    return _section("A failure", "A request that the API refused, quoting it:", table(heads, rows))


def _seen(
    request: dict[str, Any], *, refused: bool = False, **settings: Any
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The span and the events of one call."""
    is_chat = "messages" in request
    answer = conversations.CHAT_ANSWER if is_chat else conversations.RESPONSE_ANSWER
    reply = exchanges.reply(conversations.REFUSAL, 400) if refused else exchanges.reply(answer)
    client = exchanges.client(lambda _: reply, max_retries=0)
    with watch(**settings) as telemetry:
        try:
            (client.chat.completions if is_chat else client.responses).create(**request)
        except openai.BadRequestError:
            pass
        (span,) = telemetry.spans
        return span, telemetry.events


def _section(title: str, *paragraphs: str) -> str:
    return "\n\n".join([f"### {title}", *paragraphs])


def _content(span: dict[str, Any]) -> dict[str, Any]:
    """The attributes of content, parsed."""
    found = {name: span["attributes"][name] for name in CONTENT if name in span["attributes"]}
    return {name: json.loads(value) if isinstance(value, str) else value for name, value in found.items()}


def _block(value: Any) -> str:
    return f"```json\n{_pretty(value)}\n```"


def _pretty(value: Any, begin: str = "", indent: str = "") -> str:
    """JSON: on one line where it fits, else with an entry a line, and so on."""
    line = f"{indent}{begin}{json.dumps(value, ensure_ascii=False)}"
    entries = _entries(value)
    if not entries or (len(line) < _WIDTH and indent):
        return line
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    lines = [_pretty(inner, head, f"{indent}  ") for head, inner in entries]
    return f"{indent}{begin}{opening}\n" + ",\n".join(lines) + f"\n{indent}{closing}"


def _entries(value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        return [(f"{json.dumps(key)}: ", inner) for key, inner in value.items()]
    return [("", inner) for inner in value] if isinstance(value, (list, tuple)) else []
