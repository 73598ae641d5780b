"""What is patched, when, and that nothing is left of it."""

from __future__ import annotations

import functools
import inspect
import logging
import subprocess
import sys
import textwrap
import types
from contextlib import suppress
from importlib import import_module

import openai
import pytest

from gossamer import errors
from gossamer.openai_sdk import CONNECTIONS
from gossamer.testing import capture
from gossamer.websocket.places import places

from .app import REALTIME, App, Connection, has, result
from .events import CREATE, whole


def modules():
    """Those that this release of the SDK has."""
    for name in CONNECTIONS:
        with suppress(ImportError):
            yield import_module(name)


def methods():
    """Every method of a connection class, a manager or a lane, by where it is."""
    return {
        (module.__name__, name, method): (value, method in vars(kind))
        for module in modules()
        for name, kind in vars(module).items()
        if isinstance(kind, type) and name.endswith(("Connection", "ConnectionManager", "Lane"))
        for method, value in inspect.getmembers(kind, callable)
        if method not in ("__class__", "__init_subclass__", "__subclasshook__")
    }


def changed(before, after):
    return {place for place in before if before[place][0] is not after[place][0]}


def test_every_connection_class_is_patched_and_put_back():
    before = methods()
    with capture():
        during = methods()
    assert methods() == before
    wrapped = changed(before, during)
    for module in modules():
        if CONNECTIONS[module.__name__].protocol == "lanes":
            continue
        name = CONNECTIONS[module.__name__].name
        for prefix in ("", "Async"):
            if not hasattr(module, f"{prefix}{name}Connection"):
                continue
            kind = f"{prefix}{name}Connection"
            found = {method for owner, cls, method in wrapped if (owner, cls) == (module.__name__, kind)}
            assert found - {"send_raw"} == {"send", "recv_bytes", "parse_event", "close"}
            assert ("send_raw" in found) == hasattr(getattr(module, kind), "send_raw")
    for place in wrapped:
        original, wrapper = before[place][0], during[place][0]
        assert wrapper.__wrapped__ is original
        assert wrapper.__name__ == original.__name__
        assert wrapper.__doc__ == original.__doc__
        assert inspect.iscoroutinefunction(wrapper) == inspect.iscoroutinefunction(original)
        assert inspect.signature(wrapper) == inspect.signature(original)
        theirs = [*inspect.signature(original).parameters]
        assert [*inspect.signature(wrapper, follow_wrapped=False).parameters] == theirs


@pytest.mark.skipif(not has(REALTIME), reason="this release of the SDK has no realtime connections")
@pytest.mark.parametrize("tells", [True, False], ids=["that tells what it wraps", "that tells nothing"])
def test_a_patch_of_somebody_elses_stays(app_for, run, tells):
    """Put on later than ours: it stays when we go, works on when we come back, and a response is one span."""
    manager = type(App(run.kind, 1).manager())
    module = sys.modules[manager.__module__]
    connection = getattr(module, manager.__name__.removesuffix("Manager"))
    before, calls = connection.send, []

    def script(peer):
        peer.wait("response.create")
        peer.send(*whole())
        peer.wait_for_close()

    app = app_for(script)

    async def main():
        async with app.connect() as opened:
            await opened.send(CREATE)
            await opened.until("response.done")

    try:
        with capture() as telemetry:
            ours = connection.send

            def theirs(self, event):
                calls.append(event)
                return ours(self, event)

            connection.send = theirs = functools.wraps(ours)(theirs) if tells else theirs
            run(main())
            assert len(telemetry.spans) == 1
        assert connection.send is theirs
        run(main())
        assert len(telemetry.spans) == 1
        with capture() as telemetry:
            assert (connection.send is theirs) is tells
            run(main())
            assert len(telemetry.spans) == 1
        assert connection.send is theirs
        assert len(calls) == 3
    finally:
        connection.send = before


PROGRAM = """
    import sys
    import gossamer, openai
    from gossamer.openai_sdk import CONNECTIONS
    before = {name for name in CONNECTIONS if name in sys.modules}
    gossamer.OpenAIInstrumentor().instrument()
    assert {name for name in CONNECTIONS if name in sys.modules} == before, "imported"
    client = openai.OpenAI(api_key="sk-fake")
    api = client.realtime if hasattr(client, "realtime") else client.beta.realtime
    module = sys.modules[type(api).__module__]
    assert hasattr(module.RealtimeConnection.send, "__wrapped__"), "not patched"
    assert "websockets" not in sys.modules
    gossamer.OpenAIInstrumentor().uninstrument()
    assert not hasattr(module.RealtimeConnection.send, "__wrapped__"), "still patched"
"""


@pytest.mark.skipif(not has(REALTIME), reason="this release of the SDK has no realtime connections")
def test_nothing_is_imported_before_it_is_used():
    ran = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(PROGRAM)],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (ran.returncode, ran.stderr) == (0, "")


def module_like(**changes):
    """A module whose connection class is built otherwise."""
    module = types.ModuleType("openai.resources.realtime.realtime")

    class RealtimeConnection:
        def send(self, event): ...
        def recv_bytes(self): ...
        def parse_event(self, data): ...
        def close(self, *, code=1000, reason=""): ...

    class RealtimeConnectionManager:
        def __enter__(self): ...
        def __exit__(self, exc_type, exc, exc_tb): ...

        enter = __enter__

    for name, value in changes.items():
        setattr(RealtimeConnection, name, value)
    module.RealtimeConnection = RealtimeConnection
    module.RealtimeConnectionManager = RealtimeConnectionManager
    return module


def places_of(module):
    return places(module, CONNECTIONS[module.__name__])


def test_a_class_that_is_as_it_is_known(caplog):
    assert len(places_of(module_like())) == 7
    assert caplog.records == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"send": lambda self, event, more: None}, "send(self, event, more)"),
        ({"recv_bytes": None}, "there is no recv_bytes()"),
        ({"close": 5}, "there is no close()"),
    ],
)
def test_a_class_that_is_built_otherwise_is_left_alone(change, told, caplog, monkeypatch):
    monkeypatch.setattr(errors, "_told", set())
    with caplog.at_level(logging.WARNING, "gossamer"):
        assert places_of(module_like(**change)) == []
        assert places_of(module_like(**change)) == []
    (record,) = caplog.records
    assert told in record.getMessage()


@pytest.mark.skipif(not has(REALTIME), reason="this release of the SDK has no realtime connections")
def test_a_connection_that_cannot_be_made_leaves_no_span(run, telemetry):
    app = App(run.kind, 1)

    async def main():
        with pytest.raises(OSError, match=r"refused|Connect call failed"):
            async with app.connect():
                pass

    run(main())
    assert telemetry.spans == []
    assert telemetry.metrics == {}


@pytest.mark.skipif(not has(REALTIME), reason="this release of the SDK has no realtime connections")
def test_azure(app_for, run, telemetry):
    """The deployment is the model that is asked for; the provider is told by the client."""

    def script(peer):
        peer.wait("response.create")
        peer.send(*whole())

    app = app_for(script)
    kind = openai.AzureOpenAI if run.kind == "sync" else openai.AsyncAzureOpenAI
    app.client = kind(
        api_key="sk-fake",
        api_version="2024-10-01-preview",
        azure_endpoint="https://example.openai.azure.com",
        websocket_base_url=f"ws://127.0.0.1:{app.server.port}/openai",
    )

    async def main():
        async with app.connect(model="my-deployment") as connection:
            await connection.send(CREATE)
            await connection.until("response.done")

    run(main())
    (span,) = telemetry.spans
    assert span["name"] == "chat my-deployment"
    assert span["attributes"]["gen_ai.provider.name"] == "azure.ai.openai"
    assert span["attributes"]["server.port"] == app.server.port


@pytest.mark.skipif(not has(REALTIME), reason="this release of the SDK has no realtime connections")
def test_copies_of_a_client_and_classes_of_the_apps_own(app_for, run, telemetry):
    def script(peer):
        peer.wait("response.create")
        peer.send(*whole())

    app = app_for(script)
    app.client = app.client.with_options(timeout=5)
    manager = app.manager(extra_query={"model": "another"})
    manager.__class__ = type("Manager", (type(manager),), {"__module__": "app"})

    async def main():
        connection = Connection(await result(manager.enter()))
        await connection.send(CREATE)
        await connection.until("response.done")
        await connection.close()

    run(main())
    (span,) = telemetry.spans
    assert span["name"] == "chat another"
