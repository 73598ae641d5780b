"""An exception in every function of ours: at a place or two of each here, at all of them by `make faults`."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Iterator

import pytest

from .app import Script
from .fault_scripts import ALL
from .faults import BOUNDARY, UNDEFENDED, excuse, rig
from .injection import ERRORS, PACKAGE, Place

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
