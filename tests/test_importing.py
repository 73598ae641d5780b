"""What importing Gossamer and switching it on brings into a process, and what that does.

How long it takes is measured by `gossamer bench --import`; how much is there to be run is counted here.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

#: What any instrumentation imports, then ours; before the SDK or after it.
PROGRAM = """
import json, sys, threading

done = []
def see(event, arguments):
    if event.startswith(("os.", "shutil.", "socket.", "subprocess.", "tempfile.")):
        done.append(event)
    elif event == "open" and (arguments[2] or 0) & 3:  # to write
        done.append(f"open {arguments[0]} {arguments[1]}")

order = sys.argv[1]
if order == "bare":
    sys.addaudithook(see)
    import openai
    json.dump({"seen": sorted(set(done) - {"os.listdir", "os.scandir"})}, sys.stdout)
    raise SystemExit
if order == "after":
    import openai
import opentelemetry._logs, opentelemetry.baggage, opentelemetry.context, opentelemetry.metrics
import opentelemetry.trace, opentelemetry.instrumentation.instrumentor, opentelemetry.instrumentation.utils

before = set(sys.modules)
sys.addaudithook(see)
threading.Thread.start = lambda thread: done.append("a thread")
import gossamer
imported = set(sys.modules)
gossamer.OpenAIInstrumentor().instrument()
on = set(sys.modules)
seen = sorted(set(done) - {"os.listdir", "os.scandir"})  # importing looks into folders
import openai
json.dump(
    {
        "imported": sorted(imported - before),
        "switched on": sorted(on - imported),
        "all": sorted(sys.modules),
        "seen": seen,
        "patched": hasattr(openai._base_client.SyncAPIClient.request, "__wrapped__"),
    },
    sys.stdout,
)
"""
#: What is only for content, for counted tokens, for all operations, for the command line or for tests.
NOT_WANTED = {
    "gossamer.cli", "gossamer.completion", "gossamer.content", "gossamer.encodings", "gossamer.messages",
    "gossamer.operations.administration", "gossamer.operations.plain", "gossamer.propagation",
    "gossamer.testing", "gossamer.tokens", "gossamer.websocket.places",
}  # fmt: skip
#: Of ours: each is a file to find and to read. Before this grows: can it be imported where it is wanted?
MODULES = 55


@pytest.fixture(scope="module")
def processes() -> dict[str, Any]:
    """What came of it, done before the SDK was imported or after it; and of that import alone."""
    found = {}
    for order in ("before", "after", "bare"):
        # -B: no bytecode is written, which would be a file of Python's.
        command = [sys.executable, "-B", "-W", "error", "-c", PROGRAM, order]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        found[order] = json.loads(done.stdout)
    return found


def tops(modules: list[str]) -> set[str]:
    """The packages of these modules that do not come with Python."""
    return {module.partition(".")[0] for module in modules} - sys.stdlib_module_names


@pytest.mark.parametrize("order", ["before", "after"])
def test_importing_brings_nothing_but_our_own_modules(processes, order):
    imported = processes[order]["imported"]
    ours = [module for module in imported if module.startswith("gossamer")]
    assert tops(imported) <= {"gossamer", "opentelemetry"}
    assert not [module for module in imported if module.startswith("opentelemetry.sdk")]
    assert NOT_WANTED.isdisjoint(ours)
    assert len(ours) <= MODULES


def test_switching_on_brings_nothing_more(processes):
    brought = tops(processes["after"]["switched on"])
    # Older OpenTelemetry looks with it whether what is instrumented is installed.
    brought -= {"importlib_metadata"}
    # A release that imports its websockets at once has them patched at once.
    eager = "openai.resources.beta.realtime.realtime" in processes["after"]["all"]
    assert brought <= ({"gossamer"} if eager else set())


def test_switching_on_imports_no_more_of_the_sdk_than_importing_it_does(processes):
    """What it imports when it is wanted, such as its resources, and websockets, is left for then."""
    before, after = ({m for m in processes[order]["all"] if tops([m])} for order in ("before", "after"))
    assert before == after
    assert "websockets" not in processes["after"]["all"]


@pytest.mark.parametrize("order", ["before", "after"])
def test_it_writes_nothing_connects_nowhere_and_starts_nothing(processes, order):
    of_the_sdk = processes["bare"]["seen"] if order == "before" else []
    assert set(processes[order]["seen"]) <= set(of_the_sdk)
    assert processes[order]["patched"]
