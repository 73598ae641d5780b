"""One block of traffic: the same calls, on the bare SDK or on the instrumented one."""

from __future__ import annotations

import gc
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_ON

from gossamer import OpenAIInstrumentor, finalizers
from gossamer.cli.soak.kinds import qualified
from gossamer.cli.soak.ledger import Ledger, Parent
from gossamer.cli.soak.percentiles import Latencies

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gossamer.cli.soak.apps import App, Work
    from gossamer.cli.soak.complaints import Complaints
    from gossamer.cli.soak.kinds import Kind

#: Whose latencies are compared: the calls of which there are most, and that are not made to wait.
TIMED: Final = ("chat", "stream")


@dataclass
class Blocks:
    """Runs blocks, and keeps what must balance."""

    apps: Sequence[App]
    at_once: int
    complaints: Complaints
    ledger: Ledger = field(default_factory=Ledger)
    #: (sync or async, kind of call, traced or bare) → how long it took.
    latencies: dict[tuple[str, str, bool], Latencies] = field(default_factory=dict)
    #: What the app saw that it should not have seen.
    surprises: Counter[str] = field(default_factory=Counter)
    bare_calls: int = 0
    #: Calls, and seconds, of the timed blocks: bare ones, traced ones.
    timed_calls: dict[bool, int] = field(default_factory=lambda: {False: 0, True: 0})
    seconds: dict[bool, float] = field(default_factory=lambda: {False: 0.0, True: 0.0})

    def __post_init__(self) -> None:
        self.reader = InMemoryMetricReader()
        self._meters = MeterProvider([self.reader], shutdown_on_exit=False)
        self._tracers = TracerProvider(sampler=ALWAYS_ON, shutdown_on_exit=False)
        self._tracers.add_span_processor(self.ledger.seen)

    def run(self, kinds: Sequence[Sequence[Kind]], *, traced: bool, timed: bool = True) -> int:
        """Make these calls, of each application in turn, and balance; give their number.

        Args:
            kinds: of each application.
            traced: on the instrumented SDK.
            timed: note how long they take.
        """
        self.complaints.traced = traced
        with self._instrumented() if traced else _bare():
            for app, own in zip(self.apps, kinds, strict=True):
                began = time.perf_counter()
                app.run((self._work(app, kind, traced=traced, timed=timed) for kind in own), self.at_once)
                if timed:
                    self.seconds[traced] += time.perf_counter() - began
                    self.timed_calls[traced] += len(own)
            self.settle()
            calls = sum(len(own) for own in kinds)
            if traced:
                self.ledger.balance()
                self.ledger.balance_points(self.reader)
            else:
                self.bare_calls += calls
        return calls

    def _work(self, app: App, kind: Kind, *, traced: bool, timed: bool) -> Work:
        latencies = None
        if timed and kind.name in TIMED:
            latencies = self.latencies.setdefault((app.kind, kind.name, traced), Latencies())

        async def work() -> None:
            number = self.ledger.open()
            with Parent(number):
                began = time.perf_counter()
                try:
                    mark = kind.mark(await kind.play(app))
                except Exception as error:  # noqa: BLE001  # nothing may come to the app but what is asked for
                    self.surprises[f"{kind.name}, {app.kind}: {qualified(error)}"] += 1
                    mark = kind.mark(error)
                if latencies is not None:
                    latencies.add(time.perf_counter() - began)
            if traced:
                self.ledger.expect(number, f"{kind.name}, {app.kind}", mark)

        return work

    def settle(self) -> None:
        """Free what was dropped, and record what was put aside."""
        for _ in range(2):  # what one collection frees may be held by a task of the loop
            gc.collect()
            for app in self.apps:
                app.settle()
        finalizers.drain()

    @contextmanager
    def _instrumented(self) -> Iterator[None]:
        instrumentor: Any = OpenAIInstrumentor()
        instrumentor.instrument(tracer_provider=self._tracers, meter_provider=self._meters)
        try:
            yield
        finally:
            instrumentor.uninstrument()


@contextmanager
def _bare() -> Iterator[None]:
    yield
