"""What is not as it must be after an exception, and the places where that is no fault."""

from __future__ import annotations

from typing import Any

from .injection import Place

TOLD_OTHERWISE = "the app is told otherwise"
NOT_CLOSED = "a response is not closed"
LOGGED_OTHERWISE = "the log says something else"

#: The boundary itself: functions between the app and the SDK that only look at names of ours, pass on, and
#: call what handles its own failures. Nothing fails in them; what is made to fail there, the app sees.
BOUNDARY = frozenset(
    {
        "body.py:__aiter__",
        "body.py:__iter__",
        "body.py:_watched",
        "body.py:aclose",
        "body.py:close",
        "call.py:__del__",
        "call.py:call_of",
        "call.py:fail",
        "call.py:hidden_call",
        "hook.py:built",
        "hook.py:counted",
        "hook.py:shown",
        "hook.py:traced",
        "binding.py:current",
        "raw.py:__call__",
        "stream.py:_atap",
        "stream.py:_atimed",
        "stream.py:_tap",
        "stream.py:_timed",
        "stream_usage.py:_is_ours",  # a chunk that it cannot read, the app sees
        "stream_usage.py:ahidden",
        "stream_usage.py:hidden",
        "telemetry.py:abort",
        "websocket/generations.py:__del__",
        "websocket/lifetime.py:closed",
        "websocket/lifetime.py:entered",
        "websocket/lifetime.py:left",
        "websocket/receiving.py:parsed",
        "websocket/receiving.py:received",
        "websocket/sending.py:sent",
    }
)

#: Lines on which nothing helps, whatever is raised there.
UNDEFENDED = frozenset(
    {
        # What a `finally` does first. Nothing fails there, and Python looks for no signal between the end of
        # the `try` and this call.
        ("backlog.py:_record", "if held:"),
        ("backlog.py:_record", "self._recording.release()"),
        ("completion/hook.py:call", "in_hook.set(within)"),
        ("content/redaction.py:redacted", "in_hook.set(within)"),
        ("outputs.py:__call__", "in_hook.set(within)"),
        # An interrupt when another exception has just been caught, before the first thing is done about it.
        (
            "hook.py:traced",
            "except BaseException as error:  # of the request; or an interrupt, wherever it comes",
        ),
        ("hook.py:traced", "if call is not None:"),
        ("hook.py:traced", "telemetry.abort(call, options, error)"),
    }
)


def excuse(place: Place, error: type[BaseException], complaint: str) -> Any:
    """The entry above by which a complaint is none; None where there is not any."""
    function = place.line.function
    if (function, place.line.text) in UNDEFENDED:
        return function, place.line.text
    told = complaint in (TOLD_OTHERWISE, NOT_CLOSED, LOGGED_OTHERWISE)
    return function if told and issubclass(error, Exception) and function in BOUNDARY else None
