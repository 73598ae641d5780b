"""Child processes of the demo: same interpreter, but an environment of their own."""

from __future__ import annotations

import os
import sys

__all__ = ["clean_environment", "python_module"]

# A real key, a real collector or a proxy of the user's must neither be used nor change what is
# shown. `GOSSAMER_*` stays: a setting may be tried out on the demo.
_PRIVATE = ("OPENAI_", "AZURE_OPENAI_", "OTEL_")


def clean_environment() -> dict[str, str]:
    """Give the environment without what belongs to the user's own services."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(_PRIVATE) and not name.lower().endswith("_proxy")
    }
    # Under `opentelemetry-instrument` the children would be instrumented a second time.
    return {**kept, "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS": "*"}


def python_module(name: str, *arguments: str) -> list[str]:
    """Make the command line that runs a module in this interpreter."""
    return [sys.executable, "-m", name, *arguments]
