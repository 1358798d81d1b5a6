"""Whom to call: each reason at its border, and what a question takes where it says nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from queries.book import WATCH_THRESHOLDS
from tests.queries.tiny import added, contract, down, lot, text, used

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.queries.tiny import OpenBook

#: A term of a hundred days, and the close of its fiftieth.
TERM = "2026-01-01..2026-04-10"
HALFWAY = "2026-02-19"
#: Thresholds that nothing crosses; a test lowers one.
NEVER: dict[str, float] = {
    "behind_by": 1,
    "ends_within": -1,
    "left_from": 2,
    "late_from": 2,
    "overdrawn_within": 0,
    "grace_within": -1,
}


@pytest.fixture(scope="module")
def book(new_book: Callable[..., OpenBook]) -> OpenBook:
    return new_book(
        contracts=[contract("over")],
        lots=[
            lot("pace", 100, 1000, TERM),
            lot("grace", 100, 1000, "2026-01-01..2026-01-31", grace_until="2026-04-10"),
            lot("spent", 100, 1000, TERM),
            lot("forever", 100, 1000, "2026-01-01.."),
            lot("over", 10, 100, TERM),
        ],
        consumption=[
            used("P1", "pace", "2026-01-10", 30),
            used("G1", "grace", "2026-01-10", 30),
            used("S1", "spent", "2026-01-10", 100),
            used("O1", "over", "2026-01-10", 12),  # 2 beyond the lot, 40 days before
            used("O2", "over", "2026-01-20", 3),  # and 3 more, 30 days before
            used("O3", "over", "2026-02-19", 1, service_type="coaching"),
            used("O4", "over", "2026-02-20", 9),  # after the day asked about
        ],
        rate_card=[{"contract_id": "over", "service_type": "coaching", "overage_rate": 150}],
    )


def flagged(book: OpenBook, **thresholds: float) -> list[tuple[str, str]]:
    rows = book.run("watch_flags", as_of=HALFWAY, **(NEVER | thresholds))
    return [
        (lot_id or contract_id, reason)
        for lot_id, contract_id, reason in rows[["lot_id", "contract_id", "reason"]].rows()
    ]


@pytest.mark.parametrize(("behind_by", "is_flagged"), [(0.1999, True), (0.2, False)])
def test_behind_pace_is_a_lag_of_more_than_the_threshold(book: OpenBook, behind_by: float, *, is_flagged: bool) -> None:
    # Half of the time has passed, 30% is used: 20 points behind, though 0.5 - 0.3 as doubles is a little more or less.
    assert (("pace", "behind_pace") in flagged(book, behind_by=behind_by)) is is_flagged


@pytest.mark.parametrize(("days", "is_flagged"), [(49, False), (50, True)])
def test_ends_soon_is_at_most_so_many_days_left_and_nothing_used_up_is_flagged(
    book: OpenBook, days: int, *, is_flagged: bool
) -> None:
    found = [("grace", "ends_soon"), ("pace", "ends_soon")] if is_flagged else []
    assert flagged(book, ends_within=days) == found


@pytest.mark.parametrize(
    ("left_from", "late_from", "is_flagged"), [(0.7, 0.5, True), (0.7001, 0.5, False), (0.7, 0.5001, False)]
)
def test_much_left_late_is_at_least_so_much_left_once_so_much_of_the_time_has_passed(
    book: OpenBook, left_from: float, late_from: float, *, is_flagged: bool
) -> None:
    assert (("pace", "left_late") in flagged(book, left_from=left_from, late_from=late_from)) is is_flagged


@pytest.mark.parametrize(("days", "found"), [(49, []), (50, [("grace", "in_grace")])])
def test_in_grace_is_past_the_term_with_at_most_so_many_days_of_carry_over(
    book: OpenBook, days: int, found: list[tuple[str, str]]
) -> None:
    assert flagged(book, grace_within=days) == found


@pytest.mark.parametrize(("days", "quantity"), [(30, 1), (31, 4), (40, 4), (41, 6)])
def test_overdrawn_counts_what_was_used_beyond_the_lots_in_the_last_days(
    book: OpenBook, days: int, quantity: int
) -> None:
    rows = book.run("watch_flags", as_of=HALFWAY, **(NEVER | {"overdrawn_within": days}))
    assert rows.select("contract_id", "lot_id", "reason", "unit").rows() == [("over", None, "overdrawn", "hour")]
    assert rows["flagged_quantity"][0] == quantity
    # Of coaching 1 hour at 150; no rate is agreed for the rest.
    assert rows["at_risk_amount"][0] == 150


def test_what_was_taken_back_is_not_overdrawn(new_book: Callable[..., OpenBook]) -> None:
    book = new_book(
        lots=[lot("C", 10, 100, TERM)],
        consumption=[used("U1", "C", "2026-02-01", 12), used("U2", "C", "2026-02-10", -2, reverses="U1")],
    )
    assert book.run("watch_flags", as_of="2026-02-09").filter(reason="overdrawn").height == 1
    assert book.run("watch_flags", as_of="2026-02-10").filter(reason="overdrawn").is_empty()


def test_a_lot_has_a_row_for_each_reason_the_most_pressing_first(book: OpenBook) -> None:
    lowest = {"behind_by": 0, "ends_within": 90, "left_from": 0, "late_from": 0, "grace_within": 90}
    rows = book.run("watch_flags", as_of=HALFWAY, **lowest).filter(lot_id="grace")
    assert rows["reason"].to_list() == ["in_grace", "ends_soon", "left_late", "behind_pace"]
    assert down(rows.head(1).drop("account_id", "service")) == text("""
        currency           USD
        account_name       Acme
        owner              Team A
        contract_id        grace
        lot_id             grace
        reason             in_grace
        severity           2
        unit               hour
        flagged_quantity   70
        granted_quantity   100
        expires_on         2026-01-31
        usable_until       2026-04-10
        lapses_on          2026-04-10
        lapses_quantity    70
        days_left          50
        elapsed_share      0.5
        used_share         0.3
        recent_monthly     10
        required_monthly   42
        expected_quantity  36.6667
        at_risk_amount     366.67
    """)


def test_an_extension_takes_a_lot_off_and_no_end_keeps_it_off(
    book: OpenBook, new_book: Callable[..., OpenBook]
) -> None:
    assert "forever" not in {name for name, _ in flagged(book, behind_by=-1, ends_within=999, left_from=0, late_from=0)}
    grown = new_book(
        lots=[lot("C", 50, 500, TERM)],
        consumption=[used("U1", "C", "2026-01-10", 30)],
        amendments=[added("M1", "C", HALFWAY, 50, 500)],
    )
    # 60% used before the units were added, 30% after.
    reasons = {
        on: grown.run("watch_flags", as_of=on, behind_by=0.19)["reason"].to_list() for on in ("2026-02-18", HALFWAY)
    }
    assert reasons == {"2026-02-18": ["ends_soon"], HALFWAY: ["ends_soon", "behind_pace"]}


def test_a_question_that_names_no_threshold_is_asked_with_the_defaults(book: OpenBook) -> None:
    bare = book.run("watch_flags", as_of=HALFWAY)
    assert bare.equals(book.run("watch_flags", as_of=HALFWAY, **WATCH_THRESHOLDS))
    assert bare.height > 0
    assert not bare.equals(book.run("watch_flags", as_of=HALFWAY, **(WATCH_THRESHOLDS | {"ends_within": 10})))
