"""Conversations that are longer than the limits: all of them is told but what is marked as cut."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gossamer.settings import Settings
from gossamer.testing import capture

from .recorded import CONTENT, INPUT, one_of_each

DEFAULT = Settings()
LIMITS: dict[str, dict[str, int]] = {
    "by default": {},
    "one part": {"content_part_limit": 256},
    "one call": {"content_limit": 1024},
    "both": {"content_limit": 2048, "content_part_limit": 1024},
}
#: Bytes: from here on a recording is worth a look with the default limits.
LARGE = 8192


def size(value: Any) -> int:
    """Bytes of its JSON."""
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


def of_span(attributes: Any) -> dict[str, Any]:
    """The content on a span, read from its JSON."""
    return {name: json.loads(attributes[name]) for name in CONTENT if name in attributes}


@pytest.mark.parametrize("limits", LIMITS)
def test_only_what_is_marked_is_cut(content, replay_check, limits):
    settings = LIMITS[limits]
    limit = settings.get("content_limit", DEFAULT.content_limit)
    part_limit = settings.get("content_part_limit", DEFAULT.content_part_limit)
    runs = [run for run in content.of_text if run.kind == "sync"]
    large = [run for run in runs if sum(map(size, of_span(run.spans[0].attributes).values())) > LARGE]
    cut = 0
    with capture(capture="SPAN_AND_EVENT", **settings) as telemetry:
        for run in [*large, *one_of_each(runs)]:
            telemetry.clear()
            replay_check.replay(run.exchange)
            attributes = telemetry.spans[0]["attributes"]
            whole, kept = of_span(run.spans[0].attributes), of_span(attributes)
            marked = attributes.get("gossamer.content.truncated", ())
            for name in CONTENT:
                if name in marked:
                    assert kept.get(name) != whole[name], str(run)
                    assert is_cut(kept.get(name, []), whole[name], newest=name == INPUT), str(run)
                    cut += 1
                else:
                    assert kept.get(name) == whole.get(name), str(run)
            assert sum(map(size, kept.values())) <= limit
            assert all(size(part) <= part_limit for entries in kept.values() for part in parts(entries))
    assert cut > 5 or limits == "by default"
    assert cut


def parts(entries: list[Any]) -> list[Any]:
    """The parts of messages, or entries that are parts themselves."""
    return [part for entry in entries for part in entry.get("parts", [entry])]


def is_cut(kept: list[Any], whole: list[Any], *, newest: bool = False) -> bool:
    """Whether the entries that are kept are the first, or the last, each whole or cut itself."""
    if len(kept) > len(whole):
        return False
    beside = whole[len(whole) - len(kept) :] if newest else whole
    return all(
        is_cut_message(entry, of) if "parts" in entry else is_cut_part(entry, of)
        for entry, of in zip(kept, beside, strict=False)
    )


def is_cut_message(kept: dict[str, Any], whole: dict[str, Any]) -> bool:
    """Whether a message is another, or the beginning of it."""
    return (kept["role"], kept.get("name")) == (whole["role"], whole.get("name")) and is_cut(
        kept["parts"], whole["parts"]
    )


def is_cut_part(kept: dict[str, Any], whole: dict[str, Any]) -> bool:
    """Whether a part is another; or says less, and says so."""
    if kept == whole:
        return True
    if (kept["type"], whole["type"]) == ("file", "blob"):  # of streamed audio that was too long: its id
        return bool(kept["file_id"] == whole.get("id"))
    return "truncated" in kept and all(
        is_less(value, whole[key]) for key, value in kept.items() if key != "truncated"
    )


def is_less(kept: Any, whole: Any) -> bool:
    """Whether a value is another, or the beginning of it, or at most its type."""
    if kept == whole or kept is None or kept == {"type": isinstance(whole, dict) and whole.get("type")}:
        return True
    if isinstance(kept, list) and isinstance(whole, list):
        return is_cut(kept, whole)
    text = whole if isinstance(whole, str) else json.dumps(whole, ensure_ascii=False, separators=(",", ":"))
    return isinstance(kept, str) and text.startswith(kept)
