"""Fixtures that every test may use."""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import opentelemetry.version
import pytest

from gossamer import finalizers
from gossamer.events import _can_carry_events
from gossamer.testing import Telemetry, capture

ROOT = Path(__file__).resolve().parent.parent


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """One process runs all tests of a file, and of the corpus: they share what takes long to make."""
    from xdist.scheduler import LoadScopeScheduling

    class Scheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return "corpus" if nodeid.startswith("tests/corpus/") else nodeid.partition("::")[0]

    return Scheduling(config, log)


@pytest.fixture(autouse=True)
def environment_of_no_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees the settings of whoever runs it."""
    for name in list(os.environ):
        if name.startswith(("OPENAI_", "OTEL_", "GOSSAMER_", "AZURE_OPENAI_")) and name != "GOSSAMER_SHARED":
            monkeypatch.delenv(name)


@pytest.fixture(scope="module", autouse=True)
def small_heap() -> None:
    """What is there already is kept out of the collector's sight: many tests make full collections."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def telemetry() -> Iterator[Telemetry]:
    """The SDK instrumented, a failure of ours raised; what is recorded is in `.spans` and `.metrics`."""
    with capture() as captured:
        yield captured


@pytest.fixture
def needs_events() -> None:
    """Skips where OpenTelemetry is too old to carry events."""
    if not _can_carry_events(opentelemetry.version.__version__):
        pytest.skip("this OpenTelemetry is too old for events")


@pytest.fixture
def no_collection() -> Iterator[None]:
    """Without the cyclic collector: what ends here ends without it."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.collect()
        finalizers.drain()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with the recorded exchanges and the conventions' model files; skips where it is not."""
    for folder in (os.environ.get("GOSSAMER_SHARED"), ROOT.parent / "shared"):
        if folder and (Path(folder) / "corpus" / "corpus_dev.jsonl").is_file():
            return Path(folder)
    pytest.skip("needs the recorded exchanges: set GOSSAMER_SHARED to their folder")


@pytest.fixture(params=["sync", "async"])
def run(request: pytest.FixtureRequest) -> Callable[[Any], Any]:
    """Run a plain result or a coroutine to its end: one test for both clients. `run.kind` says which."""

    def runner(value: Any) -> Any:
        return asyncio.run(value) if asyncio.iscoroutine(value) else value

    runner.kind = request.param  # type: ignore[attr-defined]
    return runner
