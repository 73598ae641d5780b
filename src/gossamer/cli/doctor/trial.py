"""What does a call leave here? One fake chat and one fake stream, with the settings that apply.

`python -m gossamer.cli.doctor.trial` makes them in a process of its own, where other instrumentations are off
and nothing is exported: the API is inside the process, and so are the providers. What was recorded comes back
as JSON.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from gossamer.cli.doctor.findings import Finding, ok, problem
from gossamer.cli.doctor.hearing import warnings_heard

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["HOOK", "Trial", "examine", "run"]

HOOK: Final = "OTEL_INSTRUMENTATION_GENAI_COMPLETION_HOOK"
_NONE_OF_THE_APPS: Final = ("OPENAI_", "AZURE_OPENAI_")
_SECONDS: Final = 60
_OPENAI: Final = "https://api.openai.com"
_NO_USAGE: Final = "gen_ai.usage.output_tokens"


@dataclass(frozen=True)
class Trial:
    """What came of it."""

    spans: list[dict[str, Any]] = field(default_factory=list)
    metrics: list[str] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    """What the app's log would say."""
    error: str = ""
    """Why it came to nothing."""


def run(environ: Mapping[str, str], *, with_hook: bool = False) -> Trial:
    """Make the calls, in a process of their own.

    Args:
        environ: of this process.
        with_hook: call the completion hook, too, which is made to send things elsewhere.
    """
    child = {name: value for name, value in environ.items() if not name.startswith(_NONE_OF_THE_APPS)}
    if not with_hook:
        child.pop(HOOK, None)
    for signal in ("TRACES", "METRICS", "LOGS"):
        child[f"OTEL_{signal}_EXPORTER"] = "none"
    child |= {
        "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS": "*",
        "DD_TRACE_ENABLED": "false",
        "DD_TRACE_OPENAI_ENABLED": "false",
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
    }
    try:
        done = subprocess.run(
            [sys.executable, "-m", __name__, _base_url(environ.get("OPENAI_BASE_URL", ""))],
            env=child,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Trial(error=f"it did not end within {_SECONDS} seconds")
    try:
        return Trial(**json.loads(done.stdout))
    except (TypeError, ValueError):
        said = done.stderr.strip().splitlines()
        return Trial(error=said[-1] if said else f"its process ended with {done.returncode}")


def examine(trial: Trial, told: Iterable[str], *, disabled: bool) -> list[Finding]:
    """Say what is to be said of it.

    Args:
        trial: that was made.
        told: warnings that others have told of already.
        disabled: whether no span is expected.
    """
    if trial.error:
        return [
            problem(
                "trial-failed",
                f"The fake call could not be made: {trial.error}",
                "Mend what this names; a call of the app would meet it, too.",
            )
        ]
    known = set(told)
    findings = [
        problem("call-warns", each, "Mend what this names; the log of the app says the same.")
        for each in trial.warnings
        if each not in known
    ]
    if len(trial.spans) == 2:
        findings.insert(0, _came_out(trial))
    elif not disabled:
        findings.insert(
            0,
            problem(
                "no-span",
                f"Two fake calls left {len(trial.spans)} spans.",
                "See the other findings; where there is none, please report this.",
            ),
        )
    stream = trial.spans[-1]["attributes"] if trial.spans else {}
    if stream and _NO_USAGE not in stream:
        findings.append(
            ok(
                "stream-without-usage",
                "A stream tells no tokens unless it is asked to.",
                'Give stream_options={"include_usage": True} in the call, or set GOSSAMER_STREAM_USAGE=auto.',
            )
        )
    return findings


def _came_out(trial: Trial) -> Finding:
    events = f", {len(trial.events)} events" if trial.events else ""
    return ok("span", f"Two fake calls left 2 spans, {len(trial.metrics)} metrics{events}")


def _base_url(given: str) -> str:
    """Give the address that the app calls, but nothing secret of it; the fake API answers below /v1."""
    try:
        parts = urlsplit(given)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return f"{_OPENAI}/v1"
    host = f"{parts.scheme}://{parts.hostname}{port}" if parts.scheme and parts.hostname else _OPENAI
    return f"{host}/v1"


def _make(base_url: str) -> dict[str, Any]:
    """Make the calls in this process."""
    from openai import OpenAI  # noqa: PLC0415 - in the process of the trial alone

    from gossamer.cli.fake import mock_client  # noqa: PLC0415
    from gossamer.testing import capture  # noqa: PLC0415

    question: Any = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Is anybody there?"}]}
    client = OpenAI(api_key="sk-fake", base_url=base_url, http_client=mock_client(chunks=4))
    # Strict is for failures of ours in tests; here they are heard, as in an app.
    with warnings_heard() as heard, capture(strict=False) as telemetry:
        client.chat.completions.create(**question)
        for _ in client.chat.completions.create(**question, stream=True):
            pass
        return {
            "spans": [
                {
                    "name": span["name"],
                    "milliseconds": round(span["seconds"] * 1000, 1),
                    "status": span["status"],
                    "attributes": dict(sorted(span["attributes"].items())),
                }
                for span in telemetry.spans
            ],
            "metrics": sorted(telemetry.metrics),
            "events": [event["name"] for event in telemetry.events],
            "warnings": [record.getMessage() for record in heard],
        }


def _main() -> None:
    with redirect_stdout(sys.stderr):  # a hook of the app may print
        made = _make(sys.argv[1])
    json.dump(made, sys.stdout)


if __name__ == "__main__":
    _main()
