"""The sentence about a lot is true for every lot, the dull ones too."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import polars as pl
import pytest

from dashboard.burn_down.words import finding
from dashboard.charts import burn_down
from dashboard.lot import Forecast, Lot, Reach, lot_of
from dashboard.theme import DARK, LIGHT
from tests.queries import tiny

if TYPE_CHECKING:
    from pathlib import Path

    import plotly.graph_objects as go

AS_OF = date(2026, 11, 22)
FORECAST = Forecast(
    expected=Decimal("38.2"),
    low=Decimal(21),
    high=Decimal(64),
    lower=Decimal(30),
    upper=Decimal(50),
    amount=Decimal(7640),
    days_left=129,
    lapses_on=date(2027, 3, 31),
    lapse_days=129,
    lapses_quantity=Decimal(120),
    recent_monthly=Decimal(19),
    required_monthly=Decimal(28),
    runs_out_chance=0.04,
    runs_out_on=date(2026, 12, 20),
)
NORTHWIND = Lot(
    lot_id="SO-1042-1",
    contract_id="SO-1042",
    account_id="A042",
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
    reach=Reach(monthly=Decimal(38), act_by=date(2026, 12, 27), beyond=Decimal(0)),
    used_up_on=None,
    terminated_on=None,
)
LATE = replace(NORTHWIND, reach=Reach(monthly=Decimal(24), act_by=None, beyond=Decimal("16.8")))
SOON = replace(
    LATE,
    usable_until=date(2026, 12, 2),
    forecast=replace(FORECAST, days_left=10, lapses_on=date(2026, 12, 2), lapse_days=10),
)
#: What is above 20 hours lapses on 31 December, after 39 days: at 19 h a month 75 of the 100 are left to lose.
CAPPED = replace(
    NORTHWIND,
    expires_on=date(2026, 12, 31),
    forecast=replace(
        FORECAST,
        lapses_on=date(2026, 12, 31),
        lapse_days=39,
        lapses_quantity=Decimal(100),
        required_monthly=Decimal(77),
    ),
)
CAPPED_SOON = replace(CAPPED, forecast=replace(CAPPED.forecast, lapse_days=9))
CAPPED_ON_PACE = replace(CAPPED, forecast=replace(CAPPED.forecast, recent_monthly=Decimal(77), expected=Decimal(0)))

STEADY = replace(NORTHWIND, forecast=replace(FORECAST, recent_monthly=Decimal(28)))
EARLY = replace(NORTHWIND, forecast=replace(FORECAST, runs_out_chance=0.6))
ON_PACE = replace(NORTHWIND, forecast=replace(FORECAST, expected=Decimal("0.02"), recent_monthly=Decimal(28)))
UNUSED = replace(
    NORTHWIND,
    drawn=Decimal(0),
    remaining=Decimal(200),
    forecast=replace(FORECAST, recent_monthly=Decimal(0)),
    reach=Reach(monthly=Decimal(0), act_by=None, beyond=Decimal(200)),
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
CAPPED_AND_USED_UP = replace(EXHAUSTED, drawn=Decimal(150), lapsed=Decimal(50))
MOVED_AWAY = replace(EXHAUSTED, granted=Decimal(0), drawn=Decimal(0))
MOVED_AND_ENDED = replace(MOVED_AWAY, status="ended")
AFTER_THE_CAP = replace(
    ON_PACE, status="grace", expires_on=date(2026, 9, 30), drawn=Decimal(150), lapsed=Decimal(40), remaining=Decimal(10)
)
TERMINATED = replace(ENDED, terminated_on=date(2026, 10, 31), lapsed_amount=Decimal(0))
USED_UP_AT_THE_END = replace(ENDED, lapsed=Decimal(0), lapsed_amount=Decimal(0))
ENDLESS = replace(NORTHWIND, expires_on=None, usable_until=None, forecast=None)
IN_MONEY = replace(
    LATE,
    unit="USD",
    granted=Decimal(155_000),
    forecast=replace(
        FORECAST, expected=Decimal(126_493), required_monthly=Decimal(30_000), recent_monthly=Decimal(4_400)
    ),
)
EVERY = {
    "open": NORTHWIND,
    "capped": CAPPED,
    "capped and used up": CAPPED_AND_USED_UP,
    "moved away": MOVED_AWAY,
    "after the cap": AFTER_THE_CAP,
    "late": LATE,
    "soon": SOON,
    "steady": STEADY,
    "early": EARLY,
    "terminated": TERMINATED,
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
        (NORTHWIND, "Northwind will leave about 38 of 200 hours unused on 31 March 2027: book 9 more a month"),
        (
            LATE,
            (
                "Northwind will leave about 38 of 200 hours unused on 31 March 2027: book 9 more a month,"
                " or agree an extension"
            ),
        ),
        (
            SOON,
            (
                "Northwind will leave about 38 of 200 hours unused on 2 December: book the 120 h left within 10 days,"
                " or agree an extension"
            ),
        ),
        (
            STEADY,
            (
                "Northwind will leave about 38 of 200 hours unused on 31 March 2027: see that it keeps to the 28 h"
                " a month it needs"
            ),
        ),
        (
            UNUSED,
            (
                "Northwind will leave about 38 of 200 hours unused on 31 March 2027: book 28 h a month,"
                " or agree an extension"
            ),
        ),
        (TERMINATED, "Northwind terminated on 31 October with 12 of 200 hours unused"),
        (ON_PACE, "Northwind is on pace to use all 200 hours by 31 March 2027"),
        (UPCOMING, "Northwind can use 200 hours from 1 January 2027"),
        (EXHAUSTED, "Northwind has used all 200 hours by 2 November, 149 days before the end"),
        (ENDED, "Northwind left 12 of 200 hours unused by 31 October"),
        (
            CAPPED,
            ("Northwind has 120 h left, and only 20 h carry over after 31 December: book 58 more a month"),
        ),
        (
            CAPPED_SOON,
            ("Northwind has 120 h left, and only 20 h carry over after 31 December: book 100 h within 9 days"),
        ),
        (CAPPED_ON_PACE, "Northwind is on pace to use all 200 hours by 31 March 2027"),
        (CAPPED_AND_USED_UP, "Northwind has nothing left: 150 of 200 hours used, 50 h lapsed"),
        (MOVED_AWAY, "Northwind has nothing in this lot: all its units were moved or taken back"),
        (MOVED_AND_ENDED, "Northwind has nothing in this lot: all its units were moved or taken back"),
        (
            AFTER_THE_CAP,
            "Northwind is on pace to use the rest by 31 March 2027: 150 of 200 hours used, 40 h lapsed",
        ),
        (USED_UP_AT_THE_END, "Northwind used all 200 hours by 31 October"),
        (ENDLESS, "Northwind has 120 of 200 hours left, and no last day to use them by"),
        (
            IN_MONEY,
            (
                "Northwind will leave about $126k of $155k unused on 31 March 2027: book $26k more a month,"
                " or agree an extension"
            ),
        ),
    ],
)
def test_the_title_says_what_becomes_of_the_lot(lot: Lot, title: str) -> None:
    assert finding(lot, AS_OF).title == title


@pytest.mark.parametrize(
    ("lot", "advice"),
    [
        (NORTHWIND, "Using them all takes 28 h a month; the last 90 days had 19 h a month."),
        (NORTHWIND, "At 38 h a month, its best or twice its recent pace, it is enough to begin by 27 December."),
        (LATE, "Even at 24 h a month, its best or twice its recent pace, 17 h would lapse."),
        (EARLY, "It runs out early with a chance of 60%, if so around 20 December."),
        (ON_PACE, "The pace of the last 90 days, 28 h a month, would use them all if it held."),
        (UNUSED, "Never used so far. Using them all takes 28 h a month; nothing was used in the last 90 days."),
        (IN_GRACE, "In grace since its term ended on 30 September."),
        (CAPPED, "What is left above 20 h lapses on 31 December."),
        (ENDED, "What lapsed was worth $2,400."),
    ],
)
def test_the_line_under_it_says_what_to_do(lot: Lot, advice: str) -> None:
    said = finding(lot, AS_OF).subtitle
    assert said.startswith("Remaining hours, consulting, lot SO-1042-1.")
    assert advice in said


def event(kind: str, on: date, **other: object) -> dict[str, object]:
    empty = dict.fromkeys(("quantity", "new_end", "other_lot_id", "title"))
    return {**empty, "on_date": on, "kind": kind, "unit": "hour", **other}


EVENTS = pl.DataFrame(
    [
        event("add_units", date(2026, 6, 1), quantity=Decimal(20)),
        event("remove_units", date(2026, 6, 2), quantity=Decimal(5)),
        event("transfer_in", date(2026, 6, 3), quantity=Decimal(5), other_lot_id="SO-1042-2"),
        event("transfer_out", date(2026, 6, 4), quantity=Decimal(5), other_lot_id="SO-1042-2"),
        event("extension", date(2026, 6, 5), new_end=date(2027, 3, 31)),
        event("price_change", date(2026, 6, 6)),
        event("further_lot", date(2026, 6, 7), quantity=Decimal(5), other_lot_id="SO-1042-2"),
        event("request", date(2026, 12, 1), quantity=Decimal(3), title="Workshop"),
        event("request", date(2026, 12, 1), quantity=Decimal(5), title="Design"),
    ],
    infer_schema_length=None,
)


def written(figure: go.Figure) -> set[str]:
    return {note.text for note in figure.layout.annotations}


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
        figure = burn_down.draw(lot, rows, EVENTS, AS_OF, theme)
        assert figure.layout.height == 400
        assert len(figure.data) >= (3 if lot.forecast else 0)
        assert written(figure) >= {"+20 h", "8 h booked"} if rows.height and lot.unit == "hour" else True


def test_a_lot_that_never_ends_is_told_from_its_own_figures(tmp_path: Path) -> None:
    book = tiny.book(tmp_path, lots=[tiny.lot("A", 10, 1000, "2026-01-01..")], consumption=[])
    asked = {
        name: book.run(name, as_of="2026-03-31") for name in ("lot_balance", "watch_list", "burn_down", "lot_events")
    }
    balance, watched = (asked[name].row(0, named=True) for name in ("lot_balance", "watch_list"))

    lot = lot_of(balance, watched, None, None, asked["burn_down"], asked["lot_events"])

    assert lot.forecast is None
    assert finding(lot, date(2026, 3, 31)).title == "Acme has 10 of 10 hours left, and no last day to use them by"
