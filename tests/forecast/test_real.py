"""The forecast against what came, on two real sets, judged by the scorer that judges every method."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING

import polars as pl
import pytest

from queries.forecast.distribution import QUANTILES, quantiles
from queries.forecast.forecaster import forecast
from queries.forecast.known import known
from tests.forecast.spreadsheet import conformal_run_rate, run_rate

if TYPE_CHECKING:
    from types import ModuleType

SHARED = Path(__file__).parents[3] / "shared"
SCORER = SHARED / "forecast" / "score.py"
SETS = ("cdnow", "philadelphia")
#: What method.md says the run rate corrected by its errors reached there, as ratios of CRPS to the run rate.
CONFORMAL_RUN_RATE = {"cdnow": 0.700, "philadelphia": 0.390}

pytestmark = pytest.mark.skipif(
    not (SCORER.is_file() and all((SHARED / "real" / name).is_dir() for name in SETS)),
    reason="the real sets and their scorer, ../shared, are not part of the repository",
)
on_each_set = pytest.mark.parametrize("name", SETS)


@cache
def scorer() -> ModuleType:
    spec = importlib.util.spec_from_file_location("score", SCORER)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@cache
def scores(name: str) -> dict[str, dict[str, float]]:
    """What the scorer says of the run rate, the conformal run rate and the forecast on a set."""
    folder = SHARED / "real" / name
    lots, lines = scorer().load(folder)
    truth, _ = scorer().truth(lots, lines, scorer().burn_in(folder))
    asked = truth.filter("scored")
    found = forecast(known(lots, lines), asked)
    forecasts = {
        "run rate": run_rate(asked),
        "conformal run rate": conformal_run_rate(truth),
        "forecast": asked.with_columns(
            *(pl.Series(*column) for column in zip(QUANTILES, quantiles(found).T, strict=True)),
            mean=pl.Series(found.mean * found.remaining),
        ),
    }
    return {method: scorer().metrics(rows) for method, rows in forecasts.items()}


def ratio(name: str, measure: str) -> float:
    return scores(name)["forecast"][measure] / scores(name)["run rate"][measure]


@on_each_set
def test_every_lot_is_judged_by_every_method(name: str) -> None:
    assert len({found["n"] for found in scores(name).values()}) == 1
    assert scores(name)["forecast"]["n"] > 1_000


def test_distributions_are_less_than_half_as_far_off_as_the_run_rate() -> None:
    assert mean(ratio(name, "CRPS") for name in SETS) <= 0.49


def test_medians_are_off_by_less_than_seven_tenths_of_the_run_rates_error() -> None:
    assert mean(ratio(name, "WAPE") for name in SETS) <= 0.68


@on_each_set
def test_it_is_nearer_than_the_run_rate_corrected_by_its_errors(name: str) -> None:
    assert scores(name)["forecast"]["CRPS"] < scores(name)["conformal run rate"]["CRPS"]
    assert ratio(name, "CRPS") < CONFORMAL_RUN_RATE[name]


@on_each_set
def test_four_in_five_of_the_80_percent_intervals_hold(name: str) -> None:
    assert 0.76 <= scores(name)["forecast"]["cov80"] <= 0.84


def test_the_total_is_neither_too_high_nor_too_low() -> None:
    assert mean(abs(scores(name)["forecast"]["bias"] - 1) for name in SETS) <= 0.08
