"""Who complains meanwhile: Gossamer, OpenTelemetry and asyncio in their logs, and finalizers that failed.

What the bare SDK brings about as well is not ours; a line of Gossamer or of OpenTelemetry always counts.
"""

from __future__ import annotations

import logging
import sys
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_OURS: Final = ("gossamer", "opentelemetry")
_LOGGERS: Final = (*_OURS, "asyncio")
#: Different ones that are kept.
_MOST: Final = 100


class Complaints(logging.Handler):
    """Complaints of traced blocks, and of bare ones."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.traced = False
        self._heard: dict[bool, Counter[str]] = {False: Counter(), True: Counter()}

    def emit(self, record: logging.LogRecord) -> None:
        kind = record.exc_info[0] if record.exc_info else None
        text = f"{record.name}: {record.getMessage().splitlines()[0]}"
        self.hear(text if kind is None else f"{text} ({kind.__name__})")

    def hear(self, text: str) -> None:
        """Count one; what differs from one object to the next, such as an address, is cut off."""
        heard = self._heard[self.traced]
        text = text.partition("<")[0].strip()
        if text in heard or len(heard) < _MOST:
            heard[text] += 1

    def faults(self) -> list[str]:
        """Those that would not be there without Gossamer."""
        bare = self._heard[False]
        found = Counter({text: count for text, count in bare.items() if text.startswith(_OURS)})
        found += Counter(
            {
                text: count
                for text, count in self._heard[True].items()
                if text.startswith(_OURS) or not bare[text]
            }
        )
        return [f"said {count} times: {text}" for text, count in found.items()]


@contextmanager
def listening() -> Iterator[Complaints]:
    """Hear all complaints for a block."""
    complaints = Complaints()
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    hook = sys.unraisablehook

    def unraisable(about: Any) -> None:
        complaints.hear(f"unraisable: {about.exc_type.__name__}: {about.exc_value}")

    for logger in loggers:
        logger.addHandler(complaints)
    sys.unraisablehook = unraisable
    try:
        yield complaints
    finally:
        sys.unraisablehook = hook
        for logger in loggers:
            logger.removeHandler(complaints)
