"""The metrics, one row a time series."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich import box
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["metric_table"]

# What tells the series of the demo apart; the attributes that are equal in all are left out.
_TELLING = (
    "gen_ai.operation.name",
    "gen_ai.request.model",
    "gen_ai.token.modality",
    "error.type",
)
_PREFIX = "gen_ai.client."


def metric_table(metrics: Sequence[Mapping[str, Any]]) -> Table:
    """List every series with its count and sum."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    table.add_column(f"{_PREFIX} ...", style="cyan", overflow="fold")
    table.add_column("attributes", overflow="fold")
    table.add_column("count", justify="right")
    table.add_column("sum", justify="right")
    for metric in metrics:
        name = metric["name"].removeprefix(_PREFIX)
        for point in metric["points"]:
            attributes = point["attributes"]
            told = [str(attributes[key]) for key in _TELLING if key in attributes]
            told = [value for value in told if value != "unknown"]
            total = _amount(point.get("sum", point.get("value")), metric["unit"])
            table.add_row(name, " · ".join(told), str(point.get("count", "")), total)
            name = ""
    return table


def _amount(value: float, unit: str) -> str:
    if unit == "s":
        return f"{value:.3f} s"
    return f"{value:,}"
