"""An exception in every function of ours: at a place or two of each here, at all of them by `make faults`."""

from __future__ import annotations

import functools
import gc
import inspect
import itertools
import sys
import traceback
from collections.abc import Callable, Iterator

import openai
import pytest

from gossamer import finalizers

from .app import App, Script, run_unsuspended
from .excuses import BOUNDARY, UNDEFENDED, excuse
from .fault_scripts import drained
from .injection import ERRORS, PACKAGE, Place
from .more_scripts import ALL
from .rig import SETTINGS, bare_app, rig
from .scenario import listening

pytestmark = pytest.mark.filterwarnings("ignore:(deprecated|The Assistants API):DeprecationWarning")

FAILURES = [error for error in ERRORS if issubclass(error, Exception)]


def is_async(place: Place) -> bool:
    """Whether its function is."""
    return bool(place.line.code.co_flags & (inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR))


def two_of_each_function(places: dict[Place, Script]) -> Iterator[tuple[Script, Place, type[BaseException]]]:
    """A place for an exception, of the kinds in turn, and one for an interrupt."""
    functions: dict[str, list[Place]] = {}
    for place in places:
        functions.setdefault(place.line.function, []).append(place)
    kinds = itertools.cycle(FAILURES)
    for everywhere in functions.values():
        for error in (next(kinds), KeyboardInterrupt):
            possible = [place for place in everywhere if place.can_raise(error)]
            if possible:
                place = possible[len(possible) // 2]
                yield places[place], place, error


def test_e2_the_app_sees_nothing_of_an_exception_in_any_function(kind: str) -> None:
    faults = []
    with rig(kind, "all") as rigged:
        places = {place: script for script in reversed(ALL) for place in rigged.passed(script)}
        if kind == "async":  # the others are the same
            places = {place: script for place, script in places.items() if is_async(place)}
        for script, place, error in two_of_each_function(places):
            played = rigged.play(script, place, error)
            faults += [
                f"{script.__name__}: {error.__name__}: {complaint}: {place.line}"
                for complaint in rigged.complaints(script, played, error)
                if excuse(place, error, complaint) is None
            ]
    assert faults == []


def test_every_line_that_is_excused_is_there() -> None:
    for function, text in [*UNDEFENDED, *((function, "") for function in BOUNDARY)]:
        path, name = function.split(":")
        with open(PACKAGE + path) as file:
            lines = [line.strip() for line in file]
        assert any(f"def {name}(" in line for line in lines), function
        assert text in lines, text


@pytest.mark.parametrize("settings", SETTINGS)
def test_e2_near_the_end_of_the_stack_the_app_gets_what_it_gets_without_us(settings: str) -> None:
    """Where the SDK has room for a call it is made, but for the one to three frames of ours."""
    seen: list[list[str]] = []

    def deeper(frames: int, work: Callable[[], None]) -> None:
        return deeper(frames - 1, work) if frames > 0 else work()

    def frames_needed(make: Callable[[], App]) -> int:
        make().run(drained)  # what is made but once has been
        for room in range(5, 200):
            app = make()
            depth = len(list(traceback.walk_stack(None)))
            try:
                deeper(
                    sys.getrecursionlimit() - depth - room, functools.partial(run_unsuspended, drained(app))
                )
            except (RecursionError, openai.APIConnectionError):  # the SDK makes one of the other
                continue
            seen.append(app.seen)
            return room
        raise AssertionError("there is never enough of it")

    with listening():
        bare = frames_needed(bare_app)
        with rig("sync", settings, (drained,)) as rigged:
            assert frames_needed(rigged.app) <= bare + 3
            gc.collect()
            assert not finalizers.unfinished
    assert seen[0] == seen[1]
