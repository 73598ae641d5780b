"""Where the telemetry of a call goes, and who else sees the call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from gossamer.errors import blame
from gossamer.scope import in_hook

if TYPE_CHECKING:
    from collections.abc import Callable

    from opentelemetry.trace import Span, Tracer

    from gossamer.content.capture import Capture
    from gossamer.events import Events
    from gossamer.metrics import Metrics
    from gossamer.tokens import TokenCounter


class Outputs(NamedTuple):
    """Made once for the providers in use; None is where nothing is to go. All calls share it."""

    record: Callable[[Any, Any, Any, int, int], None]
    """What records a call that has ended: see `recording.record()`."""
    tracer: Tracer | None = None
    metrics: Metrics | None = None
    events: Events | None = None
    capture: Capture | None = None
    """Decides what becomes of prompts and answers."""
    counter: TokenCounter | None = None
    """Estimates the tokens of answers that report none."""
    request_hook: AppHook | None = None
    response_hook: AppHook | None = None
    read_headers: Callable[[Any], dict[str, Any]] | None = None
    """Reads attributes from the headers of a response."""


class AppHook:
    """A function of the app's that sees the span of a call, and the request or the answer."""

    def __init__(self, name: str, function: Callable[[Any, Any], Any]) -> None:
        self._name = name
        self._function = function

    def __call__(self, span: Span, seen: Any) -> None:
        """Call it. What it raises is its own affair, and is logged once."""
        within = in_hook.get()
        try:
            in_hook.set(True)  # nothing that runs in a hook is shown to another
            self._function(span, seen)
        except Exception as error:
            blame(f"The function given as instrument({self._name}=…)", error)
        finally:
            in_hook.set(within)
