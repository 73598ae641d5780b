"""Everything that stays the same from one `instrument()` to the next, and the start of each call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from opentelemetry.baggage import get_baggage
from opentelemetry.context import _SUPPRESS_INSTRUMENTATION_KEY as SUPPRESS
from opentelemetry.context import get_current
from opentelemetry.instrumentation.utils import _SUPPRESS_INSTRUMENTATION_KEY_PLAIN as SUPPRESS_PLAIN
from opentelemetry.trace import SpanKind

from gossamer import semconv
from gossamer.call import Call
from gossamer.errors import swallow
from gossamer.finalizers import drain, pending
from gossamer.operations.request import body_of, is_poll
from gossamer.providers import Server, Servers
from gossamer.raw import watch_parser, watch_raw
from gossamer.scope import in_hook, own_attributes
from gossamer.stream import leave_stream, tap_stream
from gossamer.stream_usage import ask

#: Set by frameworks that trace the model calls which they make. OpenLLMetry has named it.
SUPPRESS_MODELS: Final = "suppress_language_model_instrumentation"

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from opentelemetry.context import Context

    from gossamer.content.capture import Capture
    from gossamer.operations import Operation, Table
    from gossamer.outputs import Outputs
    from gossamer.propagation import Propagation
    from gossamer.sdk import SDK
    from gossamer.settings import Settings


class Telemetry:
    """Where spans and points go, and what the settings ask for. Made once, then only read."""

    def __init__(
        self,
        sdk: SDK,
        settings: Settings,
        table: Table,
        outputs: Outputs,
        propagation: Propagation | None = None,
        meet: Callable[[type[Any]], object] | None = None,
    ) -> None:
        self._sdk = sdk
        self._table = table
        self._outputs = outputs
        self._tracer = outputs.tracer
        self._baggage_keys = settings.baggage_keys
        self._metric_attributes = settings.metric_attributes
        self._stream_usage = settings.stream_usage
        self._propagation = propagation
        #: Whether anything below is wanted that most do not want: asked once, instead of one by one per call.
        self._sees_more = self._stream_usage != "off" or any(
            (outputs.capture, outputs.counter, outputs.request_hook, propagation)
        )
        self._has_hooks = any(
            (outputs.request_hook, outputs.response_hook, settings.redact, settings.completion_hook)
        )
        self._servers = Servers(sdk, settings.provider_hosts, meet)
        self._special = (sdk.stream, sdk.async_stream, *sdk.raw_responses)
        self._streams = (sdk.stream, sdk.async_stream)
        self._gaps = settings.time_per_output_chunk and outputs.metrics is not None

    def start(self, client: Any, options: Any, stream: bool, stream_cls: Any) -> Call | None:  # noqa: C901
        """Begin the span of a call. None: this call is none of ours, and passes untouched."""
        call = None
        try:
            url = options.url
            operation = self._table.find(options.method, url)
            if operation is None or (operation.polled and is_poll(options)):
                return None
            context = get_current()
            # A hook that calls the SDK would be shown its own call, and so on.
            in_a_hook = self._has_hooks and in_hook.get()
            if (
                in_a_hook
                or context.get(SUPPRESS)
                or context.get(SUPPRESS_PLAIN)
                or context.get(SUPPRESS_MODELS)
            ):
                return None
            if pending:
                drain()
            servers = self._servers
            server = servers.of(client) if "://" not in str(url) else servers.at(str(url), client)
            attributes, point, own = self._describe(operation, server, options, context, stream=stream)
            call = Call(
                operation,
                attributes,
                point,
                context,
                self._outputs,
                streamed=stream,
                speaks_openai=server.speaks_openai,
            )
            if own is not None:
                call.own = own
            if self._tracer is not None:
                subject = attributes.get(operation.subject)
                name = operation.name if subject is None else f"{operation.name} {subject}"
                try:
                    call.span = self._tracer.start_span(
                        name, context, SpanKind.CLIENT, attributes, None, call.started
                    )
                except (
                    Exception
                ) as error:  # a sampler's or a processor's: points and events are none of theirs
                    swallow(error)
            call.parser = watch_parser(options, call)
            call.enter(options)
            if self._sees_more:
                self._see_more(call, options, server, stream_cls)
            return call
        except Exception as error:
            self._drop(call, options)
            swallow(error)
            return None
        except BaseException as error:  # somebody interrupts the program, or leaves it in a hook
            if call is not None:
                self.abort(call, options, error)
            raise

    def _describe(
        self, operation: Operation, server: Server, options: Any, context: Context, *, stream: bool
    ) -> tuple[dict[str, Any], dict[str, Any], Mapping[str, Any] | None]:
        """What span and points have from the start, and what the app says of the call."""
        attributes, point = server.start(operation)
        operation.describe_request(options, attributes)
        model = attributes.get(semconv.REQUEST_MODEL)
        if model is not None:
            point[semconv.REQUEST_MODEL] = model
        if stream and operation.metrics == "inference":
            attributes[semconv.REQUEST_STREAM] = True
        if not server.speaks_openai:
            attributes.pop(semconv.REQUEST_SERVICE_TIER, None)
        block, own = own_attributes.get(), None
        if block is not None or self._baggage_keys:
            own = self._add_own(None if block is None else block.value, context, attributes, point)
        return attributes, point, own

    def _add_own(
        self,
        own: Mapping[str, Any] | None,
        context: Context,
        attributes: dict[str, Any],
        point: dict[str, Any],
    ) -> Mapping[str, Any]:
        """Add what the app says of this call, by `gossamer.attributes()` or by its baggage."""
        found = dict(own or {})
        for key in self._baggage_keys:
            value = get_baggage(key, context)
            if value is not None:
                found.setdefault(key, value if isinstance(value, str) else str(value))
        attributes.update(found)
        for name in self._metric_attributes:
            value = found.get(name)
            if value is not None and not isinstance(value, tuple):
                point[name] = value
        return found

    def _see_more(self, call: Call, options: Any, server: Server, stream_cls: Any) -> None:
        """Show the request to those who want more of it than its attributes, and ask for a stream's usage."""
        outputs = self._outputs
        call.propagation = self._propagation
        self._show(call, options)
        try:
            if outputs.counter is not None and outputs.counter.counts(call.operation):
                call.body = body_of(options)
            # Only what is watched can be hidden, and only in the SDK's own kinds of stream.
            if call.streamed and self._stream_usage != "off" and call.watched:
                kind = getattr(stream_cls, "__origin__", stream_cls)
                if kind is None or kind in self._streams:
                    known = self._sdk.package.told_when_asked
                    call.body_as_it_was = ask(self._stream_usage, known, call.operation, server, options)
        except Exception as error:
            swallow(error)

    def _show(self, call: Call, request: Any) -> None:
        """Show the request to the app's hook, and to whoever captures content."""
        outputs = self._outputs
        try:
            if outputs.request_hook is not None and call.span is not None and call.recording:
                outputs.request_hook(call.span, request)
            if outputs.capture is not None:
                call.capture(outputs.capture, request)
        except Exception as error:
            swallow(error)

    def abort(self, call: Call, options: Any, error: BaseException) -> None:
        """The request ended in an exception."""
        try:
            call.leave(options)
        except BaseException as own:
            self._leave(call, options)
            if not isinstance(own, Exception):
                raise
            swallow(own)
        finally:
            call.fail(error)

    def _drop(self, call: Call | None, options: Any) -> None:
        """Something of ours has failed at the start of a call, which goes on without us."""
        if call is not None:
            self._leave(call, options)
            call.drop()

    def _leave(self, call: Call, options: Any) -> None:
        """Leave a call in which something of ours has failed, perhaps in the middle of leaving it."""
        try:
            call.leave(options)
        except Exception as error:
            swallow(error)

    def finish(self, call: Call, options: Any, result: Any) -> None:
        """The request brought a result: the answer, or something that will bring it."""
        try:
            call.leave(options)
            if not call.watched:
                return  # not sampled, and nothing is measured: there is nothing to see
            if not isinstance(result, self._special):
                call.answered(result)
                call.end("completed")
            elif isinstance(result, self._streams):
                tap_stream(result, call, self._sdk, gaps=self._gaps)
            else:
                watch_raw(result, call, self._sdk, gaps=self._gaps)
        except Exception as error:
            self._leave(call, options)
            if call.tap is None:  # nobody else will
                self._leave_stream(result, call)
                call.end("completed")
            swallow(error)

    def _leave_stream(self, stream: Any, call: Call) -> None:
        try:
            leave_stream(stream, call, self._sdk)
        except Exception as error:
            swallow(error)

    @property
    def capture(self) -> Capture | None:
        """What captures the content of calls, where any may be wanted."""
        return self._outputs.capture

    def begin(
        self, operation: Operation, server: Server, request: Any, known: Mapping[str, Any], began: int | None
    ) -> Call | None:
        """Begin the span of a generation on a websocket. It is current nowhere: others go on meanwhile.

        Args:
            operation: which one it is.
            server: at the other end of the connection.
            request: with the body in `json_data`, as the SDK's request options have it.
            known: attributes besides.
            began: when, by the performance counter; None for now.
        """
        context = get_current()
        in_a_hook = self._has_hooks and in_hook.get()
        if in_a_hook or context.get(SUPPRESS) or context.get(SUPPRESS_PLAIN) or context.get(SUPPRESS_MODELS):
            return None
        if pending:
            drain()
        attributes, point, own = self._describe(operation, server, request, context, stream=True)
        attributes = {**known, **attributes}
        call = Call(
            operation,
            attributes,
            point,
            context,
            self._outputs,
            streamed=True,
            speaks_openai=server.speaks_openai,
        )
        try:
            if began is not None:
                call.started -= call.began - began
                call.began = began
            call.own = own
            if self._tracer is not None:
                subject = attributes.get(operation.subject)
                name = operation.name if subject is None else f"{operation.name} {subject}"
                try:
                    call.span = self._tracer.start_span(
                        name, context, SpanKind.CLIENT, attributes, None, call.started
                    )
                    call.sees(call.span)
                except Exception as error:  # as in start()
                    swallow(error)
            self._show(call, request)
            call.fold_stream()
            return call
        except Exception:
            call.drop()
            raise
        except BaseException as error:
            call.fail(error)
            raise
