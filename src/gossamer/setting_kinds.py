"""What a setting may be: each kind reads a value, from the environment or as it was given, or refuses it."""

from __future__ import annotations

from importlib import import_module
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from gossamer.scope import CaptureMode, mode_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class RefusedError(ValueError):
    """A value that is none, and why: without quoting it, for it may be a secret at the wrong place."""


class Choice:
    """One of some words, in whatever case."""

    def __init__(self, accepts: Mapping[str, Any]) -> None:
        self.accepts = accepts
        self.shown = f"one of {', '.join(accepts)}"

    def read(self, value: Any) -> Any:
        """The setting; ValueError when it is none of the words."""
        try:
            return self.accepts[str(value).strip().lower()]
        except KeyError:
            raise ValueError from None


class Mode:
    """A capture mode."""

    shown = f"one of {', '.join(CaptureMode.__members__)}"

    def read(self, value: Any) -> CaptureMode:
        """The mode; ValueError when there is none of that name."""
        return mode_of(value)


class Size:
    """A number of bytes."""

    def __init__(self, least: int) -> None:
        self._least = least
        self.shown = f"a whole number of bytes, {least} or more"

    def read(self, value: Any) -> int:
        """The number; ValueError when it is none, or too small to hold anything."""
        if isinstance(value, (bool, float)) or int(value) < self._least:
            raise ValueError
        return int(value)


class Names:
    """Names with commas between them; as an argument a list of names, too."""

    shown = "names with commas between them"

    def read(self, value: Any) -> tuple[str, ...]:
        """The names; ValueError when they are none."""
        given = value.split(",") if isinstance(value, str) else list(value)
        if not all(isinstance(name, str) for name in given):
            raise ValueError
        return tuple(dict.fromkeys(name.strip() for name in given if name.strip()))


class Hosts:
    """Hosts and who answers there; as an argument a dict, too."""

    shown = "host=provider, with commas between them"

    def read(self, value: Any) -> tuple[tuple[str, str], ...]:
        """(host, provider) each; ValueError when there is another thing among them, or two for one host."""
        if isinstance(value, str):
            pairs = [entry.split("=") for entry in value.split(",") if entry.strip()]
        else:
            pairs = [list(entry) for entry in dict(value).items()]
        found: dict[str, str] = {}
        for pair in pairs:
            if len(pair) != 2 or not all(isinstance(word, str) and word.strip() for word in pair):
                raise ValueError
            host, provider = _host_of(pair[0].strip()), pair[1].strip()
            if found.setdefault(host, provider) != provider:
                raise RefusedError("one host has two providers")
        return tuple(found.items())


def _host_of(text: str) -> str:
    """A host, with its port and path if they are there. It may be written as a URL, or with `*.` for all that
    end in it. ValueError when it is none, or one that no URL of a client's can be at.
    """
    parts = urlsplit(text if "://" in text else f"//{text}")
    host = (parts.hostname or "").removeprefix("*").strip(".")
    if "*" in host:
        raise RefusedError("a * can only stand for the beginning of a host")
    if not host:
        raise ValueError
    if not host.isascii():
        host = host.encode("idna").decode()  # as HTTP clients write it
    port = "" if parts.port is None else f":{parts.port}"
    return f"{f'[{host}]' if ':' in host and port else host}{port}{parts.path.rstrip('/')}"


class Function:
    """Something to call, by itself or as `package.module:name`."""

    shown = "something to call, or package.module:name of it"

    def read(self, value: Any) -> Callable[..., Any]:
        """The function; ValueError when it cannot be found or called."""
        if isinstance(value, str):
            module, _, name = value.partition(":")
            if not name:
                raise RefusedError("it names no function")
            try:
                value = import_module(module)
                for step in name.split("."):
                    value = getattr(value, step)
            except Exception as error:
                raise RefusedError(_told(error, module)) from error
        if not callable(value):
            raise ValueError
        if iscoroutinefunction(value):
            raise RefusedError("it is async, and nobody would await it")
        return value  # type: ignore[no-any-return]


def _told(error: Exception, module: str) -> str:
    """What went wrong, without quoting what was given: the class, and which other module is missing."""
    missing = error.name if isinstance(error, ImportError) else None
    its_own = missing is None or f"{module}.".startswith(f"{missing}.")
    return type(error).__name__ if its_own else f"{type(error).__name__}: {missing}"


class Hook:
    """A completion hook: an object with `on_completion()`, or the name of an entry point."""

    shown = "the name of an entry point, or an object with on_completion()"

    def read(self, value: Any) -> Any:
        """The name or the object; ValueError when it is neither."""
        if not isinstance(value, str) and not callable(getattr(value, "on_completion", None)):
            raise ValueError
        return value


#: On or off.
SWITCH: Final = Choice(
    {"true": True, "1": True, "on": True, "yes": True, "false": False, "0": False, "off": False, "no": False}
)
