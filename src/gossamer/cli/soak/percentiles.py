"""How long calls took, in a few thousand numbers at most, however many they were."""

from __future__ import annotations

import math
from collections import Counter
from typing import Final

#: One bucket to the next: a percentile is right to one in a hundred.
_STEP: Final = math.log(1.01)


class Latencies:
    """Seconds of calls of one sort."""

    def __init__(self) -> None:
        self._buckets: Counter[int] = Counter()
        self.count = 0

    def add(self, seconds: float) -> None:
        """Take one."""
        self._buckets[round(math.log(max(seconds, 1e-9)) / _STEP)] += 1
        self.count += 1

    def percentile(self, percent: int) -> float | None:
        """The seconds that so many of a hundred do not exceed; None where there was no call."""
        wanted, seen = math.ceil(self.count * percent / 100), 0
        for bucket in sorted(self._buckets):
            seen += self._buckets[bucket]
            if seen >= wanted:
                return math.exp(bucket * _STEP)
        return None
