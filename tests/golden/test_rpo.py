"""The backlog of a case by bands of time, however the case writes them."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.golden.bands import Band, band
from tests.golden.compare import differences
from tests.golden.samples import contract, expecting, literal, lot

AS_OF = date(2024, 12, 31)
JUNE, DECEMBER = date(2025, 6, 30), date(2025, 12, 31)


@pytest.mark.parametrize(
    ("written", "days"),
    [
        ("2025-06-30", (None, JUNE)),
        ("<= 2025-06-30", (None, JUNE)),
        ("> 2025-06-30", (JUNE, None)),
        ("after 2025-06-30", (JUNE, None)),
        ("2025-07-01..2025-12-31", (JUNE, DECEMBER)),
        (["2025-07-01", "2025-12-31"], (JUNE, DECEMBER)),
        (6, (None, JUNE)),
        ({"label": "first", "until": "2025-06-30"}, (None, JUNE)),
        ({"label": "second", "start": "2025-07-01", "end": "2025-12-31"}, (JUNE, DECEMBER)),
        ({"start": "2025-07-01", "end": None}, (JUNE, None)),
        ({"label": "half a year", "months": 6}, (None, JUNE)),
        ({"label": "2025-07-01 on"}, (None, date(2025, 7, 1))),
        ("later", (None, None)),
    ],
)
def test_a_band_is_read_as_it_is_written(written: Any, days: tuple[date | None, date | None]) -> None:
    assert band(written, AS_OF)[1:] == days


def test_a_band_has_the_label_it_is_given() -> None:
    assert band({"label": "first", "until": "2025-06-30"}, AS_OF) == Band("first", None, JUNE)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (["2025-06-30"], {"2025-06-30": "181.00", "later": "184.00"}),
        (["2025-06-30"], [{"until": "2025-06-30", "amount": "181.00"}, {"until": "2025-12-31", "amount": "184.00"}]),
        ([], [{"label": "2025-01-01..2025-06-30", "amount": "181.00"}, {"label": "> 2025-06-30", "amount": "184.00"}]),
        ([{"label": "H1", "until": "2025-06-30"}, {"label": "rest"}], {"H1": "181.00", "rest": "184.00"}),
        ([{"label": "H1", "until": "2025-06-30"}, {"label": "rest"}], ["181.00", "184.00"]),
        ([["2025-07-01", "2025-12-31"]], ["184.00"]),
        ([6], ["181.00", "184.00"]),
    ],
)
def test_ratable_backlog_falls_due_by_its_schedule(asked: list[Any], expected: Any) -> None:
    loaded = literal("ratable", contract(lot("A", "1", "731.00", "2024-01-01", "2025-12-31")))
    loaded["inputs"]["rpo_as_of"] = [{"date": "2024-12-31", "bands": asked}]
    row = {"date": "2024-12-31", "rpo_total": "365.00", "deferred_net": "365.00", "bands": expected}

    assert differences(expecting(loaded, rpo=[row])) == []


def test_bands_differ_one_by_one() -> None:
    loaded = literal("ratable", contract(lot("A", "1", "731.00", "2024-01-01", "2025-12-31")))
    row = {"date": "2024-12-31", "bands": {"2025-06-30": "180.00", "later": "184.00"}, "forecast": "1.00"}

    found = [str(check) for check in differences(expecting(loaded, rpo=[row]))]

    assert found == [
        "T P C1 2024-12-31 rpo.forecast 1.00 not computed",
        "T P C1 2024-12-31 rpo.bands.2025-06-30 180.00 181.00",
    ]


@pytest.mark.parametrize(
    ("method", "asked", "expected"),
    [
        ("ratable", {"current_until": "2025-06-30"}, {"current": "181.00", "non_current": "184.00"}),
        ("ratable", {"current_until": "2025-06-30"}, {"deferred_current": "181.00", "deferred_noncurrent": "184.00"}),
        ("ratable", {}, {"current": "365.00", "non-current": "0.00", "current_until": "2025-12-31"}),
        ("on_delivery", {"current_until": "2025-06-30"}, {"current": "731.00", "non_current": "0.00"}),
    ],
)
def test_deferred_revenue_is_current_by_its_schedule_or_on_call(
    method: str, asked: dict[str, str], expected: dict[str, str]
) -> None:
    loaded = literal(method, contract(lot("A", "1", "731.00", "2024-01-01", "2025-12-31")))
    loaded["inputs"]["rpo_as_of"] = [{"date": "2024-12-31", "current_until": "2025-12-31", **asked}]

    assert differences(expecting(loaded, rpo=[{"date": "2024-12-31", **expected}])) == []


def test_what_is_current_is_so_for_a_year_where_the_case_does_not_say() -> None:
    loaded = literal("ratable", contract(lot("A", "1", "1096.00", "2024-01-01", "2026-12-31")))
    row = {"date": "2024-12-31", "current": "365.00", "non_current": "365.00"}

    assert differences(expecting(loaded, rpo=[row])) == []
