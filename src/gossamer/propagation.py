"""The trace context of a call, sent along in the headers of its request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from opentelemetry.baggage.propagation import W3CBaggagePropagator
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from gossamer.fields import NOTHING

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.propagators.textmap import TextMapPropagator


class _Sent(dict[str, str]):
    """Headers with ours among them, and those that the app gave."""

    def __init__(self, given: Any, headers: Mapping[str, str]) -> None:
        super().__init__(headers)
        self.given = given


class Propagation:
    """Which context is sent along."""

    def __init__(self, choice: Literal["trace", "baggage"]) -> None:
        self._propagators: tuple[TextMapPropagator, ...] = (TraceContextTextMapPropagator(),)
        if choice == "baggage":
            self._propagators += (W3CBaggagePropagator(),)

    def inject(self, client: Any, options: Any, context: Context) -> Any:
        """Add the headers to a request, unless the app has set any of the same kind itself.

        Args:
            client: whose own headers go with all its requests.
            options: the SDK's request options, whose headers are replaced by a copy with more.
            context: with the span of the call.

        Returns:
            The headers as they were, to be put back when the request is over; `NOTHING` where none was added.
        """
        given = options.headers
        if isinstance(given, _Sent):
            given = given.given  # of a request with the very same options that is being made, too
        headers = given if isinstance(given, Mapping) else {}
        names = {str(name).lower() for sent in (headers, *_headers_of(client)) for name in sent}
        carrier: dict[str, str] = {}
        for propagator in self._propagators:
            if names.isdisjoint(propagator.fields):
                propagator.inject(carrier, context)
        if not carrier:
            return NOTHING
        # Past pydantic's __setattr__, which would mark the field as set by the caller.
        options.__dict__["headers"] = _Sent(given, {**headers, **carrier})
        return given


def _headers_of(client: Any) -> tuple[Mapping[str, str], ...]:
    """What goes with all requests of a client: its own headers, and those of its HTTP client."""
    return client.default_headers, client._client.headers  # noqa: SLF001
