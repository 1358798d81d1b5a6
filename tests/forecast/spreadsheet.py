"""What the forecast has to beat, written anew from method.md: the run rate, and with the errors it has made added."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterator

LEVELS = {"q05": 0.05, "q10": 0.10, "q25": 0.25, "q50": 0.50, "q75": 0.75, "q90": 0.90, "q95": 0.95}
#: A lot is open while more than this share of it remains.
OPEN = pl.col("remaining") > 0.005 * pl.col("quantity")


def run_rate(truth: pl.DataFrame) -> pl.DataFrame:
    """As baseline.py: what is left if use goes on at the pace so far, at every level."""
    term = (pl.col("expires_on") - pl.col("valid_from")).dt.total_days() + 1
    elapsed = ((pl.col("as_of") - pl.col("valid_from")).dt.total_days() + 1) / term
    used = (1 - pl.col("remaining") / pl.col("quantity")).clip(0, 1)
    left = pl.min_horizontal(pl.col("quantity") * (1 - used / elapsed).clip(0, 1), "remaining")
    return truth.with_columns(left.alias(name) for name in (*LEVELS, "mean"))


def conformal_run_rate(truth: pl.DataFrame) -> pl.DataFrame:
    """The run rate plus quantiles of its errors on the lots ended by then, seen at the same share of their terms."""
    return pl.concat(_conformal(run_rate(truth)))


def _conformal(rated: pl.DataFrame) -> Iterator[pl.DataFrame]:
    error = (pl.col("actual") - pl.col("mean")) / pl.col("quantity")
    for (frac, as_of), asked in rated.filter("scored").group_by("frac", "as_of"):
        ended = rated.filter(OPEN, pl.col("frac") == frac, pl.col("expires_on") < as_of)
        errors = ended.select(error).to_series().to_numpy()
        yield asked.with_columns(
            (pl.col("mean") + pl.col("quantity") * np.quantile(errors, level)).clip(0, "remaining").alias(name)
            for name, level in LEVELS.items()
        )
