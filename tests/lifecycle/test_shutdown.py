"""What is still open when the instrumentation, or the interpreter, ends."""

from __future__ import annotations

import gc
import subprocess
import sys
from pathlib import Path

import pytest

import gossamer
from gossamer.testing import Telemetry

from .app import APPS, App
from .left_open import OPEN, half_read, leave_to_the_collector
from .scenario import quiet
from .server import Server


@pytest.mark.parametrize("recorder", ["the next request", "uninstrument()"])
def test_what_was_put_aside_is_recorded_by(telemetry: Telemetry, no_collection: None, recorder: str) -> None:
    async def script(app: App) -> None:
        await leave_to_the_collector(app, half_read)
        gc.collect()
        assert telemetry.exporter.get_finished_spans() == ()
        if recorder == "the next request":
            await app.start()
            assert len(telemetry.exporter.get_finished_spans()) == 2  # and this one, dropped unread
        else:
            gossamer.OpenAIInstrumentor().uninstrument()
            assert len(telemetry.exporter.get_finished_spans()) == 1

    with quiet():
        APPS["sync"](Server(), "chat", telemetry).run(script)


def test_l2_a_stream_outlives_uninstrument(telemetry: Telemetry, kind: str) -> None:
    async def script(app: App) -> None:
        stream = await app.start()
        await app.read(stream, 1)
        gossamer.OpenAIInstrumentor().uninstrument()
        await app.ask()
        await app.read(stream)
        app.over()

    with quiet():
        APPS[kind](Server(), "chat", telemetry).run(script)
    (span,) = telemetry.spans
    assert span["attributes"]["gossamer.stream.outcome"] == "completed"


AT_EXIT = """
import asyncio, gc, logging, sys
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter
from gossamer import OpenAIInstrumentor
from lifecycle.app import APPS
from lifecycle.server import Server
from lifecycle.left_open import OPEN

logging.getLogger("asyncio").setLevel(logging.ERROR)  # its debug mode complains of a busy machine

class Exporter(SpanExporter):
    def export(self, spans):
        print(*[span.attributes.get("gossamer.stream.outcome") for span in spans], flush=True)

provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(Exporter()))
OpenAIInstrumentor().instrument(tracer_provider=provider)
kept = []

async def script(app):
    for left_open in OPEN.values():
        kept.append(await left_open(app))
    cycle = [await app.start()]
    cycle.append(cycle)
    del cycle
    gc.collect()  # put aside: the exit records it

for kind in ("sync", "async"):
    app = APPS[kind](Server(), "chat", None)
    app.run(script)
    assert not app.noise, app.noise
print("exit", flush=True)
"""


def test_l7_at_the_exit_of_the_interpreter_nothing_is_said() -> None:
    """With streams still open in a global, and one that a collection has ended."""
    folder = Path(__file__).parent.parent
    program = f"import sys; sys.path.insert(0, {str(folder)!r})\n{AT_EXIT}"
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", program],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stderr == ""
    assert done.returncode == 0
    before, after = done.stdout.split("exit")
    ended = (before + after).split()
    assert len(ended) == 2 * (len(OPEN) + 1)
    assert set(ended) == {"abandoned", "None"}  # a raw response that is not streamed has no outcome
    assert "abandoned" in after
