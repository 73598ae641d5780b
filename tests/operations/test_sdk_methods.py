"""Every method of the installed SDK: its route is known, and the app cannot tell that it is traced."""

from __future__ import annotations

import importlib
import logging
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import openai
import pytest
from typing_extensions import overload

from gossamer.openai_sdk import OPERATIONS
from gossamer.operations import Operation, Table
from gossamer.operations.administration import ADMINISTRATION
from gossamer.operations.plain import OTHER, plain_operations
from gossamer.testing import capture

ROOT = Path(__file__).resolve().parent.parent.parent
MADE_FOR = "3.54.0"

TABLE = Table(OPERATIONS)
#: With `GOSSAMER_ALL_OPERATIONS`.
WHOLE_TABLE = Table((*plain_operations(ADMINISTRATION), *OPERATIONS), other=OTHER)
#: Routes that only older releases have.
OLD = {("POST", "/evals/{id}/runs/{id}")}

of_the_newest = pytest.mark.skipif(
    openai.__version__ != MADE_FOR, reason=f"counts what openai {MADE_FOR} has: this is {openai.__version__}"
)
not_of_older_ones = pytest.mark.skipif(
    tuple(map(int, openai.__version__.split(".")[:2])) < tuple(map(int, MADE_FOR.split(".")[:2])),
    reason=f"the page lists the methods of openai {MADE_FOR}: this is {openai.__version__}",
)


@pytest.fixture(scope="module")
def sdk_methods() -> Iterator[Any]:
    """The script that calls them all."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "scripts"))
        yield importlib.import_module("sdk_methods")


@pytest.fixture(scope="module", params=["sync", "async"])
def bare(sdk_methods: Any, request: pytest.FixtureRequest) -> tuple[str, list[Any]]:
    """A client's kind, and every call of it, not traced."""
    return request.param, sdk_methods.walk(request.param)


def found(sent: Any, table: Table = TABLE) -> Operation | None:
    """The operation of a request."""
    return table.find(sent.verb, sent.path.replace("{id}", "an-id"))


class Helper:
    """Like those of the SDK that start an answer or follow one, by what they are given."""

    @overload
    def stream(self, *, response_id: str) -> None: ...
    @overload
    def stream(self, *, model: str, prompt: str) -> None: ...
    @overload
    def stream(self, *, model: str, prompt: str, store: Literal[True]) -> None: ...
    def stream(self, **_: object) -> None:
        """Do nothing."""


def test_each_set_of_arguments_is_a_way_of_its_own(sdk_methods):
    ways = [way for way, _ in sdk_methods.ways(Helper().stream)]
    assert ways == ["response_id", "model, prompt", "model, prompt, store=True"]


def misread(calls: list[Any]) -> set[str]:
    """Requests that are unknown, or taken for others, with an id where these have a name."""
    return {
        f"{call.method} sends {sent.verb} {sent.path}: {'unknown' if it is OTHER else it.path}"
        for call in calls
        for sent in call.outcome.requests
        for it in (found(sent), found(sent, WHOLE_TABLE))
        if it is not None and it.path != sent.path
    }


def unlisted(calls: list[Any]) -> set[str]:
    """Methods that docs/operations.md does not list."""
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `([\w.]+)` \| ", page.partition("## Every method\n")[2], re.MULTILINE)
    return {call.method for call in calls} - set(listed)


def test_every_route_is_known(bare):
    _, calls = bare
    wrong = misread(calls)
    assert not wrong, "\n".join(["an operation or an entry in administration.py is missing:", *sorted(wrong)])


@not_of_older_ones
def test_every_method_is_listed(bare):
    """One of a newer release has to be looked at, even where it sends what others send."""
    _, calls = bare
    assert not unlisted(calls)


def test_a_method_that_is_new_does_not_go_unnoticed(sdk_methods, monkeypatch):
    def newest(self):
        return self._get("/models/newest", cast_to=object)

    def list_and_wait(self):
        return self.list()

    for method in (newest, list_and_wait):
        monkeypatch.setattr(openai.resources.Models, method.__name__, method, raising=False)
    calls = [call for call in sdk_methods.walk("sync") if call.method.startswith("models.")]
    assert misread(calls) == {"models.newest sends GET /models/newest: /models/{id}"}
    assert unlisted(calls) == {"models.newest", "models.list_and_wait"}


def test_no_traced_route_is_named_as_administration():
    traced = {(operation.method, operation.path) for operation in OPERATIONS}
    assert not traced & {(verb, path) for verb, paths in ADMINISTRATION.items() for path in paths}
    assert len(traced) == len(OPERATIONS)


def test_routes_are_named_after_methods_that_send_them(bare):
    _, calls = bare
    routes: dict[str, set[tuple[str, str]]] = {}
    for call in calls:
        routes.setdefault(call.method, set()).update((sent.verb, sent.path) for sent in call.outcome.requests)
    reached = set().union(*routes.values())
    for verb, paths in ADMINISTRATION.items():
        for path, method in paths.items():
            if openai.__version__ == MADE_FOR and (verb, path) not in OLD:
                assert method in routes, f"no method {method}"
            if method in routes and (verb, path) in reached:
                assert (verb, path) in routes[method], f"{method} does not send {verb} {path}"


@pytest.mark.parametrize("everything", [False, True], ids=["default", "all operations"])
def test_the_app_cannot_tell_of_any_method(bare, sdk_methods, caplog, everything):
    kind, calls = bare
    with (
        caplog.at_level(logging.DEBUG, logger="gossamer"),
        capture(all_operations=everything) as telemetry,
    ):
        traced = sdk_methods.walk(kind)
        spans = telemetry.spans
    assert [str(call) for call in traced] == [str(call) for call in calls]
    different = [
        f"{call}: {field} was {was!r}, is {now!r}"
        for call, other in zip(calls, traced, strict=True)
        for field, was, now in zip(call.outcome._fields, call.outcome, other.outcome, strict=True)
        if was != now
    ]
    assert not different, "\n".join(different)
    assert [record for record in caplog.records if record.name.startswith("gossamer")] == []
    table = WHOLE_TABLE if everything else TABLE
    sent = [found(request, table) for call in traced for request in call.outcome.requests if not request.poll]
    expected = Counter(operation.name for operation in sent if operation is not None)
    assert Counter(name_of(span) for span in spans) == expected
    assert len(expected) > 5
    assert not everything or sum(expected.values()) == len(sent)


def name_of(span: dict[str, Any]) -> str:
    """The operation of a span."""
    attributes = span["attributes"]
    name: str = attributes.get("gen_ai.operation.name") or attributes["gossamer.method"]
    assert span["name"] == name or span["name"].startswith(f"{name} ")
    return name


def test_only_what_cannot_sends_no_request(bare):
    _, calls = bare
    silent = {call.method: call.reason for call in calls if call.reason is not None}
    pure = {"webhooks.unwrap", "webhooks.verify_signature", "beta.agents.sessions.artifacts.for_result"}
    assert {method for method in silent if not method.endswith(".connect")} <= pure, silent
    failed = {str(call): call.outcome.error for call in calls if call.outcome.requests and call.outcome.error}
    assert not failed, failed


@of_the_newest
def test_all_methods_are_walked(bare):
    _, calls = bare
    assert len({call.method for call in calls}) == 436
    assert len({call.method for call in calls if call.outcome.requests}) == 425
