"""The pages: up to date, complete, and without a dead link or a line of code that does not run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import openai
import pytest

import gossamer
from gossamer import semconv
from gossamer.cli.fake import FakeServer

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
README = ROOT / "README.md"
WITH_LINKS = [README, ROOT / "CHANGELOG.md", *sorted(DOCS.glob("*.md"))]
MADE_FOR = "3.54.0"

for_this_sdk = pytest.mark.skipif(
    openai.__version__ != MADE_FOR,
    reason=f"the pages show what openai {MADE_FOR} gives, this is {openai.__version__}",
)


def check(folder: Path = DOCS) -> subprocess.CompletedProcess[str]:
    """What `make docs` would change, as a diff."""
    command = [sys.executable, str(ROOT / "scripts" / "docs.py"), "--check", "--folder", str(folder)]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)


def python_blocks(page: Path) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """The anchors that a page's headings have on a forge."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@for_this_sdk
def test_the_generated_pages_are_up_to_date() -> None:
    result = check()
    assert result.returncode == 0, f"run `make docs`:\n{result.stdout}{result.stderr}"


@for_this_sdk
def test_a_stale_page_is_shown_as_a_diff_and_left_as_it_is(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(DOCS, tmp_path / "docs"))
    page = folder / "settings.md"
    stale = page.read_text(encoding="utf-8").replace("`GOSSAMER_SEMCONV` |", "`GOSSAMER_NAMES` |")
    page.write_text(stale, encoding="utf-8")
    result = check(folder)
    assert result.returncode == 1
    assert "-| `GOSSAMER_NAMES` |" in result.stdout
    assert "+| `GOSSAMER_SEMCONV` |" in result.stdout
    assert page.read_text(encoding="utf-8") == stale


@for_this_sdk
def test_a_page_without_its_markers_is_refused(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(DOCS, tmp_path / "docs"))
    (folder / "attributes.md").write_text("# Attributes\n", encoding="utf-8")
    result = check(folder)
    assert result.returncode == 1
    assert "attributes.md: no generated part" in result.stderr


def test_a_name_without_a_sentence_is_an_error_and_so_is_a_sentence_without_a_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    from docs_markdown import DriftError, demand_same

    demand_same({"a", "b"}, {"a": "...", "b": "..."}, "names")
    with pytest.raises(DriftError, match=r"no sentence for \['b'\]"):
        demand_same({"a", "b"}, {"a": "..."}, "names")
    with pytest.raises(DriftError, match=r"nothing seen of \['b'\]"):
        demand_same({"a"}, {"a": "...", "b": "..."}, "names")


def test_every_name_is_explained() -> None:
    names = {value for name, value in vars(semconv).items() if name.isupper() and isinstance(value, str)}
    page = (DOCS / "attributes.md").read_text(encoding="utf-8")
    assert len(names) > 60
    assert names <= set(re.findall(r"^(?:\||-) `([\w.]+)`", page, re.MULTILINE))


def test_the_changelog_begins_with_this_version() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    versions = re.findall(r"^## \[(.+?)\] - \d{4}-\d\d-\d\d$", changelog, re.MULTILINE)
    assert versions[0] == gossamer.__version__


@pytest.mark.parametrize("page", WITH_LINKS, ids=lambda page: page.name)
def test_links_within_the_project_lead_somewhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    targets = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'(?:src|srcset|href)="([^"\s]+)"', text)
    dead = []
    for target in targets:
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        if not file.exists() or (anchor and anchor not in anchors(file)):
            dead.append(target)
    assert dead == []


def test_the_readme_is_short() -> None:
    assert len(README.read_text(encoding="utf-8").splitlines()) < 150


def test_python_in_the_pages_compiles() -> None:
    blocks = [(page, block) for page in WITH_LINKS for block in python_blocks(page)]
    assert blocks
    for page, block in blocks:
        compile(block, str(page), "exec", dont_inherit=True)


def test_python_in_the_readme_runs_where_it_says_so(tmp_path: Path) -> None:
    """A block whose first line is `# runs` is a whole program; a server on this machine answers it."""
    programs = [block for block in python_blocks(README) if block.startswith("# runs\n")]
    with FakeServer() as server:
        environment = {**os.environ, "OPENAI_BASE_URL": server.base_url, "OPENAI_API_KEY": "sk-fake"}
        for number, program in enumerate(programs):
            script = tmp_path / f"readme_{number}.py"
            script.write_text(program, encoding="utf-8")
            command = [sys.executable, str(script)]
            result = subprocess.run(
                command, check=False, env=environment, capture_output=True, text=True, timeout=60
            )
            assert result.returncode == 0, f"{program}\n{result.stderr}"
