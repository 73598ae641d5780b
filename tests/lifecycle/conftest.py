"""Every test here starts from a small heap, so that the many collections in them are quick."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from . import wire


@pytest.fixture(scope="package", autouse=True)
def thaw() -> Iterator[None]:
    """Undo what `small_heap` has done."""
    yield
    gc.unfreeze()


@pytest.fixture(autouse=True)
def small_heap(thaw: None) -> None:
    """Keep what is there already out of the collector's sight: a test makes several full collections."""
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
