"""The `gossamer` command itself."""

from __future__ import annotations

import subprocess
import sys

import pytest
from click.testing import CliRunner

from gossamer import __version__
from gossamer.cli import app


def run(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `main()` in a fresh interpreter, `code` first."""
    script = f"import sys\n{code}\nfrom gossamer.cli import main\nmain()"
    return subprocess.run(
        [sys.executable, "-c", script, *arguments],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.mark.parametrize("package", ["click", "rich", "openai", "opentelemetry.sdk", "uvicorn"])
def test_a_missing_extra_is_named_in_one_line(package):
    finished = run(f"sys.modules[{package!r}] = None", "demo")
    assert finished.returncode == 2
    assert finished.stdout == ""
    assert finished.stderr.splitlines() == [
        f"gossamer: the command line needs the extra [cli]: pip install 'gossamer[cli]' (missing: {package})"
    ]


def test_help_lists_the_commands_and_imports_none():
    report = (
        "import atexit\n"
        "atexit.register(lambda: print('heavy:', [name for name in"
        " ('openai', 'rich', 'uvicorn', 'starlette', 'opentelemetry.sdk.trace')"
        " if name in sys.modules]))"
    )
    finished = run(report, "--help")
    assert finished.returncode == 0
    for name in ("demo", "doctor", "soak", "fake"):
        assert f"\n  {name} " in finished.stdout
    assert finished.stdout.endswith("heavy: []\n")


def test_version():
    result = CliRunner().invoke(app.group, ["--version"])
    assert result.output == f"gossamer, version {__version__}\n"


def test_an_unknown_command_is_refused():
    result = CliRunner().invoke(app.group, ["nonsense"])
    assert result.exit_code == 2
    assert "No such command 'nonsense'" in result.output


def test_a_command_whose_package_is_not_there_is_not_listed(monkeypatch):
    monkeypatch.setitem(app._COMMANDS, "absent", "Never shown.")
    assert "Never shown" not in CliRunner().invoke(app.group, ["--help"]).output
    assert CliRunner().invoke(app.group, ["absent"]).exit_code == 2


@pytest.mark.parametrize("name", ["demo", "doctor", "bench", "soak", "fake"])
def test_every_command_explains_itself(name):
    pytest.importorskip(f"gossamer.cli.{name}.command")
    result = CliRunner().invoke(app.group, [name, "--help"], prog_name="gossamer")
    assert result.exit_code == 0
    assert result.output.startswith(f"Usage: gossamer {name} [OPTIONS]")
