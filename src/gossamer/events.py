"""The events of a call: log records in the context of its span."""

from __future__ import annotations

import re
from time import time_ns
from typing import TYPE_CHECKING, Any, Final

from opentelemetry import _logs as logs_api
from opentelemetry._logs import LogRecord, NoOpLogger, SeverityNumber
from opentelemetry.version import __version__ as api_version

from gossamer import semconv
from gossamer._version import __version__
from gossamer.errors import swallow, warn_once

if TYPE_CHECKING:
    from collections.abc import Callable

    from opentelemetry._logs import Logger, LoggerProvider
    from opentelemetry.context import Context

# The API's own class for a logger whose provider is yet to come: private, so its absence must not hurt.
_ProxyLogger: Any = vars(getattr(logs_api, "_internal", logs_api)).get("ProxyLogger", NoOpLogger)

#: Before 1.35 a record has no event name, and structured values are dropped. 1.35 and 1.36 hand the API's
#: records on without a resource, on which the exporters then fail.
_OLDEST: Final = (1, 37)


class Events:
    """Where events go. Made once, from a logger that leads somewhere."""

    def __init__(self, target: Logger) -> None:
        self._emit = target.emit
        # The oldest API that can carry events has no such question: there, all are wanted.
        self._enabled: Callable[..., bool] | None = getattr(target, "enabled", None)

    @classmethod
    def of(cls, logger_provider: LoggerProvider | None = None, *, asked: bool = False) -> Events | None:
        """Events for a provider, by default the global one; None where they would lead nowhere.

        An OpenTelemetry that is too old for events is told once, where somebody has asked for them.
        """
        provider = logs_api.get_logger_provider() if logger_provider is None else logger_provider
        target = provider.get_logger("gossamer", __version__)
        if isinstance(target, (NoOpLogger, _ProxyLogger)):
            return None
        if not _can_carry_events(api_version):
            if asked:
                warn_once(
                    "Events need opentelemetry-api and opentelemetry-sdk 1.37 or later, and this is %s: "
                    "no events are emitted.",
                    api_version,
                )
            return None
        return cls(target)

    def wants_details(self, context: Context) -> bool:
        """Whether anybody listens to the details of this call: asked before any are gathered."""
        return self._wants(context, SeverityNumber.DEBUG, semconv.DETAILS_EVENT)

    def details(self, context: Context, attributes: dict[str, Any], timestamp_ns: int) -> LogRecord | None:
        """The record of what a call asked and was answered; None when nobody listens.

        It is not emitted yet: `emit()` does that, when all who add to its attributes have done so.

        Args:
            context: the one with the span of the call.
            attributes: those of the span, and the content as structured values. Kept as they are.
            timestamp_ns: when the call ended.
        """
        try:
            if not self.wants_details(context):
                return None
            return LogRecord(
                timestamp=timestamp_ns,
                context=context,
                severity_number=SeverityNumber.DEBUG,
                attributes=attributes,
                event_name=semconv.DETAILS_EVENT,
            )
        except Exception as error:
            swallow(error)
            return None

    def exception(
        self,
        context: Context,
        error_type: str,
        message: str | None,
        stacktrace: str | None,
        attributes: dict[str, Any],
        timestamp_ns: int | None = None,
    ) -> None:
        """Emit that a call ended in an exception.

        Args:
            context: the one with the span of the call.
            error_type: the name of the exception's class.
            message: None unless content is recorded, for it may quote a prompt.
            stacktrace: likewise.
            attributes: what else is known of the call.
            timestamp_ns: when it was raised; by default now.
        """
        try:
            if not self._wants(context, SeverityNumber.WARN, semconv.EXCEPTION_EVENT):
                return
            told = {**attributes, semconv.EXCEPTION_TYPE: error_type}
            if message is not None:
                told[semconv.EXCEPTION_MESSAGE] = message
            if stacktrace is not None:
                told[semconv.EXCEPTION_STACKTRACE] = stacktrace
            record = LogRecord(
                timestamp=time_ns() if timestamp_ns is None else timestamp_ns,
                context=context,
                severity_number=SeverityNumber.WARN,
                attributes=told,
                event_name=semconv.EXCEPTION_EVENT,
            )
        except Exception as error:
            swallow(error)
            return
        self.emit(record)

    def emit(self, record: LogRecord) -> None:
        """Send a record on its way. A failing processor is none of the app's business."""
        try:
            self._emit(record)
        except Exception as error:
            swallow(error)

    def _wants(self, context: Context, severity: SeverityNumber, name: str) -> bool:
        try:
            return self._enabled is None or self._enabled(
                context=context, severity_number=severity, event_name=name
            )
        except Exception as error:
            swallow(error)
            return False


def _can_carry_events(version: str) -> bool:
    """Whether this version of OpenTelemetry takes events to an exporter."""
    numbers = re.match(r"(\d+)\.(\d+)", version)
    return numbers is not None and (int(numbers[1]), int(numbers[2])) >= _OLDEST
