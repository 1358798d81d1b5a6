"""A forecast rests on what was known on its day: whatever comes later leaves it the same, bit for bit."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import polars as pl
import pytest

from queries.forecast.forecaster import analogs, forecast
from queries.forecast.known import known
from tests.forecast.support import CUT_OFF, assert_same, line, lines_of, lot, lots_of, random_book, request, running_on

BEGUN = pl.col("valid_from") <= CUT_OFF
KNOWN = pl.max_horizontal("service_date", "known_on") <= CUT_OFF
DAYS = tuple(CUT_OFF - timedelta(days=days) for days in (0, 200))
seeds = pytest.mark.parametrize("seed", range(3))


@seeds
def test_deleting_everything_after_a_cut_off_leaves_every_earlier_forecast_the_same(seed: int) -> None:
    lots, lines = random_book(seed)
    requests = running_on(lots, *DAYS)

    whole = forecast(known(lots, lines), requests)

    assert whole.learned_from.min() > 10
    assert_same(forecast(known(lots.filter(BEGUN), lines.filter(KNOWN)), requests), whole)


@seeds
def test_what_is_known_on_the_day_counts(seed: int) -> None:
    lots, lines = random_book(seed)
    requests = running_on(lots, CUT_OFF)

    without_the_last_year = forecast(known(lots, lines.filter(pl.col("known_on") < CUT_OFF - timedelta(365))), requests)

    assert not np.array_equal(without_the_last_year.chances, forecast(known(lots, lines), requests).chances)


@seeds
def test_how_lots_end_that_are_open_on_the_day_has_no_influence(seed: int) -> None:
    lots, lines = random_book(seed)
    requests = running_on(lots, CUT_OFF)
    used_up = pl.when(KNOWN).then("quantity").otherwise(1_000_000)

    assert_same(
        forecast(known(lots, lines.with_columns(quantity=used_up)), requests), forecast(known(lots, lines), requests)
    )


@seeds
def test_the_order_of_the_rows_has_no_influence(seed: int) -> None:
    lots, lines = random_book(seed)
    requests = running_on(lots, CUT_OFF)
    shuffled = known(lots.sample(fraction=1, shuffle=True, seed=1), lines.sample(fraction=1, shuffle=True, seed=2))

    assert_same(forecast(shuffled, requests), forecast(known(lots, lines), requests))


def test_what_else_is_asked_has_no_influence() -> None:
    lots, lines = random_book(5)
    last_days = lots["expires_on"].sort()[50:80:10]
    requests = running_on(lots, *last_days)
    facts = known(lots, lines)
    whole = forecast(facts, requests)

    for place in range(0, requests.height, 7):
        alone = forecast(facts, requests[place])
        assert np.array_equal(alone.chances[0], whole.chances[place])
        assert np.array_equal(alone.runs_out[0], whole.runs_out[place])


def test_the_lots_compared_with_are_the_same_after_deleting_what_came_later() -> None:
    lots, lines = random_book(0)
    lot_id = running_on(lots, CUT_OFF)["lot_id"][0]
    then = known(lots.filter(BEGUN), lines.filter(KNOWN))

    assert analogs(then, lot_id, CUT_OFF, 50) == analogs(known(lots, lines), lot_id, CUT_OFF, 50)


@pytest.mark.parametrize("as_of", ["2024-03-31", "2024-04-30", "2024-05-01"])
def test_use_of_an_ended_lot_that_becomes_known_later_counts_from_then_on(as_of: str) -> None:
    lots = lots_of(
        [lot("open", "2024-01-01..2024-12-31")]
        + [lot(f"ended {number:02}", "2023-04-01..2024-03-30") for number in range(20)]
    )
    punctual = [line(f"ended {number:02}", "2023-08-01", 20) for number in range(20)]
    late = [line(f"ended {number:02}", "2024-03-20", 80, known_on="2024-05-01") for number in range(20)]
    asked = request(("open", as_of))

    before = forecast(known(lots, lines_of(punctual)), asked)
    after = forecast(known(lots, lines_of(punctual + late)), asked)

    if as_of < "2024-05-01":
        assert_same(after, before)
    else:
        assert before.mean > 0.5 > after.mean
        assert before.runs_out[0, -1] == 0 < after.runs_out[0, -1]
