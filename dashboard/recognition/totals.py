"""Totals beneath a ledger table, and sums that are nil where there is nothing."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

import polars as pl
import polars.selectors as cs

if TYPE_CHECKING:
    from collections.abc import Sequence

NIL: Final = Decimal(0)
TOTAL: Final = "Total"


def of(rows: pl.DataFrame, column: str) -> Decimal:
    """The sum of a column of amounts."""
    return Decimal(rows[column].sum() or 0)


def under(rows: pl.DataFrame, label: str, *, without: Sequence[str] = ()) -> pl.DataFrame:
    """Rows with their total as the last one.

    Args:
        rows: the rows, in order.
        label: the column of text that says `Total`.
        without: columns of amounts that do not add up, such as balances and running totals.
    """
    added = rows.select((cs.decimal() - cs.by_name(*without)).sum()).with_columns(pl.lit(TOTAL).alias(label))
    return pl.concat([rows, added.cast({name: rows.schema[name] for name in added.columns})], how="diagonal")
