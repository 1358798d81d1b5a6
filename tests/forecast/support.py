"""Books to forecast from: small ones written out by hand, and random ones, seeded."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from queries.forecast.forecaster import forecast
from queries.forecast.known import known

if TYPE_CHECKING:
    from queries.forecast.forecaster import Forecasts
    from queries.forecast.known import Known

FIRST_DAY: Final = date(2018, 1, 1)
#: Five years into a random book: most lots have ended, and a quarter have not begun.
CUT_OFF: Final = FIRST_DAY + timedelta(days=1_800)
_LAST_START: Final = 2_400
_LINES_PER_LOT: Final = 6


def lot(lot_id: str, term: str, quantity: float = 100, **others: object) -> dict[str, object]:
    """One lot of client A; its term is written first day..last day."""
    first, last = (date.fromisoformat(day) for day in term.split(".."))
    plain = {"account_id": "A", "service": "S", "owner": "O", "unit": "hour"}
    return plain | {"lot_id": lot_id, "quantity": quantity, "valid_from": first, "expires_on": last} | others


def line(lot_id: str, service_date: str, quantity: float, known_on: str | None = None) -> dict[str, object]:
    """Use of a lot, known on the day unless said otherwise."""
    return {
        "lot_id": lot_id,
        "service_date": date.fromisoformat(service_date),
        "quantity": quantity,
        "known_on": date.fromisoformat(known_on or service_date),
    }


def facts(lots: list[dict[str, object]], lines: list[dict[str, object]]) -> Known:
    return known(lots_of(lots), lines_of(lines))


def lots_of(lots: list[dict[str, object]]) -> pl.DataFrame:
    return pl.DataFrame(lots, schema_overrides={"quantity": pl.Float64})


def lines_of(lines: list[dict[str, object]]) -> pl.DataFrame:
    schema = {"lot_id": pl.String, "service_date": pl.Date, "quantity": pl.Float64, "known_on": pl.Date}
    return pl.DataFrame(lines, schema=schema)


def request(*asked: tuple[str, str]) -> pl.DataFrame:
    return pl.DataFrame(
        {"lot_id": [lot_id for lot_id, _ in asked], "as_of": [date.fromisoformat(day) for _, day in asked]}
    )


def random_book(
    seed: int, lots: int = 100, terms: tuple[int, int] = (30, 1_826), size: float = 1_000
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Lots of many terms, clients, units and paces, some used beyond all; a fifth of the lines known late."""
    rng = np.random.default_rng(seed)
    first = rng.integers(0, _LAST_START, lots)
    term = np.exp(rng.uniform(*np.log(terms), lots)).astype(int)
    quantity = np.round(rng.uniform(0.01, size, lots), 2)
    of_lot = rng.integers(0, lots, lots * _LINES_PER_LOT)
    served = first[of_lot] + (rng.random(len(of_lot)) ** rng.uniform(0.5, 2, lots)[of_lot] * term[of_lot]).astype(int)
    late = np.where(rng.random(len(of_lot)) < 0.2, rng.integers(1, 500, len(of_lot)), 0)
    used = np.round(quantity[of_lot] * rng.exponential(rng.uniform(0.01, 0.25, lots)[of_lot]), 2)
    return (
        pl.DataFrame(
            {
                "lot_id": [f"L{number:03}" for number in range(lots)],
                "account_id": [f"A{number}" for number in rng.integers(0, 12, lots)],
                "service": [f"S{number}" for number in rng.integers(0, 4, lots)],
                "owner": [f"O{number}" for number in rng.integers(0, 5, lots)],
                "unit": [f"U{number}" for number in rng.integers(0, 3, lots)],
                "quantity": quantity,
                "valid_from": _days(first),
                "expires_on": _days(first + term - 1),
            }
        ),
        pl.DataFrame(
            {
                "lot_id": [f"L{number:03}" for number in of_lot],
                "service_date": _days(served),
                "quantity": used,
                "known_on": _days(served + late),
            }
        ),
    )


def running_on(lots: pl.DataFrame, *days: date) -> pl.DataFrame:
    """Requests for all lots that have begun and not ended on each of the days."""
    runs = pl.col("as_of").is_between("valid_from", "expires_on", closed="left")
    return lots.join(pl.DataFrame({"as_of": days}), how="cross").filter(runs).select("lot_id", "as_of")


@cache
def random_forecasts(seed: int) -> tuple[Forecasts, pl.DataFrame]:
    """Forecasts of all lots of a random book that run at the cut-off, and their requests."""
    lots, lines = random_book(seed)
    requests = running_on(lots, CUT_OFF)
    return forecast(known(lots, lines), requests), requests


def assert_same(found: Forecasts, expected: Forecasts) -> None:
    """Bit for bit."""
    for name in expected._fields:
        assert np.array_equal(getattr(found, name), getattr(expected, name)), name


def _days(numbers: np.ndarray) -> pl.Series:
    return pl.Series(np.datetime64(FIRST_DAY, "D") + numbers).cast(pl.Date)
