"""The trace context of a call, sent along in the headers of its request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from opentelemetry.baggage.propagation import W3CBaggagePropagator
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from opentelemetry.context import Context
    from opentelemetry.propagators.textmap import TextMapPropagator


class Propagation:
    """Which context is sent along."""

    def __init__(self, choice: Literal["trace", "baggage"]) -> None:
        self._propagators: tuple[TextMapPropagator, ...] = (TraceContextTextMapPropagator(),)
        if choice == "baggage":
            self._propagators += (W3CBaggagePropagator(),)

    def inject(self, client: Any, options: Any, headers: MutableMapping[str, str], context: Context) -> None:
        """Add to the headers of a request, unless the app has set any of the same kind itself.

        Args:
            client: whose HTTP client may have headers for all requests.
            options: the SDK's request options, which may say that a header is to be left out.
            headers: that the SDK has made for one attempt.
            context: with the span of the call.
        """
        given = (*headers, *(options.headers or ()), *client._client.headers)  # noqa: SLF001
        names = {str(name).lower() for name in given}
        carrier: dict[str, str] = {}
        for propagator in self._propagators:
            if names.isdisjoint(propagator.fields):
                propagator.inject(carrier, context)
        headers.update(carrier)
