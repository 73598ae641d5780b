"""docs/compatibility.md: what the tests ran on, from the results that `make matrix RECORD=1` has kept."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import matrix
import matrix_results
from docs_markdown import DriftError, demand_same, table

if TYPE_CHECKING:
    from matrix_results import Result

#: How the tests begin a reason to skip that is the SDK's or OpenTelemetry's.
_LACKS: Final = re.compile(
    r"^this (?:release of the SDK|release of openai|release|SDK|OpenTelemetry(?:'s)?) "
)


def page() -> str:
    """The generated part.

    Raises:
        DriftError: a cell of the matrix has never been run for the record, or failed.
    """
    results = matrix_results.load(matrix.RESULTS)
    _demand_complete(results)
    results.sort(key=lambda result: (_key(result.python), _key(result.openai), result.lock), reverse=True)
    return "\n\n".join(
        (f"## Tested\n\n{_tested(results)}", f"## What a release has not\n\n{_lacking(results)}")
    )


def _demand_complete(results: list[Result]) -> None:
    failed = [result.cell for result in results if result.failed]
    if failed:
        raise DriftError(f"tests failed in {failed}: mend them, and `make matrix RECORD=1`")
    locks = {path.stem for path in matrix.LOCKS.glob("*.txt")}
    demand_same(locks, {result.lock for result in results}, "locks of the matrix, run with RECORD=1")


def _key(version: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", version)]


def _tested(results: list[Result]) -> str:
    heads = ("Python", "openai", "HTTP", "OpenTelemetry", "pydantic", "Tests passed", "Skipped")
    return table(
        heads,
        [
            (
                result.python,
                result.openai,
                result.http,
                result.opentelemetry,
                result.pydantic,
                f"{result.passed:,}{' (all)' if result.whole else ''}",
                f"{sum(result.skipped.values()):,}",
            )
            for result in results
        ],
    )


def _lacking(results: list[Result]) -> str:
    """What tests were skipped for, where it is the release's doing, by SDK and OpenTelemetry."""
    found: dict[str, set[str]] = {}
    for result in results:
        for reason in result.skipped:
            said = _LACKS.sub("", reason)
            if said != reason:
                oldest = " with OpenTelemetry " + result.opentelemetry if "OpenTelemetry" in reason else ""
                found.setdefault(said, set()).add(f"{result.openai}{oldest}")
    rows = [(said, ", ".join(sorted(releases, key=_key))) for said, releases in sorted(found.items())]
    return table(("It", "openai"), rows)
