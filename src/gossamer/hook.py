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

from gossamer.call import count_retry

if TYPE_CHECKING:
    from gossamer.sdk import SDK
    from gossamer.telemetry import Telemetry

#: Gives the telemetry that is on now, or None.
Current = Callable[[], "Telemetry | None"]
Method = Callable[..., Any]


class Hook:
    """The wrappers on the SDK's classes."""

    def __init__(self, sdk: SDK, current: Current) -> None:
        request, arequest = sdk.sync_client.request, sdk.async_client.request
        if sdk.request_takes_retries:
            wrapped, awrapped = _sync_with_retries(request, current), _async_with_retries(arequest, current)
        else:
            wrapped, awrapped = _sync(request, current), _async(arequest, current)
        retry = sdk.base_client._calculate_retry_timeout  # noqa: SLF001
        self._places: tuple[tuple[type[Any], str, Method, Method], ...] = (
            (sdk.sync_client, "request", request, wrapped),
            (sdk.async_client, "request", arequest, awrapped),
            (sdk.base_client, "_calculate_retry_timeout", retry, _counting(retry)),
        )

    def install(self) -> None:
        """Put the wrappers in place."""
        for owner, name, _, ours in self._places:
            setattr(owner, name, ours)

    def remove(self) -> bool:
        """Put the SDK's methods back. False where somebody has wrapped ours, which then stay and pass on."""
        ours_on_top = [getattr(owner, name) is ours for owner, name, _, ours in self._places]
        if not all(ours_on_top):
            return False
        for owner, name, original, _ in self._places:
            setattr(owner, name, original)
        return True


def _sync(request: Method, current: Current) -> Method:
    @functools.wraps(request)
    def traced(self: Any, cast_to: Any, options: Any, *, stream: bool = False, stream_cls: Any = None) -> Any:
        telemetry = current()
        call = telemetry.start(self, options, stream) if telemetry is not None else None
        if telemetry is None or call is None:
            return request(self, cast_to, options, stream=stream, stream_cls=stream_cls)
        try:
            result = request(self, cast_to, options, stream=stream, stream_cls=stream_cls)
        except BaseException as error:
            telemetry.abort(call, options, error)
            raise
        telemetry.finish(call, options, result)
        return result

    return traced


def _async(request: Method, current: Current) -> Method:
    @functools.wraps(request)
    async def traced(
        self: Any, cast_to: Any, options: Any, *, stream: bool = False, stream_cls: Any = None
    ) -> Any:
        telemetry = current()
        call = telemetry.start(self, options, stream) if telemetry is not None else None
        if telemetry is None or call is None:
            return await request(self, cast_to, options, stream=stream, stream_cls=stream_cls)
        try:
            result = await request(self, cast_to, options, stream=stream, stream_cls=stream_cls)
        except BaseException as error:
            telemetry.abort(call, options, error)
            raise
        telemetry.finish(call, options, result)
        return result

    return traced


def _sync_with_retries(request: Method, current: Current) -> Method:
    """For openai before 1.76, whose `request()` has one parameter more, which the SDK itself never passes."""
    usual = _sync(request, current)

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
        given = _sync(functools.partial(request, remaining_retries=remaining_retries), current)
        return given(self, cast_to, options, stream=stream, stream_cls=stream_cls)

    return traced


def _async_with_retries(request: Method, current: Current) -> Method:
    """The same for the async client."""
    usual = _async(request, current)

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
        given = _async(functools.partial(request, remaining_retries=remaining_retries), current)
        return await given(self, cast_to, options, stream=stream, stream_cls=stream_cls)

    return traced


def _counting(retry: Method) -> Method:
    @functools.wraps(retry)
    def counted(self: Any, remaining_retries: int, options: Any, response_headers: Any = None) -> Any:
        count_retry()
        return retry(self, remaining_retries, options, response_headers)

    return counted
