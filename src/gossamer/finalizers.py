"""What a finalizer may do: nothing that takes a lock.

An abandoned stream is ended by the finalizer of its tap. When the garbage collector runs that finalizer,
the collection may have started while this very thread held a lock of a histogram or of a span processor,
and recording there would wait for ever. So a call that ends inside a collection is put aside and recorded
by the next request, at uninstrument() or at exit; one whose object was simply dropped is recorded at once.
"""

from __future__ import annotations

import atexit
import gc
import os
from collections import deque
from threading import get_ident
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable


class InFlight(Protocol):
    """A call, as far as it matters here."""

    def end(self, outcome: Any, /) -> None:
        """End it, unless it has ended."""

    def forget(self) -> None:
        """Leave its end to another process."""


#: The thread in which the garbage collector runs; 0 while it does not run.
collecting = 0

#: Recordings put aside. Appending and popping are atomic and take no lock of Python's.
pending: deque[Callable[[], None]] = deque()

#: Streams and raw responses that have not ended. A call knows its tap only weakly: nothing is kept alive.
unfinished: set[InFlight] = set()


def _on_collection(phase: str, _: dict[str, Any]) -> None:
    global collecting  # noqa: PLW0603  (a module flag is the cheapest thing to read)
    collecting = get_ident() if phase == "start" else 0


def in_collection() -> bool:
    """Whether this is run by the garbage collector, and not beside it in another thread.

    To be asked only where `collecting` is set, which it hardly ever is.
    """
    return collecting == get_ident()


def drain() -> None:
    """Record what was put aside."""
    while pending:
        try:
            record = pending.popleft()
        except IndexError:  # another thread was faster
            return
        record()


def _finish() -> None:
    """At exit: what the app still holds will never end by itself."""
    for call in list(unfinished):
        call.end("abandoned")
    drain()


def _forget() -> None:
    """In a forked child: what was open is the parent's to end."""
    for call in unfinished:
        call.forget()
    unfinished.clear()
    pending.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


#: For whom the collector is watched: each instrumentor that is on.
_watched_for: set[object] = set()


def install(owner: object) -> None:
    """Watch the collector, until `remove()` of the same owner."""
    _watched_for.add(owner)
    if _on_collection not in gc.callbacks:
        gc.callbacks.append(_on_collection)


def finish_before_providers() -> None:
    """Finish at exit, before the providers known so far shut down: what is registered last runs first."""
    atexit.unregister(_finish)
    atexit.register(_finish)


def remove(owner: object) -> None:
    """Stop watching, unless somebody else wants it, or a call in flight may yet end in a collection; and
    record what was put aside.
    """
    global collecting  # noqa: PLW0603
    _watched_for.discard(owner)
    if not _watched_for and not unfinished and _on_collection in gc.callbacks:
        gc.callbacks.remove(_on_collection)
        collecting = 0
    drain()
