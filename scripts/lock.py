"""Compile the hash-pinned requirement files (`make lock`; `make lock UPGRADE=1` takes newer ones).

Every lock is resolved for all platforms and for Python 3.10 and later at once, and names no
package index: whoever installs decides where packages come from, the hashes decide what they are.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST_PYTHON = "3.10"


@dataclass(frozen=True)
class Lock:
    """One compiled file: where it goes, and what is resolved into it."""

    output: str
    sources: tuple[str, ...]
    options: tuple[str, ...] = ()

    def arguments(self) -> list[str]:
        """The arguments of `uv pip compile` that make this lock."""
        return [*self.sources, *self.options, "--output-file", self.output]


def all_locks() -> list[Lock]:
    """Every lock of the project; a new `requirements/matrix/*.in` needs no other change."""
    tests = ("pyproject.toml", "--extra", "cli", "--group", "test")
    matrix = sorted((ROOT / "requirements" / "matrix").glob("*.in"))
    return [
        Lock("requirements/uv.txt", ("requirements/uv.in",)),
        Lock("requirements/encodings.txt", ("requirements/encodings.in",), ("--no-deps",)),
        Lock("requirements/dev.txt", ("pyproject.toml", "--extra", "cli", "--group", "dev")),
        *(
            Lock(f"requirements/matrix/{path.stem}.txt", (f"requirements/matrix/{path.name}", *tests))
            for path in matrix
        ),
    ]


def clean_environment() -> dict[str, str]:
    """The environment without the settings of pip and uv that would find their way into a lock."""
    reach = {"UV_CACHE_DIR", "UV_DEFAULT_INDEX", "UV_INDEX_URL"}  # how to reach an index, not what
    return {
        name: value
        for name, value in os.environ.items()
        if name in reach or not name.startswith(("PIP_", "UV_"))
    }


def compile_lock(uv: str, lock: Lock, *, upgrade: bool) -> None:
    """Resolve one lock. Pins that still fit are kept, unless an upgrade is asked for."""
    options = [
        *("--universal", "--python-version", OLDEST_PYTHON, "--generate-hashes"),
        *("--no-emit-index-url", "--no-config", "--custom-compile-command", "make lock"),
        *("--quiet", *(["--upgrade"] if upgrade else [])),
    ]
    command = [uv, "pip", "compile", *lock.arguments(), *options]
    subprocess.run(command, cwd=ROOT, env=clean_environment(), check=True)


def faults(lock: Lock) -> list[str]:
    """The lines of a lock that name an address or a path, or pin no version."""
    lines = (ROOT / lock.output).read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith(("#", " "))]
    unpinned = [pin for pin in pins if "==" not in pin or not pin.endswith("\\")]
    return [line for line in lines if "://" in line or line.startswith("-")] + unpinned


def main() -> int:
    """Compile all locks, then check what was written."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--uv", default="uv", help="the uv to use")
    parser.add_argument("--upgrade", action="store_true", help="take the newest allowed versions")
    options = parser.parse_args()
    failed = False
    for lock in all_locks():
        print(lock.output, flush=True)
        compile_lock(options.uv, lock, upgrade=options.upgrade)
        for line in faults(lock):
            failed = True
            print(f"  must not stand in a lock: {line}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
