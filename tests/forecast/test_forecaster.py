"""The forecast of lots: cold starts, ends, bookings, and any term and size."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from queries.forecast.distribution import quantiles
from queries.forecast.forecaster import Forecasts, analogs, forecast
from queries.forecast.known import Known, known
from tests.forecast.support import (
    CUT_OFF,
    FIRST_DAY,
    assert_same,
    facts,
    line,
    lot,
    random_book,
    random_forecasts,
    request,
    running_on,
)

YEAR = "2024-01-01..2024-12-31"
HALFWAY = "2024-06-30"


def assert_possible(found: Forecasts) -> None:
    assert (found.chances >= 0).all()
    assert found.chances.sum(axis=1) == pytest.approx(np.ones(len(found.chances)))
    assert ((found.mean >= 0) & (found.mean <= 1)).all()
    assert (np.diff(found.runs_out, axis=1) >= 0).all()
    assert (found.runs_out[:, -1] <= found.chances[:, 0] + 1e-9).all()
    assert (found.remaining >= 0).all()


def experienced(*, used: float, count: int = 40) -> Known:
    """A lot half used by its first half, and ended ones that used the same by then and `used` more later."""
    past = [lot(f"past {number:02}", "2023-01-01..2023-12-31") for number in range(count)]
    lines = [line("open", "2024-03-01", 50)]
    for number in range(count):
        lines += [line(f"past {number:02}", "2023-03-01", 50), line(f"past {number:02}", "2023-10-01", used)]
    return facts([lot("open", YEAR), *past], lines)


def booked(book: Known, units: float | None, as_of: str = HALFWAY) -> Forecasts:
    return forecast(book, request(("open", as_of)).with_columns(booked=pl.lit(units, pl.Float64)))


def test_where_no_lot_has_ended_anything_can_happen() -> None:
    found = forecast(facts([lot("open", YEAR)], [line("open", "2024-03-01", 25)]), request(("open", HALFWAY)))
    units = quantiles(found)[0]

    assert_possible(found)
    assert found.learned_from.tolist() == [0]
    assert found.remaining.tolist() == [75]
    assert units[0] < 10
    assert units[-1] > 65


def test_the_more_lots_have_ended_alike_the_surer_the_forecast() -> None:
    def width(count: int) -> float:
        units = quantiles(booked(experienced(used=30, count=count), None))[0]
        return float(units[-2] - units[1])

    widths = [width(count) for count in (1, 10, 40, 160)]

    assert widths == sorted(widths, reverse=True)
    assert widths[0] > 35
    assert widths[-1] < 2


def test_what_became_of_lots_alike_is_what_is_forecast() -> None:
    some, nothing, everything = (booked(experienced(used=used, count=200), None) for used in (30, 50, 0))

    assert quantiles(some)[0, 3] == pytest.approx(20, abs=0.5)
    assert quantiles(nothing)[0, 3] == 0
    assert quantiles(everything)[0, 3] == 50
    assert some.runs_out[0, -1] == 0
    # They ran out on 1 October, half of the way from the middle of the year to its end.
    assert nothing.runs_out[0, [8, 12, 20]] == pytest.approx([0, 200 / 210, 200 / 210])


def test_an_ended_lot_leaves_exactly_what_remains() -> None:
    book = experienced(used=30)
    found = forecast(book, request(("past 00", "2023-12-31"), ("past 01", "2024-05-01"), ("past 02", "2023-12-30")))

    assert quantiles(found)[:2].tolist() == [[20] * 7] * 2
    assert (found.mean * found.remaining)[:2].tolist() == [20, 20]
    assert found.runs_out[:2].max() == 0
    assert found.mean[2] < 1


def test_bookings_after_the_end_take_nothing() -> None:
    assert_same(booked(experienced(used=30), 20, "2024-12-31"), booked(experienced(used=30), None, "2024-12-31"))


@pytest.mark.parametrize("used", [100, 130])
def test_where_nothing_remains_nothing_is_left(used: float) -> None:
    found = forecast(facts([lot("open", YEAR)], [line("open", "2024-03-01", used)]), request(("open", HALFWAY)))

    assert_possible(found)
    assert found.remaining.tolist() == [0]
    assert quantiles(found).tolist() == [[0] * 7]


def test_progress_ends_with_all_requests_done() -> None:
    told: list[tuple[int, int]] = []
    forecast(
        experienced(used=30), request(("open", HALFWAY), ("past 00", HALFWAY), ("open", "2024-02-01")), _tell(told)
    )

    assert told == [(2, 3), (3, 3)]


def _tell(told: list[tuple[int, int]]) -> object:
    return lambda done, count: told.append((done, count))


@pytest.mark.parametrize("units", [0.4, 1, 5, 25, 33.3, 45, 49.7, 50, 80])
@pytest.mark.parametrize("used", [0, 30, 50])
def test_bookings_leave_no_more_than_the_rest(units: float, used: float) -> None:
    found = booked(experienced(used=used), units)

    assert_possible(found)
    assert quantiles(found, (0.001, 0.05, 0.5, 0.95, 0.999)).max() <= max(0, 50 - units)
    assert (found.mean * found.remaining)[0] <= max(0, 50 - units) + 1e-9


def test_where_the_past_left_more_than_bookings_allow_the_rest_is_forecast() -> None:
    found = booked(experienced(used=0, count=200), 35)

    assert found.mean[0] * 50 == pytest.approx(15)
    assert quantiles(found)[0] == pytest.approx([15] * 7, abs=2 * 50 / 100)


def test_without_bookings_the_forecast_is_as_if_they_were_not_asked_about() -> None:
    plain = forecast(experienced(used=30), request(("open", HALFWAY)))

    assert_same(booked(experienced(used=30), None), plain)
    assert_same(booked(experienced(used=30), 0), plain)


@pytest.mark.parametrize("seed", [1, 2])
def test_random_forecasts_are_possible(seed: int) -> None:
    found, _ = random_forecasts(seed)

    assert_possible(found)
    assert (found.remaining > 0).sum() > 10


@pytest.mark.parametrize("days", [30, 91, 365, 1_826])
@pytest.mark.parametrize("size", [1, 1e7])
def test_any_term_and_size_can_be_forecast(days: int, size: float) -> None:
    lots, lines = random_book(days, lots=60, terms=(days, days + 1), size=size)
    found = forecast(
        known(lots, lines), running_on(lots, *(FIRST_DAY + timedelta(2_250 + 15 * turn) for turn in range(4)))
    )

    assert_possible(found)
    assert np.isfinite(quantiles(found)).all()
    assert found.learned_from.min() > 0


def test_shares_do_not_depend_on_the_unit_things_are_counted_in() -> None:
    lots, lines = random_book(6)
    requests = running_on(lots, CUT_OFF)
    seven = pl.col("quantity") * 7

    found = forecast(known(lots, lines), requests)
    scaled = forecast(known(lots.with_columns(seven), lines.with_columns(seven)), requests)

    assert scaled.remaining == pytest.approx(7 * found.remaining)
    assert scaled.chances == pytest.approx(found.chances)
    assert scaled.mean == pytest.approx(found.mean)


def test_the_lots_compared_with_ended_before_the_day_and_share_the_whole_weight() -> None:
    lots, lines = random_book(7)
    ends = dict(lots.select("lot_id", "expires_on").iter_rows())
    facts_ = known(lots, lines)
    for lot_id in running_on(lots, CUT_OFF)["lot_id"][::5]:
        found = analogs(facts_, lot_id, CUT_OFF, most=1_000)
        weights = [analog.weight for analog in found]

        assert sum(weights) == pytest.approx(1, abs=1e-9)
        assert weights == sorted(weights, reverse=True)
        assert all(ends[analog.lot_id] < CUT_OFF for analog in found)
        assert analogs(facts_, lot_id, CUT_OFF, most=3) == found[:3]


def test_lots_that_behaved_alike_are_the_ones_compared_with() -> None:
    idle = [lot(f"idle {number:02}", "2023-01-01..2023-12-31") for number in range(30)]
    busy = [lot(f"busy {number:02}", "2023-01-01..2023-12-31") for number in range(30)]
    lines = [line("open", "2024-03-01", 60)]
    for number in range(30):
        lines += [line(f"busy {number:02}", "2023-03-01", 60), line(f"busy {number:02}", "2023-11-01", number)]
    book = facts([lot("open", YEAR), *idle, *busy], lines)

    weight = sum(one.weight for one in analogs(book, "open", date(2024, 6, 30), 60) if one.lot_id.startswith("busy"))

    assert weight > 0.9


def test_nothing_is_compared_with_before_a_lot_has_ended() -> None:
    assert analogs(facts([lot("open", YEAR)], []), "open", date(2024, 6, 30), 5) == []


def test_nothing_asked_is_nothing_forecast() -> None:
    found = forecast(experienced(used=30), request())

    assert quantiles(found).shape == (0, 7)
