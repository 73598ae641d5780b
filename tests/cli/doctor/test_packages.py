"""Python, Gossamer, openai and OpenTelemetry: what fits, and what is told of what does not."""

from __future__ import annotations

import re
from pathlib import Path

import openai
import pytest

from gossamer.cli.doctor import packages
from gossamer.sdk import SDKMovedError

ROOT = Path(__file__).resolve().parents[3]


def test_an_environment_in_good_order(site):
    site.add_good()
    assert [each.severity for each in packages.examine(site.installed)] == ["ok"] * 4


def test_the_versions_that_are_shown(site):
    site.add_good("openai")
    site.add("httpx2", "2.16.2")
    site.add("requests", "2.34.2")
    versions = packages.versions(site.installed)
    assert versions["opentelemetry-sdk"] == "1.45.2"
    assert versions["httpx2"] == "2.16.2"
    assert not {"openai", "requests"} & set(versions)


def test_a_python_that_is_too_old(site, only):
    found = only(packages.examine(site.installed, (3, 9, 18)), "python-too-old")
    assert (found.severity, found.do) == ("problem", "Run the app on Python 3.10 or later.")
    assert "Python 3.9.18" in found.what


def test_gossamer_without_an_entry_point(site, only):
    site.add_good("gossamer")
    found = only(packages.examine(site.installed), "entry-point-missing")
    assert found.severity == "warning"
    assert "pip install gossamer" in found.do


def test_openai_that_is_missing(site, only, monkeypatch):
    site.add_good("openai")
    monkeypatch.setitem(__import__("sys").modules, "openai", None)
    found = only(packages.examine(site.installed), "openai-missing")
    assert (found.severity, found.what) == ("problem", "openai is not installed: there is nothing to trace.")


def test_openai_that_is_too_old(site, only):
    site.add_good("openai")
    site.add("openai", "1.25.2")
    found = only(packages.examine(site.installed), "openai-too-old")
    assert found.severity == "problem"
    assert "1.25.2" in found.what
    assert found.do.endswith("pip install 'openai>=1.26.0'")


def test_openai_that_is_built_in_another_way(site, only, monkeypatch):
    site.add_good()

    def moved(package):
        raise SDKMovedError("request() takes self, body")

    monkeypatch.setattr(packages, "locate", moved)
    found = only(packages.examine(site.installed), "openai-moved")
    assert found.severity == "problem"
    assert "request() takes self, body" in found.what


@pytest.mark.parametrize("library", ["httpx", "httpx2"])
def test_openai_without_its_http_library(site, only, monkeypatch, library):
    site.add_good()

    def locate(package):
        raise ModuleNotFoundError(f"No module named {library!r}", name=f"{library}._client")

    monkeypatch.setattr(packages, "locate", locate)
    found = only(packages.examine(site.installed), "httpx-missing")
    assert (found.severity, found.do) == ("problem", f"Install it: pip install {library}")


def test_openai_that_cannot_be_imported(site, only, monkeypatch):
    site.add_good()
    monkeypatch.setattr(packages, "locate", lambda package: 1 / 0)
    found = only(packages.examine(site.installed), "openai-broken")
    assert found.severity == "problem"
    assert "ZeroDivisionError" in found.what


def test_openai_that_is_newer_than_any_that_was_tested(site, only):
    site.add_good("openai")
    site.add("openai", "99.0.0")
    found = only(packages.examine(site.installed), "openai")
    assert found.severity == "ok"
    assert "newer than" in found.what


def test_the_newest_that_was_tested_is_the_newest_of_the_matrix_and_the_pages():
    tested = [
        re.findall(r"openai-([\d.]+)\.in", each.name) for each in (ROOT / "requirements/matrix").iterdir()
    ]
    newest = max((version for found in tested for version in found), key=lambda v: [*map(int, v.split("."))])
    assert newest == packages.NEWEST_TESTED
    assert f"openai 1.26.0 to {newest}" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_without_the_sdk_of_opentelemetry(site, only):
    site.add_good("opentelemetry-sdk")
    found = only(packages.examine(site.installed), "sdk-missing")
    assert found.severity == "problem"
    assert "pip install opentelemetry-sdk" in found.do


def test_releases_of_opentelemetry_that_do_not_go_together(site, only):
    site.add_good("opentelemetry-sdk")
    needs = (
        "opentelemetry-api==1.44.0",
        "opentelemetry-semantic-conventions==0.65b0",
        "opentelemetry-configuration==1.0; extra == 'file'",
        "typing-extensions>=99",
    )
    site.add("opentelemetry-sdk", "1.44.0", needs=needs)
    found = only(packages.examine(site.installed), "versions-do-not-match")
    assert found.severity == "warning"
    assert "opentelemetry-sdk 1.44.0 needs opentelemetry-api ==1.44.0, and 1.45.2 is installed" in found.what
    assert "opentelemetry-semantic-conventions ==0.65b0, and it is not installed" in found.what
    assert "configuration" not in found.what
    assert "typing-extensions" not in found.what


def test_releases_before_a_final_one_count(site):
    site.add_good("opentelemetry-instrumentation")
    site.add("opentelemetry-instrumentation", "0.66b2", needs=["opentelemetry-sdk>=1.45.0rc1"])
    assert {each.severity for each in packages.examine(site.installed)} == {"ok"}


def test_a_folder_that_is_left_of_a_removal_is_no_distribution(site):
    (site.folder / "~penai-1.0.dist-info").mkdir()
    assert site.installed.names() == []


def test_the_environment_of_the_tests(only):
    from gossamer.cli.doctor.installed import Installed

    found = only(packages.examine(Installed()), "openai")
    assert found.what.startswith(f"openai {openai.__version__} with httpx")
