"""What would the app's log say? The warnings of Gossamer, gathered instead of logged."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING

from gossamer.errors import logger

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["warnings_heard"]


class _Listener(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.heard: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.append(record)


@contextmanager
def warnings_heard() -> Iterator[list[logging.LogRecord]]:
    """Gather the warnings of a block; they go nowhere else."""
    listener = _Listener()
    before = logger.propagate
    logger.addHandler(listener)
    logger.propagate = False
    try:
        yield listener.heard
    finally:
        logger.removeHandler(listener)
        logger.propagate = before
