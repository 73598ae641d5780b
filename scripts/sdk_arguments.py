"""Dummy arguments for any method of the SDK, made from its type hints.

Every text is `ID`, so that the segments of a path that arguments went into can be told from the API's own.
"""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Iterable, Mapping
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, TypeVar, Union

import typing_extensions  # a dependency of the SDK: overloads and Required on Python 3.10

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: No path of the API has a segment like it.
ID: Final = "an-id"
#: Files in an agent's environment have to lie in this folder.
_IN_ENVIRONMENT: Final = f"/workspace/{ID}"
_FILE: Final = Path(__file__)

_BY_NAME: Final[dict[str, Any]] = {
    "destination": _IN_ENVIRONMENT,
    "include": [_FILE.name],
    "path": _IN_ENVIRONMENT,
    "root": _FILE.parent,
}
_BY_TYPE: Final[dict[Any, Any]] = {
    str: ID,
    bytes: b"content",
    bool: True,
    int: 1,
    float: 1.0,
    object: ID,
    Any: ID,
    type(None): None,
}
_TRANSPARENT: Final = (Annotated, typing_extensions.Required, typing_extensions.NotRequired)


class UnmakeableError(Exception):
    """A type that no dummy can be made of."""


def ways(method: Callable[..., Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The ways in which a method can be called: the required arguments, as text and with their types."""
    function = getattr(method, "__func__", method)
    seen = set()
    for signature in typing_extensions.get_overloads(function) or [function]:
        hints = _required(inspect.unwrap(signature))
        way = ", ".join(
            f"{name}={_constant(hint)!r}" if _constant(hint) else name for name, hint in hints.items()
        )
        if way not in seen:
            seen.add(way)
            yield way, hints


def made(hints: Mapping[str, Any]) -> dict[str, Any]:
    """An argument for each.

    Raises:
        UnmakeableError: for a type that is not known here.
    """
    return {name: _BY_NAME[name] if name in _BY_NAME else _dummy(hint) for name, hint in hints.items()}


def _required(function: Callable[..., Any]) -> dict[str, Any]:
    """Type hints of the parameters that have no default."""
    hints = typing.get_type_hints(function, include_extras=True)
    parameters = inspect.signature(function).parameters
    needed = [name for name in parameters if parameters[name].default is inspect.Parameter.empty]
    return {name: hints[name] for name in needed if name in hints}  # `self` has none


def _constant(hint: Any) -> Any:
    """The only value of a type. A flag is always made true: `stream: bool` is called like `Literal[True]`."""
    if typing.get_origin(hint) is Literal and len(typing.get_args(hint)) == 1:
        return typing.get_args(hint)[0]
    return True if hint is bool else None


def _dummy(hint: Any) -> Any:
    if hint in _BY_TYPE:
        return _BY_TYPE[hint]
    if isinstance(hint, TypeVar):
        return _dummy(hint.__bound__)
    if typing_extensions.is_typeddict(hint):
        return made(_required_fields(hint))
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin in _TRANSPARENT or origin is Literal:
        return inner[0] if origin is Literal else _dummy(inner[0])
    if origin in (Union, types.UnionType):
        return _dummy(_simplest(inner))
    return _instance(origin or hint, inner)


def _simplest(members: tuple[Any, ...]) -> Any:
    """The member of a union that takes least: a file, its content, a text, nothing, or the first."""
    for plain in (PathLike, bytes, str, type(None)):
        for member in members:
            if member is plain or (plain is PathLike and typing.get_origin(member) is PathLike):
                return member
    return members[0]


def _required_fields(hint: Any) -> dict[str, Any]:
    fields = typing.get_type_hints(hint, include_extras=True)
    # With postponed annotations, `__required_keys__` only tells whether the dictionary is total.
    return {
        name: field
        for name, field in fields.items()
        if typing.get_origin(field) is typing_extensions.Required
        or (name in hint.__required_keys__ and typing.get_origin(field) is not typing_extensions.NotRequired)
    }


def _instance(kind: Any, inner: tuple[Any, ...]) -> Any:
    if not isinstance(kind, type):
        raise UnmakeableError(f"no dummy for {kind}")
    if kind is PathLike:
        return _FILE
    if issubclass(kind, Mapping):
        return {_IN_ENVIRONMENT: _dummy(inner[1])} if inner else {}
    if issubclass(kind, Iterable) or hasattr(kind, "__iter__"):
        return [_dummy(inner[0])] if inner else []
    try:
        return kind()  # an event handler
    except TypeError as needs:
        raise UnmakeableError(f"no dummy for {kind.__name__}: {needs}") from needs
