"""What a frame of audio costs, counted: exact budgets, the same on any machine."""

from __future__ import annotations

import builtins
import gc
import json
import os
import re
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import gossamer
from gossamer.testing import capture

from .app import REALTIME, has, result
from .events import APPEND, CREATE, created, delta, done, session

pytestmark = pytest.mark.skipif(
    not has(REALTIME), reason="this release of the SDK has no realtime connections"
)

PACKAGE = str(Path(gossamer.__file__).parent) + os.sep
FRAMES = 20


class Counted:
    """Calls of our functions, and calls from them into what must not be used here."""

    def __init__(self) -> None:
        self.ours: Counter[str] = Counter()
        self.forbidden: Counter[str] = Counter()

    def __call__(self, frame: FrameType, event: str, argument: Any) -> None:
        if event == "call" and self._is_ours(frame):
            self.ours[frame.f_code.co_name] += 1
        elif event == "c_call" and self._is_ours(frame):
            name = getattr(argument, "__name__", "")
            if name in ("acquire", "__import__", "getenv", "loads", "dumps", "search", "match", "time_ns"):
                self.forbidden[name] += 1

    @staticmethod
    def _is_ours(frame: FrameType) -> bool:
        return frame.f_code.co_filename.startswith(PACKAGE)


def counted(run: Any, app_for: Any, script: Any, work: Callable[[Any], Any]) -> Counter[str]:
    """Our functions that run in some work of the app's on a connection."""
    app = app_for(script)
    counter = Counted()

    async def main():
        async with app.connect() as connection:
            before = await work(connection)
            gc.disable()
            sys.setprofile(counter)
            try:
                await before
            finally:
                sys.setprofile(None)
                gc.enable()

    run(main())
    assert not counter.forbidden
    return counter.ours


def once_each(ours: Counter[str], run: Any, name: str) -> Counter[str]:
    """A coroutine that has to wait is entered again: that is no call."""
    if run.kind == "async":
        assert ours[name] >= FRAMES
        ours[name] = FRAMES
    return ours


def idle(peer):
    peer.wait_for_close()


def test_audio_that_is_sent(app_for, run, telemetry):
    """One function of ours."""

    async def work(connection):
        async def send():
            for _ in range(FRAMES):
                await connection.send(APPEND)

        return send()

    assert once_each(counted(run, app_for, idle, work), run, "sent") == {"sent": FRAMES}


def test_audio_that_is_sent_as_text(app_for, run, telemetry):
    """It is searched near its ends, and not parsed."""
    message = json.dumps(APPEND)

    async def work(connection):
        if not hasattr(connection.sdk, "send_raw"):
            pytest.skip("this release of the SDK sends no text")
        await result(connection.sdk.send_raw(message))

        async def send():
            for _ in range(FRAMES):
                value = connection.sdk.send_raw(message)
                if value is not None:
                    await value

        return send()

    ours = once_each(counted(run, app_for, idle, work), run, "sent")
    assert ours["sent"] == ours["sending_raw"] == ours["_found"] == ours["event_in"] == FRAMES
    assert set(ours) <= {"sent", "sending_raw", "_found", "event_in"}


def speech(peer):
    peer.send(session())
    peer.wait("response.create")
    peer.send(created(), delta())
    peer.send(*[delta()] * FRAMES)
    peer.wait("response.cancel")
    peer.send(done())


async def listen(connection):
    await connection.send(CREATE)
    await connection.until("response.output_audio.delta")


def test_audio_that_is_received(app_for, run, telemetry):
    """Two functions of ours, once the first output has been noticed: for the message, and for the event."""

    async def work(connection):
        await listen(connection)

        async def receive():
            for _ in range(FRAMES):
                await connection.recv()

        return receive()

    ours = once_each(counted(run, app_for, speech, work), run, "received")
    assert ours == {"received": FRAMES, "parsed": FRAMES}


def test_audio_that_is_received_as_bytes(app_for, run, telemetry):
    async def work(connection):
        await listen(connection)
        for _ in range(2):
            await connection.recv_bytes()

        async def receive():
            for _ in range(FRAMES - 2):
                await connection.recv_bytes()

        return receive()

    ours = counted(run, app_for, speech, work)
    assert ours["read"] == ours["_found"] == ours["event_in"] == FRAMES - 2
    assert set(ours) <= {"received", "read", "_found", "event_in"}


def test_nothing_is_looked_up_or_loaded(app_for, run, telemetry, monkeypatch):
    """No import, no environment, no JSON of ours, no regular expression on the way of a frame."""

    async def work(connection):
        await listen(connection)

        async def both():
            real = builtins.__import__
            used = []

            def trap(kind: str, function: Any) -> Any:
                def trapped(*args: Any, **kwargs: Any) -> Any:
                    caller = sys._getframe(1).f_code.co_filename
                    if caller.startswith(PACKAGE):
                        used.append(kind)
                    return function(*args, **kwargs)

                return trapped

            with monkeypatch.context() as patch:
                patch.setattr(builtins, "__import__", trap("import", real))
                patch.setattr(json, "loads", trap("loads", json.loads))
                patch.setattr(json, "dumps", trap("dumps", json.dumps))
                patch.setattr(os, "getenv", trap("getenv", os.getenv))
                patch.setattr(re, "compile", trap("compile", re.compile))
                for _ in range(FRAMES):
                    await connection.send(APPEND)
                    await connection.recv()
            assert used == []

        return both()

    counted(run, app_for, speech, work)


def test_a_connection_of_an_app_that_is_not_instrumented(app_for, run):
    """After uninstrument() nothing of ours is on the way."""
    with capture():
        pass

    async def work(connection):
        async def send():
            for _ in range(FRAMES):
                await connection.send(APPEND)

        return send()

    assert counted(run, app_for, idle, work) == {}
