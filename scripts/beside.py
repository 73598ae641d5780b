"""Run an app beside each other instrumentation of the OpenAI SDK, in both orders (`make beside`).

Each has an environment of its own under .peers/, made from bench/peers and bench/beside; the calls are those
of `beside_calls.py`, against a fake server. What must hold: the app gets what it gets with the other alone,
each call has one span of ours, or none where the other mutes us, and what our hook hands on is the SDK's own.
Under `opentelemetry-instrument`, switching the other off as `gossamer doctor` says leaves ours alone, and
switching ours off the other's. A line in Markdown is printed for each.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from gossamer.cli.fake import FakeServer

ROOT: Final = Path(__file__).resolve().parent.parent
ENVIRONMENTS: Final = ROOT / ".peers"
ORDERS: Final = ("bare", "alone", "before", "after")
DISABLED: Final = "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS"
#: What the command `opentelemetry-instrument` runs: its place differs between systems.
ENTRY: Final = "from opentelemetry.instrumentation.auto_instrumentation import run; run()"
#: How the other is switched off: what `gossamer doctor` says of it. Most are, by their entry point, like the
#: first one.
_SAID: Final = {
    "": f"{DISABLED}=openai",
    "ddtrace": "DD_TRACE_OPENAI_ENABLED=false",
    "langfuse": "Import from openai itself.",
    "logfire": "Leave that call out.",
    "sentry": "disabled_integrations=[OpenAIIntegration()]",
}
#: Of an SDK of its time, which has not all of the calls.
_LEFT_OUT: Final = ("openllmetry-0.36.1",)
_ALSO: Final = (
    "opentelemetry-sdk",
    "opentelemetry-instrumentation",
    "opentelemetry-distro",
    "starlette",
    "uvicorn",
    "click",
    "rich",
)


def requirements() -> dict[str, Path]:
    """Environment → its requirement file."""
    files = [file for folder in ("peers", "beside") for file in (ROOT / "bench" / folder).glob("*.in")]
    return {file.stem: file for file in sorted(files) if file.stem not in _LEFT_OUT}


def make(uv: str, name: str, file: Path) -> Path:
    """The interpreter of an environment, made or refreshed."""
    python = ENVIRONMENTS / name / "bin" / "python"
    if not python.exists():
        subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, python.parent.parent], check=True)
    install = [uv, "pip", "install", "--quiet", "--python", str(python)]
    subprocess.run([*install, "--requirement", str(file), *_ALSO], check=True)
    subprocess.run([*install, "--no-deps", "--editable", str(ROOT)], check=True)
    return python


def run(python: Path, url: str, name: str, order: str, **variables: str) -> dict[str, Any]:
    """What the calls came to in one order."""
    program = str(ROOT / "scripts" / "beside_calls.py")
    start = ["-c", ENTRY, str(python)] if order in ("both", "off") else []
    exporters = {f"OTEL_{signal}_EXPORTER": "none" for signal in ("TRACES", "METRICS", "LOGS")}
    done = subprocess.run(
        [str(python), *start, program, url, name, order],
        env={**os.environ, **exporters, **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    if done.returncode:
        raise SystemExit(f"{name}, {order}: {done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def advice(python: Path) -> str:
    """What `gossamer doctor` says is to be done about others."""
    command = [str(python), "-m", "gossamer.cli", "doctor", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    findings = json.loads(done.stdout)["findings"]
    return " ".join(finding["do"] for finding in findings if finding["section"] == "others")


def switched_off(python: Path, url: str, name: str, told: dict[str, dict[str, Any]]) -> tuple[str, list[str]]:
    """Our spans and the other's, where neither, the other or Gossamer is switched off; and what is wrong."""
    switch = _SAID.get(name, _SAID[""])
    variable, _, value = switch.partition("=")
    both = run(python, url, name, "both")
    off = run(python, url, name, "off", **({variable: value} if variable.isupper() else {}))
    without_us = run(python, url, name, "both", **{DISABLED: "gossamer_openai"})
    calls, others = len(told["bare"]["outcomes"]), told["alone"]["others"]
    faults = [] if switch in advice(python) else [f"doctor does not say {switch}"]
    if off["outcomes"] != told["bare"]["outcomes"]:
        faults.append("switched off: the app gets something else than on the bare SDK")
    spans = [(each["ours"], each["others"]) for each in (both, off, without_us)]
    if spans[1:] != [(calls, 0), (0, others)] or not others or both["others"] != others:
        faults.append("switching off does not do what it should")
    return " | ".join(f"{ours} + {theirs}" for ours, theirs in spans), faults


def verdict(told: dict[str, dict[str, Any]]) -> list[str]:
    """What is wrong; nothing if nothing is."""
    faults = []
    calls = len(told["bare"]["outcomes"])
    for order in ("before", "after"):
        here = told[order]
        if here["outcomes"] != told["alone"]["outcomes"]:
            faults.append(f"{order}: the app gets something else than with the other alone")
        if here["ours"] not in (calls, 0):
            faults.append(f"{order}: {here['ours']} spans of ours for {calls} calls")
        if here["complaints"]:
            faults.append(f"{order}: {here['complaints'][0]}")
    foreign = [kind for kind in told["after"]["handed"] if not kind.startswith("openai.")]
    return [*faults, *(f"our hook hands on a {kind}" for kind in foreign)]


def main() -> int:
    """All environments, or those that are named."""
    parser = argparse.ArgumentParser(description="Run an app beside other instrumentations, in both orders.")
    parser.add_argument("only", nargs="*", help="names of environments")
    parser.add_argument("--uv", default="uv", help="the uv to use")
    options = parser.parse_args()
    failed = False
    print(
        "| Beside | Its spans | Ours, switched on before it | Ours, after it "
        "| Ours + its: both on | It is off | Ours is off | What the app gets |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    with FakeServer(chunks=5) as server:
        for name, file in requirements().items():
            if options.only and name not in options.only:
                continue
            python = make(options.uv, name, file)
            told = {order: run(python, server.base_url, name, order) for order in ORDERS}
            spans, faults = switched_off(python, server.base_url, name, told)
            faults = verdict(told) + faults
            failed = failed or bool(faults)
            same = told["alone"]["outcomes"] == told["bare"]["outcomes"]
            app = "; ".join(faults) or (
                "as with the bare SDK" if same else "as with the other alone, which differs"
            )
            counts = [told["alone"]["others"], told["before"]["ours"], told["after"]["ours"], spans]
            print(f"| {name} | {' | '.join(map(str, counts))} | {app} |", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
