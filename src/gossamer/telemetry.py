"""Everything that stays the same from one `instrument()` to the next, and the start of each call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opentelemetry.context import _SUPPRESS_INSTRUMENTATION_KEY as SUPPRESS
from opentelemetry.context import get_current
from opentelemetry.instrumentation.utils import _SUPPRESS_INSTRUMENTATION_KEY_PLAIN as SUPPRESS_PLAIN
from opentelemetry.trace import SpanKind

from gossamer import semconv
from gossamer.call import Call
from gossamer.errors import swallow
from gossamer.finalizers import drain, pending
from gossamer.operations import find
from gossamer.providers import Servers, server_at
from gossamer.raw import restore_parser, watch_parser, watch_raw
from gossamer.stream import tap_stream

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

    from gossamer.metrics import Metrics
    from gossamer.sdk import SDK
    from gossamer.settings import Settings


class Telemetry:
    """Where spans and points go, and what the settings ask for. Made once, then only read."""

    def __init__(self, sdk: SDK, settings: Settings, tracer: Tracer | None, metrics: Metrics | None) -> None:
        self._sdk = sdk
        self._tracer = tracer
        self._metrics = metrics
        self._servers = Servers(sdk)
        self._special = (sdk.stream, sdk.async_stream, *sdk.raw_responses)
        self._streams = (sdk.stream, sdk.async_stream)
        self._gaps = settings.time_per_output_chunk and metrics is not None

    def start(self, client: Any, options: Any, stream: bool) -> Call | None:
        """Begin the span of a call. None: this call is none of ours, and passes untouched."""
        call = None
        try:
            url = options.url
            operation = find(options.method, url)
            if operation is None:
                return None
            context = get_current()
            if context.get(SUPPRESS) or context.get(SUPPRESS_PLAIN):
                return None
            if pending:
                drain()
            server = self._servers.of(client) if "://" not in str(url) else server_at(str(url))
            attributes, point = server.start(operation)
            operation.describe_request(options, attributes)
            model = attributes.get(semconv.REQUEST_MODEL)
            if model is not None:
                point[semconv.REQUEST_MODEL] = model
            if stream and operation.metrics == "inference":
                attributes[semconv.REQUEST_STREAM] = True
            if not server.speaks_openai:
                attributes.pop(semconv.REQUEST_SERVICE_TIER, None)
            call = Call(
                operation,
                attributes,
                point,
                context,
                self._metrics,
                streamed=stream,
                speaks_openai=server.speaks_openai,
            )
            if self._tracer is not None:
                name = operation.name if model is None else f"{operation.name} {model}"
                call.span = self._tracer.start_span(
                    name, context, SpanKind.CLIENT, attributes, None, call.started
                )
            call.parser = watch_parser(options, call)
            call.enter()  # last: what is made current must be left again
            return call
        except Exception as error:
            if call is not None:
                call.end("completed")
            swallow(error)
            return None

    def abort(self, call: Call, options: Any, error: BaseException) -> None:
        """The request ended in an exception."""
        try:
            call.leave()
            restore_parser(options, call.parser)
        except Exception as own:
            swallow(own)
        finally:
            call.fail(error)

    def finish(self, call: Call, options: Any, result: Any) -> None:
        """The request brought a result: the answer, or something that will bring it."""
        try:
            call.leave()
            restore_parser(options, call.parser)
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
            if call.tap is None:  # nobody else will
                call.end("completed")
            swallow(error)
