"""Tables, pages and pictures."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from gossamer.cli.bench import (
    budget,
    chart,
    labels,
    markdown,
    profile_table,
    tables,
)
from gossamer.cli.bench.run import Present, Run


def test_the_tables_show_every_contender(whole_run: Run, shown: Callable[..., str]) -> None:
    cost = shown(tables.cost(whole_run))
    assert "chat-sync" in cost
    assert "+52.0" in cost
    assert "1.04" in cost
    assert "OpenInference" in cost
    assert "+85" in shown(tables.plumbing(whole_run))
    assert "100.0" in shown(tables.memory(whole_run.present))
    assert shown(tables.budget(budget.verdicts(whole_run.figures))).count("kept") == 3


def test_there_is_no_table_of_nothing(whole_run: Run) -> None:
    only_chat = Run("m", 1, whole_run.present, [whole_run.figures[0]])
    assert tables.plumbing(only_chat) is None


def test_ours_is_shown_again_only_beside_another_sdk() -> None:
    def there(contender: str, environment: str, openai: str) -> Present:
        return Present(contender, environment, "1.0", "3.11", openai, "1.45")

    names = labels.shown(
        [
            there("bare", "here", "3.54.0"),
            there("gossamer", "here", "3.54.0"),
            there("bare", "new", "3.54.0"),
            there("gossamer", "new", "3.54.0"),
            there("logfire", "new", "3.54.0"),
            there("bare", "old", "1.60.2"),
        ]
    )
    assert names == {
        ("bare", "here"): "bare SDK 1.0",
        ("gossamer", "here"): "Gossamer",
        ("logfire", "new"): "Logfire 1.0",
        ("bare", "old"): "bare SDK 1.0 (openai 1.60.2)",
    }


def test_the_page_keeps_what_is_around_the_table(tmp_path: Path, whole_run: Run) -> None:
    page = tmp_path / "overhead.md"
    page.write_text("# Overhead\n\n<!-- bench: calls -->\nold\n<!-- end of bench: calls -->\n\nEnd.\n")
    text = markdown.calls_table(whole_run)
    for _ in range(2):
        markdown.put(page, "calls", text)
    written = page.read_text()
    assert written.startswith("# Overhead\n")
    assert written.endswith("\n\nEnd.\n")
    assert "old" not in written
    assert written.count("| **Gossamer** | +52.0 µs (1.09 x) |") == 1
    markdown.put(page, "load", "a table")
    assert page.read_text().endswith("<!-- end of bench: load -->\n")


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [(85.4, "85 ns"), (52_340, "52.3 µs"), (612_000, "612 µs"), (7_412_000, "7.4 ms")],
)
def test_times_have_the_unit_that_suits_them(nanoseconds: float, text: str) -> None:
    assert markdown.time_of(nanoseconds) == text


def test_the_picture_is_well_formed_and_has_its_text_as_text(whole_run: Run) -> None:
    drawing = ET.fromstring(chart.svg(chart.panels(whole_run), "a <note>"))
    texts = [element.text for element in drawing.iter("{http://www.w3.org/2000/svg}text")]
    assert "Gossamer" in texts
    assert "+52.0 µs" in texts
    assert "a <note>" in texts
    width = float(drawing.attrib["width"])
    for bar in drawing.iter("{http://www.w3.org/2000/svg}rect"):
        assert float(bar.attrib["x"]) + float(bar.attrib["width"]) < width


def test_a_bar_beyond_all_others_is_cut() -> None:
    panel = chart.Panel("p", [chart.Bar("a", 50.0), chart.Bar("b", 60.0), chart.Bar("c", 9000.0)])
    drawing = chart.svg([panel], "")
    assert drawing.count('class="cut"') == 1
    ET.fromstring(drawing)


def test_the_json_holds_what_the_tables_show(whole_run: Run) -> None:
    data = json.loads(json.dumps(whole_run.as_json()))
    assert data["figures"][2]["added_ns"]["median"] == 52e3
    assert data["present"][0]["openai"] == "3.54.0"


@pytest.fixture
def content_run(whole_run: Run) -> Run:
    """The same with content, which the peer has none of."""
    figures = [
        replace(figure, content=None if figure.contender == "bare" else ["prompt", "answer"])
        for figure in whole_run.figures
    ]
    figures[-1] = replace(figures[-1], content=["prompt"])
    peer = next(at for at, figure in enumerate(figures) if figure.contender.startswith("openinference"))
    figures[peer] = replace(figures[peer], content=[])
    return replace(whole_run, figures=figures, with_content=True)


def test_the_tables_say_that_they_are_with_content(content_run: Run, shown: Callable[..., str]) -> None:
    cost, plumbing = shown(tables.cost(content_run)), shown(tables.plumbing(content_run))
    assert "CPU time of one call, with content" in cost
    assert "chunks, with content" in " ".join(plumbing.split())  # broken where the table is narrow
    assert "OpenInference, no content" in cost
    assert "Gossamer, prompt only" in plumbing
    assert cost.count("no content") == 1
    table = profile_table.profile_table("gossamer", [], asynchronous=False, with_content=True)
    assert "Gossamer, with content: where" in shown(table)


def test_without_content_who_has_it_is_told(content_run: Run, shown: Callable[..., str]) -> None:
    cost = shown(tables.cost(replace(content_run, with_content=False)))
    assert "CPU time of one call, with" not in cost
    assert "Gossamer, with content" in cost
    assert "OpenInference, with content" not in cost


def test_the_page_says_what_a_peer_did_not_record(content_run: Run) -> None:
    text = markdown.calls_table(content_run)
    assert text.startswith("CPU time with content. openai 3.54.0")
    assert "| +52.0 µs (1.09 x) |" in text
    assert "| +220 µs (1.36 x), no content |" in text
    assert "| +85 ns, prompt only |" in text


def test_the_json_says_whether_content_was_captured(content_run: Run, whole_run: Run) -> None:
    assert (content_run.as_json()["with_content"], whole_run.as_json()["with_content"]) == (True, False)
    assert content_run.as_json()["figures"][1]["content"] == ["prompt", "answer"]
