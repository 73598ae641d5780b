"""Find an interpreter of a given Python version on this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ASK = "import sys; print('%d.%d' % sys.version_info[:2])"


def find_python(version: str) -> str | None:
    """The path of a Python of that version (such as "3.12"), or None."""
    return next((path for path in _candidates(version) if _reported_version(path) == version), None)


def _candidates(version: str) -> Iterator[str]:
    on_path = shutil.which(f"python{version}")
    if on_path:
        yield on_path
    # pyenv's commands on PATH refuse to run a version that is installed but not selected.
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    for path in sorted(root.glob(f"versions/{version}.*/bin/python"), reverse=True):
        yield str(path)
    managed = Path(os.environ.get("UV_PYTHON_INSTALL_DIR") or Path.home() / ".local/share/uv/python")
    for path in sorted(managed.glob(f"cpython-{version}.*/bin/python{version}"), reverse=True):
        yield str(path)


def _reported_version(path: str) -> str | None:
    try:
        answer = subprocess.run([path, "-c", ASK], capture_output=True, text=True, timeout=30, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip()
