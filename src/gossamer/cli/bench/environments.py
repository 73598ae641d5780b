"""Environments of other instrumentations: one each, made with uv, so that none bends another.

A folder holds one requirement file an environment; its name is the environment's name. Each
environment gets this very Gossamer too, so that bare, ours and the other run on the same SDK.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from gossamer.cli.bench import discovery
from gossamer.cli.bench.contenders import Contender, installed_at
from gossamer.cli.bench.errors import BenchError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

REQUIREMENTS = Path("bench/peers")
ENVIRONMENTS = Path(".peers")

#: What the worker and the app under load need beside the SDK and the instrumentation.
_BENCH = ("opentelemetry-sdk", "starlette", "uvicorn")


class PeerError(BenchError):
    """An environment could not be made."""


def peers(requirements: Path, say: Callable[[str], object]) -> list[Contender]:
    """Make or refresh every environment; the contenders in all of them."""
    files = sorted(requirements.glob("*.in"))
    if not files:
        raise PeerError(f"no requirement files (*.in) in {requirements}")
    uv = _find_uv()
    found: list[Contender] = []
    for file in files:
        say(file.stem)
        python = _make(uv, file)
        found += _contenders(file.stem, python)
    return found


def _contenders(environment: str, python: Path) -> Iterator[Contender]:
    for name in installed_at(python):
        if name != discovery.HAND_WRITTEN:  # the same everywhere: once, in the bench's own
            yield Contender(name, environment, str(python))


def _make(uv: str, requirements: Path) -> Path:
    folder = ENVIRONMENTS / requirements.stem
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not python.exists():
        _run(uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(folder))
    install = (uv, "pip", "install", "--quiet", "--python", str(python))
    _run(*install, "--requirement", str(requirements), *_BENCH)
    # Without its dependencies: what the other pins wins, and is what is compared.
    _run(*install, "--no-deps", "--editable", ".")
    return python.absolute()


def _find_uv() -> str:
    beside = Path(sys.executable).with_name("uv.exe" if os.name == "nt" else "uv")
    uv = str(beside) if beside.exists() else shutil.which("uv")
    if uv is None:
        raise PeerError("uv makes the environments, and is not installed: pip install uv")
    return uv


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise PeerError(f"{' '.join(command[1:4])}: {done.stderr.strip()[-1000:]}")
