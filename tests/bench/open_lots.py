"""100,000 open lots and what is known of them: 20,000 lots that have ended, and three million events.

Random but seeded: what `drawdown forecast` reads, as its three files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from pathlib import Path

OPEN: Final = 100_000
ENDED: Final = 20_000
EVENTS: Final = 3_000_000
_LOTS: Final = ENDED + OPEN
_CLIENTS: Final = 8_000
_SERVICES: Final = 9
_OWNERS: Final = 30
_AS_OF: Final = np.datetime64("2026-01-01")


def write_open_lots(folder: Path) -> dict[str, Path]:
    """Write the three files; by the name of the option that takes each."""
    rng = np.random.default_rng(5)
    terms = _terms(rng)
    tables = {"lots": _lots(terms, rng), "consumption": _consumption(terms, rng), "requests": _requests(terms)}
    for name, rows in tables.items():
        rows.write_parquet(folder / f"{name}.parquet")
    return {name: folder / f"{name}.parquet" for name in tables}


def _terms(rng: np.random.Generator) -> pl.DataFrame:
    """Ended lots of a quarter, half a year or a year, then open ones of a year each: id, days of the term, units."""
    ended = np.arange(_LOTS) < ENDED
    days = np.where(ended, rng.choice([91, 182, 365], _LOTS), 365)
    before = np.where(ended, rng.integers(365, 1_460, _LOTS), rng.integers(5, 360, _LOTS))
    valid_from = _AS_OF - before
    return pl.DataFrame(
        {
            "lot_id": [f"L{number:06}" for number in range(_LOTS)],
            "valid_from": valid_from,
            "expires_on": valid_from + days - 1,
            "quantity": rng.integers(10, 400, _LOTS).astype(float),
        }
    ).with_columns(pl.col("valid_from", "expires_on").cast(pl.Date))


def _lots(terms: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    return terms.with_columns(
        account_id=pl.Series(rng.integers(0, _CLIENTS, _LOTS)).cast(pl.String),
        service=pl.Series(rng.integers(0, _SERVICES, _LOTS)).cast(pl.String),
        owner=pl.Series(rng.integers(0, _OWNERS, _LOTS)).cast(pl.String),
    )


def _consumption(terms: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """Events of the term as far as it has come, each a few hundredths of a lot."""
    chosen = terms[rng.integers(0, _LOTS, EVENTS)]
    reached = pl.min_horizontal(pl.col("expires_on"), pl.lit(_AS_OF).cast(pl.Date))
    days = (reached - pl.col("valid_from")).dt.total_days()
    return chosen.select(
        "lot_id",
        service_date=pl.col("valid_from") + pl.duration(days=(pl.Series(rng.random(EVENTS)) * days).cast(pl.Int64)),
        quantity=pl.col("quantity") * pl.Series(rng.exponential(0.03, EVENTS)),
    )


def _requests(terms: pl.DataFrame) -> pl.DataFrame:
    return terms.tail(OPEN).select("lot_id", as_of=pl.lit(_AS_OF).cast(pl.Date))
