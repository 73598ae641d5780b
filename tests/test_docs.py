"""The pages: up to date, complete, true, and without a dead link or a line of code that does not run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openai
import opentelemetry.version
import pytest

import gossamer
from gossamer import semconv
from gossamer.cli.fake import FakeServer, mock_client
from gossamer.events import _can_carry_events
from gossamer.openai_sdk import OPENAI
from gossamer.testing import capture

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
README = ROOT / "README.md"
WITH_LINKS = [README, ROOT / "CHANGELOG.md", ROOT / "SECURITY.md", *sorted(DOCS.glob("*.md"))]
MADE_FOR = "3.54.0"

for_this_sdk = pytest.mark.skipif(
    openai.__version__ != MADE_FOR or not _can_carry_events(opentelemetry.version.__version__),
    reason=f"the pages show what openai {MADE_FOR} gives, and events: this is {openai.__version__} with "
    f"OpenTelemetry {opentelemetry.version.__version__}",
)


def check(folder: Path = DOCS) -> subprocess.CompletedProcess[str]:
    """What `make docs` would change, as a diff."""
    command = [sys.executable, str(ROOT / "scripts" / "docs.py"), "--check", "--folder", str(folder)]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=180)


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
    names.remove(semconv.HTTP_RESPONSE_HEADER)
    assert f"| `{semconv.HTTP_RESPONSE_HEADER}.<name>` |" in page
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


@dataclass(frozen=True)
class Program:
    """A block of Python after `<!-- runs -->`, which is whole; a block of text after it is its output."""

    page: str
    source: str
    output: str | None


def programs() -> list[Program]:
    block = r"^<!-- runs -->\n```python\n(.*?)^```$(?:\n\n```text\n(.*?)^```$)?"
    return [
        Program(page.stem, source, output or None)
        for page in WITH_LINKS
        for source, output in re.findall(block, page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    ]


@pytest.fixture(scope="module")
def server() -> Iterator[FakeServer]:
    """Answers the programs of the pages."""
    with FakeServer() as running:
        yield running


@pytest.mark.parametrize("program", programs(), ids=lambda program: program.page)
def test_programs_in_the_pages_run_and_say_what_the_page_says(program, server, tmp_path) -> None:
    script = tmp_path / "program.py"
    script.write_text(program.source, encoding="utf-8")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GOSSAMER_", "OTEL_"))}
    environment = {**kept, "OPENAI_BASE_URL": server.base_url, "OPENAI_API_KEY": "sk-fake"}
    command = [sys.executable, str(script)]
    result = subprocess.run(
        command, check=False, env=environment, capture_output=True, text=True, timeout=180
    )
    assert result.returncode == 0, f"{program.source}\n{result.stderr}"
    assert program.output in (None, result.stdout)


def test_every_program_is_found() -> None:
    marks = sum(page.read_text(encoding="utf-8").count("<!-- runs -->") for page in WITH_LINKS)
    assert len(programs()) == marks > 3


def test_the_hosts_that_are_asked_for_usage_are_listed() -> None:
    page = (DOCS / "content.md").read_text(encoding="utf-8")
    (row,) = re.findall(r"^\| `auto` \|(.+)\|$", page, re.MULTILINE)
    assert set(re.findall(r"`(.+?)`", row)) == OPENAI.told_when_asked


SECRET = "S3CR3T"


@for_this_sdk
def test_what_the_page_on_privacy_says_is_never_recorded_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """With all that can be switched on."""
    monkeypatch.setenv("OPENAI_ORG_ID", SECRET)
    monkeypatch.setenv("OPENAI_PROJECT_ID", SECRET)
    url = f"https://{SECRET}:{SECRET}@llm.test/v1"
    client = openai.OpenAI(api_key=SECRET, base_url=url, http_client=mock_client())
    settings = {"capture": "SPAN_AND_EVENT", "tool_details": True, "content_binary": "data"}
    with capture(**settings, stream_usage="always") as telemetry:
        call_with_secrets(client)
    assert [span["name"] for span in telemetry.spans] == ["chat seen", "chat seen", "embeddings seen"]
    recorded = repr((telemetry.spans, telemetry.events, telemetry.metrics))
    assert recorded.count("seen in a prompt") == recorded.count("seen in a tool") == 4
    assert SECRET not in recorded


def call_with_secrets(client: Any) -> None:
    """Say in each place that is never recorded what must not be."""
    unnamed = dict.fromkeys(("user", "safety_identifier", "prompt_cache_key"), SECRET)
    unnamed |= {"metadata": {"key": SECRET}, "prediction": {"type": "content", "content": SECRET}}
    more = {"extra_headers": {"X-Key": SECRET, "Cookie": SECRET}, "extra_query": {"key": SECRET}}
    thought = {"type": "thinking", "thinking": "seen in a prompt", "signature": SECRET}
    function = {"name": "seen", "description": "seen in a tool", "strict": True}
    client.chat.completions.create(
        model="seen",
        messages=[{"role": "assistant", "content": [thought]}],
        tools=[{"type": "function", "function": function}],
        tool_choice="none",
        extra_body=unnamed,
        **more,
    )
    items = [
        {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": SECRET},
        {"type": "compaction", "id": "cmp_1", "encrypted_content": SECRET},
        {"type": "unknown", "headers": {"key": SECRET}, "authorization": SECRET, "signature": SECRET},
        {
            "role": "assistant",
            "content": [
                {
                    "type": "output_text",
                    "text": "seen in a prompt",
                    "annotations": [{"url": SECRET}],
                    "logprobs": [SECRET],
                }
            ],
        },
    ]
    server = {
        "type": "mcp",
        "server_label": "seen",
        "server_description": "seen in a tool",
        "server_url": f"https://{SECRET}@mcp.test/{SECRET}?key={SECRET}",
        "authorization": SECRET,
        "headers": {"key": SECRET},
    }
    files = {"type": "file_search", "vector_store_ids": [SECRET], "filters": {"key": SECRET}}
    interpreter = {"type": "code_interpreter", "container": {"type": "auto", "file_ids": [SECRET]}}
    prompt = {"id": "pmpt_1", "variables": {"name": SECRET}}
    client.responses.create(
        model="seen",
        input=items,
        tools=[server, files, interpreter],
        prompt=prompt,
        extra_body=unnamed,
        **more,
    )
    client.embeddings.create(model="seen", input=SECRET, **more)
