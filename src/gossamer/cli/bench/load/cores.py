"""Which core does what: the app has one to itself, everything else shares the others."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def split() -> tuple[set[int], set[int]]:
    """Cores for the app and for the rest; empty sets, which pin nothing, where there is only one."""
    if not hasattr(os, "sched_getaffinity"):
        return set(), set()
    cores = sorted(os.sched_getaffinity(0))
    return ({cores[0]}, set(cores[1:])) if len(cores) > 1 else (set(), set())


@contextmanager
def pinned(cores: set[int]) -> Iterator[None]:
    """Stay on some cores for a while; processes started meanwhile stay there for good."""
    if not cores:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
