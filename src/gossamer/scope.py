"""What holds for a block of the app's code: what of its calls is captured, and what the app says of them.

Both are context variables: they follow the app's threads of control, tasks and `asyncio.to_thread` included,
and concurrent tasks do not see each other's.
"""

from __future__ import annotations

import functools
import inspect
from contextvars import ContextVar, Token
from enum import IntFlag
from typing import TYPE_CHECKING, Any, Final, TypeVar

from gossamer import semconv
from gossamer.errors import warn_once

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

    from typing_extensions import Self

F = TypeVar("F", bound="Callable[..., Any]")


class CaptureMode(IntFlag):
    """Where prompts and answers go: the modes of `OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT`."""

    NO_CONTENT = 0
    SPAN_ONLY = 1
    EVENT_ONLY = 2
    SPAN_AND_EVENT = 3


#: The mode that the innermost `capture()` asks for.
capture_mode: ContextVar[CaptureMode | None] = ContextVar("gossamer_capture", default=None)

#: What the blocks around a call say of it: span attributes.
own_attributes: ContextVar[Mapping[str, Any] | None] = ContextVar("gossamer_attributes", default=None)


class _Scope:
    """A value of a context variable for a block, or for each call of a function."""

    def __init__(self, variable: ContextVar[Any], value: Callable[[], Any]) -> None:
        self._variable = variable
        self._value = value
        self._tokens: list[Token[Any]] = []

    def __enter__(self) -> Self:
        self._tokens.append(self._variable.set(self._value()))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._variable.reset(self._tokens.pop())

    def __call__(self, function: F) -> F:
        """As a decorator, of functions and coroutine functions.

        Raises:
            TypeError: of a generator, whose body runs in the middle of its caller's.
        """
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise TypeError(
                f"{function.__qualname__} is a generator, and between two of its values the code of others "
                "runs: decorate the function that reads it, or use `with` around its single calls"
            )
        variable, value = self._variable, self._value
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def awaited(*args: Any, **kwargs: Any) -> Any:
                with _Scope(variable, value):
                    return await function(*args, **kwargs)

            return awaited  # type: ignore[return-value]

        @functools.wraps(function)
        def called(*args: Any, **kwargs: Any) -> Any:
            with _Scope(variable, value):
                return function(*args, **kwargs)

        return called  # type: ignore[return-value]


def capture(mode: CaptureMode | str) -> _Scope:
    """Capture prompts and answers otherwise in a block, or in a function.

        with gossamer.capture("NO_CONTENT"):
            client.chat.completions.create(...)  # the process captures content, this call does not

    Never more than the process allows, unless the setting `capture_may_widen` says that it may.

    Args:
        mode: NO_CONTENT, SPAN_ONLY, EVENT_ONLY or SPAN_AND_EVENT.

    Raises:
        ValueError: it is none of these.
    """
    wanted = mode_of(mode)
    return _Scope(capture_mode, lambda: wanted)


def mode_of(value: CaptureMode | str) -> CaptureMode:
    """A mode by its name, in whatever case.

    Raises:
        ValueError: there is no such mode.
    """
    if isinstance(value, CaptureMode):
        return value
    try:
        return CaptureMode[value.strip().upper()]
    except (AttributeError, KeyError):
        raise ValueError(f"{value!r} is no capture mode: use {', '.join(CaptureMode.__members__)}") from None


_PLAIN: Final = (str, bool, int, float)

#: Short names for what the conventions have a name for.
_NAMES: Final = {
    "session": "session.id",
    "user": "user.id",
    "conversation": semconv.CONVERSATION_ID,
    "prompt_name": semconv.PROMPT_NAME,
    "prompt_version": semconv.PROMPT_VERSION,
}


def attributes(named: Mapping[str, Any] | None = None, /, **short: Any) -> _Scope:
    """Say something of all calls in a block, or in a function: it stands on their spans and events.

        with gossamer.attributes(session="s-17", user="u-4", **{"app.tenant": "acme"}):
            client.responses.create(...)

    `session`, `user`, `conversation`, `prompt_name` and `prompt_version` become the names that the
    conventions have for them; all others are used as they are. Inner blocks add to outer ones, and win;
    there, None takes away what an outer one says. Metrics have none of it, but for the names in the setting
    `metric_attributes`.

    Args:
        named: attributes by name. A value is what OpenTelemetry takes: a string, a number, a boolean, or a
            list of these. Another is left out, with a warning.
        **short: the same.
    """
    own: dict[str, Any] = {}
    for name, value in {**(named or {}), **short}.items():
        if value is None or isinstance(value, _PLAIN):
            own[_NAMES.get(name, name)] = value
        elif isinstance(value, (list, tuple)) and all(isinstance(entry, _PLAIN) for entry in value):
            own[_NAMES.get(name, name)] = tuple(value)
        else:
            warn_once(
                "gossamer.attributes(%s=…) was given a %s, and is left out: an attribute is a string, "
                "a number, a boolean, or a list of these.",
                name,
                type(value).__name__,
            )

    def merged() -> Mapping[str, Any]:
        found = {**(own_attributes.get() or {}), **own}
        return {name: value for name, value in found.items() if value is not None}

    return _Scope(own_attributes, merged)
