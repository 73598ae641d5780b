"""Which methods of a connection class are wrapped, and whether they are as they are known here.

They stood so in every release from 1.58.0 to 3.54.0. A class that is built otherwise is left alone.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, NamedTuple

from gossamer.errors import warn_once
from gossamer.place import Place
from gossamer.websocket import lifetime, receiving, sending

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from gossamer.place import Layer, Method
    from gossamer.sdk import Connections


class _Wrapped(NamedTuple):
    """A method, its parameters, and what makes the wrapper, which has the same."""

    name: str
    parameters: str
    make: Callable[[Method, Layer], Method]


_SEND = _Wrapped("send", "self event", sending.send)
_ASEND = _Wrapped("send", "self event", sending.asend)
_SEND_RAW = _Wrapped("send_raw", "self data", sending.send_raw)
_ASEND_RAW = _Wrapped("send_raw", "self data", sending.asend_raw)

_CONNECTION = (
    _SEND,
    _Wrapped("recv_bytes", "self", receiving.receive),
    _Wrapped("parse_event", "self data", receiving.parse),
    _Wrapped("close", "self code reason", lifetime.close),
)
_ASYNC_CONNECTION = (
    _ASEND,
    _Wrapped("recv_bytes", "self", receiving.areceive),
    _Wrapped("parse_event", "self data", receiving.parse),
    _Wrapped("close", "self code reason", lifetime.aclose),
)
_MANAGER = (
    _Wrapped("__enter__", "self", lifetime.enter),
    _Wrapped("enter", "self", lifetime.enter),  # the same function by another name
    _Wrapped("__exit__", "self exc_type exc exc_tb", lifetime.leave),
)
_ASYNC_MANAGER = (
    _Wrapped("__aenter__", "self", lifetime.aenter),
    _Wrapped("enter", "self", lifetime.aenter),
    _Wrapped("__aexit__", "self exc_type exc exc_tb", lifetime.aleave),
)
_LANE = (_Wrapped("send", "self event", sending.send_on_lane),)
_ASYNC_LANE = (_Wrapped("send", "self event", sending.asend_on_lane),)


def places(module: ModuleType, known: Connections) -> list[Place]:
    """The methods of a module that are to be wrapped: none of a class that this release does not have."""
    name = known.name
    if known.protocol == "lanes":
        lane, async_lane = (getattr(module, f"{prefix}{name}Lane", None) for prefix in ("", "Async"))
        return _places((lane, _LANE)) + _places((async_lane, _ASYNC_LANE))
    found = []
    for prefix, of_connection, of_manager, raw in (
        ("", _CONNECTION, _MANAGER, _SEND_RAW),
        ("Async", _ASYNC_CONNECTION, _ASYNC_MANAGER, _ASEND_RAW),
    ):
        connection = getattr(module, f"{prefix}{name}Connection", None)
        manager = getattr(module, f"{prefix}{name}ConnectionManager", None)
        if_there = (raw,) if hasattr(connection, "send_raw") else ()  # since 2.22
        found += _places((connection, (*of_connection, *if_there)), (manager, of_manager))
    return found


def _places(*wanted: tuple[Any, tuple[_Wrapped, ...]]) -> list[Place]:
    """All of them or none: half of a connection would tell nonsense."""
    found = []
    for owner, methods in wanted:
        if owner is None:
            return []
        for name, parameters, make in methods:
            there = _parameters(getattr(owner, name, None))
            if there != parameters:
                warn_once(
                    "%s.%s is not built as Gossamer knows it (%s); what goes over it is not traced.",
                    owner.__module__,
                    owner.__qualname__,
                    f"{name}({', '.join(there.split())})" if there is not None else f"there is no {name}()",
                )
                return []
            found.append(Place(owner, name, make))
    return found


def _parameters(method: Any) -> str | None:
    """Names of the parameters. From the code: `inspect.signature` takes thirty times as long."""
    code = getattr(inspect.unwrap(method), "__code__", None) if callable(method) else None
    if code is None:
        return None
    return " ".join(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount])
