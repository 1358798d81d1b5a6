from __future__ import annotations

from decimal import Decimal

import polars as pl
import pytest

from dashboard.parts import plain
from dashboard.tables import csv, with_interval


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t"])
def test_text_a_spreadsheet_would_run_is_exported_as_text(start: str) -> None:
    exported = csv(pl.DataFrame({"client": [f"{start}cmd|' /C calc'!A0"], "amount": [Decimal("-12.500")]})).decode()
    assert f"'{start}cmd" in exported
    assert ",-12.500" in exported


def test_text_shows_as_it_is_written() -> None:
    assert plain("$653k of [A](b) *c* `d` 80%: <e>") == r"\$653k of \[A\](b) \*c\* \`d\` 80%\: \<e\>"


def test_intervals_are_told_for_the_rows_that_are_shown() -> None:
    lots = pl.DataFrame({"low_amount": [Decimal(26_000)] * 201, "high_amount": [Decimal(1_280_000)] * 201})

    told = with_interval(lots, "USD")["interval"].to_list()

    assert told[0] == "$26k to $1.28M"
    assert told[199:] == ["$26k to $1.28M", None]
