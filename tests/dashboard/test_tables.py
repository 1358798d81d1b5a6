from __future__ import annotations

from decimal import Decimal

import polars as pl
import pytest

from dashboard.parts import plain
from dashboard.tables import csv


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t"])
def test_text_a_spreadsheet_would_run_is_exported_as_text(start: str) -> None:
    exported = csv(pl.DataFrame({"client": [f"{start}cmd|' /C calc'!A0"], "amount": [Decimal("-12.500")]})).decode()
    assert f"'{start}cmd" in exported
    assert ",-12.500" in exported


def test_text_shows_as_it_is_written() -> None:
    assert plain("$653k of [A](b) *c* `d` 80%: <e>") == r"\$653k of \[A\](b) \*c\* \`d\` 80%\: \<e\>"
