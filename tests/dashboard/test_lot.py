"""The sentence about a lot is true for every lot, the dull ones too."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import polars as pl
import pytest

from dashboard.charts import burn_down
from dashboard.lot import Forecast, Lot, finding, lot_of
from dashboard.theme import DARK, LIGHT
from tests.queries import tiny

if TYPE_CHECKING:
    from pathlib import Path

AS_OF = date(2026, 11, 22)
FORECAST = Forecast(
    expected=Decimal("38.2"),
    low=Decimal(21),
    high=Decimal(64),
    lower=Decimal(30),
    upper=Decimal(50),
    amount=Decimal(7640),
    recent_monthly=Decimal(19),
    required_monthly=Decimal(28),
    runs_out_chance=0.04,
    runs_out_on=date(2026, 12, 20),
)
NORTHWIND = Lot(
    lot_id="SO-1042-1",
    contract_id="SO-1042",
    client="Northwind",
    owner="Team North",
    service="consulting",
    currency="USD",
    unit="hour",
    status="open",
    valid_from=date(2026, 4, 1),
    expires_on=date(2027, 3, 31),
    usable_until=date(2027, 3, 31),
    granted=Decimal(200),
    drawn=Decimal(80),
    lapsed=Decimal(0),
    remaining=Decimal(120),
    remaining_amount=Decimal(24_000),
    lapsed_amount=Decimal(0),
    forecast=FORECAST,
    used_up_on=None,
)
ON_PACE = replace(NORTHWIND, forecast=replace(FORECAST, expected=Decimal("0.02"), recent_monthly=Decimal(28)))
UNUSED = replace(
    NORTHWIND, drawn=Decimal(0), remaining=Decimal(200), forecast=replace(FORECAST, recent_monthly=Decimal(0))
)
IN_GRACE = replace(NORTHWIND, status="grace", expires_on=date(2026, 9, 30))
UPCOMING = replace(NORTHWIND, status="upcoming", valid_from=date(2027, 1, 1), forecast=None)
EXHAUSTED = replace(
    NORTHWIND, status="exhausted", remaining=Decimal(0), drawn=Decimal(200), forecast=None, used_up_on=date(2026, 11, 2)
)
ENDED = replace(
    NORTHWIND,
    status="ended",
    usable_until=date(2026, 10, 31),
    expires_on=date(2026, 10, 31),
    remaining=Decimal(0),
    lapsed=Decimal(12),
    lapsed_amount=Decimal(2400),
    forecast=None,
)
USED_UP_AT_THE_END = replace(ENDED, lapsed=Decimal(0), lapsed_amount=Decimal(0))
ENDLESS = replace(NORTHWIND, expires_on=None, usable_until=None, forecast=None)
IN_MONEY = replace(
    NORTHWIND, unit="USD", granted=Decimal(155_000), forecast=replace(FORECAST, expected=Decimal(126_493))
)
EVERY = {
    "open": NORTHWIND,
    "on pace": ON_PACE,
    "unused": UNUSED,
    "grace": IN_GRACE,
    "upcoming": UPCOMING,
    "exhausted": EXHAUSTED,
    "ended": ENDED,
    "used up at the end": USED_UP_AT_THE_END,
    "endless": ENDLESS,
    "in money": IN_MONEY,
}


@pytest.mark.parametrize(
    ("lot", "title"),
    [
        (NORTHWIND, "Northwind will leave about 38 of 200 hours unused on 31 March 2027"),
        (ON_PACE, "Northwind is on pace to use all 200 hours by 31 March 2027"),
        (UPCOMING, "Northwind can use 200 hours from 1 January 2027"),
        (EXHAUSTED, "Northwind has used all 200 hours by 2 November, 149 days before the end"),
        (ENDED, "Northwind left 12 of 200 hours unused on 31 October"),
        (USED_UP_AT_THE_END, "Northwind used all 200 hours by 31 October"),
        (ENDLESS, "Northwind has 120 of 200 hours left, and no last day to use them by"),
        (IN_MONEY, "Northwind will leave about $126k of $155k unused on 31 March 2027"),
    ],
)
def test_the_title_says_what_becomes_of_the_lot(lot: Lot, title: str) -> None:
    assert finding(lot, AS_OF).title == title


@pytest.mark.parametrize(
    ("lot", "advice"),
    [
        (NORTHWIND, "Booking 9 h more a month, 28 h instead of 19 h, uses them all."),
        (ON_PACE, "The pace of the last 90 days, 28 h a month, would use them all if it held."),
        (UNUSED, "Never used so far. Booking 28 h a month uses them all; nothing was used in the last 90 days."),
        (IN_GRACE, "In grace since its term ended on 30 September."),
        (ENDED, "What lapsed was worth $2,400."),
    ],
)
def test_the_line_under_it_says_what_to_do(lot: Lot, advice: str) -> None:
    said = finding(lot, AS_OF).subtitle
    assert said.startswith("Remaining hours, consulting, lot SO-1042-1.")
    assert advice in said


@pytest.mark.parametrize("lot", EVERY.values(), ids=EVERY.keys())
@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_every_lot_can_be_drawn(lot: Lot, theme: object) -> None:
    history = pl.DataFrame(
        {
            "on_date": [lot.valid_from, AS_OF],
            "remaining_quantity": [lot.granted, lot.remaining],
            "ideal_quantity": [lot.granted, Decimal(70)],
        },
        schema_overrides={"remaining_quantity": pl.Decimal(18, 4), "ideal_quantity": pl.Decimal(18, 4)},
    )
    for rows in (history, history.head(1), history.clear()):
        figure = burn_down.draw(lot, rows, AS_OF, theme)
        assert figure.layout.height == 400
        assert len(figure.data) >= (3 if lot.forecast else 0)


def test_a_lot_that_never_ends_is_told_from_its_own_figures(tmp_path: Path) -> None:
    book = tiny.book(tmp_path, lots=[tiny.lot("A", 10, 1000, "2026-01-01..")], consumption=[])
    asked = {
        name: book.run(name, as_of="2026-03-31") for name in ("lot_balance", "watch_list", "lot_terms", "burn_down")
    }
    balance, watched, terms = (asked[name].row(0, named=True) for name in ("lot_balance", "watch_list", "lot_terms"))

    lot = lot_of(balance, watched, terms, asked["burn_down"])

    assert lot.forecast is None
    assert finding(lot, date(2026, 3, 31)).title == "Acme has 10 of 10 hours left, and no last day to use them by"
