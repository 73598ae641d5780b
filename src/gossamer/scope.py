"""What holds for a block of the app's code: what of its calls is captured, and what the app says of them.

Both are context variables: they follow the app's threads of control, tasks and `asyncio.to_thread` included,
and concurrent tasks do not see each other's.
"""

from __future__ import annotations

import functools
import inspect
from contextvars import ContextVar
from enum import IntFlag
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

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


class Block(NamedTuple):
    """One block that the code is in, and the one around it."""

    value: Any
    scope: Scope
    outer: Block | None


#: What the blocks around a call ask to be captured: the innermost one's mode, and what all of them allow.
capture_mode: ContextVar[Block | None] = ContextVar("gossamer_capture", default=None)

#: What the blocks around a call say of it: span attributes.
own_attributes: ContextVar[Block | None] = ContextVar("gossamer_attributes", default=None)

#: A hook of the app's is running: a call that it makes is none to show to hooks.
in_hook: ContextVar[bool] = ContextVar("gossamer_in_hook", default=False)


class Scope:
    """A value of a context variable for a block, or for each call of a function.

    One object can be entered by many tasks and threads at once: each has the blocks that it is in in its own
    context. Where a block ends in another context than it began, as in a generator that is dropped, nothing
    is put back there, because nothing was set there.
    """

    def __init__(self, variable: ContextVar[Block | None], value: Callable[[Block | None], Any]) -> None:
        self._variable = variable
        self._value = value

    def __enter__(self) -> Self:
        outer = self._variable.get()
        self._variable.set(Block(self._value(outer), self, outer))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        block = self._variable.get()
        if block is not None and block.scope is self:
            self._variable.set(block.outer)

    def __call__(self, function: F) -> F:
        """As a decorator, of functions and coroutine functions.

        Raises:
            TypeError: of a generator, whose body runs in the middle of its caller's.
        """
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            name = getattr(function, "__qualname__", function)
            raise TypeError(
                f"{name} is a generator, and between two of its values the code of others runs: decorate the "
                "function that reads it, or use `with` around its single calls"
            )

        @functools.wraps(function)
        def called(*args: Any, **kwargs: Any) -> Any:
            with self:
                result = function(*args, **kwargs)
            return self._awaited(result) if inspect.iscoroutine(result) else result

        if not inspect.iscoroutinefunction(function):
            return called  # type: ignore[return-value]

        @functools.wraps(function)
        async def awaited(*args: Any, **kwargs: Any) -> Any:
            with self:
                return await function(*args, **kwargs)

        return awaited  # type: ignore[return-value]

    async def _awaited(self, coroutine: Any) -> Any:
        """What a plain function returned, and runs only now."""
        with self:
            return await coroutine


def capture(mode: CaptureMode | str) -> Scope:
    """Capture prompts and answers otherwise in a block, or in a function.

        with gossamer.capture("NO_CONTENT"):
            client.chat.completions.create(...)  # the process captures content, this call does not

    Never more than the process allows, nor than a block around this one does, unless the setting
    `capture_may_widen` says that it may.

    Args:
        mode: NO_CONTENT, SPAN_ONLY, EVENT_ONLY or SPAN_AND_EVENT.

    Raises:
        ValueError: it is none of these.
    """
    wanted = mode_of(mode)

    def asked(outer: Block | None) -> tuple[CaptureMode, CaptureMode]:
        return wanted, wanted if outer is None else wanted & outer.value[1]

    return Scope(capture_mode, asked)


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


def attributes(named: Mapping[str, Any] | None = None, /, **short: Any) -> Scope:
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
        if isinstance(name, str) and name and (value is None or _is_attribute(value)):
            own[_NAMES.get(name, name)] = tuple(value) if isinstance(value, (list, tuple)) else value
        else:
            warn_once(
                "gossamer.attributes(%s=…) was given a %s, and is left out: an attribute has a name, and is "
                "a string, a number of 64 bits, a boolean, or a list of one of these.",
                name,
                type(value).__name__,
            )

    def merged(outer: Block | None) -> Mapping[str, Any]:
        found = {**(outer.value if outer is not None else {}), **own}
        return {name: value for name, value in found.items() if value is not None}

    return Scope(own_attributes, merged)


def _is_attribute(value: Any) -> bool:
    """Whether OpenTelemetry takes this, and its exporters can send it."""
    if isinstance(value, (list, tuple)):
        kinds = {type(entry) for entry in value}
        return len(kinds) < 2 and all(isinstance(entry, _PLAIN) and _is_attribute(entry) for entry in value)
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:  # half of a surrogate pair
            return False
        return True
    return isinstance(value, float) or (isinstance(value, int) and -(2**63) <= value < 2**63)
