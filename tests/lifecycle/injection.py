"""Every line of ours that a script passes, and an exception raised at one of them."""

from __future__ import annotations

import ast
import functools
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, NamedTuple

import gossamer

from . import wire

PACKAGE = str(Path(gossamer.__file__).parent) + os.sep
#: Not the library; the boundary itself; and what the app calls by name, whose exceptions are its own.
LEFT_OUT = tuple(PACKAGE + name for name in ("cli" + os.sep, "testing.py", "errors.py", "scope.py"))


class OwnError(Exception):
    """A failure of ours."""


#: What is raised; each message quotes a prompt.
ERRORS: tuple[type[BaseException], ...] = (OwnError, RecursionError, MemoryError, KeyboardInterrupt)


class Line(NamedTuple):
    """A line of a function."""

    code: CodeType
    number: int

    @property
    def function(self) -> str:
        """Where the function stands, and its name."""
        return f"{self.code.co_filename.removeprefix(PACKAGE)}:{self.code.co_name}".replace(os.sep, "/")

    @property
    def text(self) -> str:
        """What the line says."""
        return _lines(self.code.co_filename)[self.number - 1].strip()


class Place(NamedTuple):
    """A line of ours, and the line of ours by which one came there from the SDK or the app."""

    line: Line
    way: Line

    def can_raise(self, error: type[BaseException]) -> bool:
        """Whether this may be raised there: a signal comes anywhere, all else where something is done."""
        line = self.line
        return not issubclass(error, Exception) or line.number in _busy_lines(line.code.co_filename)


def passing(run: Callable[[], Any]) -> list[Place]:
    """The places that are passed meanwhile, in the order in which they first are."""
    found: dict[Place, None] = {}

    def on_line(frame: FrameType, event: str, _: Any) -> Any:
        if event == "line":
            found.setdefault(_place(frame))
        return on_line

    def on_call(frame: FrameType, event: str, _: Any) -> Any:
        return on_line if _is_ours(frame.f_code) else None

    _traced(on_call, run)
    # Nothing is run by a `try:` alone, and in some Pythons no handler around it covers it.
    return [place for place in found if place.line.text != "try:"]


def raising(place: Place, error: type[BaseException], run: Callable[[], Any]) -> None:
    """Raise this where the place is first passed meanwhile."""
    code, number = place.line
    raised = False

    def on_line(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal raised
        if event == "line" and frame.f_lineno == number and not raised and _place(frame) == place:
            raised = True
            raise error(wire.PROMPT)
        return on_line

    def on_call(frame: FrameType, event: str, _: Any) -> Any:
        return on_line if frame.f_code is code and not raised else None

    try:
        _traced(on_call, run)
    finally:
        assert raised, f"{place.line.function} was not passed this time"


def _place(frame: FrameType) -> Place:
    outermost, caller = frame, frame.f_back
    while caller is not None:
        if _is_ours(caller.f_code):
            outermost = caller
        caller = caller.f_back
    return Place(Line(frame.f_code, frame.f_lineno), Line(outermost.f_code, outermost.f_lineno))


def _traced(trace: Any, run: Callable[[], Any]) -> None:
    before = sys.gettrace()
    sys.settrace(trace)
    try:
        run()
    finally:
        sys.settrace(before)


@functools.cache
def _is_ours(code: CodeType) -> bool:
    return code.co_filename.startswith(PACKAGE) and not code.co_filename.startswith(LEFT_OUT)


@functools.cache
def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines()


@functools.cache
def _busy_lines(path: str) -> frozenset[int]:
    """Lines of a file on which something is done that can fail: not those that only move names about."""
    tree = ast.parse(Path(path).read_text())
    return frozenset(line for node in _working(tree) for line in range(node.lineno, node.end_lineno + 1))


def _working(tree: ast.AST) -> Iterator[Any]:
    working = (ast.Call, ast.Attribute, ast.Subscript, ast.BinOp, ast.JoinedStr, ast.Await, ast.Starred)
    for node in ast.walk(tree):
        if isinstance(node, (ast.For, ast.AsyncFor)):
            yield node.iter
        elif isinstance(node, ast.Compare):
            if not all(isinstance(operator, (ast.Is, ast.IsNot)) for operator in node.ops):
                yield node
        elif isinstance(node, (*working, ast.ListComp, ast.DictComp, ast.SetComp, ast.GeneratorExp)):
            yield node
