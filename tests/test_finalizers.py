"""Calls that are open when the interpreter, the instrumentation or a fork comes to them."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import openai
import pytest

from gossamer import OpenAIInstrumentor, finalizers
from gossamer.cli.fake import mock_client
from gossamer.testing import Telemetry

CHAT: dict[str, Any] = {
    "model": "gpt-4o",
    "messages": [{"role": "user", "content": "How light is gossamer?"}],
}

SETUP = """
import gc, os, openai
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from gossamer import OpenAIInstrumentor
from gossamer.cli.fake import mock_client

class Exporter(SpanExporter):
    def export(self, spans):
        for span in spans:
            print("exported", WHO, span.attributes.get("gossamer.stream.outcome"), flush=True)

def set_global_provider():
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(Exporter()))
    trace.set_tracer_provider(provider)

WHO = "parent"
CHAT = {"model": "gpt-4o", "messages": [{"role": "user", "content": "How light is gossamer?"}]}
client = openai.OpenAI(api_key="sk-fake", base_url="https://llm.test/v1", http_client=mock_client())
chats = client.chat.completions
"""
BEFORE = "set_global_provider(); OpenAIInstrumentor().instrument()"
AFTER = "OpenAIInstrumentor().instrument(); set_global_provider()"


def exported(*program: str) -> list[str]:
    """Run a program and give what it exported: by whom, and with which outcome."""
    # Python 3.12 warns of a fork beside the batch processor's thread, which is what the test is about.
    quiet = ["-W", "ignore:This process:DeprecationWarning"]
    done = subprocess.run(
        [sys.executable, *quiet, "-c", "\n".join((SETUP, *program))],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return [line.removeprefix("exported ") for line in done.stdout.splitlines()]


@pytest.mark.parametrize("order", [BEFORE, AFTER], ids=["before", "after"])
def test_what_a_script_leaves_open_is_exported_at_its_exit(order):
    """Whether the global provider was set before instrument() or after it."""
    program = """
stream = chats.create(**CHAT, stream=True)
next(stream)
raw = chats.with_raw_response.create(**CHAT)
cycle = [chats.create(**CHAT, stream=True)]
cycle.append(cycle)
del cycle
gc.collect()
"""
    assert sorted(exported(order, program)) == ["parent None", "parent abandoned", "parent abandoned"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
@pytest.mark.parametrize(
    "child", ["pass", "del stream, raw", "list(stream)"], ids=["exits", "drops", "reads"]
)
def test_a_forked_child_leaves_the_open_calls_to_its_parent(child):
    program = f"""
stream = chats.create(**CHAT, stream=True)
raw = chats.with_raw_response.create(**CHAT)
next(stream)
child = os.fork()
if child == 0:
    WHO = "child"
    {child}
    chats.create(**CHAT)
else:
    os.waitpid(child, 0)
    list(stream)
    raw.parse()
"""
    assert exported(BEFORE, program) == ["child None", "parent completed", "parent None"]


def test_a_stream_that_outlives_uninstrument_does_not_end_inside_a_collection(no_collection):
    telemetry, instrumentor = Telemetry(), OpenAIInstrumentor()
    instrumentor.instrument(
        tracer_provider=telemetry.tracer_provider, meter_provider=telemetry.meter_provider
    )
    try:
        client = openai.OpenAI(api_key="sk-fake", base_url="https://llm.test/v1", http_client=mock_client())
        cycle: list[Any] = [client.chat.completions.create(**CHAT, stream=True)]
        next(cycle[0])
        cycle.append(cycle)
        del cycle
    finally:
        instrumentor.uninstrument()
    gc.collect()
    assert telemetry.exporter.get_finished_spans() == ()  # put aside
    finalizers.drain()
    (span,) = telemetry.spans
    assert span["attributes"]["gossamer.stream.outcome"] == "abandoned"


def test_the_collector_is_watched_only_as_long_as_something_is_open():
    finalizers.unfinished.clear()  # of other tests
    instrumentor = OpenAIInstrumentor()
    instrumentor.instrument()
    assert finalizers._on_collection in gc.callbacks
    instrumentor.uninstrument()
    assert finalizers._on_collection not in gc.callbacks


class _Busy:
    """Garbage whose finalizer has another thread do something, in the middle of a collection."""

    def __init__(self, work: Callable[[], None]) -> None:
        self._cycle = self
        self._work = work

    def __del__(self) -> None:
        assert finalizers.collecting
        thread = threading.Thread(target=self._work)
        thread.start()
        thread.join()


def test_a_stream_that_is_closed_while_another_thread_collects_is_closed(telemetry: Telemetry) -> None:
    """And recorded at once, as this thread can wait for a lock."""
    client = openai.OpenAI(api_key="sk-fake", base_url="https://llm.test/v1", http_client=mock_client())
    stream = client.chat.completions.create(**CHAT, stream=True)
    next(stream)
    ended: list[int] = []

    def close() -> None:
        stream.close()
        ended.append(len(telemetry.exporter.get_finished_spans()))

    _Busy(close)
    gc.collect()
    assert ended == [1]
    (span,) = telemetry.spans
    assert span["attributes"]["gossamer.stream.outcome"] == "closed"
