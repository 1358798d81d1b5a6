"""What open lots are forecast to leave unused once some have ended: unused_forecast_at, unused_by_quarter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.queries.tiny import account, across, contract, down, lot, text, used

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.queries.tiny import OpenBook

#: A term of a hundred days, and the close of its fiftieth.
TERM = "2026-01-01..2026-04-10"
HALFWAY = "2026-02-19"


@pytest.fixture(scope="module")
def experienced(new_book: Callable[..., OpenBook]) -> OpenBook:
    """Twenty ended lots of ten hours and ten days: 3 hours used on the fifth day, on the sixth 4 - 0.2 x lot.

    What was left are shares of 0.30, 0.32, … 0.68. Up to the fourth tenth the pace so far would have left all, at the
    fifth 1 - 0.3 / 0.5 = 0.4; at the sixth it is another third of the paces for some of the lots than for others.
    """
    names = [f"past {number:02d}" for number in range(20)]
    terms = ["2025-01-01..2025-01-10"] * 19 + ["2025-02-01..2025-02-10"]
    return new_book(
        accounts=[account("Acme", segment="Enterprise", region="North"), account("Beta", region="South")],
        contracts=[
            contract("open", account_id="Beta", owner="Team B", vehicle="pool", currency="EUR"),
        ],
        lots=[
            *(lot(name, 10, 100, term) for name, term in zip(names, terms, strict=True)),
            lot("open", 100, 1000, TERM),
            lot("slow", 100, 1000, TERM),
            lot("fast", 100, 1000, TERM),
            lot("early", 10, 100, "2023-12-01..2026-04-10"),
        ],
        consumption=[
            *(used(f"{name} a", name, term[:8] + "05", 3) for name, term in zip(names, terms, strict=True)),
            *(
                used(f"{name} b", name, term[:8] + "06", f"{4 - 0.2 * number:.1f}")
                for number, (name, term) in enumerate(zip(names, terms, strict=True))
            ),
            used("O1", "open", "2026-01-10", 20),
            used("S1", "slow", "2026-01-10", 4),
            used("F1", "fast", "2026-01-10", 40),
            used("E1", "early", "2024-01-10", 2),
        ],
    )


def test_twenty_ended_lots_correct_the_forecast_and_give_it_an_interval(experienced: OpenBook) -> None:
    # The pace so far leaves 1 - 0.2 / 0.5 = 0.6, in the same third as the 0.4 of the ended lots. Their errors at the
    # fifth tenth are -0.10, -0.08 … 0.28: mean 0.09; of their 19 steps 10% = 1.9 steps = -0.062, 25% = -0.005,
    # 75% = 0.185, 90% = 0.242 (0.842, but only 0.8 remain).
    rows = experienced.run("unused_forecast_at", origins=[HALFWAY], contract="open")
    assert down(rows) == text("""
        origin              2026-02-19
        lot_id              open
        contract_id         open
        currency            EUR
        usable_until        2026-04-10
        unit                hour
        remaining_quantity  80
        elapsed_share       0.5
        used_share          0.2
        learned_from        20
        expected_quantity   69
        low_quantity        53.8
        high_quantity       80
        lower_quantity      59.5
        upper_quantity      78.5
        expected_amount     690
        low_amount          538
        high_amount         800
    """)


def test_a_forecast_learns_from_the_same_tenth_and_third_and_only_from_twenty_lots_or_more(
    experienced: OpenBook,
) -> None:
    # Fortieth day, fourth tenth: the ended lots all had a pace that leaves all, in the upper third, as has slow with
    # 1 - 0.04 / 0.4 = 0.9; errors -0.70 … -0.32: mean -0.51, 10% = -0.662, 90% = -0.358. open, 1 - 0.2 / 0.4, is in the
    # middle, fast, 1 - 0.4 / 0.4, in the lower third. Fiftieth, fifth tenth: the ended lots are in the middle with
    # open; slow 0.92, fast 0.2. Fifty-ninth, sixth tenth: the middle third, with open at 1 - 0.2 / 0.59 = 0.661017, has
    # fewer than 20 of them. Without any to learn from everything is possible, nil to all that remains.
    rows = experienced.run("unused_forecast_at", origins=["2026-02-09", HALFWAY, "2026-02-28"]).sort("lot_id", "origin")
    shown = rows.filter(lot_id="open").vstack(rows.filter(lot_id="slow")[:2]).vstack(rows.filter(lot_id="fast")[:2])
    columns = ["origin", "lot_id", "learned_from", "expected_quantity", "low_quantity", "high_quantity"]
    assert across(shown.select(columns)) == text("""
        origin      lot_id  learned_from  expected_quantity  low_quantity  high_quantity
        2026-02-09  open    0             50                 0             80
        2026-02-19  open    20            69                 53.8          80
        2026-02-28  open    0             66.1017            0             80
        2026-02-09  slow    20            39                 23.8          54.2
        2026-02-19  slow    0             92                 0             96
        2026-02-09  fast    0             0                  0             60
        2026-02-19  fast    0             20                 0             60
    """)


def test_a_forecast_knows_no_lot_that_had_not_ended_by_then(experienced: OpenBook) -> None:
    # early is in the fifth tenth and the middle third all the while: on days 437 and 438 of 862 the pace of 2 of 10
    # leaves 1 - 0.2 x 862/437 = 0.605492 and 1 - 0.2 x 862/438 = 0.606393. The twentieth lot ends on 10 February 2025,
    # and by the close of that day it has: 0.606393 + 0.09, - 0.062, + 0.242 (but only 0.8 remain).
    rows = experienced.run("unused_forecast_at", origins=["2025-02-09", "2025-02-10"], contract="early")
    assert across(rows.select("origin", "learned_from", "expected_quantity", "low_quantity", "high_quantity"))[1:] == [
        ["2025-02-09", "0", "6.0549", "0", "8"],
        ["2025-02-10", "20", "6.9639", "5.4439", "8"],
    ]


@pytest.mark.parametrize(
    "narrowed",
    [
        {"contract": "open"},
        {"account": "Beta"},
        {"owner": "Team B"},
        {"vehicle": "pool"},
        {"currency": "EUR"},
        {"segment": "(none)"},
        {"region": "South"},
    ],
    ids=str,
)
def test_the_forecast_of_a_lot_does_not_depend_on_who_asks(experienced: OpenBook, narrowed: dict[str, str]) -> None:
    whole = experienced.run("unused_forecast_at", origins=[HALFWAY]).filter(lot_id="open")
    assert whole["learned_from"].to_list() == [20]
    assert experienced.run("unused_forecast_at", origins=[HALFWAY], **narrowed).equals(whole)
    watched = experienced.run("watch_list", as_of=HALFWAY).filter(lot_id="open")
    assert experienced.run("watch_list", as_of=HALFWAY, **narrowed).equals(watched)


@pytest.fixture(scope="module")
def quarters(new_book: Callable[..., OpenBook]) -> OpenBook:
    """Lots of 180 days: 90 of them before the quarter in which they end."""
    return new_book(
        contracts=[contract("within", currency="EUR"), contract("outlived", currency="GBP")],
        lots=[
            lot("first", 100, 1000, "2025-10-03..2026-03-31"),
            lot("unused", 100, 1000, "2025-10-03..2026-03-31"),
            lot("second", 100, 1000, "2026-01-01..2026-06-29"),
            lot("old", 10, 100, "2024-01-01..2024-04-15"),
            lot("too old", 10, 100, "2024-01-01..2024-03-31"),
            lot("forever", 10, 100, "2026-01-01.."),
            lot("within", 10, 100, "2025-10-05..2025-12-20"),
        ],
        consumption=[
            used("F1", "first", "2025-11-01", 30),
            used("F2", "first", "2026-02-01", 20),
            used("S1", "second", "2026-02-01", 30),
        ],
    )


def test_past_quarters_beside_their_forecast_and_those_to_come(quarters: OpenBook) -> None:
    # Seen from 31 December half of the term has passed: first would leave 100 - 30 / 0.5 = 40, between 0 and 70;
    # unused all, between 0 and 100. Below: sqrt(0.15 x 1400^2 + 0.85 x (400^2 + 1000^2)) = 1131.371; above: 300.
    # 50 + 100 units of 10 lapsed. second: 40, between 0 and 70. Two years back from April 2026 is April 2024.
    assert across(quarters.run("unused_by_quarter", as_of="2026-03-31", currency="USD")) == text("""
        currency  quarter_start  is_past  lot_count  expected_amount  low_amount  high_amount  lapsed_amount
        USD       2024-04-01     True     1          100              0           100          100
        USD       2026-01-01     True     2          1400             268.63      1700         1500
        USD       2026-04-01     False    1          400              0           700          -
    """)


def test_a_quarter_is_past_when_its_last_day_is(quarters: OpenBook) -> None:
    rows = quarters.run("unused_by_quarter", as_of="2026-03-30", currency="USD")
    assert across(rows.select("quarter_start", "is_past", "lot_count", "lapsed_amount"))[1:] == text("""
        2024-01-01  True   0  100
        2024-04-01  True   1  100
        2026-01-01  False  2  -
        2026-04-01  False  1  -
    """)


def test_a_quarter_no_lot_of_which_was_open_before_has_an_outcome_but_no_forecast(quarters: OpenBook) -> None:
    assert across(quarters.run("unused_by_quarter", as_of="2026-03-31", currency="EUR"))[1:] == text("""
        EUR  2025-10-01  True  0  -  -  -  100
    """)
