"""A rule about a whole row of a source."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RowRule:
    """SQL over `typed`, whose columns are the mapping's own names and `line`.

    `condition` says which rows are refused, `reason` is an expression for the text that says why, `column` the one to
    report it under.
    """

    column: str
    condition: str
    reason: str
