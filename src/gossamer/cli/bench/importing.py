"""What is paid once: importing an instrumentation and switching it on, beside importing the SDK.

Each instrumentation does so in fresh processes, in turn with the others, and tells the CPU time step by step.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import asdict, dataclass
from importlib import metadata
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from gossamer.cli.bench import discovery
from gossamer.cli.bench.budget import Verdict
from gossamer.cli.bench.errors import BenchError
from gossamer.cli.bench.figures import Spread
from gossamer.cli.bench.rounds import rotated
from gossamer.cli.bench.run import machine
from gossamer.cli.bench.workers import environment

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MAX_IMPORT: Final = 5
"""Percent of `import openai` that ours may add to it, beside the OpenTelemetry API."""

API: Final = "opentelemetry-api"

#: What everybody imports who instruments anything is a step of its own: whoever did it first would pay alone.
_STEPS: Final = """
import time
marks = [time.process_time_ns()]
import openai
marks.append(time.process_time_ns())
import opentelemetry._logs, opentelemetry.baggage, opentelemetry.context, opentelemetry.metrics
import opentelemetry.trace, opentelemetry.instrumentation.instrumentor, opentelemetry.instrumentation.utils
marks.append(time.process_time_ns())
{switch_on}
marks.append(time.process_time_ns())
print(*(after - before for before, after in zip(marks, marks[1:])))
"""
_LOGFIRE: Final = """
import logfire
logfire.configure(send_to_logfire=False, console=False)
logfire.instrument_openai()
"""


@dataclass(frozen=True)
class ImportFigure:
    """One step: CPU time, and what it is of that of `import openai`."""

    name: str
    version: str | None
    cpu_ns: Spread
    percent: Spread


@dataclass(frozen=True)
class ImportRun:
    """What a run found out."""

    machine: str
    python: str
    openai: str
    opentelemetry: str
    rounds: int
    figures: list[ImportFigure]

    def as_json(self) -> dict[str, Any]:
        """Plain data, for a file."""
        return asdict(self)


def programs(contenders: Sequence[str]) -> dict[str, str]:
    """The code of each contender that can be switched on."""
    found = {}
    for name in contenders:
        if name == discovery.LOGFIRE:
            found[name] = _STEPS.format(switch_on=_LOGFIRE)
        elif name not in (discovery.BARE, discovery.HAND_WRITTEN, discovery.OLD_FAULT):
            module, _, kind = discovery.entry_point(name).value.partition(":")
            found[name] = _STEPS.format(switch_on=f"import {module}\n{module}.{kind}().instrument()")
    return found


def measure(code: dict[str, str], rounds: int, advance: Callable[[str], object]) -> ImportRun:
    """Run each program so often, and once before: whoever installs a package has its bytecode compiled."""
    samples: dict[str, list[list[float]]] = {name: [] for name in code}
    with TemporaryDirectory() as cache:
        for name, program in code.items():
            steps(name, program, cache)
        for number in range(rounds):
            for name in rotated([*code], number):
                samples[name].append(steps(name, code[name], cache))
                advance(name)
    python = ".".join(map(str, sys.version_info[:3]))
    openai, opentelemetry = metadata.version("openai"), metadata.version("opentelemetry-api")
    return ImportRun(machine(), python, openai, opentelemetry, rounds, figures(samples))


def steps(name: str, code: str, cache: str) -> list[float]:
    """CPU nanoseconds of each step in a process that runs this code."""
    usual = {**environment(0), "PYTHONPYCACHEPREFIX": cache}
    usual.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=usual, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchError(f"{name}: {done.stderr.strip().splitlines()[-1]}")
    return [float(each) for each in done.stdout.splitlines()[-1].split()]


def figures(samples: dict[str, list[list[float]]]) -> list[ImportFigure]:
    """One for the SDK, one for the API, both of all processes, and one for each contender."""
    everybody = [step for own in samples.values() for step in own]
    sdk = Spread.of([step[0] for step in everybody])
    found = {discovery.BARE: sdk, API: Spread.of([step[1] for step in everybody])}
    found.update((name, Spread.of([step[2] for step in own])) for name, own in samples.items())
    return [
        ImportFigure(
            name,
            None if name == API else discovery.version(name),
            spread,
            spread.divided(sdk.median / 100),
        )
        for name, spread in found.items()
    ]


def verdicts(run: ImportRun) -> list[Verdict]:
    """Whether ours adds as little as was promised."""
    told = "import: imported and switched on, % of importing openai"
    return [
        Verdict.at_most(told, MAX_IMPORT, figure.percent.median, figure.percent.margin)
        for figure in run.figures
        if figure.name == discovery.OURS
    ]
