"""The command itself: its page, its JSON, its exit code, and what becomes of it where things are missing."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import openai
import pytest
from click.testing import CliRunner

import gossamer
from gossamer.cli.app import group
from gossamer.cli.doctor import configuration, examination, packages
from gossamer.cli.doctor.examination import SECTIONS
from gossamer.cli.doctor.trial import Trial

ROOT = Path(__file__).resolve().parents[3]
SOURCE = str(Path(gossamer.__file__).parent.parent)
SPANS = [
    {
        "name": "chat gpt-4o-mini",
        "milliseconds": 17.8,
        "status": status,
        "attributes": {
            "gen_ai.request.model": "gpt-4o-mini",
            "gen_ai.request.stream": True,
            "gen_ai.response.finish_reasons": ["stop"],
            "gen_ai.usage.output_tokens": 4,
            "gen_ai.response.time_to_first_chunk": 0.0041123,
        },
    }
    for status in ("UNSET", "ERROR")
]
SECRETS = {
    "OPENAI_API_KEY": "sentinel-key",
    "OPENAI_BASE_URL": "https://user:sentinel-password@llm.test/sentinel-path",
    "OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer sentinel-token",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "http://user:sentinel-user@otlp.test:4317/sentinel-path",
    "OTEL_RESOURCE_ATTRIBUTES": "token=sentinel-attribute",
    "GOSSAMER_CONTENT_LIMIT": "https://me:sentinel-limit@llm.test",
}


def doctor(*arguments, **variables):
    """The command, in a process of its own."""
    return subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, "PYTHONPATH": SOURCE, **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def tried(monkeypatch):
    """What the fake calls leave, without making them again for each test."""
    made = Trial(spans=SPANS, metrics=["gen_ai.client.inference.duration"])
    monkeypatch.setattr("gossamer.cli.doctor.trial.run", lambda environ, **_: made)


@pytest.fixture
def in_order(site, monkeypatch, tried):
    """An environment in which all is well."""
    site.add_good()
    site.add_exporter("otlp_proto_grpc")
    monkeypatch.setattr(examination, "Installed", lambda: site.installed)


def run(*arguments):
    return CliRunner().invoke(group, ["doctor", *arguments])


def test_the_page_of_an_environment_in_order(in_order):
    result = run()
    assert (result.exit_code, result.exception) == (0, None)
    assert "\x1b" not in result.output
    assert max(map(len, result.output.splitlines())) <= 100
    titles = re.findall(r"^─+ (.+?) ─+$", result.output, re.MULTILINE)
    assert titles == list(SECTIONS.values())
    assert result.output.splitlines()[-1].strip() == "All is well."
    for shown in ("gpt-4o-mini  17.8 ms", "0.004112", "stream                true", "error"):
        assert shown in result.output


def test_the_json_of_an_environment_in_order(in_order):
    result = run("--json")
    found = json.loads(result.stdout)
    assert result.exit_code == 0
    assert (found["problems"], found["warnings"]) == (0, 0)
    assert {each["section"] for each in found["findings"]} == set(SECTIONS)
    assert set(found["findings"][0]) == {"section", "severity", "code", "what", "do"}
    assert found["versions"]["opentelemetry-sdk"] == "1.45.2"
    assert found["settings"][0]["name"] == "semconv"
    assert [span["name"] for span in found["spans"]] == ["chat gpt-4o-mini"] * 2


def test_a_warning_is_no_failure(in_order, site):
    site.add("openlit")
    result = run()
    assert result.exit_code == 0
    assert "warning  openlit 1.0" in result.output
    assert "→ Switch that off" in result.output
    assert result.output.splitlines()[-1].strip() == "1 warning"


def test_problems_are_a_failure(in_order, monkeypatch):
    monkeypatch.setenv("GOSSAMER_SEMCONV", "latest")
    monkeypatch.setenv("OTEL_PYTHON_DISABLED_INSTRUMENTATIONS", "*")
    result = run()
    assert result.exit_code == 1
    assert "problem  GOSSAMER_SEMCONV is 'latest'" in result.output
    assert result.output.splitlines()[-1].strip() == "1 problem, 1 warning"


def test_a_bracket_in_a_text_is_no_markup(in_order, monkeypatch):
    monkeypatch.setenv("GOSSAMER_SEMCONV", "[bold]x[/]")
    assert "'[bold]x[/]'" in run().output


def test_modules_of_the_current_folder_are_found(in_order, tmp_path, monkeypatch):
    (tmp_path / "shop_of_here.py").write_text("print('imported')\ndef redact(part): return part\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [each for each in sys.path if each])
    monkeypatch.setenv("GOSSAMER_REDACT", "shop_of_here:redact")
    before = list(sys.path)
    result = run("--json")
    assert json.loads(result.stdout)["problems"] == 0
    assert sys.path == before
    assert "imported" in result.stderr


def test_without_opentelemetrys_sdk_no_call_is_made(site, monkeypatch):
    site.add_good("opentelemetry-sdk")
    monkeypatch.setattr(examination, "Installed", lambda: site.installed)
    result = run()
    assert result.exit_code == 1
    assert "No fake call was made (sdk-missing)." in result.output


def test_this_environment_in_a_process_of_its_own_without_a_secret():
    done = doctor("-m", "gossamer.cli", "doctor", "--json", **SECRETS)
    assert done.returncode == 1, done.stderr  # of the limit that is none
    assert "sentinel" not in done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert [each["code"] for each in found["findings"] if each["severity"] == "problem"] == [
        "value-not-accepted"
    ]
    assert [span["name"] for span in found["spans"]] == ["chat gpt-4o-mini"] * 2
    assert found["spans"][0]["attributes"]["server.address"] == "llm.test"
    assert found["variables"]["OTEL_EXPORTER_OTLP_HEADERS"] == "set (not shown)"


@pytest.fixture
def without_openai(tmp_path):
    """A folder with all packages of this environment but openai."""
    (folder := tmp_path / "packages").mkdir()
    for place in {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}:
        for each in Path(place).iterdir():
            if not each.name.startswith(("openai", "_")) and each.name != "gossamer":
                (folder / each.name).symlink_to(each)
    (folder / "gossamer").symlink_to(Path(SOURCE, "gossamer"))
    return str(folder)


def test_on_a_machine_without_openai(without_openai):
    done = doctor("-S", "-m", "gossamer.cli", "doctor", PYTHONPATH=without_openai)
    assert (done.returncode, done.stderr) == (1, "")
    assert "problem  openai is not installed: there is nothing to trace." in done.stdout
    assert "No fake call was made (openai-missing)." in done.stdout
    assert "Traceback" not in done.stdout


def test_what_the_command_needs_is_click_and_rich_alone():
    hide = "import sys; sys.modules.update(dict.fromkeys(['uvicorn', 'starlette', 'openai']))"
    done = doctor("-c", f"{hide}\nfrom gossamer.cli import main\nmain()", "doctor")
    assert (done.returncode, done.stderr) == (1, "")
    assert "cannot be imported" in done.stdout


def test_the_page_of_the_documentation_has_every_section_and_finding():
    page = (ROOT / "docs" / "doctor.md").read_text(encoding="utf-8")
    for title in SECTIONS.values():
        assert f"─ {title} ─" in page
        assert f"**{title}**" in page
    codes = set()
    for module in (ROOT / "src" / "gossamer" / "cli" / "doctor").glob("*.py"):
        codes |= set(
            re.findall(r"\b(?:warning|problem)\(\s*\"([a-z-]+)\"", module.read_text(encoding="utf-8"))
        )
    assert len(codes) > 25
    assert codes == set(re.findall(r"^\| `([a-z-]+)` \|", page, re.MULTILINE))


def as_on_the_page(text):
    """What differs from run to run and is not shown there."""
    text = re.sub(r"Python [\d.]+", "Python 3.13.0", text)
    text = re.sub(r"[\d.]+ ms", "5.0 ms", text)
    text = re.sub(r"(time_to_first_chunk +)[\d.]+", r"\g<1>0.004", text)
    lines = [line.rstrip() for line in text.splitlines()]
    return [line for line in lines if not re.search(r"^ \w+ .* default(; set in code only)?$", line)]


@pytest.mark.skipif(openai.__version__ != packages.NEWEST_TESTED, reason="the page shows the newest openai")
def test_the_page_of_the_documentation_is_what_is_printed(site, monkeypatch):
    site.add_good()
    site.add("httpx2", "2.16.2")
    site.add_exporter("otlp_proto_grpc")
    points = {"opentelemetry_instrumentor": ["openai = somewhere:OpenAIInstrumentor"]}
    site.add("openinference-instrumentation-openai", "0.1.66", points)
    monkeypatch.setattr(examination, "Installed", lambda: site.installed)
    monkeypatch.setattr(packages, "__version__", "0.1.0")
    for name, value in {
        "GOSSAMER_SEMCONV": "latest",
        "GOSSAMER_STREAM_USAGE": "auto",
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318",
        "OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer sentinel",
    }.items():
        monkeypatch.setenv(name, value)
    page = (ROOT / "docs" / "doctor.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^```text\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert as_on_the_page(run().output) == as_on_the_page(block)


def test_no_call_is_tried_only_for_what_is_told():
    told = Path(packages.__file__).read_text(encoding="utf-8")
    assert all(f'"{code}"' in told for code in examination._NO_CALL)
    assert configuration.read(examination.Installed()).findings
