"""The pins: whole, hashed, without an address, and true to what pyproject.toml promises."""

from __future__ import annotations

import importlib.metadata
import re
from pathlib import Path

import pytest

REQUIREMENTS = Path(__file__).resolve().parent.parent / "requirements"
MATRIX = REQUIREMENTS / "matrix"
LOCKS = sorted(REQUIREMENTS.rglob("*.txt"))


def pins(lock: Path) -> dict[str, set[str]]:
    """Package → its versions (more than one where they differ between Pythons)."""
    found: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([\w.-]+)==(\S+)", lock.read_text(encoding="utf-8"), re.MULTILINE):
        found.setdefault(name, set()).add(version)
    return found


def lower_bound(package: str) -> str:
    """The oldest version that our metadata allows."""
    for requirement in importlib.metadata.requires("gossamer") or []:
        if match := re.match(rf"{package}\s*>=\s*([\w.]+)", requirement):
            return match[1]
    raise AssertionError(f"no lower bound for {package}")


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.stem)
def test_a_lock_pins_and_hashes_everything_and_names_no_address(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    assert pins(lock)
    assert "://" not in text
    # Each package with its hashes: the line that follows a backslash is part of the same requirement.
    without_comments = re.sub(r"^ *#.*\n", "", text, flags=re.MULTILINE)
    for requirement in without_comments.replace("\\\n", "").splitlines():
        assert re.fullmatch(r"[\w.-]+==\S+( ; .+?)?( +--hash=sha256:[0-9a-f]{64})+ *", requirement)


def test_every_cell_of_the_matrix_is_locked_at_its_version() -> None:
    sources = {path.stem for path in MATRIX.glob("*.in")}
    assert sources == {path.stem for path in MATRIX.glob("*.txt")}
    for stem in sources:
        name, _, version = stem.partition("-")
        if name == "openai":
            assert pins(MATRIX / f"{stem}.txt")["openai"] == {version}


def test_the_matrix_runs_on_the_lower_bounds_that_we_declare() -> None:
    oldest = pins(MATRIX / "opentelemetry-oldest.txt")
    assert oldest["opentelemetry-instrumentation"] == {lower_bound("opentelemetry-instrumentation")}
    assert {version.removesuffix(".0") for version in oldest["opentelemetry-api"]} == {
        lower_bound("opentelemetry-api").removesuffix(".0")
    }
    assert (MATRIX / f"openai-{lower_bound('openai')}.txt").is_file()
