"""From chances to numbers: quantiles and positions by hand, and draws that are each lot's own distribution."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import polars as pl
import pytest

from queries.forecast.distribution import DRAWS, LEVELS, joint_draws, normal_score, position, quantiles
from queries.forecast.forecaster import Forecasts
from queries.forecast.trees import BINS, OUT_BINS
from tests.forecast.support import random_forecasts

EVENLY = tuple((np.arange(DRAWS) + 0.5) / DRAWS)


def by_hand(*chances: dict[int, float], remaining: float = 10) -> Forecasts:
    """Forecasts with the given chances at bins, of ten units that remain."""
    rows = np.array([[one.get(place, 0.0) for place in range(BINS)] for one in chances])
    count = len(rows)
    return Forecasts(
        np.full(count, float(remaining)),
        rows,
        rows @ np.linspace(0, 1, BINS),
        np.zeros((count, OUT_BINS)),
        np.zeros(count, np.int64),
    )


#: A fifth nothing, three tenths half, half everything: heights .2 to bin 49, .35 at 50, .5 from 51.
MIXED = by_hand({0: 0.2, 50: 0.3, 100: 0.5})


def test_quantiles_are_the_atoms_at_both_ends_and_linear_between() -> None:
    assert quantiles(MIXED, (0.05, 0.19, 0.25, 0.35, 0.45, 0.51, 0.95))[0] == pytest.approx(
        [0, 0, (49 + 0.05 / 0.15) / 10, 5, (50 + 0.1 / 0.15) / 10, 10, 10]
    )


def test_a_certain_end_has_no_width() -> None:
    assert quantiles(by_hand({0: 1}, {100: 1})).tolist() == [[0] * 7, [10] * 7]


def test_a_position_spans_the_atom_it_falls_on() -> None:
    found = by_hand(*[{0: 0.2, 50: 0.3, 100: 0.5}] * 4)
    less, no_more = position(found, np.array([0, 5, 2.5, 10]))

    assert less == pytest.approx([0, 0.35, 0.2, 0.5])
    assert no_more == pytest.approx([0.2, 0.35, 0.2, 1])


def test_positions_are_where_quantiles_come_from() -> None:
    found = random_forecasts(1)[0]
    found = Forecasts(*(column[found.remaining > 0] for column in found))
    for level in (0.2, 0.5, 0.8):
        less, no_more = position(found, quantiles(found, (level,))[:, 0])
        assert (less <= level + 1e-9).all()
        assert (no_more >= level - 1e-9).all()


def test_quantiles_never_cross_and_stay_within_what_remains() -> None:
    found = random_forecasts(1)[0]
    units = quantiles(found, tuple(np.linspace(0.001, 0.999, 200)))

    assert (np.diff(units, axis=1) >= 0).all()
    assert (units >= 0).all()
    assert (units <= found.remaining[:, None]).all()
    assert quantiles(found).shape == (len(found.remaining), len(LEVELS))


@pytest.mark.parametrize("together", [0, 0.3, 1])
def test_a_lots_draws_are_its_own_distribution_whatever_the_others_do(together: float) -> None:
    found, requests = random_forecasts(1)

    assert np.array_equal(np.sort(joint_draws(found, requests["lot_id"], together)), quantiles(found, EVENLY))


def test_lots_miss_together_the_more_the_more_they_are_said_to() -> None:
    found = by_hand(*[dict.fromkeys(range(1, 100), 1 / 99)] * 12)
    lots = pl.Series([f"L{number}" for number in range(12)])

    def correlation(together: float) -> float:
        rows = np.corrcoef(joint_draws(found, lots, together))
        return float(np.mean([rows[pair] for pair in combinations(range(12), 2)]))

    assert [correlation(together) for together in (0, 0.15, 0.5, 0.9, 1)] == pytest.approx(
        [0, 0.15, 0.5, 0.9, 1], abs=0.05
    )


def test_another_lot_does_not_change_the_draws_of_the_rest() -> None:
    found, requests = random_forecasts(1)
    rest = Forecasts(*(column[1:] for column in found))

    without, among = joint_draws(rest, requests["lot_id"][1:], 0.2), joint_draws(found, requests["lot_id"], 0.2)

    assert np.array_equal(without, among[1:])


def test_normal_scores_are_symmetric_and_finite() -> None:
    assert normal_score(np.array([0, 0.1, 0.5, 0.9, 1])) == pytest.approx(
        [-3.0902, -1.2816, 0, 1.2816, 3.0902], abs=1e-4
    )
