"""Whether the content of a call is captured, and where it goes: to the span, to an event, to a hook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gossamer import semconv
from gossamer.completion.hook import call as call_hook
from gossamer.content.content import Content
from gossamer.content.plain import Plain, TooLargeError
from gossamer.content.policy import Policy
from gossamer.errors import swallow
from gossamer.fields import NOTHING
from gossamer.messages import content_fold, reader_of
from gossamer.messages.message import NOTHING_TO_READ
from gossamer.operations.request import body_of
from gossamer.scope import CaptureMode, capture_mode

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.trace import Span

    from gossamer.completion.hook import CompletionHook
    from gossamer.events import Events
    from gossamer.failure import Failure
    from gossamer.fields import Fields
    from gossamer.operations import Attributes, Fold, Operation
    from gossamer.settings import Settings


class Capture:
    """What the settings say of content. Made once for the providers in use."""

    def __init__(
        self,
        settings: Settings,
        events: Events | None,
        hook: CompletionHook | None,
        attribute_limit: int | None,
    ) -> None:
        """What the settings say, for these providers.

        Args:
            settings: capture mode, limits, redaction.
            events: None where no events go anywhere.
            hook: the ecosystem's completion hook, if one is set.
            attribute_limit: characters at which the tracer provider cuts an attribute.
        """
        self.events = events
        self.policy = Policy(
            limit=settings.content_limit,
            part_limit=settings.content_part_limit,
            binary=settings.content_binary,
            tool_details=settings.tool_details,
            redact=settings.redact,
            attribute_limit=attribute_limit,
        )
        self._mode = settings.capture
        self._may_widen = settings.capture_may_widen
        self._hook = hook

    def copied(self, value: Any, characters: int) -> tuple[Any, int] | None:
        """A copy of what the app sends before the call that it is for, and its size in characters.

        None where there are more of them than this.
        """
        room = Plain(characters)
        try:
            return room.copy(value), characters - room.left
        except TooLargeError:
            return None

    def begin(
        self, operation: Operation, options: Any, context: Context, *, recording: bool
    ) -> Captured | None:
        """Read the request of a call, if its content is wanted anywhere.

        Args:
            operation: the call's.
            options: the SDK's request options.
            context: with the call's span.
            recording: whether that span is.
        """
        mode, hook, events = self._mode, self._hook, self.events
        block = capture_mode.get()
        if block is not None:
            asked, allowed = block.value
            mode = asked if self._may_widen else mode & allowed
            if not (asked if self._may_widen else allowed):
                hook = None  # whoever says that nothing is to be captured here means it
        reader = reader_of(operation)
        if reader is NOTHING_TO_READ or reader.query is not None:
            hook = None  # it is shown messages
        on_span = recording and bool(mode & CaptureMode.SPAN_ONLY)
        on_event = events is not None and bool(mode & CaptureMode.EVENT_ONLY)
        # The conventions have this event for inferences only.
        details = (
            on_event
            and operation.metrics == "inference"
            and events is not None
            and events.wants_details(context)
        )
        if not (on_span or on_event or hook is not None):
            return None
        captured = Captured(self, operation, hook, on_span=on_span, on_event=on_event, details=details)
        captured.read_request(body_of(options))
        return captured


class Captured:
    """The content of one call."""

    __slots__ = ("_capture", "_hook", "_operation", "_reads", "content", "details", "on_event", "on_span")

    def __init__(
        self,
        capture: Capture,
        operation: Operation,
        hook: CompletionHook | None,
        *,
        on_span: bool,
        on_event: bool,
        details: bool,
    ) -> None:
        self.content = Content(reader_of(operation), capture.policy)
        self.on_span = on_span
        self.on_event = on_event
        self.details = details
        """An event tells all of this call, sampled or not."""
        self._capture = capture
        self._operation = operation
        self._hook = hook
        # Else the text of a failure is all that is wanted.
        self._reads = on_span or details or hook is not None

    def read_request(self, body: Fields) -> None:
        """Read what is about to be sent."""
        if self._reads:
            self.content.read_request(body)

    @property
    def tells_text(self) -> bool:
        """Whether the text of a failure may be recorded."""
        return self.on_span or self.on_event

    def fold(self, request: Attributes, at_least: int) -> Fold | None:
        """Keeps what a stream says, as much as may be recorded and at least so many characters.

        None where nothing of it is content.
        """
        make = content_fold(self._operation) if self._reads else None
        return None if make is None else make(request, max(self._capture.policy.limit, at_least))

    def redact(self, told: Failure) -> Failure:
        """A failure with its text, which may quote a prompt, as it may be recorded."""
        message, stacktrace = told.message, told.stacktrace
        return told.with_text(
            None if message is None else self.content.text(message),
            None if stacktrace is None else self.content.text(stacktrace),
        )

    def finish(
        self,
        answer: Fields,
        span: Span | None,
        context: Context,
        attributes: Attributes,
        ended: int,
        *,
        cut: bool,
    ) -> None:
        """Read the answer, and hand all on.

        Args:
            answer: of the call, in the shape of an unstreamed one.
            span: not ended yet.
            context: with the span.
            attributes: all that the span has, for the event.
            ended: nanoseconds since the epoch.
            cut: whether more of the answer was seen than was kept.
        """
        content = self.content
        if not self._reads:
            return
        if cut and self._capture.policy.redact is not None:
            answer = NOTHING  # it ends somewhere: in the middle of what would have been recognised, perhaps
        try:
            content.read_answer(answer)
        except Exception as error:
            swallow(error)
            return  # half of it may be worse than none
        if cut:
            content.cut(semconv.OUTPUT_MESSAGES)
        marks = {semconv.CONTENT_TRUNCATED: tuple(content.truncated)} if content.truncated else {}
        if self.on_span and span is not None:
            span.set_attributes({**content.as_json(), **marks})
        events, record = self._capture.events, None
        if self.details and events is not None:
            record = events.details(context, {**attributes, **content.sections, **marks}, ended)
        if self._hook is not None:
            call_hook(self._hook, content.sections, span, record)
        if record is not None and events is not None:
            events.emit(record)
