"""Books that random ones found, cut down to what matters: each was told wrongly once, by the engine or by its oracle.

What is wanted is worked out by hand from the rules. Lots are 10 hours for 100 in 2024 unless they say otherwise.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.property.by_hand import a_billing, a_line, a_lot, an_amendment, an_assessment, an_estimate, small_book
from tests.property.figures import THE_END
from tests.property.layers import POLICIES, Amounts
from tests.property.portfolio import Portfolio

if TYPE_CHECKING:
    from tests.property.brute_force import Row, Rows


def on(month: int, day: int) -> date:
    return date(2024, month, day)


FIRST, LAST = on(1, 1), on(12, 31)
MONTH_ENDS = [on(1, 31), on(2, 29), on(3, 31), on(4, 30), on(5, 31), on(6, 30)]


def a_hundred(lot_id: str, valid_from: date = FIRST, expires_on: date | None = LAST, **values: object) -> Row:
    return a_lot(lot_id, "10", valid_from, expires_on, **{"amount": Decimal(100)} | values)


def used(quantity: str, day: date, line_no: int = 1, **values: object) -> Row:
    return a_line(f"u{line_no}", line_no, quantity, service_date=day, **values)


class Told(NamedTuple):
    """A book and the revenue its contract has recognised under a policy by some days."""

    book: Rows
    policy: str
    reached: dict[date, str]


REVENUE = {
    # The share that would be escheated waits for the lapse (R5.6), however often use is judged remote.
    "judged remote twice": Told(
        small_book(a_hundred("l"), an_assessment(on(2, 1)), an_assessment(on(3, 1)), escheat_rate=Decimal("0.25")),
        "remote",
        {on(2, 29): "75", on(3, 31): "75", LAST: "75"},
    ),
    # 8 of the 5 hours expected are used: all of the price is recognised, of what is added to it too (R5.3).
    "repriced when more is used than was expected": Told(
        small_book(
            a_hundred("l"),
            an_estimate("0.5", FIRST),
            used("8", on(1, 10)),
            an_amendment("price_change", "l", on(2, 1), amount="20", treatment="prospective"),
        ),
        "proportional",
        {on(1, 31): "100", on(2, 29): "120", LAST: "120"},
    ),
    "added to when more is used than was expected": Told(
        small_book(
            a_hundred("l"),
            an_estimate("0.9", FIRST),
            used("8", on(1, 10)),
            an_amendment("add_units", "l", on(2, 1), quantity="2", amount="30"),
        ),
        "proportional",
        {on(1, 31): "100", on(2, 29): "130", LAST: "130"},
    ),
    # 7 are still more than 5: what the reversal takes from delivery is breakage.
    "reversed across a re-pricing when more is used than was expected": Told(
        small_book(
            a_hundred("l"),
            an_estimate("0.5", FIRST),
            used("8", on(1, 10)),
            an_amendment("price_change", "l", on(2, 1), amount="20", treatment="prospective"),
            used("-1", on(3, 1), 2, reverses="u1"),
        ),
        "proportional",
        {on(2, 29): "120", on(3, 31): "120", LAST: "120"},
    ),
    # An end moved for no money is an extension: the new estimate catches up on all that was recognised (R7.1, R5.2).
    "repriced by nothing": Told(
        small_book(
            a_hundred("l"),
            an_estimate("0.5", FIRST),
            used("2", on(1, 10)),
            an_amendment("price_change", "l", on(2, 1), amount="0", treatment="prospective", new_expires_on=on(12, 30)),
            an_estimate("0", on(3, 1)),
        ),
        "proportional",
        {on(1, 31): "40", on(2, 29): "40", on(3, 31): "20", LAST: "100"},
    ),
    # Nothing is left to take back, so nothing is spread anew: a quarter of the price each month.
    "nothing left to take back": Told(
        small_book(
            a_hundred("l", expires_on=on(4, 30)),
            used("10", on(1, 10)),
            an_amendment("remove_units", "l", on(2, 15), quantity="1", amount="10"),
            recognition_convention="month_half",
        ),
        "ratable",
        {on(1, 31): "25", on(2, 29): "50", on(3, 31): "75", on(4, 30): "100"},
    ),
    # Two closing days between the end of the term and an extension in carry-over; nothing is left to spread.
    "extended long after the term": Told(
        small_book(
            a_hundred("l", expires_on=on(1, 31), grace_until=on(6, 30)),
            an_amendment("extension", "l", on(4, 15), new_expires_on=on(5, 31)),
        ),
        "ratable",
        dict.fromkeys(MONTH_ENDS, "100"),
    ),
    # Half of 0.05 is 0.025: it must not be rounded up in both lots (R13.2).
    "half a cent moved": Told(
        small_book(
            a_hundred("l", amount=Decimal("0.05")),
            a_hundred("m", amount=Decimal(0)),
            an_amendment("transfer", "l", on(2, 1), quantity="5", to_lot_id="m"),
        ),
        "on_delivery",
        {LAST: "0.05"},
    ),
    # Tenths of 0.05 are half a cent, booked as 0.01 in each of the two they move to; where they come from the 0.04 left
    # are 0.03 in the end (R7.2, R13.2).
    **{
        f"half cents moved, {policy}": Told(
            small_book(
                a_hundred("l", amount=Decimal("0.05")),
                *(a_hundred(name, amount=Decimal(0)) for name in "mn"),
                *(
                    an_amendment("transfer", "l", FIRST, quantity="1", to_lot_id=name, amendment_id=f"to {name}")
                    for name in "mn"
                ),
            ),
            policy,
            {LAST: "0.05"},
        )
        for policy in POLICIES
    },
    # 349 of 366 days leave 46.4481 of 1,000; six of seven units take 39.8126 along, not 39.81 (R7.2, R10.1). By the end
    # of August: 960.1874, 100 x 243/365 = 66.5753, and 39.8126 x 243/365 = 26.5055, which is 26.51.
    "a fraction moved": Told(
        small_book(
            a_lot("l", "7", FIRST, LAST, amount=Decimal(1000)),
            a_hundred("m", date(2025, 1, 1), date(2025, 12, 31)),
            an_amendment("transfer", "l", on(12, 15), quantity="6", to_lot_id="m"),
        ),
        "ratable",
        {LAST: "960.19", date(2025, 8, 31): "1053.28", date(2025, 12, 31): "1100"},
    ),
    # One cent for two lots that end: it goes to one of them.
    "a cent billed for two lots": Told(
        small_book(
            a_hundred("l"),
            a_hundred("m"),
            a_billing(None, on(1, 1), "0.01"),
            an_amendment("termination", "l", on(2, 1)),
            an_amendment("termination", "m", on(2, 1)),
        ),
        "on_delivery",
        {on(1, 31): "0", on(2, 29): "0.01", LAST: "0.01"},
    ),
    # The lot begins in March; that it is ended before counts from its first day, for a billing in between too.
    "ended before it began": Told(
        small_book(
            a_hundred("l", on(3, 15)),
            an_amendment("termination", "l", on(1, 10)),
            a_billing("l", on(2, 10), "60"),
        ),
        "on_delivery",
        {on(2, 29): "0", on(3, 31): "60", LAST: "60"},
    ),
    # After the lapse a reversal is nil in total, and an estimate of a later day has nothing to catch up on.
    "reversed after the lapse of a lot that was repriced": Told(
        small_book(
            a_hundred("l", expires_on=on(2, 29)),
            used("2", on(1, 10)),
            an_amendment("price_change", "l", on(2, 1), amount="20", treatment="prospective"),
            used("-1", on(3, 10), 2, reverses="u1"),
            an_estimate("0.5", on(4, 1)),
        ),
        "proportional",
        {on(2, 29): "120", on(3, 31): "120", on(4, 30): "120"},
    ),
}


@pytest.mark.parametrize("name", REVENUE)
def test_revenue_is_what_was_worked_out(name: str) -> None:
    book, policy, wanted = REVENUE[name]
    books = Portfolio([book])
    days = [on(1, 31), *(day for day in wanted if day > on(1, 31))]
    rows = books.run("liability_rollforward", "policy", "period_end", boundaries=[date(2023, 12, 31), *days, THE_END])

    assert {day: books.expected.contract("k0", policy, day).revenue for day in wanted} == _fractions(wanted)
    assert {day: Fraction(rows[policy, day]["cumulative_revenue"]) for day in wanted} == _fractions(wanted)


def _fractions(amounts: dict[date, str]) -> dict[date, Fraction]:
    return {day: Fraction(amount) for day, amount in amounts.items()}


def test_the_cap_counts_what_a_transfer_brought() -> None:
    # 10 hours of its own and 5 received are above 5 by 10 when the stated term ends (R7.4).
    book = small_book(
        a_hundred("l", expires_on=on(6, 30), grace_until=LAST, carry_over_cap_quantity=Decimal(5)),
        a_hundred("m"),
        an_amendment("transfer", "m", on(2, 1), quantity="5", to_lot_id="l"),
    )
    books = Portfolio([book])
    balance = books.run("lot_balance", "lot_id", as_of=on(7, 1))["l"]
    revenue = books.run("revenue_by_lot", "lot_id", "policy", boundaries=[on(7, 1)])["l", "on_delivery"]

    assert books.expected.units("l", on(7, 1)) == tuple(map(Fraction, (15, 0, 10)))
    assert (balance["lapsed_quantity"], balance["remaining_quantity"]) == (10, 5)
    assert revenue["breakage"] == books.expected.lot("l", "on_delivery", on(7, 1)).breakage == 100


def test_units_of_a_lot_that_has_not_begun_can_be_moved_to_one_that_has() -> None:
    # Next year's hours are used this year: they arrive on the day they move, and go when their lot begins.
    book = small_book(
        a_hundred("this year"),
        a_hundred("next year", date(2025, 1, 1), date(2025, 12, 31)),
        an_amendment("transfer", "next year", on(6, 1), quantity="4", to_lot_id="this year"),
    )
    books = Portfolio([book])
    granted = {
        day: {key: row["granted_quantity"] for key, row in books.run("lot_balance", "lot_id", as_of=day).items()}
        for day in (on(5, 31), on(6, 1), date(2025, 1, 1))
    }

    assert granted[on(5, 31)] == {"this year": 10, "next year": 0}
    assert granted[on(6, 1)] == {"this year": 14, "next year": 0}
    assert granted[date(2025, 1, 1)] == {"this year": 14, "next year": 6}


def test_amounts_are_a_chain_of_rounded_sums() -> None:
    # 0.335 and 0.67 in all are 0.34 and 0.33: the second is what it adds (R10.1).
    amounts = Amounts(delivery=Fraction("0.335"), breakage=Fraction("0.335"))

    assert amounts.rounded("USD") == Amounts(delivery=Fraction("0.34"), breakage=Fraction("0.33"))
