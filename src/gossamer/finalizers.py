"""What a finalizer may do: nothing that takes a lock.

An abandoned stream is ended by the finalizer of its tap. When the garbage collector runs that finalizer,
the collection may have started while this very thread held a lock of a histogram or of a span processor,
and recording there would wait for ever. So a call that ends inside a collection is put aside and recorded
by the next request, at uninstrument() or at exit; one whose object was simply dropped is recorded at once.
"""

from __future__ import annotations

import atexit
import gc
from collections import deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

#: True while the garbage collector runs, in whichever thread.
collecting = False

#: Recordings put aside. Appending and popping are atomic and take no lock of Python's.
pending: deque[Callable[[], None]] = deque()


def _on_collection(phase: str, _: dict[str, Any]) -> None:
    global collecting  # noqa: PLW0603  (a module flag is the cheapest thing to read)
    collecting = phase == "start"


def drain() -> None:
    """Record what was put aside."""
    while pending:
        try:
            record = pending.popleft()
        except IndexError:  # another thread was faster
            return
        record()


def install() -> None:
    """Watch the collector, and drain at exit."""
    if _on_collection not in gc.callbacks:
        gc.callbacks.append(_on_collection)
        atexit.register(drain)


def remove() -> None:
    """Stop watching, and record what is left."""
    global collecting  # noqa: PLW0603
    if _on_collection in gc.callbacks:
        gc.callbacks.remove(_on_collection)
        atexit.unregister(drain)
    collecting = False
    drain()
