from __future__ import annotations

import io
import re
import zipfile
from datetime import date
from decimal import Decimal

import polars as pl
import pytest

from dashboard.export import csv, xlsx

STARTS = ["=", "+", "-", "@", "\t"]


def sheets(workbook: bytes) -> dict[str, str]:
    """The parts of a workbook as they are stored."""
    with zipfile.ZipFile(io.BytesIO(workbook)) as parts:
        return {name: parts.read(name).decode() for name in parts.namelist() if name.endswith(".xml")}


def cells(workbook: bytes) -> dict[str, str]:
    """Numbers of the first sheet by cell."""
    return dict(re.findall(r'<c r="([A-Z]+\d+)"[^>]*><v>([^<]+)</v>', sheets(workbook)["xl/worksheets/sheet1.xml"]))


def texts(workbook: bytes) -> list[str]:
    return re.findall(r"<t[^>]*>([^<]*)</t>", sheets(workbook)["xl/sharedStrings.xml"])


@pytest.mark.parametrize("start", STARTS)
def test_text_a_spreadsheet_would_run_is_exported_as_text(start: str) -> None:
    rows = pl.DataFrame({"client": [f"{start}cmd|' /C calc'!A0"], "amount": [Decimal("-12.500")]})

    exported = csv(rows).decode()

    assert f"'{start}cmd" in exported
    assert ",-12.500" in exported


@pytest.mark.parametrize("start", STARTS)
def test_a_workbook_holds_no_formula_and_quotes_its_text(start: str) -> None:
    workbook = xlsx(pl.DataFrame({"client": [f"{start}HYPERLINK(1)"]}), {"Table": f"{start}1+1"})

    assert "<f>" not in "".join(sheets(workbook).values())
    assert any("HYPERLINK(1)" in text for text in texts(workbook))
    assert 'quotePrefix="1"' in sheets(workbook)["xl/styles.xml"]


def test_amounts_are_numbers_days_are_dates_and_nothing_is_left_empty() -> None:
    rows = pl.DataFrame(
        {
            "day": [date(2026, 3, 31), None],
            "amount": [Decimal("1234.560"), Decimal("-0.010")],
            "count": [3, None],
            "is_open": [True, False],
        }
    )

    workbook = xlsx(rows, {"Table": "Revenue"})

    found = cells(workbook)
    assert float(found["B2"]) == 1234.56
    assert float(found["B3"]) == -0.01
    assert found["C2"] == "3"
    assert found["A2"] == "46112"
    assert "A3" not in found
    assert "C3" not in found


def test_an_amount_too_long_for_a_spreadsheet_stays_exact_as_text() -> None:
    exact = Decimal("123456789012345.678")
    workbook = xlsx(pl.DataFrame({"amount": [exact]}), {})
    assert str(exact) in texts(workbook)


def test_the_second_sheet_says_what_the_rows_are() -> None:
    workbook = xlsx(pl.DataFrame({"a": [1]}), {"Figure": "liability_rollforward", "As of": "2026-10-31"})
    assert {"Figure", "liability_rollforward", "As of", "2026-10-31"} <= set(texts(workbook))


def test_no_rows_are_a_workbook_too() -> None:
    workbook = xlsx(pl.DataFrame(schema={"contract_id": pl.String, "amount": pl.Decimal(18, 3)}), {})
    assert "contract_id" in texts(workbook)
