"""Check that all that Gossamer offers has types that a checker knows and need not guess (`make lint`).

A user's checker reads the installed package and infers nothing in it, as long as all is annotated. What is
not offered may leave the types of its attributes to inference.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent

#: What an app or its tests may import, and what it gets from that; with all that is in them.
PUBLIC = (
    "gossamer.CaptureMode",
    "gossamer.OpenAIInstrumentor",
    "gossamer.attributes",
    "gossamer.capture",
    "gossamer.instrumentor.Instrumentor",
    "gossamer.openai_sdk.OpenAIInstrumentor",
    "gossamer.scope",
    "gossamer.settings.Settings",
    "gossamer.testing",
)


def symbols() -> list[dict[str, Any]]:
    """All that the checker finds, and whether it knows its type."""
    folder = Path(sys.executable).parent
    # Where it finds the other packages: by the `python` on the path, whatever it is told otherwise.
    path = os.pathsep.join([str(folder), os.environ.get("PATH", "")])
    done = subprocess.run(
        [str(folder / "basedpyright"), "--verifytypes", "gossamer", "--ignoreexternal", "--outputjson"],
        cwd=ROOT,
        env={**os.environ, "PATH": path, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=False,  # it is not content with what is not offered
    )
    found: list[dict[str, Any]] = json.loads(done.stdout)["typeCompleteness"]["symbols"]
    return found


def main() -> int:
    """Tell each that is not known; whether there is none."""
    found = symbols()
    offered = {name: [each for each in found if f"{each['name']}.".startswith(f"{name}.")] for name in PUBLIC}
    missing = [name for name, its in offered.items() if not its]
    for name in missing:
        print(f"{name}: there is no such thing")
    public = [symbol for its in offered.values() for symbol in its]
    unknown = [symbol for symbol in public if not symbol["isTypeKnown"] or symbol["isTypeAmbiguous"]]
    for symbol in unknown:
        told = "; ".join(" ".join(each["message"].split()) for each in symbol["diagnostics"])
        print(f"{symbol['name']}: {told or 'partially unknown'}")
    print(f"{len(public) - len(unknown)} of {len(public)} public symbols have types that are known")
    return 1 if unknown or missing else 0


if __name__ == "__main__":
    sys.exit(main())
