"""Whom to call first, and how late there is still time: client_risk and lot_reach."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.queries.tiny import account, across, contract, down, lot, text, used

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.queries.tiny import OpenBook

AS_OF = "2026-10-31"
#: One lot a contract; 61 days of the year are left on AS_OF.
REACH = {
    "lots": [
        lot("spurts", 100, 1000),
        lot("steady", 100, 1000),
        lot("unused", 100, 1000),
        lot("open-ended", 100, 1000, "2026-01-01.."),
        lot("spent", 10, 100),
    ],
    "consumption": [
        used("S1", "spurts", "2026-01-10", 30),
        used("S2", "spurts", "2026-04-09", 30),  # 90 days with the first: 60
        used("S3", "spurts", "2026-04-10", 0.0001),
        used("T1", "steady", "2026-10-20", 30),
        used("E1", "open-ended", "2026-10-20", 30),
        used("X1", "spent", "2026-10-20", 10),
    ],
}


@pytest.fixture(scope="module")
def reached(new_book: Callable[..., OpenBook]) -> OpenBook:
    return new_book(**REACH)


def test_a_contract_can_manage_its_best_ninety_days_or_twice_the_last(reached: OpenBook) -> None:
    # spurts: 60 in 90 days is 20 a month, and 40 left take 60 of the 61 days; steady: 30 in the last 90 days, twice 10
    # a month, leaves 70 - 20 x 61/30 = 29.3333; of nothing used nothing can be said.
    rows = reached.run("lot_reach", as_of=AS_OF)
    assert across(rows.drop("contract_id", "unit")) == text("""
        lot_id  reachable_monthly  act_by      beyond_quantity  beyond_amount
        spurts  20                 2026-11-02  0                0
        steady  20                 -           29.3333          293.33
        unused  0                  -           100              1000
    """)


@pytest.mark.parametrize(
    ("as_of", "act_by", "beyond"),
    [
        ("2026-11-01", "2026-11-02", "0"),  # tomorrow: 60 days are left, all of them needed
        ("2026-11-02", "-", "0.6666"),  # 39.9999 - 20 x 59/30
    ],
)
def test_the_last_day_to_begin_is_that_from_which_every_day_is_needed(
    reached: OpenBook, as_of: str, act_by: str, beyond: str
) -> None:
    (row,) = across(reached.run("lot_reach", as_of=as_of, contract="spurts").select("act_by", "beyond_quantity"))[1:]
    assert row == [act_by, beyond]


def test_what_was_taken_back_was_never_a_pace_and_a_pace_is_not_rounded_before_the_days(
    new_book: Callable[..., OpenBook],
) -> None:
    # 10 in 90 days use 10 up in 90, the last of them the last day of the term.
    book = new_book(
        lots=[
            lot("mistake", 100, 1000),
            lot("third", 10, 1000, "2026-01-01..2026-08-08"),
            lot("before", 10, 1000, "2025-01-01..2025-12-31", contract_id="third"),
        ],
        consumption=[
            used("M1", "mistake", "2026-02-10", 100),
            used("M2", "mistake", "2026-02-11", -100, reverses="M1"),
            used("B1", "third", "2025-05-01", 10),
        ],
    )
    rows = book.run("lot_reach", as_of="2026-05-10").drop("contract_id", "unit")
    assert across(rows)[1:] == text("""
        mistake  0       -           100  1000
        third    3.3333  2026-05-11  0    0
    """)


@pytest.fixture(scope="module")
def clients(new_book: Callable[..., OpenBook]) -> OpenBook:
    """Acme has two lots of 10 a unit, Beta one; what each leaves in two worlds is set by hand."""
    book = new_book(
        accounts=[account("Acme"), account("Beta"), account("Calm")],
        contracts=[
            contract("A1"),
            contract("A2", owner="Team B"),
            contract("B", account_id="Beta"),
            contract("C", account_id="Calm"),
            contract("E", currency="EUR"),
        ],
        lots=[
            lot("A1", 100, 1000),
            lot("A2", 100, 1000, "2026-01-01..2026-11-30"),
            lot("B", 100, 1000),
            lot("C", 100, 1000),
            lot("E", 100, 1000),
        ],
        consumption=[used("U1", "A1", "2026-10-20", 90), used("U2", "C", "2026-10-20", 60)],
    )
    book.foresee(book.snapshot.dated_on.replace(year=2026, month=10, day=31))
    for lot_id, draws in {"A1": [0, 10], "A2": [80, 60], "B": [70, 70], "C": [0, 2], "E": [1, 99]}.items():
        book.sql(
            f"UPDATE source.forecasts SET draws = {draws}, expected = {sum(draws) / 2}"
            f" WHERE origin = DATE '{AS_OF}' AND lot_id = '{lot_id}'"
        )
    return book


def test_clients_rank_by_money_at_risk_and_know_how_late_it_is(clients: OpenBook) -> None:
    # Acme leaves 5 + 70 units, 80 in one world and 70 in the other: less apart than its lots added up. A2 was never
    # used: it is late, and its price beyond reach. Of A1 10 are left and 5 forecast: at risk, but at twice 30 a month
    # 5 days are enough. Calm leaves 1 of 40, less than a tenth: not at risk.
    rows = clients.run("client_risk", as_of=AS_OF, currency="USD")
    assert down(rows) == text("""
        account_id       Acme            Beta        Calm
        account_name     Acme            Beta        Calm
        owner            Team A, Team B  Team A      Team A
        currency         USD             USD         USD
        lot_count        2               1           1
        at_risk_count    2               1           0
        lot_id           A2              B           C
        open_amount      1100            1000        400
        expected_amount  750             700         10
        low_amount       710             700         2
        high_amount      790             700         18
        beyond_amount    1000            1000        0
        first_end        2026-11-30      2026-12-31  -
        days_left        30              61          -
        act_by           2026-10-31      2026-10-31  -
    """)


def test_currencies_are_never_added(clients: OpenBook) -> None:
    rows = clients.run("client_risk", as_of=AS_OF, account="Acme")
    assert rows.select("currency", "lot_id").rows() == [("EUR", "E"), ("USD", "A2")]


def test_lots_whose_end_can_be_met_say_until_when_to_begin(clients: OpenBook) -> None:
    # 10 left at 60 a month are 5 days: 27 to 31 December.
    rows = clients.run("client_risk", as_of=AS_OF, contract="A1")
    assert across(rows.select("act_by", "beyond_amount", "days_left"))[1:] == [["2026-12-27", "0", "61"]]
