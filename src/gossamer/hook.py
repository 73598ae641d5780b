"""The patch: one pair of methods through which every HTTP call of the SDK goes, and the retry counter.

`request()` is entered once for each logical call, retries included, by every method of every client:
plain, raw, streamed, helper streams, Azure, subclasses, `with_options()` copies, the module-level client and
`client.post()`.

A wrapper spells its parameters out: `*args, **kwargs` would cost seven times as much.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gossamer.call import call_of

if TYPE_CHECKING:
    from gossamer.sdk import SDK
    from gossamer.telemetry import Telemetry

#: Gives the telemetry that is on now for a client, or None.
Current = Callable[[Any], "Telemetry | None"]
Method = Callable[..., Any]


class Hook:
    """The wrappers on the SDK's classes. One for the process: what is on changes, the wrappers need not."""

    def __init__(self, sdk: SDK) -> None:
        #: Asked at the start of every call.
        self.current: Current = _nothing
        with_retries = sdk.request_takes_retries
        makers = (_sync_with_retries, _async_with_retries) if with_retries else (_sync, _async)
        self._requests = [
            Place(owner, "request", make)
            for owner, make in zip((sdk.sync_client, sdk.async_client), makers, strict=True)
        ]
        self._places = [*self._requests, Place(sdk.base_client, "_calculate_retry_timeout", _counting)]
        #: Where somebody may have put a wrapper before us that leads past ours.
        self._overrides = [
            Place(owner, "request", make) for owner, make in zip(sdk.clients, makers, strict=True)
        ]
        #: Where a response is seen whose headers the SDK does not hand on.
        self._responses = (
            Place(sdk.sync_client, "_process_response", _showing),
            Place(sdk.async_client, "_process_response", _showing),
        )

    def install(self, current: Current, *, headers: bool = False) -> None:
        """Put the wrappers in place and switch them on.

        Args:
            current: gives the telemetry that is on.
            headers: whether the headers of responses are wanted.
        """
        self.current = current
        for place in (*self._places, *(self._responses if headers else ())):
            place.wrap(self)
        for place, below in zip(self._overrides, self._requests, strict=True):
            if place.leads_past(below):
                place.wrap(self)

    def remove(self) -> None:
        """Switch the wrappers off and put the SDK's methods back."""
        self.current = _nothing
        for place in (*self._overrides, *self._places, *self._responses):
            place.unwrap()


class Place:
    """One method of the SDK, and our wrapper around it."""

    def __init__(self, owner: type[Any], name: str, make: Callable[[Method, Any], Method]) -> None:
        self._owner = owner
        self._name = name
        self._make = make
        self._inherited = False
        self._original: Any = None
        self._ours: Method | None = None

    def wrap(self, hook: Any) -> None:
        """Put the wrapper in, unless it is there: `hook` is what the wrapper asks whether it is on."""
        if self._ours is None or not _is_behind(self._ours, getattr(self._owner, self._name)):
            own = vars(self._owner)
            self._inherited = self._name not in own
            # As it stands in the class: a wrapper of somebody else's may be a descriptor.
            self._original = own.get(self._name)
            self._ours = self._make(getattr(self._owner, self._name), hook)
            setattr(self._owner, self._name, self._ours)

    def unwrap(self) -> None:
        """Put the method back."""
        # Where somebody has wrapped our wrapper, theirs stays, and ours passes on until it is on again.
        if self._ours is not None and getattr(self._owner, self._name) is self._ours:
            if self._inherited:
                delattr(self._owner, self._name)
            else:
                setattr(self._owner, self._name, self._original)
            self._original = self._ours = None

    def leads_past(self, below: Place) -> bool:
        """Whether the class has a method of its own that calls the one below as it was before us: a wrapper
        that was put into a subclass and has taken the method that it inherits.
        """
        method = vars(self._owner).get(self._name)
        return method is not None and _is_behind(below._original, method)


def _is_behind(ours: Method, method: Any) -> bool:
    """Whether a method is our wrapper, or a wrapper of it: a patch that is undone takes ours with it."""
    while method is not None:
        if method is ours:
            return True
        method = getattr(method, "__wrapped__", None)
    return False


def _nothing(_: Any) -> None:
    return None


def _sync(request: Method, hook: Hook) -> Method:
    @functools.wraps(request)
    def traced(self: Any, cast_to: Any, options: Any, *, stream: bool = False, stream_cls: Any = None) -> Any:
        telemetry = hook.current(self)
        if telemetry is None:
            return request(self, cast_to, options, stream=stream, stream_cls=stream_cls)
        call = None
        try:
            call = telemetry.start(self, options, stream, stream_cls)
            result = request(self, cast_to, options, stream=stream, stream_cls=stream_cls)
            if call is not None:
                telemetry.finish(call, options, result)
        except BaseException as error:  # of the request; or an interrupt, wherever it comes
            if call is not None:
                telemetry.abort(call, options, error)
            raise
        return result

    return traced


def _async(request: Method, hook: Hook) -> Method:
    @functools.wraps(request)
    async def traced(
        self: Any, cast_to: Any, options: Any, *, stream: bool = False, stream_cls: Any = None
    ) -> Any:
        telemetry = hook.current(self)
        if telemetry is None:
            return await request(self, cast_to, options, stream=stream, stream_cls=stream_cls)
        call = None
        try:
            call = telemetry.start(self, options, stream, stream_cls)
            result = await request(self, cast_to, options, stream=stream, stream_cls=stream_cls)
            if call is not None:
                telemetry.finish(call, options, result)
        except BaseException as error:
            if call is not None:
                telemetry.abort(call, options, error)
            raise
        return result

    return traced


def _sync_with_retries(request: Method, hook: Hook) -> Method:
    """For openai before 1.76, whose `request()` has one parameter more, which the SDK itself never passes."""
    usual = _sync(request, hook)

    @functools.wraps(request)
    def traced(
        self: Any,
        cast_to: Any,
        options: Any,
        remaining_retries: int | None = None,
        *,
        stream: bool = False,
        stream_cls: Any = None,
    ) -> Any:
        if remaining_retries is None:
            return usual(self, cast_to, options, stream=stream, stream_cls=stream_cls)
        given = _sync(functools.partial(request, remaining_retries=remaining_retries), hook)
        return given(self, cast_to, options, stream=stream, stream_cls=stream_cls)

    return traced


def _async_with_retries(request: Method, hook: Hook) -> Method:
    """The same for the async client."""
    usual = _async(request, hook)

    @functools.wraps(request)
    async def traced(
        self: Any,
        cast_to: Any,
        options: Any,
        *,
        stream: bool = False,
        stream_cls: Any = None,
        remaining_retries: int | None = None,
    ) -> Any:
        if remaining_retries is None:
            return await usual(self, cast_to, options, stream=stream, stream_cls=stream_cls)
        given = _async(functools.partial(request, remaining_retries=remaining_retries), hook)
        return await given(self, cast_to, options, stream=stream, stream_cls=stream_cls)

    return traced


def _counting(retry: Method, _: Hook) -> Method:
    @functools.wraps(retry)
    def counted(self: Any, remaining_retries: int, options: Any, response_headers: Any = None) -> Any:
        delay = retry(self, remaining_retries, options, response_headers)
        call = call_of(options)
        if call is not None:
            call.retry(delay)
        return delay

    return counted


def _showing(process: Method, _: Hook) -> Method:
    """Shows the call its response. Sync and async alike: the coroutine is the SDK's own."""

    @functools.wraps(process)
    def shown(self: Any, *, options: Any, response: Any, **more: Any) -> Any:
        call = call_of(options)
        if call is not None:
            call.headers = getattr(response, "headers", None)
        return process(self, options=options, response=response, **more)

    return shown
