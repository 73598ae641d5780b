"""The trace context of a call, sent along in the headers of its request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from opentelemetry.baggage.propagation import W3CBaggagePropagator
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.propagators.textmap import TextMapPropagator


class Propagation:
    """Which context is sent along."""

    def __init__(self, choice: Literal["trace", "baggage"]) -> None:
        self._propagators: tuple[TextMapPropagator, ...] = (TraceContextTextMapPropagator(),)
        if choice == "baggage":
            self._propagators += (W3CBaggagePropagator(),)

    def inject(self, client: Any, options: Any, context: Context) -> bool:
        """Add the headers to a request, unless the app has set any of the same kind itself.

        Args:
            client: whose own headers go with all its requests.
            options: the SDK's request options, whose headers are replaced by a copy with more.
            context: with the span of the call.

        Returns:
            Whether there was something to add.
        """
        given = options.headers
        sent = given if isinstance(given, Mapping) else {}
        names = {
            str(name).lower()
            for headers in (sent, client.__dict__.get("_custom_headers") or {})
            for name in headers
        }
        carrier: dict[str, str] = {}
        for propagator in self._propagators:
            if names.isdisjoint(propagator.fields):
                propagator.inject(carrier, context)
        if not carrier:
            return False
        # Past pydantic's __setattr__, which would mark the field as set by the caller.
        options.__dict__["headers"] = {**sent, **carrier}
        return True
