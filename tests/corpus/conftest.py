"""Every recorded exchange, replayed to the bare SDK and to the instrumented one."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import pytest
from opentelemetry.sdk.trace import SpanProcessor

from gossamer.testing import capture

#: (API, operation) of the recordings → `gen_ai.operation.name`, or the SDK's method where the conventions
#: have none. Whatever is not here passes untouched.
TRACED = {
    ("chat.completions", "create"): "chat",
    ("responses", "create"): "chat",
    ("responses", "retrieve"): "fetch_response",
    ("completions", "create"): "text_completion",
    ("embeddings", "create"): "embeddings",
    ("responses", "compact"): "chat",
    ("responses", "cancel"): "responses.cancel",
    ("images", "generate"): "generate_content",
    ("images", "edit"): "generate_content",
    ("audio.speech", "create"): "generate_content",
    ("audio.transcriptions", "create"): "generate_content",
    ("audio.translations", "create"): "generate_content",
    ("moderations", "create"): "moderations.create",
    ("vector_stores", "search"): "retrieval",
    ("beta.assistants", "create"): "create_agent",
    ("beta.threads", "create_and_run"): "invoke_agent",
    ("beta.threads.runs", "create"): "invoke_agent",
    ("beta.threads.runs", "submit_tool_outputs"): "invoke_agent",
}
#: The APIs that are asked in texts, or for numbers.
TEXTS = {"chat.completions", "completions", "embeddings", "responses"}


@dataclass
class Run:
    """One exchange, replayed by one kind of client: what the app saw without and with us."""

    exchange: dict[str, Any]
    kind: str
    bare: Any
    traced: Any
    bare_warnings: list[tuple[type, str]]
    traced_warnings: list[tuple[type, str]]
    spans: list[Any]
    events: list[Any]

    @property
    def operation(self) -> str | None:
        """`gen_ai.operation.name` that its span must have; None where there must be no span."""
        return TRACED.get((self.exchange["api"], self.exchange["operation"]))

    @property
    def span(self) -> Any:
        """Its only span."""
        (span,) = self.spans
        return span

    def __str__(self) -> str:
        return f"{self.exchange['id']} {self.exchange['api']}.{self.exchange['operation']} {self.kind}"


@dataclass
class Corpus:
    """All runs, and everything that they recorded."""

    runs: list[Run]
    start_attributes: dict[int, set[str]]
    metrics: Any
    has_content: bool

    @property
    def traced(self) -> list[Run]:
        """The runs of the operations that have spans."""
        return [run for run in self.runs if run.operation is not None]

    @property
    def of_text(self) -> list[Run]:
        """Those of the APIs that are asked in texts: chats, responses, completions, embeddings."""
        others = ("compact", "cancel")
        return [
            run
            for run in self.traced
            if run.exchange["api"] in TEXTS and run.exchange["operation"] not in others
        ]


class StartAttributes(SpanProcessor):
    """What a sampler sees: the names of the attributes that a span has when it starts."""

    def __init__(self) -> None:
        self.by_span: dict[int, set[str]] = {}

    def on_start(self, span: Any, parent_context: Any = None) -> None:
        self.by_span[span.get_span_context().span_id] = set(span.attributes)


def load_module(path: Any) -> ModuleType:
    """A module by its path: neither of those used here is in a package."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module  # dataclasses look their own module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def replay_check(shared) -> ModuleType:
    """The module that drives the SDK from recordings."""
    return load_module(shared / "corpus" / "replay_check.py")


@pytest.fixture(scope="session")
def check_semconv(shared) -> ModuleType:
    """The checker of the conventions."""
    return load_module(shared / "semconv" / "check_semconv.py")


@contextmanager
def settings_of_no_user() -> Iterator[None]:
    """What the session shares is made without the settings of whoever runs it, too."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(("OPENAI_", "OTEL_", "GOSSAMER_", "AZURE_OPENAI_")):
                patch.delenv(name)
        yield


@pytest.fixture(scope="session")
def exchanges(shared, replay_check) -> list[dict[str, Any]]:
    """All recordings that this release of the SDK has a method for."""
    found = replay_check.load(shared / "corpus" / "corpus_dev.jsonl")
    with settings_of_no_user():
        return [exchange for exchange in found if _is_in_this_sdk(replay_check, exchange)]


@pytest.fixture(scope="session")
def bare(exchanges, replay_check) -> list[Any]:
    """Each exchange without us."""
    with settings_of_no_user():
        return asyncio.run(_replay_all(replay_check, exchanges, lambda: None))


# Each pass over all recordings takes some seconds, so it is shared by all tests here.


@pytest.fixture(scope="session")
def corpus(exchanges, bare, replay_check) -> Corpus:
    """All recordings, traced as by default."""
    return _traced(replay_check, exchanges, bare)


@pytest.fixture(scope="session")
def content(exchanges, bare, replay_check, roomy) -> Corpus:
    """All recordings with their content."""
    return _traced(replay_check, exchanges, bare, **roomy)


@pytest.fixture(scope="session")
def content_runs(content) -> Corpus:
    """The same, where `content` is the name of something else."""
    return content


@pytest.fixture(scope="session")
def roomy() -> dict[str, Any]:
    """Settings for content, with room for all of it."""
    return {"capture": "SPAN_AND_EVENT", "content_limit": 10**8, "content_part_limit": 10**8}


@pytest.fixture(scope="session", params=["corpus", "content"], ids=["default", "with content"])
def either(request) -> Corpus:
    """Each of the two."""
    found: Corpus = request.getfixturevalue(request.param)
    return found


def _traced(replay_check: ModuleType, exchanges: list[Any], bare: list[Any], **settings: Any) -> Corpus:
    with settings_of_no_user(), capture(**settings) as telemetry:
        starts = StartAttributes()
        telemetry.tracer_provider.add_span_processor(starts)

        def take() -> tuple[list[Any], list[Any]]:
            spans, events = list(telemetry.exporter.get_finished_spans()), telemetry.events
            telemetry.clear()
            return spans, events

        traced = asyncio.run(_replay_all(replay_check, exchanges, take))
        metrics = telemetry.reader.get_metrics_data()
    runs = [
        Run(exchange, kind, without, outcome, bare_warnings, traced_warnings, *told)
        for (exchange, kind, without, bare_warnings, _), (_, _, outcome, traced_warnings, told) in zip(
            bare, traced, strict=True
        )
    ]
    return Corpus(runs, starts.by_span, metrics, "capture" in settings)


def _is_in_this_sdk(replay_check: ModuleType, exchange: dict[str, Any]) -> bool:
    client = replay_check.make_client(exchange)
    try:
        steps = replay_check.plan(client, exchange)
    except LookupError:  # a release without this method
        return False
    finally:
        client.close()
    return "stream" not in steps.kwargs.get("extra_query", {})  # a release whose method does not stream yet


async def _replay_all(replay_check: ModuleType, exchanges: list[Any], take: Any) -> list[Any]:
    """Each exchange by the sync and by the async client, with its warnings, and its spans and events."""
    done = []
    for exchange in exchanges:
        for kind in ("sync", "async"):
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                if kind == "sync":
                    outcome = replay_check.replay(exchange)
                else:
                    outcome = await replay_check.areplay(exchange)
            told = [(warning.category, str(warning.message)) for warning in caught]
            done.append((exchange, kind, outcome, told, take()))
    return done
