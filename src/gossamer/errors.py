"""The one error boundary: a failure of ours is told once and never reaches the app.

Each seam between the SDK and Gossamer (starting a call, seeing a chunk, ending a call) catches
`Exception` and hands it to `swallow()`.
"""

from __future__ import annotations

import logging

logger = logging.getLogger("gossamer")

#: Tests set this: a failure of ours is then raised where it happens.
strict = False

_told: set[str] = set()


def swallow(error: Exception) -> None:
    """Log a failure of ours, once for each place that it comes from, and go on.

    The record names the exception's class and our line but not its message, which may quote a prompt.

    Raises:
        Exception: the failure itself, when `strict` is set.
    """
    if strict:
        raise error
    place = []
    frame = error.__traceback__
    while frame is not None:
        place.append(f"{frame.tb_frame.f_code.co_name}:{frame.tb_lineno}")
        frame = frame.tb_next
    failure = f"{type(error).__name__} in {' > '.join(place)}"
    if failure not in _told and len(_told) < 100:
        _told.add(failure)
        logger.warning(
            "Gossamer failed and left the call alone; its telemetry is incomplete (%s). "
            "This is a bug of Gossamer or of an OpenTelemetry component, and is logged once.",
            failure,
        )
