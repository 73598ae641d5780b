"""Some calls of an app, made beside another instrumentation, or by a framework (`make beside`).

Run by `beside.py` in an environment with that other package:
`beside_calls.py URL NAME ORDER`, where ORDER is `bare`, `alone`, `before` or `after`: neither of the two, the
other alone, or Gossamer switched on before or after it. Or it is `both` or `off`, under
`opentelemetry-instrument`, which switches on what has an entry point: the app switches on the others, or
leaves them off as `gossamer doctor` says. Prints one line of JSON.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import logging
import os
import sys
from functools import partial
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

if TYPE_CHECKING:
    from collections.abc import Callable

MESSAGES: Any = [{"role": "user", "content": "How light is gossamer?"}]
EXPORTER = InMemorySpanExporter()
PROVIDER = TracerProvider()
PROVIDER.add_span_processor(SimpleSpanProcessor(EXPORTER))
#: Spans that others make elsewhere.
ELSEWHERE: list[str] = []
#: What they need to do so when the calls have been made.
AT_END: list[Callable[[], None]] = []


class Complaints(logging.Handler):
    """What Gossamer says of itself, or what is said of a context that could not be left."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep those that are about us."""
        if record.name.startswith("gossamer") or "detach" in record.getMessage():
            self.said.append(f"{record.name}: {record.getMessage()}")


def by_entry_point() -> None:
    """Those that `opentelemetry-instrument` would switch on."""
    for entry in entry_points(group="opentelemetry_instrumentor"):
        if entry.name != "gossamer_openai" and "openai" in entry.name:
            entry.load()().instrument(tracer_provider=PROVIDER, skip_dep_check=True)


def logfire(*, off: bool = False) -> None:
    """It makes its own providers."""
    package: Any = importlib.import_module("logfire")
    package.configure(
        send_to_logfire=False,
        console=False,
        additional_span_processors=[SimpleSpanProcessor(EXPORTER)],
    )
    if not off:
        package.instrument_openai()


def sentry(*, off: bool = False) -> None:
    """Its integrations switch themselves on, and make spans in a transaction; nothing is sent."""
    package: Any = importlib.import_module("sentry_sdk")
    integration: Any = importlib.import_module("sentry_sdk.integrations.openai").OpenAIIntegration
    transport: Any = importlib.import_module("sentry_sdk.transport").Transport

    class Note(transport):  # type: ignore[misc]
        def capture_envelope(self, envelope: Any) -> None:
            for item in envelope.items:
                if item.type == "span":
                    ELSEWHERE.extend(span["name"] for span in item.payload.json["items"])

    package.init(
        dsn="http://key@127.0.0.1:9/1",
        traces_sample_rate=1.0,
        transport=Note,
        disabled_integrations=[integration()] if off else [],
    )
    transaction = package.start_transaction(name="app")
    transaction.__enter__()
    AT_END.append(lambda: transaction.__exit__(None, None, None))


def langfuse(*, off: bool = False) -> None:
    """Importing its module wraps the SDK's methods."""
    os.environ.update(LANGFUSE_PUBLIC_KEY="pk", LANGFUSE_SECRET_KEY="sk", LANGFUSE_HOST="http://127.0.0.1:9")
    importlib.import_module("langfuse" if off else "langfuse.openai")


def ddtrace(*, off: bool = False) -> None:  # noqa: ARG001 - a variable switches it off
    """Its agent is not there."""
    os.environ.update(DD_TRACE_AGENT_URL="http://127.0.0.1:9", DD_INSTRUMENTATION_TELEMETRY_ENABLED="false")
    importlib.import_module("ddtrace.auto")
    package: Any = importlib.import_module("ddtrace.trace")

    class Note(package.TraceFilter):  # type: ignore[misc]
        def process_trace(self, trace: Any) -> None:
            ELSEWHERE.extend(span.name for span in trace if span.name.startswith("openai"))

    package.tracer.configure(trace_processors=[Note()])


OTHERS: dict[str, Callable[..., None]] = {
    "logfire": logfire,
    "sentry": sentry,
    "langfuse": langfuse,
    "ddtrace": ddtrace,
}


def _nothing(*, off: bool) -> None:
    """`opentelemetry-instrument` does it."""


def gossamer() -> None:
    """Ours; a failure of ours is not swallowed but raised here."""
    from gossamer import OpenAIInstrumentor  # noqa: PLC0415

    OpenAIInstrumentor().instrument(tracer_provider=PROVIDER)


def told(value: Any) -> Any:
    """An outcome, without what is different each time."""
    if isinstance(value, BaseException):
        return [type(value).__name__, getattr(value, "status_code", None)]
    if isinstance(value, list):
        return [told(entry) for entry in value[:2]] + [len(value)]
    return type(value).__name__


def watched_request(handed: list[str]) -> None:
    """Note what a request returns to the rest of the SDK: with ours in place that must be the SDK's own."""
    base: Any = importlib.import_module("openai._base_client")
    original, aoriginal = base.SyncAPIClient.request, base.AsyncAPIClient.request

    def request(self: Any, *args: Any, **more: Any) -> Any:
        result = original(self, *args, **more)
        handed.append(f"{type(result).__module__}.{type(result).__name__}")
        return result

    async def arequest(self: Any, *args: Any, **more: Any) -> Any:
        result = await aoriginal(self, *args, **more)
        handed.append(f"{type(result).__module__}.{type(result).__name__}")
        return result

    base.SyncAPIClient.request, base.AsyncAPIClient.request = request, arequest


def sync_calls(url: str) -> list[Any]:
    """What an app does. A call that fails is an outcome, too: the other package may be the cause."""
    import openai  # noqa: PLC0415

    client = openai.OpenAI(api_key="none", base_url=url, max_retries=0)
    chat: Any = {"model": "gpt-4o", "messages": MESSAGES}

    def left_early() -> None:
        stream = client.chat.completions.create(**chat, stream=True)
        next(iter(stream))
        stream.close()

    calls: list[Callable[[], Any]] = [
        lambda: client.chat.completions.create(**chat),
        lambda: list(client.chat.completions.create(**chat, stream=True)),
        left_early,
        lambda: client.chat.completions.with_raw_response.create(**chat).parse(),
        lambda: client.responses.create(model="gpt-4o", input="How light?"),
        lambda: list(client.responses.create(model="gpt-4o", input="How light?", stream=True)),
        lambda: client.embeddings.create(model="m", input="x"),
        lambda: client.chat.completions.create(model="fake-error-400", messages=MESSAGES),
    ]
    return [attempt(call) for call in calls]


def attempt(call: Callable[[], Any]) -> Any:
    """What comes of a call."""
    try:
        return call()
    except Exception as error:  # noqa: BLE001 - an outcome like any other
        return error


async def async_calls(url: str) -> list[Any]:
    """The same without waiting."""
    import openai  # noqa: PLC0415

    client = openai.AsyncOpenAI(api_key="none", base_url=url, max_retries=0)
    chat: Any = {"model": "gpt-4o", "messages": MESSAGES}
    seen: list[Any] = [await client.chat.completions.create(**chat)]
    seen.append([chunk async for chunk in await client.chat.completions.create(**chat, stream=True)])
    seen.append(await client.responses.create(model="gpt-4o", input="How light?"))
    return seen


def main() -> None:
    """Make the calls."""
    url, name, order = sys.argv[1:]
    complaints = Complaints()
    logging.getLogger().addHandler(complaints)
    other = OTHERS.get(name, by_entry_point)
    if order in ("both", "off"):
        provider: Any = trace.get_tracer_provider()
        provider.add_span_processor(SimpleSpanProcessor(EXPORTER))
        other = partial(OTHERS.get(name, _nothing), off=order == "off")
    else:
        trace.set_tracer_provider(PROVIDER)
    steps: dict[str, list[Callable[[], None]]] = {
        "bare": [],
        "alone": [other],
        "before": [gossamer, other],
        "after": [other, gossamer],
        "both": [other],
        "off": [other],
    }
    handed: list[str] = []
    for step in steps[order]:
        step()
        if step is gossamer:
            watched_request(handed)
    seen = [*sync_calls(url), *asyncio.run(async_calls(url))]
    for end in AT_END:
        end()
    spans = EXPORTER.get_finished_spans()
    ours = [
        span for span in spans if span.instrumentation_scope and span.instrumentation_scope.name == "gossamer"
    ]
    print(
        json.dumps(
            {
                "outcomes": [told(value) for value in seen],
                "ours": len(ours),
                "others": len(spans) - len(ours) + len(ELSEWHERE),
                "handed": sorted(set(handed)),
                "complaints": complaints.said,
            }
        )
    )


if __name__ == "__main__":
    main()
