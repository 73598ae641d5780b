"""Every setting: its variable, what it takes, its default. Read once, in `instrument()`."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from gossamer.errors import logger, quoted
from gossamer.scope import CaptureMode
from gossamer.setting_kinds import SWITCH, Choice, Function, Hook, Hosts, Mode, Names, RefusedError, Size

if TYPE_CHECKING:
    from collections.abc import Callable

SemconvChoice = Literal["0.1.0", "1.37", "both"]
T = TypeVar("T")


def _setting(*, variable: str | None, kind: Any, default: T, shown: str, meaning: str) -> T:
    """A dataclass field that knows its environment variable and what the documentation says of it."""
    metadata = {"variable": variable, "kind": kind, "shown": shown, "help": meaning}
    made: T = field(default=default, metadata=metadata)
    return made


@dataclass(frozen=True)
class Settings:
    """What one `instrument()` goes by. Immutable: to change it, uninstrument and instrument again."""

    semconv: SemconvChoice = _setting(
        variable="GOSSAMER_SEMCONV",
        kind=Choice({"0.1.0": "0.1.0", "1.37": "1.37", "both": "both"}),
        default="0.1.0",
        shown="`0.1.0`, `1.37`, `both`",
        meaning="Which metric names: those of the GenAI conventions v0.1.0, those of the core conventions "
        "1.37 that back ends know, or both.",
    )
    time_per_output_chunk: bool = _setting(
        variable="GOSSAMER_TIME_PER_OUTPUT_CHUNK",
        kind=SWITCH,
        default=False,
        shown="`true`, `false`",
        meaning="Record the time between chunks of a stream, a histogram point for each chunk, "
        "which costs microseconds per chunk.",
    )
    capture: CaptureMode = _setting(
        variable="OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT",
        kind=Mode(),
        default=CaptureMode.NO_CONTENT,
        shown="`NO_CONTENT`, `SPAN_ONLY`, `EVENT_ONLY`, `SPAN_AND_EVENT`",
        meaning="Where prompts, answers and error texts go: see [content.md](content.md).",
    )
    capture_may_widen: bool = _setting(
        variable="GOSSAMER_CAPTURE_MAY_WIDEN",
        kind=SWITCH,
        default=False,
        shown="`true`, `false`",
        meaning="Whether `gossamer.capture()` may capture more for a block than the process does.",
    )
    content_limit: int = _setting(
        variable="GOSSAMER_CONTENT_LIMIT",
        kind=Size(1024),
        default=128 * 1024,
        shown="bytes, 1024 or more",
        meaning="The most content of one call, in bytes of its JSON: the answer, and the newest messages.",
    )
    content_part_limit: int = _setting(
        variable="GOSSAMER_CONTENT_PART_LIMIT",
        kind=Size(256),
        default=32 * 1024,
        shown="bytes, 256 or more",
        meaning="The most of one part of a message, in bytes of its JSON.",
    )
    content_binary: Literal["size", "sha256", "data"] = _setting(
        variable="GOSSAMER_CONTENT_BINARY",
        kind=Choice({"size": "size", "sha256": "sha256", "data": "data"}),
        default="size",
        shown="`size`, `sha256`, `data`",
        meaning="What is recorded of images, audio and files sent inline, beside their type: the size, also "
        "a hash, or the data itself where it fits.",
    )
    tool_details: bool = _setting(
        variable="GOSSAMER_TOOL_DETAILS",
        kind=SWITCH,
        default=False,
        shown="`true`, `false`",
        meaning="Record description and parameters of tool definitions beside their name and type.",
    )
    redact: Callable[[dict[str, Any]], dict[str, Any] | None] | None = _setting(
        variable="GOSSAMER_REDACT",
        kind=Function(),
        default=None,
        shown="a function, or `package.module:name`",
        meaning="Sees each part of a message before anything is recorded, and gives back what may be, or "
        "`None`. Where it cannot be found, no content is captured.",
    )
    completion_hook: Any = _setting(
        variable="OTEL_INSTRUMENTATION_GENAI_COMPLETION_HOOK",
        kind=Hook(),
        default=None,
        shown="the name of an entry point, or an object",
        meaning="The ecosystem's hook `on_completion()`, which gets the content of each call, whatever "
        "`capture` says.",
    )
    request_hook: Callable[[Any, Any], None] | None = _setting(
        variable=None,
        kind=Function(),
        default=None,
        shown="`f(span, request)`",
        meaning="Called when the span of a call has started, with the SDK's request options.",
    )
    response_hook: Callable[[Any, Any], None] | None = _setting(
        variable=None,
        kind=Function(),
        default=None,
        shown="`f(span, response)`",
        meaning="Called before the span ends, with the answer: the SDK's object, or of a stream what was "
        "gathered of it.",
    )
    baggage_keys: tuple[str, ...] = _setting(
        variable="GOSSAMER_BAGGAGE_KEYS",
        kind=Names(),
        default=(),
        shown="names, with commas",
        meaning="Entries of the baggage that are copied to the spans and events, under their own names.",
    )
    metric_attributes: tuple[str, ...] = _setting(
        variable="GOSSAMER_METRIC_ATTRIBUTES",
        kind=Names(),
        default=(),
        shown="names, with commas",
        meaning="Of what `gossamer.attributes()` and the baggage say: what metric points have, too. Each "
        "value is a time series of its own.",
    )
    stream_usage: Literal["off", "auto", "always"] = _setting(
        variable="GOSSAMER_STREAM_USAGE",
        kind=Choice(
            {"off": "off", "auto": "auto", "always": "always", "false": "off", "0": "off", "no": "off"}
        ),
        default="off",
        shown="`off`, `auto`, `always`",
        meaning="Ask for the usage of a stream where the app did not, and hide the chunk that brings it: "
        "`auto` where the provider is known to understand, `always` everywhere.",
    )
    count_tokens: bool = _setting(
        variable="GOSSAMER_COUNT_TOKENS",
        kind=SWITCH,
        default=False,
        shown="`true`, `false`",
        meaning="Estimate the tokens of answers that report no usage. Needs `gossamer[tiktoken]` and its "
        "encoding files.",
    )

    all_operations: bool = _setting(
        variable="GOSSAMER_ALL_OPERATIONS",
        kind=SWITCH,
        default=False,
        shown="`true`, `false`",
        meaning="Give a plain span to each call of the SDK, also to those that no model works for: "
        "see [operations.md](operations.md).",
    )
    provider_hosts: tuple[tuple[str, str], ...] = _setting(
        variable="GOSSAMER_PROVIDER_HOSTS",
        kind=Hosts(),
        default=(),
        shown="`host=provider`, with commas",
        meaning="Who answers at a host, or at all that end in it: the `gen_ai.provider.name` of proxies and "
        "of servers of one's own. A port, a path or both may follow the host: `localhost:8000=vllm`.",
    )
    response_headers: bool = _setting(
        variable="GOSSAMER_RESPONSE_HEADERS",
        kind=SWITCH,
        default=False,
        shown="`true`, `false`",
        meaning="Record what the headers of a response say: rate limits, processing time, organization, "
        "request id. See [attributes.md](attributes.md).",
    )
    propagation: Literal["off", "trace", "baggage"] = _setting(
        variable="GOSSAMER_PROPAGATION",
        kind=Choice(
            {"off": "off", "trace": "trace", "baggage": "baggage", "false": "off", "0": "off", "no": "off"}
        ),
        default="off",
        shown="`off`, `trace`, `baggage`",
        meaning="Send the trace context along in the headers of the request: `trace` as `traceparent`, "
        "`baggage` also the baggage, which may say more than a stranger should know.",
    )

    @classmethod
    def load(cls, **given: Any) -> Settings:
        """Settings from the arguments of `instrument()`, else from the environment, else the defaults.

        A value that is not accepted is told in one warning, and the default is used in its place. Arguments
        that are no settings are let through: `instrument()` takes others.
        """
        values: dict[str, Any] = {}
        unread = set()
        for entry in fields(cls):
            variable = entry.metadata["variable"]
            if given.get(entry.name) is not None:
                source, value = f"instrument({entry.name}=…)", given[entry.name]
            else:
                source, value = variable, os.environ.get(variable, "").strip() if variable else ""
                if not value:
                    continue
            kind = entry.metadata["kind"]
            try:
                values[entry.name] = kind.read(value)
            except (TypeError, ValueError) as error:
                unread.add(entry.name)
                default = entry.default.name if isinstance(entry.default, CaptureMode) else entry.default
                logger.warning(
                    "%s is %s, which is not %s%s; %s.",
                    source,
                    quoted(value),
                    kind.shown,
                    f" ({error})" if isinstance(error, RefusedError) else "",
                    "no content is captured" if entry.name == "redact" else f"{default!r} is used instead",
                )
        settings = cls(**values)
        if "redact" not in unread:
            return settings
        # What was to be redacted must not be recorded as it is.
        return replace(
            settings, capture=CaptureMode.NO_CONTENT, capture_may_widen=False, completion_hook=None
        )
