"""Start an app where openai is absent, too old or broken, with Gossamer installed (`make absent`).

The environments are made from bench/absent. The app imports openai, and says what comes of it; it is started
by itself, with a call of `instrument()`, and under `opentelemetry-instrument`. What must hold: it gets what
it gets by itself, and exits with 0; no more than one line is logged; and what else `opentelemetry-instrument`
switches on is on. A line in Markdown is printed for each.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from beside import ENTRY, ROOT, make

#: What is found → its environment, and the module in front of that of the same name, if any.
CASES: Final = {
    "none": ("absent", "", ""),
    "0.28.1": ("absent-0.28.1", "", ""),
    "1.25.0": ("absent-1.25.0", "", ""),
    "3.54.0, without its HTTP library": ("absent-3.54.0", "httpx2", "raise ModuleNotFoundError('httpx2')"),
    "3.54.0, whose HTTP library raises": ("absent-3.54.0", "httpx2", "raise RuntimeError('half installed')"),
    "3.54.0, cut off": ("absent-3.54.0", "openai", "def"),
}
STARTS: Final = {
    "by itself": "",
    "by `instrument()`": "from gossamer import OpenAIInstrumentor; OpenAIInstrumentor().instrument()",
    "under `opentelemetry-instrument`": ENTRY,
}
APP: Final = """
import json, sqlite3
try:
    import openai
    found = openai.__name__
except BaseException as error:
    found = [type(error).__name__, str(error)]
print(json.dumps({"found": found, "others": hasattr(sqlite3.connect, "__wrapped__")}))
"""


def run(python: Path, start: str, folder: Path) -> dict[str, Any]:
    """What the app found, and what was said meanwhile."""
    app = folder / "app.py"
    by_command = start == ENTRY
    app.write_text(APP if by_command else start + APP)
    clean = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    exporters = {f"OTEL_{signal}_EXPORTER": "none" for signal in ("TRACES", "METRICS", "LOGS")}
    done = subprocess.run(
        [str(python), *(["-c", start, str(python)] if by_command else []), str(app)],
        env={**clean, **exporters, "PYTHONPATH": str(folder / "front")},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    told: dict[str, Any] = {"exit": done.returncode, "said": done.stderr.strip().splitlines()}
    return told | (json.loads(done.stdout.strip().splitlines()[-1]) if not done.returncode else {})


def main() -> int:
    """All cases."""
    parser = argparse.ArgumentParser(description="Start an app where openai is absent, too old or broken.")
    parser.add_argument("--uv", default="uv", help="the uv to use")
    options = parser.parse_args()
    failed = False
    print("| openai | Started | The app's own import | What is said |")
    print("| --- | --- | --- | --- |")
    for case, (environment, module, code) in CASES.items():
        python = make(options.uv, environment, ROOT / "bench" / "absent" / f"{environment}.in")
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "front").mkdir()
            if module:
                (folder / "front" / f"{module}.py").write_text(code)
            alone, *others = (run(python, start, folder) for start in STARTS.values())
        for start, told in zip(list(STARTS)[1:], others, strict=True):
            right = told["exit"] == 0 and told["found"] == alone["found"] and len(told["said"]) <= 1
            right = right and (told["others"] or start != list(STARTS)[-1])
            failed = failed or not right
            outcome = "as without us" if right else f"not as it should be: {told}"
            print(f"| {case} | {start} | {outcome} | {' '.join(told['said'][:1]) or 'nothing'} |", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
