"""Values as JSON and OTLP take them: nothing that only Python has, and nothing that stays the app's."""

from __future__ import annotations

from itertools import islice
from math import isfinite
from re import compile as pattern
from typing import Any, Final

from gossamer.fields import fields
from gossamer.messages.message import Base64

#: Containers within containers; what is deeper is only named.
MAX_DEPTH: Final = 20

_LONGEST_NAME: Final = 60
_LARGEST: Final = 2**63 - 1
_READABLE_BITS: Final = 1024  # str() of an integer takes time by the square of its length, and has a limit
_SURROGATES: Final = pattern("[\ud800-\udfff]")
_MODEL_MARKS: Final = ("__pydantic_fields_set__", "__fields_set__")


class TooLargeError(Exception):
    """A value of which no JSON text fits."""


def sane(text: str) -> str:
    """Without the halves of surrogate pairs, for which UTF-8 has no bytes."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return _SURROGATES.sub("\ufffd", text)
    return text


def key_of(key: Any) -> str:
    """A key of an object as OTLP takes it: OpenTelemetry leaves out what has none, and warns each time."""
    return sane(str(exact(key))) or "<empty>"


def sane_value(value: Any) -> Any:
    """The same for all texts of a plain value."""
    if type(value) is str:
        return sane(value)
    if type(value) is dict:
        return {key_of(key): sane_value(inner) for key, inner in value.items()}
    return [sane_value(inner) for inner in value] if type(value) is list else value


def exact(value: Any) -> Any:
    """A string or number without its subclass, such as an enum; a number as its text where JSON or OTLP
    has none like it; anything else by its kind alone, because its `repr` may say too much.
    """
    kind = type(value)
    if value is None or kind is str or kind is bool:
        return value
    if issubclass(kind, str):
        return str.__str__(value)
    if issubclass(kind, int):
        bits = int.bit_length(value)
        number = int.__int__(value) if bits <= _READABLE_BITS else f"<int: {bits} bits>"
        return number if bits < 64 or number == -_LARGEST - 1 else str(number)
    if issubclass(kind, float):
        real = float.__float__(value)
        return real if isfinite(real) else str(real)
    if kind is Base64:
        return f"<base64: {value.byte_size}>"
    name = sane(kind.__name__[:_LONGEST_NAME])
    return f"<{name}: {len(value)}>" if kind is bytes or kind is bytearray else f"<{name}>"


class Plain:
    """Copies values until the room is spent. What is counted is a floor: no JSON text is shorter.

    A copy shares nothing mutable with the app, and has no object of the app's own kinds.
    """

    __slots__ = ("_path", "left", "without")

    def __init__(self, room: int) -> None:
        self.left = room
        self.without: frozenset[str] = frozenset()
        """Keys that are left out, however deep."""
        self._path: list[int] = []

    def spend(self, characters: int) -> bool:
        """Whether there is room for so many, which is then gone."""
        if characters > self.left:
            return False
        self.left -= characters
        return True

    def copy(self, value: Any) -> Any:
        """A copy of a value.

        Raises:
            TooLargeError: there is no room for it, as far as was looked.
        """
        kind = type(value)
        if kind is not str:
            if issubclass(kind, dict):
                return self._enter(value, self._pairs)
            if issubclass(kind, (list, tuple)):
                return self._enter(value, self._entries)
            if _is_model(kind):
                return self._enter(value, self._told)
            value = exact(value)
        if type(value) is not str:
            self.need(1)
            return value
        self.need(len(value) + 2)
        return sane(value)

    def need(self, characters: int) -> None:
        """Spend so many, or raise `TooLargeError`."""
        if not self.spend(characters):
            raise TooLargeError

    def _enter(self, value: Any, read: Any) -> Any:
        self.need(2)
        if len(self._path) == MAX_DEPTH or id(value) in self._path:
            return f"<{sane(type(value).__name__[:_LONGEST_NAME])}>"
        self._path.append(id(value))
        try:
            return read(value)
        finally:
            self._path.pop()

    def _entries(self, value: Any) -> list[Any]:
        # One more than can fit, at once: the app may change the list in another thread.
        kind: Any = list if isinstance(value, list) else tuple
        return [self.copy(entry) for entry in list(islice(kind.__iter__(value), self.left + 1))]

    def _pairs(self, value: dict[Any, Any]) -> dict[str, Any]:
        copied = {}
        for key, entry in list(islice(dict.items(value), self.left + 1)):
            name = key_of(key)
            if name in self.without:
                continue
            self.need(len(name) + 3)
            copied[name] = self.copy(entry)
        return copied

    def _told(self, model: Any) -> dict[str, Any]:
        """A model's fields but for those that say nothing: it has each that its class knows."""
        return self._pairs({key: value for key, value in fields(model).items() if value is not None})


def _is_model(kind: type) -> bool:
    """Of pydantic 1 or 2, by what its classes define: no attribute of a foreign object is touched."""
    return any(mark in vars(base) for base in kind.__mro__ for mark in _MODEL_MARKS)
