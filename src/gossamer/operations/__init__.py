"""The operations that are traced: one file a kind of call, and the table in which a request finds its own."""

from __future__ import annotations

from gossamer.operations.operation import Attributes, Fold, Operation
from gossamer.operations.table import Table

__all__ = ["Attributes", "Fold", "Operation", "Table"]
