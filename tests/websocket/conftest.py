"""A server, and an app of each kind for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from .app import App
from .server import Script, serving


@pytest.fixture
def app_for(run: Callable[[Any], Any]) -> Iterator[Callable[..., App]]:
    """Makes an app, of the kind that `run` runs, for a server that plays these scripts."""
    with ExitStack() as stack:

        def make(*scripts: Script, **options: Any) -> App:
            server = stack.enter_context(serving(*scripts))
            app = App(run.kind, server.port, **options)  # type: ignore[attr-defined]
            app.server = server  # type: ignore[attr-defined]
            return app

        yield make


@pytest.fixture(params=["helper", "event"])
def by(request: pytest.FixtureRequest) -> str:
    """How an app asks for a response. See `Connection.ask`."""
    return str(request.param)


def pytest_itemcollected(item: pytest.Item) -> None:
    """The SDK connects in a way that websockets 17.1 calls old."""
    item.add_marker(
        pytest.mark.filterwarnings("ignore:connect.. must be used as a context:DeprecationWarning")
    )
