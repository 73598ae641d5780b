"""Made-up measurements, and the SDK with nothing installed."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from rich.console import Console
from rich.table import Table

from gossamer.cli.bench import calls
from gossamer.cli.bench.contenders import Contender
from gossamer.cli.bench.figures import figures
from gossamer.cli.bench.installation import Installed
from gossamer.cli.bench.rounds import Samples
from gossamer.cli.bench.run import Present, Run
from gossamer.cli.bench.scenarios import BY_NAME

CONTENDERS = {
    "bare": Contender("bare"),
    "by_hand": Contender("handwritten"),
    "ours": Contender("gossamer"),
    "peer": Contender("openinference-instrumentation-openai", "peer", "python"),
    "peer_bare": Contender("bare", "peer", "python"),
}


@pytest.fixture
def uninstrumented() -> Installed:
    """The bare contender, in this very process."""
    return Installed("bare", calls.SYNC, calls.ASYNC, None, ())


@pytest.fixture
def samples() -> Callable[..., Samples]:
    """Samples of a scenario, by contender."""

    def make(scenario: str, **by_name: list[float]) -> Samples:
        return Samples(BY_NAME[scenario], {CONTENDERS[name]: own for name, own in by_name.items()})

    return make


@pytest.fixture
def a_run() -> Callable[..., Run]:
    """The run that some samples would have come from."""

    def make(*measured: Samples) -> Run:
        there = dict.fromkeys(contender for one in measured for contender in one.by_contender)
        present = [
            Present(one.name, one.environment, None, "3.11.7", "3.54.0", "1.45.2", 100_000_000)
            for one in there
        ]
        return Run("a machine", 4, present, [figure for one in measured for figure in figures(one)])

    return make


@pytest.fixture
def whole_run(samples: Callable[..., Samples], a_run: Callable[..., Run]) -> Run:
    """A run of three scenarios, one of them with a peer, in which all promises are kept."""
    return a_run(
        samples(
            "chat-sync",
            bare=[600e3] * 4,
            by_hand=[650e3] * 4,
            ours=[652e3] * 4,
            peer_bare=[610e3] * 4,
            peer=[830e3] * 4,
        ),
        samples("chat-stream-sync", bare=[7.4e6] * 4, by_hand=[7.5e6] * 4, ours=[7.45e6] * 4),
        samples("plumbing-chat-sync", bare=[55.0] * 4, by_hand=[150.0] * 4, ours=[140.0] * 4),
    )


@pytest.fixture
def shown() -> Callable[[Table | None], str]:
    """A table as a terminal shows it."""

    def show(table: Table | None) -> str:
        assert table is not None
        console = Console(width=120, record=True, file=io.StringIO())
        console.print(table)
        return console.export_text()

    return show
