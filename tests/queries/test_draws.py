"""The draws kernel, event by event: unit_ledger and lot_ends.

tests/property compares it with a second reading of the rules on random books.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.queries.tiny import (
    added,
    contract,
    extended,
    lot,
    removed,
    repriced,
    terminated,
    text,
    transferred,
    used,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.queries.tiny import OpenBook

#: Two annual lots of one contract.
YEARS = ["2026-01-01..2026-12-31", "2027-01-01..2027-12-31"]


@pytest.fixture(scope="module")
def book(new_book: Callable[..., OpenBook]) -> OpenBook:
    return new_book(
        contracts=[contract("current first", draw_order="current_term_first")],
        lots=[
            lot("soon", 10, 100, "2026-01-01..2026-03-31", contract_id="first out"),
            lot("late", 10, 100, "2026-01-01..2026-06-30", contract_id="first out"),
            lot("any", 10, 100, contract_id="ties"),
            lot("narrow", 10, 100, contract_id="ties", scope="consulting"),
            lot("wide", 10, 100, contract_id="ties", scope="consulting|training"),
            lot("old", 10, 100, "2026-01-01..2026-01-31", contract_id="current first", grace_until="2026-03-31"),
            lot("new", 10, 100, contract_id="current first"),
            lot("capped", 10, 100, "2026-01-01..2026-01-31", grace_until="2026-03-31", carry_over_cap_quantity=4),
            lot("short", 10, 100, "2026-01-01..2026-03-31", contract_id="moved end"),
            lot("middle", 10, 100, "2026-01-01..2026-06-30", contract_id="moved end"),
            lot("back", 10, 100, "2026-01-01..2026-03-31"),
            lot("graced", 10, 100, "2026-01-01..2026-03-31", grace_until="2026-06-30"),
            lot("cut", 10, 100),
            lot("year 1", 10, 100, YEARS[0], contract_id="years"),
            lot("year 2", 10, 100, YEARS[1], contract_id="years"),
            lot("a", 4, 100, contract_id="passed on"),
            lot("b", 4, 100, contract_id="passed on"),
            lot("c", 4, 100, contract_id="passed on"),
            lot("closed 1", 4, 100, "2026-01-01..2026-03-31", contract_id="too late"),
            lot("closed 2", 4, 100, contract_id="too late"),
            lot("ended", 10, 100),
            lot("early", 10, 100, "2026-07-01..2026-12-31"),
            lot("all at once", 10, 100, "2026-01-01..2026-03-31", contract_id="all"),
            lot("all else", 10, 100, "2026-01-01..2026-03-31", contract_id="all"),
        ],
        consumption=[
            used("F1", "first out", "2026-03-31", 12),
            used("F2", "first out", "2026-04-01", 9),
            used("F3", "first out", "2026-04-02", -11, reverses="F1"),
            used("T1", "ties", "2026-02-01", 25),
            used("G1", "current first", "2026-01-31", 1),
            used("G2", "current first", "2026-02-01", 12),
            used("C1", "capped", "2026-01-31", 3),
            used("E1", "moved end", "2026-01-31", 1),
            used("E2", "moved end", "2026-02-01", 1),
            used("E3", "moved end", "2026-07-31", 1),
            used("B1", "back", "2026-03-01", 4),
            used("B2", "back", "2026-04-09", 1),
            used("B3", "back", "2026-04-10", 2),
            used("Y1", "years", "2026-11-01", 2),
            used("Y2", "years", "2027-02-01", 12),
            used("Y3", "years", "2027-02-02", -3, reverses="Y2"),
            used("Z1", "ended", "2026-03-01", 4),
            used("Z2", "ended", "2026-07-01", 1),
            used("Z3", "ended", "2026-07-02", -2, reverses="Z1"),
            used("A1", "all", "2026-03-31", 1),
            used("O1", "nothing bought", "2026-01-01", 1),
            used("O2", "nothing bought", "2026-01-02", -3, reverses="O1"),
        ],
        amendments=[
            extended("M1", "short", "2026-02-01", "2026-12-31", contract_id="moved end"),
            extended("M2", "back", "2026-04-10", "2026-05-31"),
            extended("M3", "graced", "2026-05-01", "2026-05-15"),
            extended("M4", "cut", "2026-06-15", "2026-05-31"),
            transferred("M5", "years", "year 1..year 2", "2026-12-01", 5),
            transferred("P1", "passed on", "a..b", "2026-02-01", 3),
            transferred("P2", "passed on", "b..c", "2026-02-02", 6),
            transferred("P3", "passed on", "b..a", "2026-02-03", 6),
            transferred("L1", "too late", "closed 1..closed 2", "2026-04-01", 1),
            transferred("L2", "too late", "closed 2..closed 1", "2026-04-02", 1),
            terminated("S1", "ended", "2026-07-01"),
            terminated("S2", "ended", "2026-08-01"),
            extended("S3", "ended", "2026-09-01", "2026-12-31"),
            added("N1", "early", "2026-06-01", 5, 50),
            removed("N2", "early", "2026-06-02", 20, 200),
            terminated("X5", "all at once", "2026-03-31", contract_id="all"),
            repriced("X4", "all at once", "2026-03-31", 10, contract_id="all"),
            added("X3", "all at once", "2026-03-31", 1, 10, contract_id="all"),
            transferred("X2", "all", "all at once..all else", "2026-03-31", 2),
            extended("X1", "all at once", "2026-03-31", "2026-04-30", contract_id="all"),
        ],
    )


def ledger(book: OpenBook, contract_id: str) -> list[list[str]]:
    """Everything after the purchases; a re-pricing moves no units and is left out."""
    rows = book.sql(
        "SELECT kind, coalesce(lot_id, '-'), coalesce(event_id, '-'), moved_on, trim(format('{:g}', quantity::DOUBLE))"
        f" FROM source.unit_ledger WHERE contract_id = '{contract_id}' AND (kind <> 'grant' OR event_id IS NOT NULL)"
        " AND quantity <> 0 ORDER BY movement_no"
    )
    return [[str(value) for value in row] for row in rows]


def test_the_lot_that_ends_first_is_drawn_first_and_a_reversal_gives_back_what_was_drawn_last(book: OpenBook) -> None:
    # F2 finds 8 hours of late. F3 gives 2 back to late, then 9 to soon, which has lapsed: they lapse with it (R4.6).
    assert ledger(book, "first out") == text("""
        draw     soon  F1  2026-03-31  10
        draw     late  F1  2026-03-31  2
        draw     late  F2  2026-04-01  8
        overage  -     F2  2026-04-01  1
        draw     late  F3  2026-04-02  -2
        draw     soon  F3  2026-04-02  -9
        lapse    soon  F3  2026-04-02  9
        lapse    late  -   2026-06-30  2
    """)


def test_of_lots_that_end_together_the_narrower_is_drawn_first(book: OpenBook) -> None:
    assert ledger(book, "ties")[:3] == text("""
        draw  narrow  T1  2026-02-01  10
        draw  wide    T1  2026-02-01  10
        draw  any     T1  2026-02-01  5
    """)


def test_a_contract_can_say_that_carried_over_units_are_drawn_last(book: OpenBook) -> None:
    # On its last day the term is not yet over.
    assert ledger(book, "current first")[:3] == text("""
        draw  old  G1  2026-01-31  1
        draw  new  G2  2026-02-01  10
        draw  old  G2  2026-02-01  2
    """)


def test_what_exceeds_the_cap_lapses_with_the_term_after_that_day_s_use(book: OpenBook) -> None:
    assert ledger(book, "capped") == text("""
        draw   capped  C1  2026-01-31  3
        lapse  capped  -   2026-01-31  3
        lapse  capped  -   2026-03-31  4
    """)


def test_an_extended_lot_is_drawn_in_the_order_of_its_new_end_from_that_day_on(book: OpenBook) -> None:
    assert ledger(book, "moved end") == text("""
        draw   short   E1  2026-01-31  1
        draw   middle  E2  2026-02-01  1
        lapse  middle  -   2026-06-30  9
        draw   short   E3  2026-07-31  1
        lapse  short   -   2026-12-31  8
    """)


def test_an_extension_after_the_lapse_brings_the_units_back(book: OpenBook) -> None:
    # The day before there was nothing to draw.
    assert ledger(book, "back") == text("""
        draw     back  B1  2026-03-01  4
        lapse    back  -   2026-03-31  6
        overage  -     B2  2026-04-09  1
        lapse    back  M2  2026-04-10  -6
        draw     back  B3  2026-04-10  2
        lapse    back  -   2026-05-31  4
    """)


def test_units_move_to_another_lot_and_are_drawn_after_its_own(book: OpenBook) -> None:
    # Of 10 hours of the first year 2 are used, 5 move on, 3 lapse. The second year has 10 and 5: 12 are used, the last
    # 2 of them of the 5; 3 come back, to these 2 and one of its own.
    assert ledger(book, "years") == text("""
        draw   year 1  Y1  2026-11-01  2
        grant  year 1  M5  2026-12-01  -5
        grant  year 2  M5  2027-01-01  5
        lapse  year 1  -   2026-12-31  3
        draw   year 2  Y2  2027-02-01  10
        draw   year 2  Y2  2027-02-01  2
        draw   year 2  Y3  2027-02-02  -2
        draw   year 2  Y3  2027-02-02  -1
        lapse  year 2  -   2027-12-31  1
        lapse  year 2  -   2027-12-31  5
    """)
    layers = (
        "SELECT layer_id, sum(quantity) FROM source.unit_ledger WHERE lot_id = 'year 2' AND kind = 'grant' GROUP BY 1"
    )
    assert {name: int(quantity) for name, quantity in book.sql(layers)} == {"year 2": 10, "M5": 5}


def test_a_lot_passes_on_its_own_units_before_those_it_was_given_and_no_more_than_it_has(book: OpenBook) -> None:
    # P1: 3 from a to b, which has 4 + 3. P2: 6 of these, 4 + 2, to c. P3: of 6 only the last one is there, to a.
    assert ledger(book, "passed on")[:7] == text("""
        grant  a  P1  2026-02-01  -3
        grant  b  P1  2026-02-01  3
        grant  b  P2  2026-02-02  -4
        grant  b  P2  2026-02-02  -2
        grant  c  P2  2026-02-02  6
        grant  b  P3  2026-02-03  -1
        grant  a  P3  2026-02-03  1
    """)


def test_units_of_a_lot_that_has_lapsed_do_not_move_and_units_moved_to_one_lapse(book: OpenBook) -> None:
    assert ledger(book, "too late") == text("""
        lapse  closed 1  -   2026-03-31  4
        grant  closed 2  L2  2026-04-02  -1
        grant  closed 1  L2  2026-04-02  1
        lapse  closed 1  L2  2026-04-02  1
        lapse  closed 2  -   2026-12-31  3
    """)


def test_a_terminated_lot_lapses_that_day_for_good(book: OpenBook) -> None:
    # Neither a second termination nor an extension changes that; 2 units given back afterwards lapse too.
    assert ledger(book, "ended") == text("""
        draw     ended  Z1  2026-03-01  4
        lapse    ended  S1  2026-07-01  6
        overage  -      Z2  2026-07-01  1
        draw     ended  Z3  2026-07-02  -2
        lapse    ended  Z3  2026-07-02  2
    """)


def test_amendments_before_the_first_day_count_from_it_and_take_back_no_more_than_there_is(book: OpenBook) -> None:
    assert ledger(book, "early") == text("""
        grant  early  N1  2026-07-01  5
        grant  early  N2  2026-07-01  -15
    """)


def test_what_happens_on_one_day_happens_in_the_order_of_the_rules_whatever_the_ids(book: OpenBook) -> None:
    # Extended, so that it is no longer first to end; 2 units leave, 1 is added, 9 end with the termination.
    assert ledger(book, "all") == text("""
        grant  all at once  X2  2026-03-31  -2
        grant  all else     X2  2026-03-31  2
        grant  all at once  X3  2026-03-31  1
        lapse  all at once  X5  2026-03-31  9
        draw   all else     A1  2026-03-31  1
        lapse  all else     -   2026-03-31  9
        lapse  all else     -   2026-03-31  2
    """)


def test_a_reversal_beyond_its_overage_is_one_line_of_overage(book: OpenBook) -> None:
    assert ledger(book, "nothing bought") == text("""
        overage  -  O1  2026-01-01  1
        overage  -  O2  2026-01-02  -3
    """)


def test_a_lot_ends_where_its_amendments_leave_it(book: OpenBook) -> None:
    # graced: a shorter term keeps the longer carry-over. cut: not before the day it was agreed. ended: the last day
    # with service.
    ends = book.sql(
        "SELECT lot_id, expires_on, usable_until FROM source.lot_ends"
        " WHERE lot_id IN ('soon', 'back', 'cut', 'ended', 'graced', 'old', 'year 2') ORDER BY lot_id"
    )
    assert [[str(value) for value in row] for row in ends] == text("""
        back    2026-05-31  2026-05-31
        cut     2026-06-15  2026-06-15
        ended   2026-06-30  2026-06-30
        graced  2026-05-15  2026-06-30
        old     2026-01-31  2026-03-31
        soon    2026-03-31  2026-03-31
        year 2  2027-12-31  2027-12-31
    """)
