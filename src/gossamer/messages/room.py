"""What may still be kept of one stream: the answer may be longer than what is recorded of it."""

from __future__ import annotations


class Room:
    """Room for so many characters, and so many things that have some. Of texts, a prefix is kept."""

    __slots__ = ("_nodes", "cut", "left")

    def __init__(self, characters: int, nodes: int) -> None:
        self.left = max(characters, 0)
        self.cut = False
        """There was more than there is room for."""
        self._nodes = nodes

    def node(self) -> bool:
        """Room for one thing more, whatever its size, which no number of characters tells."""
        if self._nodes <= 0:
            self.cut = True
            return False
        self._nodes -= 1
        return True

    def text(self, piece: str) -> str:
        """What fits of a piece of text; nothing after one that did not fit."""
        left = self.left - len(piece)
        if left < 0:
            self.cut = True
            piece, left = piece[: self.left], 0
        self.left = left
        return piece
