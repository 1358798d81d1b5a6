"""From chances to numbers: quantiles of a forecast, and joint draws of many.

A distribution has an atom at nothing left, one at all that remains, and a piecewise linear distribution function
between them, through the middle of each bin.
"""

from __future__ import annotations

import zlib
from statistics import NormalDist
from typing import TYPE_CHECKING, Final

import numpy as np

from queries.forecast.trees import BINS

if TYPE_CHECKING:
    import polars as pl

    from queries.forecast.forecaster import Forecasts
    from queries.forecast.known import Numbers
    from queries.forecast.traits import Matrix

#: The levels of a forecast file: q05 to q95.
LEVELS: Final = (0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95)
QUANTILES: Final = tuple(f"q{round(level * 100):02}" for level in LEVELS)
#: Joint draws per lot: enough for 80% intervals of totals, few enough to add up at once.
DRAWS: Final = 200

_GRID: Final = np.linspace(0, 1, BINS)


def quantiles(forecasts: Forecasts, levels: tuple[float, ...] = LEVELS) -> Matrix:
    """Units left at expiry at each level: (requests, levels)."""
    return _at_levels(forecasts.chances, np.asarray(levels)) * forecasts.remaining[:, None]


def position(forecasts: Forecasts, outcomes: Numbers) -> tuple[Numbers, Numbers]:
    """Chance of less than what came, and of no more than it (the two ends of its probability integral transform).

    They differ where what came is one of the atoms.
    """
    shares = np.clip(outcomes / np.maximum(forecasts.remaining, 1e-9), 0, 1)
    within = np.array(
        [np.interp(share, _GRID, row) for share, row in zip(shares, _heights(forecasts.chances), strict=True)]
    )
    return np.where(shares <= 0, 0, within), np.where(shares >= 1, 1, within)


def joint_draws(forecasts: Forecasts, lot_ids: pl.Series, together: float) -> Matrix:
    """Draws of the units left, (requests, DRAWS): the same column is the same world in all of them.

    A one-factor Gaussian copula (Li 2000): lots miss together as far as `together`, their correlation, says. Each lot's
    draws are exactly its own distribution's, evenly spaced; only their order among the columns is random. Seeded by the
    lot alone, so that a lot's draws don't depend on which others are asked about.
    """
    common = np.random.default_rng(0).standard_normal(DRAWS)
    levels = (np.arange(DRAWS) + 0.5) / DRAWS
    sorted_draws = _at_levels(forecasts.chances, levels) * forecasts.remaining[:, None]
    draws = np.empty_like(sorted_draws)
    for lot, lot_id in enumerate(lot_ids):
        own = np.random.default_rng(zlib.crc32(str(lot_id).encode())).standard_normal(DRAWS)
        ranks = np.argsort(np.argsort(together**0.5 * common + (1 - together) ** 0.5 * own))
        draws[lot] = sorted_draws[lot, ranks]
    return draws


def normal_score(probabilities: Numbers) -> Numbers:
    """The standard normal quantile of each probability."""
    inverse = NormalDist().inv_cdf
    return np.array([inverse(min(max(float(value), 0.001), 0.999)) for value in probabilities])


def _heights(chances: Matrix) -> Matrix:
    """The distribution functions at the grid: the atoms at its two ends, half of a bin's chance at its middle."""
    heights: Matrix = np.cumsum(chances, axis=1) - chances / 2
    heights[:, 0], heights[:, -1] = chances[:, 0], 1 - chances[:, -1]
    return heights


def _at_levels(chances: Matrix, levels: Numbers) -> Matrix:
    """Shares of what remains at the levels: (rows, levels)."""
    heights = _heights(chances)
    shares = np.empty((len(chances), len(levels)))
    for row, height in enumerate(heights):
        shares[row] = np.interp(levels, height, _GRID)
    nothing, everything = levels <= heights[:, :1], levels > heights[:, -1:]
    return np.where(nothing, 0.0, np.where(everything, 1.0, shares))
