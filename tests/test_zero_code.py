"""Without a line of code: `opentelemetry-instrument python app.py` finds and loads us by our entry point."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytest.importorskip("opentelemetry.distro", reason="needs opentelemetry-distro, which reads OTEL_*")

APP = """
import sys
from openai import OpenAI

answer = OpenAI().chat.completions.create(
    model="gpt-4o-mini", messages=[{"role": "user", "content": "Are you there?"}]
)
print(answer.choices[0].message.content, file=sys.stderr)
"""

OWN_PROVIDER = """
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor

provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter()))
trace.set_tracer_provider(provider)
"""

ANSWER = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1,
    "model": "gpt-4o-mini-2024-07-18",
    "choices": [
        {
            "index": 0,
            "finish_reason": "stop",
            "message": {"role": "assistant", "content": "I am here."},
        }
    ],
    "usage": {"prompt_tokens": 11, "completion_tokens": 4, "total_tokens": 15},
}


class Api(BaseHTTPRequestHandler):
    """Answers every POST with the same completion."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        body = json.dumps(ANSWER).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def recorded(address: str, tmp_path: Path) -> Any:
    """Runs an app under `opentelemetry-instrument` and gives what the console exporters printed."""
    clean = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy") and k != "PYTHONPATH"}
    exporters = {f"OTEL_{signal}_EXPORTER": "console" for signal in ("TRACES", "METRICS")}
    settings = {"OPENAI_API_KEY": "none", "OPENAI_BASE_URL": address, "OTEL_LOGS_EXPORTER": "none"}

    def run(app: str, **also: str) -> list[dict[str, Any]]:
        script = tmp_path / "app.py"
        script.write_text(app)
        # The module, not the command beside it: it is the same, and its place differs between systems.
        entry = "from opentelemetry.instrumentation.auto_instrumentation import run; run()"
        done = subprocess.run(
            [sys.executable, "-c", entry, sys.executable, str(script)],
            env=clean | exporters | settings | also,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert "I am here." in done.stderr.splitlines(), done.stderr
        return list(documents(done.stdout))

    return run


def documents(text: str) -> Iterator[dict[str, Any]]:
    """The JSON documents that stand one after the other in a text."""
    decoder = json.JSONDecoder()
    while text := text.lstrip():
        document, end = decoder.raw_decode(text)
        yield document
        text = text[end:]


def spans(documents: list[dict[str, Any]]) -> list[str]:
    return [document["name"] for document in documents if "context" in document]


def metrics(documents: list[dict[str, Any]]) -> set[str]:
    return {
        metric["name"]
        for document in documents
        for resource in document.get("resource_metrics", [])
        for scope in resource["scope_metrics"]
        if scope["scope"]["name"] == "gossamer"
        for metric in scope["metrics"]
    }


def test_an_unchanged_app_is_traced_and_measured(recorded: Any) -> None:
    printed = recorded(APP)
    assert spans(printed) == ["chat gpt-4o-mini"]
    assert "gen_ai.client.inference.duration" in metrics(printed)


def test_disabling_openai_switches_others_off_and_leaves_us_on(recorded: Any) -> None:
    printed = recorded(APP, OTEL_PYTHON_DISABLED_INSTRUMENTATIONS="openai")
    assert spans(printed) == ["chat gpt-4o-mini"]


def test_disabling_us_by_our_name_switches_us_off(recorded: Any) -> None:
    printed = recorded(APP, OTEL_PYTHON_DISABLED_INSTRUMENTATIONS="requests, gossamer_openai")
    assert spans(printed) == []
    assert metrics(printed) == set()


def test_a_disabled_sdk_leaves_the_app_alone(recorded: Any) -> None:
    assert recorded(APP, OTEL_SDK_DISABLED="true") == []


def test_a_provider_that_the_app_sets_after_us_is_used(recorded: Any) -> None:
    nothing_configured = {"OTEL_PYTHON_DISTRO": "none", "OTEL_PYTHON_CONFIGURATOR": "none"}
    assert spans(recorded(OWN_PROVIDER + APP, **nothing_configured)) == ["chat gpt-4o-mini"]
