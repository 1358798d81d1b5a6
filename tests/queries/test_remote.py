"""Breakage once further use is judged remote: postings under the remote policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.queries.tiny import across, added, assessed, contract, earned, lot, text, used

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.queries.tiny import OpenBook


@pytest.fixture(scope="module")
def book(new_book: Callable[..., OpenBook]) -> OpenBook:
    return new_book(
        contracts=[contract("owed", escheat_rate="0.25")],
        lots=[
            lot("dormant", 10, 6000),
            lot("same day", 10, 1000),
            lot("taken back", 10, 1000),
            lot("one of two", 10, 1000, contract_id="two"),
            lot("two of two", 10, 500, contract_id="two"),
            lot("both 1", 10, 1000, contract_id="both"),
            lot("both 2", 10, 500, contract_id="both"),
            lot("used up", 4, 400),
            lot("lapsed", 10, 1000, "2026-01-01..2026-03-31"),
            lot("judged twice", 3, 100),
            lot("owed", 10, 1000),
            lot("grown", 10, 1000),
            lot("forever", 10, 1000, "2026-01-01.."),
        ],
        consumption=[
            used("D1", "dormant", "2026-01-20", 4),
            used("D2", "dormant", "2026-05-14", 2),
            used("S1", "same day", "2026-03-31", 4),
            used("B1", "taken back", "2026-02-01", 4),
            used("B2", "taken back", "2026-05-01", 1),
            used("B3", "taken back", "2026-06-01", -1, reverses="B2"),
            used("B4", "taken back", "2026-07-01", -2, reverses="B1"),
            used("B5", "taken back", "2026-08-01", 4),
            used("U1", "used up", "2026-02-01", 4),
            used("L1", "lapsed", "2026-02-01", 4),
            used("J1", "judged twice", "2026-04-15", 1),
            used("O1", "owed", "2026-02-01", 4),
            used("A1", "grown", "2026-02-01", 4),
            used("A2", "grown", "2026-06-01", 2),
            used("F1", "forever", "2026-02-01", 4),
        ],
        amendments=[added("M1", "grown", "2026-05-01", 5, 550)],
        remote_assessments=[
            assessed("R01", "dormant", "2026-03-31"),
            assessed("R02", "same day", "2026-03-31"),
            assessed("R03", "taken back", "2026-03-31"),
            assessed("R04", "two", "2026-03-31", lot_id="one of two"),
            assessed("R05", "both", "2026-03-31"),
            assessed("R06", "used up", "2026-03-31"),
            assessed("R07", "lapsed", "2026-03-31"),
            assessed("R08", "judged twice", "2026-03-31"),
            assessed("R09", "judged twice", "2026-04-30"),
            assessed("R10", "owed", "2026-03-31"),
            assessed("R11", "grown", "2026-03-31"),
            assessed("R12", "forever", "2026-03-31"),
        ],
    )


@pytest.mark.parametrize(
    ("contract_id", "days", "to_date"),
    [
        # 4 of 10 used, 3,600 released; two units used later are no second revenue (R6.3).
        (
            "dormant",
            ["2026-03-30", "2026-03-31", "2026-05-14", "2026-12-31"],
            [
                "delivery 2400",
                "delivery 2400 breakage 3600",
                "delivery 3600 breakage 2400",
                "delivery 3600 breakage 2400",
            ],
        ),
        ("same day", ["2026-03-31"], ["delivery 400 breakage 600"]),  # judged at the close of the day
        # The delivery after the judgement was worth nothing, so taking it back is nil in total; 2 hours of the one
        # before take back their 200, which 8 unused hours then carry: 25 each.
        (
            "taken back",
            ["2026-03-31", "2026-05-01", "2026-06-01", "2026-07-01", "2026-08-01", "2026-12-31"],
            [
                "delivery 400 breakage 600",
                "delivery 500 breakage 500",
                "delivery 400 breakage 600",
                "delivery 200 breakage 600",
                "delivery 600 breakage 300",
                "delivery 600 breakage 400",
            ],
        ),
        ("two", ["2026-03-31", "2026-12-31"], ["breakage 1000", "breakage 1500"]),
        ("both", ["2026-03-31", "2026-12-31"], ["breakage 1500", "breakage 1500"]),
        ("used up", ["2026-03-31"], ["delivery 400"]),
        ("lapsed", ["2026-03-31"], ["delivery 400 breakage 600"]),
        # The second judgement finds nothing to release.
        (
            "judged twice",
            ["2026-03-31", "2026-04-30", "2026-12-31"],
            ["breakage 100", "delivery 33.33 breakage 66.67", "delivery 33.33 breakage 66.67"],
        ),
        # Of 600 the share owed to the state, 150, waits for the lapse.
        (
            "owed",
            ["2026-03-31", "2026-12-30", "2026-12-31"],
            ["delivery 400 breakage 450", "delivery 400 breakage 450", "delivery 400 breakage 450 escheat 150"],
        ),
        # What is added after the judgement is carried by all 11 units: 550/11 = 50 each. Delivered: (600 + 550)/11.
        (
            "grown",
            ["2026-05-01", "2026-06-01", "2026-12-31"],
            ["delivery 400 breakage 600", "delivery 609.09 breakage 490.91", "delivery 609.09 breakage 940.91"],
        ),
        ("forever", ["2026-03-31", "2030-12-31"], ["delivery 400 breakage 600"] * 2),
    ],
)
def test_remote_revenue_to_date(book: OpenBook, contract_id: str, days: list[str], to_date: list[str]) -> None:
    assert earned(book, "remote", contract_id, *days) == to_date


def test_a_judgement_changes_no_other_policy(book: OpenBook) -> None:
    days = ["2026-03-31", "2026-12-31"]
    assert earned(book, "on_delivery", "dormant", *days) == ["delivery 2400", "delivery 3600 breakage 2400"]
    assert earned(book, "proportional", "dormant", *days) == ["delivery 2400", "delivery 3600 breakage 2400"]
    assert earned(book, "ratable", "dormant", *days) == ["ratable 1479.45", "ratable 6000"]  # 90 of 365 days


def test_a_judgement_posts_a_line_that_names_it(book: OpenBook) -> None:
    rows = book.run("postings", contract="dormant").filter(policy="remote")
    assert across(rows.select("posted_on", "event_id", "cause", "delivery", "breakage"))[1:] == text("""
        2026-01-20  D1   draw        2400  0
        2026-03-31  R01  assessment  0     3600
        2026-05-14  D2   draw        1200  -1200
    """)
