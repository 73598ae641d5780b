"""What was sent and waits for the response that it is for, where content is captured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from gossamer.content.capture import Capture

#: Items that wait, and characters of all of them together: the newest.
_MOST: Final = 128
_MOST_CHARACTERS: Final = 8 * 1024 * 1024


class Items:
    """Copies, for the app may use its own again."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Any, int]] = []

    def add(self, item: Any, capture: Capture) -> None:
        """Keep one, unless it is larger than all may be."""
        copied = capture.copied(item, _MOST_CHARACTERS)
        if copied is None:
            return
        waiting = self._waiting
        waiting.append(copied)
        while len(waiting) > _MOST or sum(size for _, size in waiting) > _MOST_CHARACTERS:
            del waiting[0]

    def take(self) -> list[Any]:
        """All of them: they wait no longer."""
        waiting, self._waiting = self._waiting, []
        return [item for item, _ in waiting]
