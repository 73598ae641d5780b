"""Run an app whose HTTP client is instrumented, too, in both orders (`make beside-http`).

The environments are made from bench/http; the calls are those of `beside_http_calls.py`. What must hold: the
app gets what it gets on the bare SDK, each call has one span of ours below the app's, each attempt of it has
the HTTP spans below ours that it has without us, and one `traceparent`, which names the lowest of them,
whether or not `propagation` is on. A line in Markdown is printed for each.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any, Final

from beside import ROOT, make

if TYPE_CHECKING:
    from pathlib import Path

#: Environment → what the SDK sends by there.
SENT_BY: Final = {
    "http-3.54.0": ("httpx2", "httpx", "aiohttp", "urllib3"),
    "http-1.109.1": ("httpx", "aiohttp", "urllib3"),
    "http-1.26.0": ("httpx", "urllib3"),
}
RUNS: Final = [
    ("bare", "off"),
    ("alone", "off"),
    *((order, propagation) for propagation in ("off", "trace") for order in ("ours", "before", "after")),
]


def run(python: Path, name: str, order: str, propagation: str) -> dict[str, Any]:
    """What the calls came to in one order."""
    command = [str(python), str(ROOT / "scripts" / "beside_http_calls.py"), name, order, propagation]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    if done.returncode:
        raise SystemExit(f"{name}, {order}: {done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def verdict(told: dict[tuple[str, str], dict[str, Any]]) -> list[str]:
    """What is wrong; nothing if nothing is."""
    found = []
    for (order, propagation), here in told.items():
        where = f"{order}, propagation {propagation}"
        found += [f"{where}: {line}" for line in here["complaints"]]
        for call, bare, alone in zip(
            here["calls"], told["bare", "off"]["calls"], told["alone", "off"]["calls"], strict=True
        ):
            wrong = list(call["faults"])
            if call["outcome"] != bare["outcome"]:
                wrong.append(f"{call['outcome']} and not {bare['outcome']}")
            if order in ("before", "after") and call["http"] != alone["http"]:
                wrong.append(f"{call['http']} HTTP spans and not {alone['http']}")
            if call["requests"] != bare["requests"]:
                wrong.append(f"{call['requests']} requests and not {bare['requests']}")
            found += [f"{where}: {call['call']}: {line}" for line in wrong]
    return found


def main() -> int:
    """All environments, or those that are named."""
    parser = argparse.ArgumentParser(description="Run an app beside instrumentations of its HTTP client.")
    parser.add_argument("only", nargs="*", help="names of environments")
    parser.add_argument("--uv", default="uv", help="the uv to use")
    options = parser.parse_args()
    failed = False
    print("| openai sends by | Calls | HTTP spans, alone | Ours before them | Ours after them | Faults |")
    print("| --- | --- | --- | --- | --- | --- |")
    for environment, names in SENT_BY.items():
        if options.only and environment not in options.only:
            continue
        python = make(options.uv, environment, ROOT / "bench" / "http" / f"{environment}.in")
        for name in names:
            told = {each: run(python, name, *each) for each in RUNS}
            faults = verdict(told)
            failed = failed or bool(faults)
            spans = [
                sum(c["http"] for c in told[order, "off"]["calls"]) for order in ("alone", "before", "after")
            ]
            counts = " | ".join(map(str, (len(told["bare", "off"]["calls"]), *spans)))
            release = environment.removeprefix("http-")
            print(f"| {release}: {name} | {counts} | {'; '.join(faults[:5]) or 'none'} |", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
