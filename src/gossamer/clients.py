"""Clients that are traced by themselves, by settings of their own, whether or not all others are."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator

T = TypeVar("T")


class OwnClients(Generic[T]):
    """What was given for a client. Nothing is kept alive.

    A client is known by its HTTP client, which `with_options()` and `copy()` hand on to the copies they make.
    """

    def __init__(self) -> None:
        self._known: dict[int, tuple[weakref.ref[Any], T]] = {}

    def add(self, client: Any, own: T) -> None:
        """Remember this for a client, and for its copies."""
        session = session_of(client)
        identity, forget = id(session), self._known.pop
        # The callback may run in a garbage collection: dict.pop takes no lock.
        self._known[identity] = (weakref.ref(session, lambda _: forget(identity, None)), own)

    def discard(self, client: Any) -> None:
        """Forget what was given for a client."""
        self._known.pop(id(session_of(client)), None)

    def of(self, client: Any) -> T | None:
        """What was given for a client, or for the one that it is a copy of."""
        session = session_of(client)
        known = self._known.get(id(session))
        return known[1] if known is not None and known[0]() is session else None

    def __iter__(self) -> Iterator[T]:
        return iter([own for _, own in list(self._known.values())])


def session_of(client: Any) -> Any:
    """The HTTP client of a client; None where there is none."""
    return getattr(client, "__dict__", {}).get("_client")
