"""The profile finds a planted fault."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gossamer.cli.bench import (
    calls,
    old_fault,
    profile_table,
    profiler,
)
from gossamer.cli.bench.installation import Installed


def profiled(uninstrumented: Installed, *, asynchronous: bool) -> list[dict[str, Any]]:
    road = profiler.road_of(uninstrumented)

    def ask(client: Any) -> int:
        old_fault.is_new_sdk()
        stream = client.chat.completions.create(**calls.CHAT_STREAM_REQUEST)
        return sum(1 for _ in old_fault._questioned(stream))

    async def ask_async(client: Any) -> int:
        old_fault.is_new_sdk()
        stream = await client.chat.completions.create(**calls.CHAT_STREAM_REQUEST)
        return len([chunk async for chunk in old_fault._questioned_async(stream)])

    faulty = Installed(
        "old-fault",
        {"chat_stream": ask},
        {"chat_stream": ask_async},
        None,
        (str(old_fault.__file__),),
    )
    functions = profiler.profile(faulty, road, asynchronous=asynchronous)["functions"]
    return sorted(functions, key=profile_table.cost, reverse=True)


@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
def test_the_profile_shows_the_old_fault_at_the_top(
    asynchronous: bool, monkeypatch: pytest.MonkeyPatch, uninstrumented: Installed, shown: Callable[..., str]
) -> None:
    monkeypatch.setattr(profiler, "CALLS", 3)
    functions = profiled(uninstrumented, asynchronous=asynchronous)
    fault = functions[0]
    assert fault["function"] == "is_new_sdk"
    assert fault["entries_per_call"] == pytest.approx(1)
    assert fault["entries_per_chunk"] == pytest.approx(1)
    assert fault["mostly"] == "metadata.version"
    table = shown(profile_table.profile_table("old-fault", functions, asynchronous=asynchronous))
    first_row = next(line for line in table.splitlines() if "█" in line)
    assert "is_new_sdk" in first_row
    assert "metadata.version" in first_row


def test_the_road_of_the_call_is_not_charged(uninstrumented: Installed) -> None:
    assert any(code.co_name == "request" for code in profiler.road_of(uninstrumented))
