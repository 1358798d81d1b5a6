"""What was known on a day: running sums against counting, and the rows that can't be used."""

from __future__ import annotations

from datetime import date, datetime

import numpy as np
import polars as pl
import pytest

from queries.forecast.forecaster import forecast
from queries.forecast.known import ForecastError, Timeline, days_of, known
from tests.forecast.support import facts, line, lines_of, lot, lots_of, request

YEAR = "2024-01-01..2024-12-31"


def day(written: str) -> np.ndarray:
    return days_of(pl.Series([date.fromisoformat(written)]))


@pytest.mark.parametrize("seed", range(5))
def test_running_sums_are_what_counting_gives(seed: int) -> None:
    rng = np.random.default_rng(seed)
    groups, days, values = rng.integers(0, 5, 60), rng.integers(0, 40, 60), rng.integers(-9, 10, 60)
    timeline = Timeline.of(groups, days, values, 7)
    asked = [(group, until) for group in range(7) for until in range(-400, 45, 5)]
    asked_groups, asked_days = np.array(asked).T

    totals, events = timeline.total(asked_groups, asked_days), timeline.events(asked_groups, asked_days)
    last, any_ = timeline.last(asked_groups, asked_days)

    for place, (group, until) in enumerate(asked):
        counted = (groups == group) & (days <= until)
        assert totals[place] == values[counted].sum()
        assert events[place] == counted.sum()
        assert any_[place] == counted.any()
        if counted.any():
            assert timeline.days[last[place]] == days[counted].max()
            assert groups[timeline.rows[last[place]]] == group


def test_use_counts_from_the_day_it_is_known_and_not_before_its_service() -> None:
    lines = [
        line("X", "2024-02-01", 4),
        line("X", "2024-02-10", 5, known_on="2024-03-01"),
        line("X", "2024-04-01", 6, known_on="2024-03-15"),
    ]
    book = facts([lot("X", YEAR)], lines)
    days = ("2024-01-31", "2024-02-01", "2024-02-29", "2024-03-01", "2024-03-31", "2024-04-01")

    assert [int(book.use.total(np.array([0]), day(until))[0]) / 10_000 for until in days] == [0, 4, 4, 9, 9, 15]


def test_without_a_day_it_is_known_use_counts_from_its_service() -> None:
    lines = lines_of([line("X", "2024-02-10", 5, known_on="2024-03-01")]).drop("known_on")

    assert known(lots_of([lot("X", YEAR)]), lines).use.days.tolist() == day("2024-02-10").tolist()


def test_use_counts_to_the_last_day_and_what_is_known_later_corrects_what_was_left() -> None:
    lines = [
        line("X", "2024-12-31", 30),
        line("X", "2025-01-01", 50),
        line("X", "2024-12-30", 20, known_on="2025-01-15"),
        line("X", "2024-12-29", 90, known_on="2025-02-01"),
    ]
    book = facts([lot("X", YEAR)], lines)
    days = ("2024-12-31", "2025-01-14", "2025-01-15", "2025-02-01")

    assert [float(book.unused_by(np.array([0]), day(until))[0]) for until in days] == [0.7, 0.7, 0.5, 0]


def test_dates_with_a_time_are_days() -> None:
    lines = pl.DataFrame({"lot_id": ["X"], "service_date": [datetime(2024, 12, 31, 18)], "quantity": [30]})  # noqa: DTZ001

    assert known(lots_of([lot("X", YEAR)]), lines).use.days.tolist() == day("2024-12-31").tolist()


@pytest.mark.parametrize(
    ("lots", "says"),
    [
        ([lot("X", YEAR), lot("Y", YEAR), lot("Y", YEAR)], "lots: lot Y comes twice."),
        ([lot("X", YEAR), lot("Y", YEAR, 0)], "lots: lot Y has no units."),
        ([lot("X", YEAR), lot("Y", YEAR, -1)], "lots: lot Y has no units."),
        ([lot("X", YEAR), lot("Y", YEAR, float("nan"))], "lots: lot Y has no units."),
        ([lot("X", YEAR), lot("Y", YEAR) | {"quantity": None}], "lots: lot Y has no units."),
        ([lot("X", YEAR), lot("Y", "2024-01-02..2024-01-01")], "lots: lot Y ends before it begins."),
        ([lot("X", YEAR), lot("Y", YEAR) | {"expires_on": None}], "lots: lot Y lacks its first or last day."),
    ],
)
def test_a_lot_that_cannot_be_is_named(lots: list[dict[str, object]], says: str) -> None:
    with pytest.raises(ForecastError) as refused:
        facts(lots, [])
    assert str(refused.value) == says


@pytest.mark.parametrize("quantity", [None, float("nan"), float("inf")])
def test_a_line_without_a_quantity_names_its_lot(quantity: float | None) -> None:
    lines = [line("X", "2024-02-01", 1), line("Y", "2024-02-01", 1) | {"quantity": quantity}]

    with pytest.raises(ForecastError, match=r"^consumption: a line of lot Y has no quantity\.$"):
        facts([lot("X", YEAR), lot("Y", YEAR)], lines)


def test_a_column_that_is_missing_or_no_date_is_named() -> None:
    lots, lines, asked = lots_of([lot("X", YEAR)]), lines_of([]), request(("X", "2024-02-01"))

    with pytest.raises(ForecastError, match=r"^lots lacks service, expires_on\. It has "):
        known(lots.drop("service", "expires_on"), lines)
    with pytest.raises(ForecastError, match=r"^consumption lacks quantity\. It has "):
        known(lots, lines.drop("quantity"))
    with pytest.raises(ForecastError, match=r"^requests lacks as_of\. It has lot_id\.$"):
        forecast(known(lots, lines), asked.drop("as_of"))
    with pytest.raises(ForecastError, match=r"^lots: valid_from is String, not Date\.$"):
        known(lots.with_columns(pl.col("valid_from").cast(pl.String)), lines)
    with pytest.raises(ForecastError, match=r"^requests: as_of is String, not Date\.$"):
        forecast(known(lots, lines), asked.with_columns(pl.col("as_of").cast(pl.String)))


def test_a_request_for_a_lot_that_is_not_there_or_without_a_day_is_named() -> None:
    book = facts([lot("X", YEAR), lot("Y", YEAR)], [])

    with pytest.raises(ForecastError, match=r"^requests: lot Z is not among the lots\.$"):
        forecast(book, request(("X", "2024-02-01"), ("Z", "2024-02-01")))
    with pytest.raises(ForecastError, match=r"^requests: lot Y lacks as_of\.$"):
        forecast(book, pl.DataFrame({"lot_id": ["X", "Y"], "as_of": [date(2024, 2, 1), None]}))
