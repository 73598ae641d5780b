"""The two taps are one text: what tests/lifecycle shows of one holds for the other."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any

from gossamer import stream


def body(function: Callable[..., Any]) -> str:
    """The statements of a function, without comments and without what only `await` forces."""
    text = "".join(inspect.getsourcelines(function)[0][1:])
    text = re.sub(r"[ \t]*#.*", "", text)
    text = re.sub(r"\n *await _close\(source\)", "", text)
    return re.sub(r"\n\s*\n", "\n", text.replace("async for", "for")).strip()


def test_the_taps_differ_by_async_alone() -> None:
    assert body(stream._atap) == body(stream._tap)
    assert "except GeneratorExit" in body(stream._tap)
