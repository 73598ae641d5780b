"""The one error boundary: a failure of ours is told once and never reaches the app.

Each seam between the SDK and Gossamer (starting a call, seeing a chunk, ending a call) catches
`Exception` and hands it to `swallow()`. A failure of the app's own hooks goes to `blame()`.
"""

from __future__ import annotations

import logging
from sys import stdlib_module_names
from typing import Any, Final

logger = logging.getLogger("gossamer")

#: Tests set this: a failure of ours is then raised where it happens.
strict = False

#: Different warnings that are logged. A loop that makes a new one each time must not fill the log.
_MOST: Final = 100
#: Characters, quotation marks included; the shortest keys in use have 32.
_LONGEST_QUOTED: Final = 32
_told: set[str] = set()

#: Packages whose functions are nobody's component.
_NOBODYS: Final = stdlib_module_names | {"gossamer", "opentelemetry"}


def warn_once(message: str, *arguments: Any) -> None:
    """Log a warning, unless this very one has been."""
    told = message % arguments
    if told not in _told and len(_told) < _MOST:
        _told.add(told)
        try:
            logger.warning(message, *arguments)
        except Exception:  # noqa: BLE001 - a handler of the app's that fails, or no stack left for it
            pass


def quoted(value: object) -> str:
    """A value that was given and is not accepted, as it may stand in a log: one that is long may be a key."""
    told = repr(value)
    return told if len(told) <= _LONGEST_QUOTED else "something too long to be shown"


def swallow(error: Exception) -> None:
    """Log a failure of ours, once for each place that it comes from, and go on.

    The record names the exception's class and our line but not its message, which may quote a prompt.

    Raises:
        Exception: the failure itself, when `strict` is set.
    """
    if strict:
        raise error
    component = _component(error)
    if component is not None:
        warn_once(
            "%s, which OpenTelemetry calls, failed (%s), and the telemetry of a call is incomplete. "
            "The call is not affected; this is logged once.",
            component,
            type(error).__name__,
        )
        return
    warn_once(
        "Gossamer failed and left the call alone; its telemetry is incomplete (%s in %s). "
        "This is a bug of Gossamer or of an OpenTelemetry component, and is logged once.",
        type(error).__name__,
        " > ".join(_places(error)),
    )


def blame(hook: str, error: BaseException) -> None:
    """Log a failure of one of the app's hooks, once for each place; not its message, either.

    Args:
        hook: which one it is, as the reader of the log knows it.
        error: what it raised.
    """
    place = _places(error)[-1:] or ["?"]
    warn_once(
        "%s failed (%s in %s). The call is not affected; this is logged once.",
        hook,
        type(error).__name__,
        place[0],
    )


def _component(error: BaseException) -> str | None:
    """Somebody's function that OpenTelemetry called and that failed: a span processor's, a sampler's.

    None where the failure came from nowhere else than Gossamer and OpenTelemetry.
    """
    trace, caller = error.__traceback__, ""
    while trace is not None:
        frame, module = trace.tb_frame, str(trace.tb_frame.f_globals.get("__name__"))
        package = module.partition(".")[0]
        if caller == "opentelemetry" and package not in _NOBODYS:
            code = frame.f_code
            return f"{module}.{getattr(code, 'co_qualname', code.co_name)}:{trace.tb_lineno}"
        caller, trace = package, trace.tb_next
    return None


def _places(error: BaseException) -> list[str]:
    """The functions and lines that an exception came through."""
    places = []
    trace = error.__traceback__
    while trace is not None:
        places.append(f"{trace.tb_frame.f_code.co_name}:{trace.tb_lineno}")
        trace = trace.tb_next
    return places
