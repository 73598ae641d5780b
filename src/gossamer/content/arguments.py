"""The arguments of a tool call: the API has them as a JSON text, which the model wrote."""

from __future__ import annotations

from json import JSONDecoder
from math import isfinite
from typing import Any, Final

from gossamer.content.limits import encode
from gossamer.content.plain import MAX_DEPTH

_SPACE_BEFORE: Final = 64
_DIGITS: Final = 20
_ESCAPED_SURROGATES: Final = ("\\ud", "\\uD")


def parsed(text: str, room: int) -> Any:
    """The object that this is the text of; the text itself when anything would be lost, or it is too long."""
    if len(text) > room or not text[:_SPACE_BEFORE].lstrip().startswith("{"):
        return text
    try:
        found = _DECODER.decode(text)
        if text.count("{") + text.count("[") > MAX_DEPTH:
            _check_depth(found, MAX_DEPTH - 1)
        if any(escaped in text for escaped in _ESCAPED_SURROGATES):
            encode(found).encode()
    except (ValueError, RecursionError):
        return text
    return found


def _check_depth(value: Any, left: int) -> None:
    if type(value) is dict or type(value) is list:
        if left == 0:
            raise ValueError("too deep")
        for inner in value.values() if type(value) is dict else value:
            _check_depth(inner, left - 1)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a key is there twice")
    if "" in made:
        raise ValueError("OTLP has no key without a name")
    return made


def _integer(digits: str) -> int:
    number = int(digits) if len(digits) <= _DIGITS else 2**63
    if not -(2**63) <= number < 2**63:
        raise ValueError("more than 64 bits")
    return number


def _real(digits: str) -> float:
    number = float(digits)
    if not isfinite(number):
        raise ValueError("more than a float holds")
    return number


def _constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


_DECODER: Final = JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_real, parse_constant=_constant
)
