"""The fields of what the SDK hands out: models, dicts, and what compatible servers make of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

#: By name: of the SDK's model, or of the dict that an untyped call returns.
Fields = Mapping[str, Any]

NOTHING: Final[Fields] = {}


def fields(value: Any) -> Fields:
    """The fields of a model, those that this release of the SDK does not know included; or of a dict.

    Straight from `__dict__`: `getattr` of a field that a compatible server left out costs pydantic's
    `__getattr__` and an exception, and a foreign object may answer anything.
    """
    if isinstance(value, dict):
        return value
    found: Fields = getattr(value, "__dict__", NOTHING)
    unknown = getattr(value, "__pydantic_extra__", None)
    return {**found, **unknown} if unknown and type(unknown) is dict else found


#: Classes of the values that an SDK has for parameters which nobody gave.
_NOT_GIVEN: Final = frozenset({"Omit", "NotGiven"})


def given(value: Any) -> Fields:
    """The fields of what the app sends, without those that it left out: the SDK's helpers name all.

    What the app sends may be any mapping, and so may what is in it.
    """
    found = value if isinstance(value, Mapping) else fields(value)
    return {
        key: dict(held) if isinstance(held, Mapping) else held
        for key, held in found.items()
        if type(held).__name__ not in _NOT_GIVEN
    }


def type_of(value: Any) -> Any:
    """The type of an event that is neither a dict nor a model of the SDK's."""
    return value.get("type") if isinstance(value, Mapping) else None
