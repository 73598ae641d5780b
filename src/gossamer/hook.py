"""The patch: one pair of methods through which every HTTP call of the SDK goes, and the retry counter.

`request()` is entered once for each logical call, retries included, by every method of every client:
plain, raw, streamed, helper streams, Azure, subclasses, `with_options()` copies, the module-level client and
`client.post()`.

A wrapper spells its parameters out: `*args, **kwargs` would cost seven times as much.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import FunctionType
from typing import TYPE_CHECKING, Any, Final

from gossamer.call import call_of, hidden_call
from gossamer.errors import warn_once
from gossamer.place import Layers, Place

if TYPE_CHECKING:
    from gossamer.place import Layer, Method
    from gossamer.sdk import SDK
    from gossamer.telemetry import Telemetry

#: Gives the telemetry that is on now for a client, or None.
Current = Callable[[Any], "Telemetry | None"]

#: Called once before each retry, sync and async, with the request's options. It tells how long to wait.
_RETRY: Final = "_calculate_retry_timeout"


class Hook:
    """The wrappers on the SDK's classes. One for the process: what is on changes, the wrappers need not."""

    def __init__(self, sdk: SDK) -> None:
        self._layers = Layers(_nothing)
        with_retries = sdk.request_takes_retries
        makers = (_sync_with_retries, _async_with_retries) if with_retries else (_sync, _async)
        self._requests = [
            Place(owner, "request", make)
            for owner, make in zip((sdk.sync_client, sdk.async_client), makers, strict=True)
        ]
        self._places = [*self._requests, Place(sdk.base_client, _RETRY, _counting)]
        self._current: Current | None = None
        self._base_client = sdk.base_client
        #: The same where an app's own class has it.
        self._waiting: dict[type[Any], Place | None] = {}
        #: Where somebody may have put a wrapper before us that leads past ours.
        self._overrides = [
            Place(owner, "request", make) for owner, make in zip(sdk.clients, makers, strict=True)
        ]
        #: Where a response is seen whose headers the SDK does not hand on.
        self._responses = [
            *_if_there(sdk.sync_client, "_process_response", _showing),
            *_if_there(sdk.async_client, "_process_response", _showing),
        ]
        #: Where the headers of each attempt are made.
        self._headers = _if_there(sdk.base_client, "_build_headers", _propagating)

    def install(self, current: Current, *, responses: bool = False, headers: bool = False) -> None:
        """Put the wrappers in place and switch them on.

        Args:
            current: gives the telemetry that is on.
            responses: whether the headers of responses are wanted.
            headers: whether those of requests are to be added to.
        """
        self._current = current
        wanted = (*(self._responses if responses else ()), *(self._headers if headers else ()))
        if (responses and not self._responses) or (headers and not self._headers):
            warn_once("This release of the SDK is not built as Gossamer knows it; headers are left alone.")
        for place in (*self._places, *wanted):
            self._layers.switch_on(place, current)
        for place, below in zip(self._overrides, self._requests, strict=True):
            if place.leads_past(below):
                self._layers.switch_on(place, current)

    def meet(self, kind: type[Any]) -> None:
        """Clients of another class call: perhaps of the app, which says itself how long a retry waits.

        To be called while nobody else switches, unless `has_met()`.
        """
        owner = _waiting_class(kind)
        if self._current is None or self.has_met(kind):
            return
        self._waiting[owner] = None
        if type(vars(owner)[_RETRY]) is FunctionType:
            place = self._waiting[owner] = Place(owner, _RETRY, _counting)
            self._layers.switch_on(place, self._current)

    def has_met(self, kind: type[Any]) -> bool:
        """Whether there is nothing to be done for this class."""
        owner = _waiting_class(kind)
        return owner is self._base_client or owner in self._waiting

    def remove(self) -> None:
        """Switch the wrappers off and put the SDK's methods back."""
        self._current = None
        self._layers.switch_off()
        apps_own = [place for place in self._waiting.values() if place is not None]
        self._waiting.clear()
        for place in (*self._overrides, *self._places, *apps_own, *self._responses, *self._headers):
            place.unwrap()
        for place in apps_own:
            self._layers.forget(place)


def _waiting_class(kind: type[Any]) -> type[Any]:
    """The class that says how long a retry of these clients waits."""
    return next(owner for owner in kind.__mro__ if _RETRY in vars(owner))


def _if_there(owner: type[Any], name: str, make: Callable[[Method, Layer], Method]) -> list[Place]:
    """A place that few want: without it, all else goes on."""
    return [Place(owner, name, make)] if callable(getattr(owner, name, None)) else []


def _nothing(_: Any) -> None:
    return None


def _sync(request: Method, layer: Layer) -> Method:
    @functools.wraps(request)
    def traced(self: Any, cast_to: Any, options: Any, *, stream: bool = False, stream_cls: Any = None) -> Any:
        telemetry = layer.current(self)
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


def _async(request: Method, layer: Layer) -> Method:
    @functools.wraps(request)
    async def traced(
        self: Any, cast_to: Any, options: Any, *, stream: bool = False, stream_cls: Any = None
    ) -> Any:
        telemetry = layer.current(self)
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


def _sync_with_retries(request: Method, layer: Layer) -> Method:
    """For openai before 1.76, whose `request()` has one parameter more, which the SDK itself never passes."""
    usual = _sync(request, layer)

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
        given = _sync(functools.partial(request, remaining_retries=remaining_retries), layer)
        return given(self, cast_to, options, stream=stream, stream_cls=stream_cls)

    return traced


def _async_with_retries(request: Method, layer: Layer) -> Method:
    """The same for the async client."""
    usual = _async(request, layer)

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
        given = _async(functools.partial(request, remaining_retries=remaining_retries), layer)
        return await given(self, cast_to, options, stream=stream, stream_cls=stream_cls)

    return traced


def _counting(retry: Method, _: Layer) -> Method:
    """An app that overrides the method may take what it wants; the SDK gives the options as the second."""

    @functools.wraps(retry)
    def counted(self: Any, *args: Any, **more: Any) -> Any:
        options = args[1] if len(args) > 1 else more.get("options")
        # An override may ask the SDK's own method: what it makes of that is the delay.
        with hidden_call(options) as call:
            delay = retry(self, *args, **more)
        if call is not None:
            call.retry(delay)
        return delay

    return counted


def _showing(process: Method, _: Layer) -> Method:
    """Shows the call its response. Sync and async alike: the coroutine is the SDK's own."""

    @functools.wraps(process)
    def shown(self: Any, *args: Any, **more: Any) -> Any:
        call = call_of(more.get("options"))
        if call is not None:
            call.headers = getattr(more.get("response"), "headers", None)
        return process(self, *args, **more)

    return shown


def _propagating(build: Method, _: Layer) -> Method:
    """Sends the context of the call along. Each attempt has headers of its own, of one context."""

    @functools.wraps(build)
    def built(self: Any, options: Any, **more: Any) -> Any:
        headers = build(self, options, **more)
        call = call_of(options)
        if call is not None:
            call.send_along(self, options, headers)
        return headers

    return built
