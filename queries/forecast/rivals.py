"""What the forecast has to beat: the spreadsheet's run rate, and the run rate with the errors it has made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from queries.forecast.distribution import LEVELS
from queries.forecast.forecaster import asked_about, day_at, step_of
from queries.forecast.known import QUANTITY_SCALE
from queries.forecast.traits import traits

if TYPE_CHECKING:
    import polars as pl

    from queries.forecast.known import Known
    from queries.forecast.traits import Matrix


def run_rate(facts: Known, requests: pl.DataFrame) -> Matrix:
    """Units left if use goes on at the pace so far, the same at every level: (requests, levels)."""
    lots, days = asked_about(facts, requests)
    units = traits(facts, lots, days).run_rate * facts.quantity[lots] / QUANTITY_SCALE
    return np.repeat(units[:, None], len(LEVELS), axis=1)


def conformal_run_rate(facts: Known, requests: pl.DataFrame) -> Matrix:
    """The run rate with the errors it made on ended lots at the same share of their terms: (requests, levels).

    The requests are of one day. Without ended lots it is the run rate.
    """
    lots, days = asked_about(facts, requests)
    described = traits(facts, lots, days)
    shares = np.repeat(described.run_rate[:, None], len(LEVELS), axis=1)
    ended = np.flatnonzero(facts.expires_on < days[0]) if len(days) else days
    steps = step_of(described.elapsed)
    for step in np.unique(steps) if len(ended) else ():
        then = traits(facts, ended, day_at(facts, ended, int(step)))
        errors = np.quantile(facts.unused_by(ended, days[:1].repeat(len(ended))) - then.run_rate, LEVELS)
        at = steps == step
        shares[at] = np.clip(shares[at] + errors, 0, (1 - described.used[at])[:, None])
    return shares * (facts.quantity[lots] / QUANTITY_SCALE)[:, None]
