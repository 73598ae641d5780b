"""Where a contender's time goes: each of its functions, per call and per chunk.

A function of the contender is charged with its own time and with that of everything it calls that
is not the contender's either: the OpenTelemetry SDK, a serialiser, a package look-up. It is not
charged with the road of the call itself, for which the contender only stands in between: functions
of the OpenAI SDK that the bare run enters too.

Two streams are run, a short one and a long one. What the long one does more often is per chunk;
the rest is per call.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import CodeType, FrameType
from typing import TYPE_CHECKING, Any

from gossamer.cli.bench import answers, transport

if TYPE_CHECKING:
    from gossamer.cli.bench.calls import AsyncCall
    from gossamer.cli.bench.installation import Installed
    from gossamer.cli.bench.protocol import Message

SHORT, LONG = 20, 70
"""Chunks of the two streams."""

CALLS = 9
"""How often each is run; the median counts."""

_BENCH = str(Path(__file__).parent)


class _Charge:
    """What one function has cost so far."""

    __slots__ = ("callees", "entries", "ns")

    def __init__(self) -> None:
        self.entries = 0
        self.ns = 0
        self.callees: dict[CodeType, int] = {}


class _Recorder:
    """A profile function (`sys.setprofile`) that charges time to the contender's functions."""

    def __init__(self, is_own: Callable[[CodeType], bool], road: set[CodeType]) -> None:
        self.charges: dict[CodeType, _Charge] = {}
        self._is_own = is_own
        self._own: dict[CodeType, bool] = {}
        self._road = road
        self._since = 0
        # One entry a frame: whose time it is (None: nobody's), and which foreign function it is in.
        self._stack: list[tuple[_Charge | None, CodeType | None]] = []

    def __call__(self, frame: FrameType, event: str, _argument: Any) -> None:
        if event not in ("call", "return"):
            return  # a function written in C: its time is its caller's
        now = time.perf_counter_ns()
        stack = self._stack
        if stack:
            charge, callee = stack[-1]
            if charge is not None:
                charge.ns += now - self._since
                if callee is not None:
                    charge.callees[callee] = charge.callees.get(callee, 0) + now - self._since
        if event == "call":
            stack.append(self._enter(frame.f_code))
        elif event == "return" and stack:
            stack.pop()
        self._since = time.perf_counter_ns()  # the work above is nobody's

    def _enter(self, code: CodeType) -> tuple[_Charge | None, CodeType | None]:
        own = self._own.get(code)
        if own is None:
            own = self._own[code] = self._is_own(code)
        if own:
            charge = self.charges.get(code)
            if charge is None:
                charge = self.charges[code] = _Charge()
            charge.entries += 1
            return charge, None
        charge, callee = self._stack[-1] if self._stack else (None, None)
        if charge is None or code in self._road:
            return None, None
        return charge, callee or code  # of foreign functions, the one that ours called is named


_Recording = Mapping[CodeType, _Charge]


def profile(installed: Installed, road: set[CodeType], *, asynchronous: bool) -> Message:
    """Profile streamed chat completions of two lengths."""
    is_own = _owned_by(installed.code)
    recordings: dict[int, list[_Recording]] = {}
    for chunks in (SHORT, LONG):
        recorders = [_Recorder(is_own, road) for _ in range(CALLS)]
        _run(installed, chunks, recorders, asynchronous=asynchronous)
        recordings[chunks] = [recorder.charges for recorder in recorders]
    short, long = recordings[SHORT], recordings[LONG]
    found = dict.fromkeys(code for recording in long for code in recording)
    return {"functions": [_row(code, short, long) for code in found]}


def road_of(bare: Installed) -> set[CodeType]:
    """The SDK's functions that a call enters when nothing is installed."""
    seen: set[CodeType] = set()
    folders = _folders_of_the_road()

    def look(frame: FrameType, _event: str, _argument: Any) -> None:
        if frame.f_code.co_filename.startswith(folders):
            seen.add(frame.f_code)

    for asynchronous in (False, True):
        _run(bare, SHORT, [look], asynchronous=asynchronous)
    return seen


def _folders_of_the_road() -> tuple[str, ...]:
    modules = (sys.modules["openai"], transport.http)
    return tuple(str(Path(str(module.__file__)).parent) for module in modules)


def _owned_by(places: tuple[str, ...]) -> Callable[[CodeType], bool]:
    def is_own(code: CodeType) -> bool:
        file = code.co_filename
        return file in places or (file.startswith(places) and not file.startswith(_BENCH))

    return is_own


def _run(installed: Installed, chunks: int, hooks: Sequence[Any], *, asynchronous: bool) -> None:
    """One call under each hook, after one under none that fills the caches."""
    parts = answers.chat_stream(chunks)
    client = transport.client(parts, asynchronous=asynchronous, streamed=True)
    if asynchronous:
        asyncio.run(_run_async(installed.asynchronous["chat_stream"], client, hooks))
        return
    call = installed.sync["chat_stream"]
    for hook in (None, *hooks):
        sys.setprofile(hook)
        try:
            call(client)
        finally:
            sys.setprofile(None)


async def _run_async(call: AsyncCall, client: Any, hooks: Sequence[Any]) -> None:
    for hook in (None, *hooks):
        sys.setprofile(hook)
        try:
            await call(client)
        finally:
            sys.setprofile(None)


def _row(code: CodeType, short: list[_Recording], long: list[_Recording]) -> Message:
    """Cost per chunk: the slope between the lengths. Cost per call: what is left at length 0."""
    few, many = _median(code, short), _median(code, long)
    entries = (many.entries - few.entries) / (LONG - SHORT)
    ns = (many.ns - few.ns) / (LONG - SHORT)
    callee = max(many.callees, key=many.callees.__getitem__, default=None)
    return {
        "function": getattr(code, "co_qualname", code.co_name),
        "place": f"{Path(code.co_filename).name}:{code.co_firstlineno}",
        "entries_per_call": few.entries - SHORT * entries,
        "entries_per_chunk": entries,
        "ns_per_call": few.ns - SHORT * ns,
        "ns_per_chunk": ns,
        "mostly": _name(callee) if callee is not None else None,
        "mostly_share": many.callees[callee] / many.ns if callee is not None and many.ns else 0.0,
    }


def _median(code: CodeType, recordings: list[_Recording]) -> _Charge:
    charges = [recording.get(code, _Charge()) for recording in recordings]
    return sorted(charges, key=lambda charge: charge.ns)[len(charges) // 2]


def _name(code: CodeType) -> str:
    module = Path(code.co_filename)
    parent = module.parent.name if module.stem == "__init__" else module.stem
    return f"{parent}.{getattr(code, 'co_qualname', code.co_name)}"
