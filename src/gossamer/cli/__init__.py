"""The command line: `gossamer demo`, `gossamer doctor`, `gossamer bench`, `gossamer soak`, `gossamer fake`.

The library never imports this package, and nothing here is imported before `main` runs: a service
that installs gossamer without the extra `[cli]` pays for none of it.
"""

import sys
from importlib.util import find_spec

__all__ = ["main"]

_EXTRA = ("click", "openai", "opentelemetry.sdk", "rich", "starlette", "uvicorn")
#: What `gossamer doctor` cannot do without; of all else it tells itself.
_DOCTOR = ("click", "rich")


def main() -> None:
    """Run the command line, or say in one line what has to be installed for it."""
    needed = _DOCTOR if sys.argv[1:2] == ["doctor"] else _EXTRA
    missing = [name for name in needed if find_spec(name) is None]
    if missing:
        print(
            f"gossamer: the command line needs the extra [cli]: pip install 'gossamer[cli]' "
            f"(missing: {', '.join(missing)})",
            file=sys.stderr,
        )
        sys.exit(2)
    from gossamer.cli.app import group  # noqa: PLC0415 - click is there with the extra only

    group(prog_name="gossamer")
