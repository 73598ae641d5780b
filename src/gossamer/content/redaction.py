"""The app's say in what is recorded: its hook sees each part, and may change it or drop it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.content.plain import sane_value
from gossamer.errors import warn_once
from gossamer.scope import in_hook

if TYPE_CHECKING:
    from collections.abc import Callable

    from gossamer.messages.message import Part


class RedactionError(Exception):
    """The hook failed: nothing of this call may be recorded, because nobody knows what it would have cut."""


def redacted(redact: Callable[[Part], Part | None], part: Part) -> Part | None:
    """What the hook makes of a part, None when it drops it.

    Raises:
        RedactionError: it raised, or gave back something else. It is told, once for each kind of failure.
    """
    shown = sane_value(part)
    within = in_hook.get()
    try:
        in_hook.set(True)
        made = redact(shown)
    except Exception as error:  # noqa: BLE001 - the app's code, of which anything may come
        raise _failure(f"raised {type(error).__name__}") from None
    finally:
        in_hook.set(within)
    if made is None:
        return None
    is_dict = issubclass(type(made), dict)  # not by isinstance(), to which an object may lie
    if not is_dict or not isinstance(dict.get(made, "type"), str):
        what = "a dict without a type" if is_dict else f"a {type(made).__name__}"
        raise _failure(f"returned {what}")
    return made


def _failure(what: str) -> RedactionError:
    warn_once(
        "The hook that was given as instrument(redact=…) %s, so no content of this call is recorded. "
        "It must return the part, another dict with a type, or None. This is logged once.",
        what,
    )
    return RedactionError()
