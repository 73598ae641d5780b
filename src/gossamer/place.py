"""Where a method of the SDK is wrapped, and put back, whatever others have put around it meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Method = Callable[..., Any]


class Layer:
    """What one wrapper asks whether it is on. One that may be below a newer one, behind somebody's patch that
    does not tell what it wraps, is off for good: a call has one span.
    """

    __slots__ = ("current",)

    def __init__(self, current: Any) -> None:
        #: What the wrapper has to know to work. Looked at in every call.
        self.current = current


class Layers:
    """The newest layer of each place."""

    def __init__(self, off: Any) -> None:
        """No layer yet.

        Args:
            off: what a layer has as `current` while it is off.
        """
        self._off = off
        self._newest: dict[Place, Layer] = {}

    def switch_on(self, place: Place, current: Any) -> None:
        """Put a wrapper in, unless it is there, and switch it on, and any that was there before off."""
        layer = Layer(current)
        if place.wrap(layer):
            self._switch_off(place)
            self._newest[place] = layer
        else:
            self._newest[place].current = current

    def switch_off(self) -> None:
        """Switch all of them off: a wrapper that stays, below somebody's patch, passes on."""
        for place in self._newest:
            self._switch_off(place)

    def forget(self, place: Place) -> None:
        """A place that is no more."""
        self._newest.pop(place, None)

    def _switch_off(self, place: Place) -> None:
        if place in self._newest:
            self._newest[place].current = self._off


class Place:
    """One method of the SDK, and our wrapper around it."""

    def __init__(self, owner: type[Any], name: str, make: Callable[[Method, Layer], Method]) -> None:
        self._owner = owner
        self._name = name
        self._make = make
        self._inherited = False
        self._original: Any = None
        self._ours: Method | None = None

    def wrap(self, layer: Layer) -> bool:
        """Put a wrapper in, unless it is there: `layer` is what the wrapper asks whether it is on."""
        if self._ours is not None and _is_behind(self._ours, getattr(self._owner, self._name)):
            return False
        own = vars(self._owner)
        self._inherited = self._name not in own
        # As it stands in the class: a wrapper of somebody else's may be a descriptor.
        self._original = own.get(self._name)
        self._ours = self._make(getattr(self._owner, self._name), layer)
        setattr(self._owner, self._name, self._ours)
        return True

    def unwrap(self) -> None:
        """Put the method back."""
        # Where somebody has wrapped our wrapper, theirs stays, and ours passes on until it is on again.
        if self._ours is not None and getattr(self._owner, self._name) is self._ours:
            if self._inherited:
                delattr(self._owner, self._name)
            else:
                setattr(self._owner, self._name, self._original)
            self._original = self._ours = None

    def leads_past(self, below: Place) -> bool:
        """Whether the class has a method of its own that calls the one below as it was before us: a wrapper
        that was put into a subclass and has taken the method that it inherits.
        """
        method = vars(self._owner).get(self._name)
        return method is not None and _is_behind(below._original, method)


def _is_behind(ours: Method, method: Any) -> bool:
    """Whether a method is our wrapper, or a wrapper of it: a patch that is undone takes ours with it."""
    while method is not None:
        if method is ours:
            return True
        method = getattr(method, "__wrapped__", None)
    return False
