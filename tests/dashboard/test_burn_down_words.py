"""What a what-if answers, what a client's lots come to and what is committed, in words and drawn."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import polars as pl
import pytest

from dashboard.burn_down import what_if
from dashboard.burn_down.requests import commitment
from dashboard.charts import burn_down, lot_timeline
from dashboard.theme import LIGHT
from tests.dashboard.test_lot import AS_OF, EVENTS, NORTHWIND, written
from tests.queries import tiny

if TYPE_CHECKING:
    from pathlib import Path

ANSWER = {
    "unit": "hour",
    "currency": "USD",
    "usable_until": date(2027, 3, 31),
    "forecast_quantity": Decimal("38.2"),
    "forecast_chance": 0.01,
    "expected_quantity": Decimal("3.1"),
    "low_quantity": Decimal(0),
    "lower_quantity": Decimal(0),
    "upper_quantity": Decimal(4),
    "high_quantity": Decimal("20.4"),
    "expected_amount": Decimal(620),
    "used_up_chance": 0.74,
}


@pytest.mark.parametrize(
    ("question", "supposed"),
    [
        (what_if.Question(extra=9), "With 9 h more a month, "),
        (what_if.Question(extension=1), "With the end 1 month later, "),
        (what_if.Question(carry_over=6), "With what is left carried over for 6 months, "),
        (
            what_if.Question(extra=9, extension=3, carry_over=6, cap=20),
            "With 9 h more a month, the end 3 months later and up to 20 h carried over for 6 months, ",
        ),
    ],
)
def test_the_answer_says_what_is_supposed_and_what_it_changes(question: what_if.Question, supposed: str) -> None:
    assert what_if.answer(ANSWER, question) == (
        f"{supposed}3.1 h (0 to 20 h), worth $620, would be left instead of 38 h, and the chance of using it all rises"
        " from 1% to 74%."
    )


def test_a_chance_that_stays_is_said_to() -> None:
    row = ANSWER | {"used_up_chance": 0.012, "unit": "USD"}
    assert what_if.answer(row, what_if.Question(extra=1)).endswith(
        "instead of $38, and the chance of using it all stays 1%."
    )


@pytest.mark.parametrize("end", [date(2027, 3, 31), date(2027, 9, 30)])
def test_a_what_if_is_drawn_beside_things_as_they_are(end: date) -> None:
    history = pl.DataFrame(
        {"on_date": [NORTHWIND.valid_from, AS_OF], "remaining_quantity": [200, 120], "ideal_quantity": [200, 70]}
    )
    fan = burn_down.Fan(end, Decimal(3), Decimal(0), Decimal(20), Decimal(0), Decimal(4), Decimal(620))
    figure = burn_down.draw(NORTHWIND, history, EVENTS.clear(), AS_OF, LIGHT, fan)
    assert figure.layout.xaxis.range == (NORTHWIND.valid_from, end)
    said = " ".join(written(figure))
    assert "<b>3 h unused</b>" in said
    assert ("as things are 38 h" in said) == (end > NORTHWIND.expires_on)


CLIENT = {
    "account_name": "Northwind",
    "open_amount": Decimal(24_000),
    "lot_count": 2,
    "expected_amount": Decimal(7640),
    "low_amount": Decimal(4200),
    "high_amount": Decimal(12_800),
}


def test_a_client_is_told_by_its_open_lots(tmp_path: Path) -> None:
    book = tiny.book(
        tmp_path,
        lots=[
            tiny.lot("open", 10, 1000, "2026-01-01..2026-06-30", contract_id="C", grace_until="2026-09-30"),
            tiny.lot("endless", 10, 1000, "2026-01-01..", contract_id="C"),
            tiny.lot("next", 10, 1000, "2026-07-01..2026-12-31", contract_id="C"),
            tiny.lot("past", 10, 1000, "2025-01-01..2025-12-31", contract_id="C"),
            tiny.lot("spent", 1, 100, "2026-01-01..2026-04-30", contract_id="C"),
        ],
        consumption=[tiny.used("U1", "C", "2026-02-01", 3)],
    )
    lots = book.run("lot_balance", as_of="2026-03-31")

    said = lot_timeline.finding(lots, CLIENT, "USD").title
    nothing = lot_timeline.finding(lots, CLIENT | {"expected_amount": Decimal(0)}, "USD").title
    drawn = {text.strip() for text in lot_timeline.draw(lots, "open", date(2026, 3, 31), LIGHT).data[0].text}

    assert said == "Northwind holds $24k in 2 open lots: $7,640 ($4,200 to $13k) will be left unused"
    assert nothing == "Northwind holds $24k in 2 open lots, none of it forecast to be left"
    assert lot_timeline.finding(lots, None, "USD").title == "Acme has no open lot: 5 lots so far"
    assert {"8 h left", "10 h left", "from 1 Jul 2026", "10 h unused", "used up"} <= drawn


def test_more_booked_than_is_held_is_said_with_why() -> None:
    row = {
        "unit": "hour",
        "booked_quantity": Decimal(30),
        "requested_quantity": Decimal(0),
        "usable_quantity": Decimal(20),
        "upcoming_quantity": Decimal(0),
        "is_over_committed": True,
        "over_quantity": Decimal(10),
        "late_quantity": Decimal(0),
        "early_quantity": Decimal(0),
        "out_of_scope_quantity": Decimal(0),
    }
    covered = row | {"booked_quantity": Decimal(5), "requested_quantity": Decimal(2), "is_over_committed": False}
    assert commitment(row) == "Booked: 30 h of the 20 h the contract holds: 10 h more than is left for it."
    assert commitment(covered) == "Booked: 5 h of the 20 h the contract holds; waiting for approval: 2 h."
