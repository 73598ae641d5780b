"""What must not grow: memory, objects, descriptors, connections, threads; and how that is judged.

The bounds are generous, as a leak is not subtle: what each call leaves behind is there a thousand times after
a thousand calls. Allocators, caches of other packages and a busy machine make noise far below that.
"""

from __future__ import annotations

import gc
import os
import statistics
import threading
import tracemalloc
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import gossamer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import ModuleType

    from gossamer.cli.soak.apps import App

resource: ModuleType | None
try:
    import resource
except ImportError:  # Windows
    resource = None

#: Allocations that a call may leave behind: made by lines of Gossamer, and made by any line. A leak leaves
#: one or more.
MAX_OWN_PER_CALL: Final = 0.1
MAX_ALL_PER_CALL: Final = 0.25
#: What a whole block may leave beside that: a cache that fills, an exception that is still held.
OWN_ANYWAY: Final = 20
ALL_ANYWAY: Final = 500
#: Objects known to the collector that a call may leave behind, from one third of the soak to the next.
MAX_OBJECTS_PER_CALL: Final = 0.1
#: What the process may hold more in the last third than in the middle one: heaps are fragmented, and pages
#: of a collection that came late are given back late.
MAX_RSS_GROWTH: Final = 0.05
MAX_RSS_BYTES: Final = 16 * 1024 * 1024
#: Samples that are kept; of a longer soak every second one, every fourth, and so on.
_MOST: Final = 600

_OURS: Final = str(Path(gossamer.__file__).parent) + os.sep
_CLI: Final = str(Path(gossamer.__file__).parent / "cli") + os.sep


@dataclass(frozen=True)
class Sample:
    """The process between two blocks."""

    calls: int
    rss: int
    objects: int
    descriptors: int
    threads: int
    connections: int
    """In use, though no call is."""

    @classmethod
    def take(cls, calls: int, apps: Sequence[App]) -> Sample:
        """Now, after so many calls of the soak."""
        return cls(
            calls,
            rss_bytes(),
            len(gc.get_objects()),
            descriptors(),
            threads(),
            sum(connections_in_use(app.client) for app in apps),
        )


def rss_bytes() -> int:
    """What the process holds; where the system does not tell, the most that it held; else 0."""
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    except OSError:
        return 0 if resource is None else int(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) * 1024
    return pages * int(os.sysconf("SC_PAGE_SIZE"))


def descriptors() -> int:
    """Open files and sockets; 0 where the system does not tell."""
    for folder in ("/proc/self/fd", "/dev/fd"):
        if Path(folder).is_dir():
            return len(os.listdir(folder)) - 1  # the folder itself is open meanwhile
    return 0


def threads() -> int:
    """Threads, without those that the event loop and the async SDK start, and end when they like."""
    return sum(not thread.name.startswith(("AnyIO", "asyncio")) for thread in threading.enumerate())


def connections_in_use(client: Any) -> int:
    """Connections of the SDK's client that wait for nobody knows what; 0 where they are not known."""
    pool = getattr(getattr(client._client, "_transport", None), "_pool", None)  # noqa: SLF001
    return sum(not (one.is_idle() or one.is_closed()) for one in getattr(pool, "connections", ()))


@dataclass(frozen=True)
class Growth:
    """What the calls of one block left allocated."""

    calls: int
    own: int
    """Allocations by lines of Gossamer; those of this command are not counted."""
    own_bytes: int
    all: int
    all_bytes: int

    @classmethod
    def of(cls, block: Callable[[], int]) -> Growth:
        """Run a block twice, which gives the number of its calls: what it allocates once is left out."""
        tracemalloc.start(1)
        try:
            block()
            before = tracemalloc.take_snapshot()
            calls = block()
            after = tracemalloc.take_snapshot()
        finally:
            tracemalloc.stop()
        own = own_bytes = total = total_bytes = 0
        for difference in after.compare_to(before, "filename"):
            name = difference.traceback[0].filename
            if name == tracemalloc.__file__:
                continue
            total += difference.count_diff
            total_bytes += difference.size_diff
            if name.startswith(_OURS) and not name.startswith(_CLI):
                own += difference.count_diff
                own_bytes += difference.size_diff
        return cls(calls, own, own_bytes, total, total_bytes)


@dataclass
class Watch:
    """All that was seen of the process."""

    first: Sample
    samples: list[Sample] = field(default_factory=list)
    growths: list[Growth] = field(default_factory=list)
    _every: int = 1
    _offered: int = 0

    def note(self, sample: Sample) -> None:
        """Keep it, unless there are many."""
        self._offered += 1
        if self._offered % self._every == 0:
            self.samples.append(sample)
        if len(self.samples) > _MOST:
            del self.samples[::2]
            self._every *= 2

    def per_call(self, what: str) -> float | None:
        """Allocations, or bytes, that a call has left: the median of the blocks. None: none was weighed."""
        if not self.growths:
            return None
        return float(statistics.median(getattr(growth, what) / growth.calls for growth in self.growths))

    def trend(self, what: str) -> tuple[float, float, int] | None:
        """Medians of the middle and the last third, and the calls between them. None: too short a soak."""
        third = len(self.samples) // 3
        if third < 3:
            return None
        middle, last = self.samples[third : 2 * third], self.samples[-third:]
        calls = statistics.median(one.calls for one in last) - statistics.median(one.calls for one in middle)
        values = [statistics.median(getattr(one, what) for one in part) for part in (middle, last)]
        return values[0], values[1], round(calls)

    def faults(self) -> list[str]:
        """What grew, or was not closed."""
        return [*self._allocations(), *self._trends(), *self._left_open()]

    def _allocations(self) -> Iterator[str]:
        for what, most, anyway, whose in (
            ("own", MAX_OWN_PER_CALL, OWN_ANYWAY, "Gossamer"),
            ("all", MAX_ALL_PER_CALL, ALL_ANYWAY, "all code"),
        ):
            beyond = [getattr(one, what) - most * one.calls - anyway for one in self.growths]
            if beyond and statistics.median(beyond) > 0:
                yield f"memory: {self.per_call(what):.2f} allocations of {whose} are left by each call"

    def _trends(self) -> Iterator[str]:
        objects = self.trend("objects")
        if objects is not None:
            middle, last, calls = objects
            if last - middle > MAX_OBJECTS_PER_CALL * calls:
                yield f"memory: {last - middle:,.0f} more objects after {calls:,} more calls"
        rss = self.trend("rss")
        if rss is not None:
            middle, last, calls = rss
            if last - middle > MAX_RSS_BYTES + MAX_RSS_GROWTH * middle:
                yield f"memory: {(last - middle) / 2**20:.1f} MiB more after {calls:,} more calls"

    def _left_open(self) -> Iterator[str]:
        busy = max((one.connections for one in self.samples), default=0)
        if busy:
            yield f"connections: {busy} in use between two blocks"
        most = max((one.threads for one in self.samples), default=0)
        if most > self.first.threads:
            yield f"threads: {most}, and {self.first.threads} before"

    def closed(self) -> list[str]:
        """The same when the clients are closed, too."""
        left = descriptors() - self.first.descriptors
        return [f"descriptors: {left} not closed"] if left > 0 else []
