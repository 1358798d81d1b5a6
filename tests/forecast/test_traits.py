"""How a lot looks on a day, computed by hand: the fiftieth day of a term of a hundred."""

from __future__ import annotations

from datetime import date
from math import cos, log, log1p, pi, sin

import numpy as np
import polars as pl
import pytest

from queries.forecast.known import Known, days_of
from queries.forecast.traits import traits
from tests.forecast.support import facts, line, lot

HALFWAY = date(2024, 2, 19)
NAMES = (
    "elapsed",
    "used",
    "left at the pace so far",
    "pace",
    "left at the recent pace",
    "used in the last quarter",
    "used in the last eighth",
    "since the last use",
    "uses",
    "largest use",
    "since any use by the client",
    "client's uses per term",
    "client known for",
    "left at the client's pace",
    "client's past",
    "owner's past",
    "service's past",
    "client's last",
    "client's ended lots",
    "size",
    "season sine",
    "season cosine",
)
SEASON = 2 * pi * 98.5 / 365.25  # 2024-04-09 is day 19,822, 98.5 days into a year of 365.25


@pytest.fixture(scope="module")
def book() -> Known:
    lots = [
        lot("asked", "2024-01-01..2024-04-09"),
        lot("beside", "2023-11-01..2024-10-31", 50),
        lot("in days", "2023-11-01..2024-10-31", 20, unit="day"),
        lot("past 1", "2022-01-01..2022-12-31", 10),
        lot("past 2", "2023-01-01..2023-06-30", 10, owner="P"),
        lot("of another", "2023-01-01..2023-12-31", 10, account_id="B", service="T"),
        lot("ends today", "2023-01-01..2024-02-19", 10),
    ]
    lines = [
        line("past 1", "2022-06-01", 4),
        line("past 2", "2023-03-01", 10),
        line("asked", "2024-01-10", 20),
        line("asked", "2024-02-05", 10),
        line("asked", "2024-02-17", 5),
        line("asked", "2024-02-20", 50),
        line("asked", "2024-02-10", 7, known_on="2024-02-20"),
        line("beside", "2024-02-18", 6),
        line("in days", "2024-02-19", 3),
    ]
    return facts(lots, lines)


def described(book: Known, lot_id: str, on: date) -> dict[str, float]:
    at = np.array([book.lot_ids.to_list().index(lot_id)])
    return dict(zip(NAMES, traits(book, at, days_of(pl.Series([on]))).values[0].tolist(), strict=True))


def test_a_lot_half_way_through_its_term(book: Known) -> None:
    found = described(book, "asked", HALFWAY)

    assert {name: found[name] for name in NAMES[:10]} == pytest.approx(
        {
            "elapsed": 0.5,
            "used": 0.35,
            "left at the pace so far": 1 - 0.35 / 0.5,
            "pace": 0.7,
            "left at the recent pace": 0.65 - 0.15 / 0.25 * 0.5,
            "used in the last quarter": 0.15,
            "used in the last eighth": 0.05,
            "since the last use": 0.02,
            "uses": log1p(3),
            "largest use": 0.2,
        }
    )
    assert [found["size"], found["season sine"], found["season cosine"]] == pytest.approx(
        [log(1_000_000), sin(SEASON), cos(SEASON)]
    )


def test_the_client_beyond_the_lot_is_known_since_its_first_use_and_paces_in_the_same_unit(book: Known) -> None:
    found = described(book, "asked", HALFWAY)

    assert [found[name] for name in NAMES[10:14]] == pytest.approx(
        [0, log1p(7 / 629 * 100), log1p(6.29), 0.65 - (35 + 6) / 100 * 0.5]
    )


def test_what_was_left_in_the_past_is_drawn_to_the_average_of_the_lots_ended_before_the_day(book: Known) -> None:
    found = described(book, "asked", HALFWAY)
    average = (0.6 + 0 + 1) / 3

    assert [found[name] for name in NAMES[14:19]] == pytest.approx(
        [
            (0.6 + 0 + 2 * average) / 4,
            (0.6 + 1 + 10 * average) / 12,
            (0.6 + 0 + 10 * average) / 12,
            0,
            log1p(2),
        ]
    )


def test_a_lot_that_ends_today_is_the_past_from_tomorrow_on(book: Known) -> None:
    found = described(book, "asked", date(2024, 2, 20))

    assert [found["client's past"], found["client's last"], found["client's ended lots"]] == pytest.approx(
        [(0.6 + 0 + 1 + 2 * 2.6 / 4) / 5, 1, log1p(3)]
    )


def test_use_known_late_shows_from_the_day_it_is_known(book: Known) -> None:
    assert described(book, "asked", date(2024, 2, 20))["used"] == pytest.approx(0.92)


def test_before_anything_is_known_a_lot_is_new_and_the_past_a_guess() -> None:
    found = described(facts([lot("asked", "2024-01-01..2024-04-09")], []), "asked", date(2024, 1, 10))

    assert found | {"size": 0, "season sine": 0, "season cosine": 0} == pytest.approx(
        dict.fromkeys(NAMES, 0)
        | {
            "elapsed": 0.1,
            "left at the pace so far": 1,
            "left at the recent pace": 1,
            "since the last use": 0.1,
            "since any use by the client": 1,
            "client known for": log1p(0.01),
            "left at the client's pace": 1,
            "client's past": 0.3,
            "owner's past": 0.3,
            "service's past": 0.3,
            "client's last": 0.3,
        }
    )


def test_use_beyond_the_quantity_leaves_nothing_and_no_trait_runs_away() -> None:
    book = facts([lot("asked", "2024-01-01..2024-04-09")], [line("asked", "2024-01-01", 500)])
    found = described(book, "asked", date(2024, 1, 1))

    assert [found[name] for name in NAMES[:5]] == pytest.approx([0.01, 1, 0, 5, 0])
