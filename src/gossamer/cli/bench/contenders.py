"""A contender, and the environment in which it runs."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gossamer.cli.bench import discovery, protocol
from gossamer.cli.bench.errors import BenchError

if TYPE_CHECKING:
    from pathlib import Path

HERE = "here"
"""The environment of the bench itself."""


@dataclass(frozen=True)
class Contender:
    """One way to run the calls: bare, or with an instrumentation switched on."""

    name: str
    environment: str = HERE
    python: str = sys.executable

    @property
    def label(self) -> str:
        """How it is shown."""
        return self.name if self.environment == HERE else f"{self.name} @ {self.environment}"


def here(names: tuple[str, ...], *, old_fault: bool = False) -> list[Contender]:
    """The contenders of this environment, or those of them that are named; bare always first."""
    known = [*discovery.discover(), discovery.OLD_FAULT]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise BenchError(f"no contender {unknown[0]!r} here; there are: {', '.join(known)}")
    chosen = [name for name in known if name in names] if names else known[:-1]
    if discovery.BARE not in chosen:
        chosen.insert(0, discovery.BARE)
    if old_fault and discovery.OLD_FAULT not in chosen:
        chosen.append(discovery.OLD_FAULT)
    return [Contender(name) for name in chosen]


def installed_at(python: Path) -> list[str]:
    """The contenders that the environment of another interpreter holds."""
    command = [str(python), "-m", "gossamer.cli.bench.worker", "--list"]
    listing = subprocess.run(command, capture_output=True, text=True, check=True)
    return [str(name) for name in protocol.parse(listing.stdout)["contenders"]]
