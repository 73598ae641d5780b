"""How the call of a generation begins: with a request, for a session, on a connection."""

from __future__ import annotations

from contextvars import copy_context
from typing import TYPE_CHECKING, Any, NamedTuple

from gossamer import semconv
from gossamer.errors import swallow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gossamer.call import Call
    from gossamer.content.capture import Capture
    from gossamer.fields import Fields
    from gossamer.operations import Operation
    from gossamer.providers import Server
    from gossamer.telemetry import Telemetry


class Request(NamedTuple):
    """What a generation is asked with, in the form of the SDK's request options."""

    json_data: Fields
    url: str
    method: str = "GET"
    extra_json: Any = None


class Beginnings:
    """What all calls on a connection, which is made in this context, begin with."""

    def __init__(
        self, telemetry: Callable[[], Telemetry | None], server: Server, operation: Operation
    ) -> None:
        self.over = False
        """The connection is closed, and none begins any more."""
        self.session_id: str | None = None
        """That the server gave to the session."""
        self._telemetry = telemetry
        self._server = server
        self._operation = operation
        self._context = copy_context()

    @property
    def capture(self) -> Capture | None:
        """What captures the content of calls, where any may be wanted."""
        telemetry = self._telemetry()
        return None if telemetry is None else telemetry.capture

    def begin(self, body: Fields, began: int | None = None) -> Call | None:
        """Begin one that is asked for here. None where it is not traced, or nothing could be told of it.

        Args:
            body: of its request.
            began: when, by the performance counter; None for now.
        """
        telemetry = self._telemetry()
        if telemetry is None or self.over:
            return None
        known = {} if self.session_id is None else {semconv.SESSION_ID: self.session_id}
        request = Request(body, self._operation.path)
        try:
            return telemetry.begin(self._operation, self._server, request, known, began)
        except Exception as error:
            swallow(error)
            return None

    def begin_unasked(self, body: Fields, began: int | None) -> Call | None:
        """Begin one that nobody asked for: where the connection was made."""
        return self._context.copy().run(self.begin, body, began)

    def name(self, session_id: str, calls: Iterable[Call | None]) -> None:
        """The session has an id, and so have these calls, but for those to which the app gave one."""
        before, self.session_id = self.session_id, session_id
        for call in calls:
            if call is not None and call.attributes.get(semconv.SESSION_ID) == before:
                call.attributes[semconv.SESSION_ID] = session_id
                if call.span is not None:
                    call.span.set_attribute(semconv.SESSION_ID, session_id)
