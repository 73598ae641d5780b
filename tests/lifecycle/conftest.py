"""Which clients and APIs the scenarios are played with."""

from __future__ import annotations

import gc

import pytest

from . import wire


@pytest.fixture(autouse=True)
def small_heap() -> None:
    """Keep what is there already out of the collector's sight: each test makes several full collections."""
    gc.collect()
    gc.freeze()


@pytest.fixture(params=["sync", "async"])
def kind(request: pytest.FixtureRequest) -> str:
    """Which of the SDK's clients."""
    return str(request.param)


@pytest.fixture(params=["chat", "completions", "responses"])
def api(request: pytest.FixtureRequest) -> str:
    """Each API that streams."""
    if request.param == "responses" and not wire.HAS_RESPONSES:
        pytest.skip("this release of the SDK has no client.responses")
    return str(request.param)
