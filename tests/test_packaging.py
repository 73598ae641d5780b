"""What is published: the wheel and the sdist hold what they should, and the wheel works by itself."""

from __future__ import annotations

import configparser
import json
import shutil
import subprocess
import sys
import tarfile
import zipfile
from email.parser import Parser
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("hatchling", reason="needs the build back end (every make target installs it)")

ROOT = Path(__file__).resolve().parent.parent
UV = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
NO_INDEX = ("dns error", "error sending request", "Failed to fetch")  # what uv says when it reaches none

# Imports us as an app does, then makes one call over a transport in the process.
PROBE = """
import json, sys
import gossamer

imported = sorted(sys.modules)

import openai
import openai._base_client as base
from gossamer.testing import capture

http = getattr(base, "httpx2", None) or base.httpx
answer = {
    "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "gpt-4o-mini",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "yes"}}],
    "usage": {"prompt_tokens": 5, "completion_tokens": 1, "total_tokens": 6},
}
transport = http.MockTransport(lambda request: http.Response(200, json=answer))
client = openai.OpenAI(api_key="none", http_client=http.Client(transport=transport))
with capture() as telemetry:
    reply = client.chat.completions.create(model="gpt-4o-mini", messages=[])
json.dump(
    {
        "file": gossamer.__file__,
        "version": gossamer.__version__,
        "imported": imported,
        "content": reply.choices[0].message.content,
        "spans": [span["name"] for span in telemetry.spans],
        "tokens": telemetry.spans[0]["attributes"]["gen_ai.usage.input_tokens"],
    },
    sys.stdout,
)
"""


def run(*command: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The sdist, and the wheel built from it: so the sdist is whole, too."""
    out = tmp_path_factory.mktemp("built")
    script = (
        "import sys; from hatchling import build\n"
        "print({'sdist': build.build_sdist, 'wheel': build.build_wheel}[sys.argv[1]](sys.argv[2]))"
    )
    sdist = run(sys.executable, "-c", script, "sdist", str(out))
    assert sdist.returncode == 0, sdist.stderr
    archive = out / sdist.stdout.split()[-1]
    with tarfile.open(archive) as tar:
        tar.extractall(out, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
    source = out / archive.name.removesuffix(".tar.gz")
    wheel = run(sys.executable, "-c", script, "wheel", str(out), cwd=source)
    assert wheel.returncode == 0, wheel.stderr
    return {"sdist": archive, "wheel": out / wheel.stdout.split()[-1]}


@pytest.fixture(scope="module")
def wheel_files(built: dict[str, Path]) -> dict[str, str]:
    with zipfile.ZipFile(built["wheel"]) as wheel:
        return {name: wheel.read(name).decode("utf-8", "replace") for name in wheel.namelist()}


def metadata_file(files: dict[str, str], name: str) -> str:
    return next(text for path, text in files.items() if path.endswith(f".dist-info/{name}"))


def test_the_wheel_holds_the_package_and_nothing_else(wheel_files: dict[str, str]) -> None:
    tops = {path.partition("/")[0] for path in wheel_files}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"gossamer"}
    assert "gossamer/py.typed" in wheel_files
    tracked = {str(path.relative_to(ROOT / "src")) for path in (ROOT / "src").rglob("*.py")}
    assert {path for path in wheel_files if path.endswith(".py")} == tracked
    assert not [path for path in wheel_files if "test_" in path or "__pycache__" in path]
    assert "Apache License" in metadata_file(wheel_files, "licenses/LICENSE")


def test_the_wheel_names_our_entry_points(wheel_files: dict[str, str]) -> None:
    points = configparser.ConfigParser()
    points.read_string(metadata_file(wheel_files, "entry_points.txt"))
    assert dict(points["opentelemetry_instrumentor"]) == {"gossamer_openai": "gossamer:OpenAIInstrumentor"}
    assert dict(points["console_scripts"]) == {"gossamer": "gossamer.cli:main"}


def test_the_wheel_requires_the_two_api_packages_only(wheel_files: dict[str, str]) -> None:
    metadata = Parser().parsestr(metadata_file(wheel_files, "METADATA"))
    always = [r.split(">")[0].strip() for r in metadata.get_all("Requires-Dist", []) if "extra ==" not in r]
    assert sorted(always) == ["opentelemetry-api", "opentelemetry-instrumentation"]
    assert metadata.get_all("Provides-Extra") == ["cli", "instruments", "tiktoken"]
    assert metadata["License-Expression"] == "Apache-2.0"


def test_the_sdist_holds_sources_tests_and_licence(built: dict[str, Path]) -> None:
    with tarfile.open(built["sdist"]) as tar:
        names = {name.partition("/")[2] for name in tar.getnames()}
    assert {"LICENSE", "README.md", "pyproject.toml", "src/gossamer/py.typed"} <= names
    assert {"tests/test_packaging.py", "requirements/dev.txt", "Makefile"} <= names
    assert not [name for name in names if name.startswith((".venv", ".matrix")) or "__pycache__" in name]


@pytest.fixture(scope="module")
def clean(built: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel, openai and the SDK, at the versions of the lock; no extra, no tool."""
    if UV is None:
        pytest.skip("needs uv")
    home = tmp_path_factory.mktemp("clean")
    lock = (ROOT / "requirements" / "dev.txt").read_text(encoding="utf-8").splitlines()
    pins = home / "pins.txt"
    # Without the hashes: a wheel just built has none in any lock.
    pins.write_text("\n".join(line.rstrip(" \\") for line in lock if line[:1].isalpha()))
    venv = run(UV, "venv", "--python", sys.executable, str(home / "venv"))
    assert venv.returncode == 0, venv.stderr
    python = home / "venv" / "bin" / "python"
    into = [UV, "pip", "install", "--python", str(python), "--constraint", str(pins)]
    installed = run(*into, str(built["wheel"]), "openai", "opentelemetry-sdk")
    if installed.returncode and any(sign in installed.stderr for sign in NO_INDEX):
        pytest.skip(f"the package index is out of reach: {installed.stderr.strip().splitlines()[-1]}")
    assert installed.returncode == 0, installed.stderr
    return python


@pytest.fixture(scope="module")
def probed(clean: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    done = run(
        str(clean), "-X", "dev", "-W", "error", "-I", "-c", PROBE, cwd=tmp_path_factory.mktemp("elsewhere")
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return dict(json.loads(done.stdout))


def test_the_installed_wheel_records_a_call(probed: dict[str, Any], clean: Path) -> None:
    assert Path(probed["file"]).is_relative_to(clean.parent.parent)
    assert (probed["content"], probed["spans"], probed["tokens"]) == ("yes", ["chat gpt-4o-mini"], 5)


def test_importing_the_library_imports_neither_openai_nor_an_extra(probed: dict[str, Any]) -> None:
    assert "opentelemetry.trace" in probed["imported"]
    heavy = {
        "openai",
        "pydantic",
        "httpx",
        "httpx2",
        "opentelemetry.sdk",
        "click",
        "rich",
        "starlette",
        "uvicorn",
    }
    assert heavy.isdisjoint(probed["imported"])


def test_without_the_extra_the_command_says_what_to_install(clean: Path) -> None:
    done = run(str(clean.with_name("gossamer")), "demo")
    assert done.returncode == 2
    assert "pip install 'gossamer[cli]'" in done.stderr
    assert "Traceback" not in done.stderr
