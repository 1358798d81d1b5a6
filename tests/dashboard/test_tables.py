from __future__ import annotations

from decimal import Decimal

import polars as pl

from dashboard.parts import plain
from dashboard.tables import with_interval


def test_text_shows_as_it_is_written() -> None:
    assert plain("$653k of [A](b) *c* `d` 80%: <e>") == r"\$653k of \[A\](b) \*c\* \`d\` 80%\: \<e\>"


def test_intervals_are_told_for_the_rows_that_are_shown() -> None:
    lots = pl.DataFrame({"low_amount": [Decimal(26_000)] * 201, "high_amount": [Decimal(1_280_000)] * 201})

    told = with_interval(lots, "USD")["interval"].to_list()

    assert told[0] == "$26k to $1.28M"
    assert told[199:] == ["$26k to $1.28M", None]
