"""The forecaster: what may be left of a lot at expiry, learned on a day from the lots that had ended by then.

A lot is compared with lots that had ended before that day, each seen at the same share of its term (and one step to
either side). Many trees say which of them are alike; what became of *their* remaining units, as a share, is what
may become of this lot's. The trees are grown for the lots at hand alone: nothing is carried over from other data.

Where the share of all that remained is forecast, nothing can fall below nil or above what is left. Few ended lots
make the forecast wide rather than sure: they are mixed with a prior that knows the pace so far and little else.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import polars as pl

from queries.forecast.known import QUANTITY_SCALE, ForecastError, Integers, Known, Numbers, days_of, needed
from queries.forecast.traits import Matrix, Traits, traits
from queries.forecast.trees import BINS, OUT_BINS, Tree, add_likeness, add_outcomes, grow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: Lots are compared at steps of a twentieth of the term.
_STEPS: Final = 20
_TREES: Final = 64
#: A leaf holds about half the square root of the ended lots' rows, and no fewer than this many.
_SMALLEST_LEAF: Final = 5
#: Traits tried per cut: about a third of them (Geurts et al. 2006 for regression).
_TRIES: Final = 8
#: A tree is grown on at most so many rows, drawn at random: more make it slower, not better.
_ROWS_PER_TREE: Final = 3_000
#: So many ended lots count as much as the prior.
_PRIOR_LOTS: Final = 10
#: Outcomes a cut should tell apart besides their mean: nearly nothing left, a quarter, half, nearly everything.
_THRESHOLDS: Final = (0.001, 0.25, 0.5, 0.999)
#: A lot with less than this share of its units left teaches nothing about what becomes of the rest.
_SPENT: Final = 0.005
#: Least chance that bookings are taken to leave to what was forecast without them.
_UNLIKELY: Final = 0.05


class Forecasts(NamedTuple):
    """What is forecast for each requested lot and day, in the order of the requests.

    Attributes:
        remaining: units left on the day.
        chances: (requests, BINS): chance of each share of what remains being left at expiry, 0 to 1.
        mean: expected share of what remains.
        runs_out: (requests, OUT_BINS): chance of running out by each share of the time left.
        learned_from: ended lots it rests on.
    """

    remaining: Numbers
    chances: Matrix
    mean: Numbers
    runs_out: Matrix
    learned_from: Integers


class Bank(NamedTuple):
    """Ended lots seen around one share of their terms."""

    lots: Integers
    values: Matrix
    outcomes: Numbers
    out_at: Numbers


class Analog(NamedTuple):
    """An ended lot, and its share of the weight in the forecast of the lot compared with it."""

    lot_id: str
    weight: float


def forecast(
    facts: Known, requests: pl.DataFrame, on_progress: Callable[[int, int], None] = lambda _done, _all: None
) -> Forecasts:
    """Forecast each requested lot from what was known by the close of the requested day.

    Args:
        facts: what is known; nothing known after a request's day has a part in its forecast.
        requests: lot_id and as_of; `booked` where units are booked for after the day: known use to come.
        on_progress: called with requests done and all of them.

    Raises:
        ForecastError: a request names no lot that is known, or no day.
    """
    lots, days = asked_about(facts, requests)
    described = traits(facts, lots, days)
    remaining = np.maximum(0, facts.quantity[lots] - facts.use.total(lots, days)) / QUANTITY_SCALE
    count = len(lots)
    found = Forecasts(
        remaining, np.zeros((count, BINS)), np.zeros(count), np.zeros((count, OUT_BINS)), np.zeros(count, np.int64)
    )
    seen = _Seen(facts, int(days.max(initial=0)))
    over = days >= facts.expires_on[lots]
    found.chances[over, -1], found.mean[over] = 1, 1
    parts = list(_parts(days, described.elapsed, ~over))
    done = int(over.sum())
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for size in pool.map(lambda part: _forecast_part(seen, described, found, *part), parts):
            done += size
            on_progress(done, count)
    if "booked" in requests.columns:
        booked = needed(requests, {"booked": pl.Float64()}, "requests")["booked"].fill_null(0).to_numpy()
        _heed_bookings(found, np.where(over, 0, booked))
    return found


def analogs(facts: Known, lot_id: str, as_of: object, most: int) -> list[Analog]:
    """The ended lots that one forecast rests on most, the closest first; ties by lot id."""
    lots, days = asked_about(facts, pl.DataFrame({"lot_id": [lot_id], "as_of": pl.Series([as_of], dtype=pl.Date)}))
    described = traits(facts, lots, days)
    bank = _Seen(facts, int(days[0])).bank(int(days[0]), step_of(described.elapsed)[0])
    if not len(bank.lots):
        return []
    likeness = np.zeros(len(bank.lots))
    for tree, rows in _trees(bank, step_of(described.elapsed)[0]):
        add_likeness(tree, rows, described.values[0], likeness)
    weights = np.bincount(bank.lots, likeness, minlength=len(facts.lot_ids)) / _TREES
    order = np.argsort(-weights, kind="stable")[:most]
    return [Analog(facts.lot_ids[int(lot)], float(weights[lot])) for lot in order if weights[lot] > 0]


def asked_about(facts: Known, requests: pl.DataFrame) -> tuple[Integers, Integers]:
    """Positions of the requested lots, and the requested days.

    Raises:
        ForecastError: a request names no lot that is known, or no day.
    """
    places = pl.DataFrame({"lot_id": facts.lot_ids}).with_row_index("lot")
    asked = needed(requests, {"lot_id": pl.String(), "as_of": pl.Date()}, "requests")
    found = asked.select("lot_id", "as_of").join(places, on="lot_id", how="left", maintain_order="left")
    unknown = found.filter(pl.col("lot").is_null())
    if unknown.height:
        raise ForecastError(f"requests: lot {unknown['lot_id'][0]} is not among the lots.")
    if found["as_of"].null_count():
        raise ForecastError(f"requests: lot {found.filter(pl.col('as_of').is_null())['lot_id'][0]} lacks as_of.")
    return found["lot"].to_numpy().astype(np.int64), days_of(found["as_of"])


def step_of(elapsed: Numbers) -> Integers:
    """The step of the term at which lots are compared."""
    steps: Integers = np.clip(np.round(elapsed * _STEPS), 0, _STEPS - 1).astype(np.int64)
    return steps


def day_at(facts: Known, lots: Integers, step: int) -> Integers:
    """The day each lot was at a step of its term; the ends of the term are seen a fortieth inside."""
    share = min(max(step / _STEPS, 0.5 / _STEPS), 1 - 0.5 / _STEPS)
    days: Integers = np.minimum(
        facts.valid_from[lots] + np.ceil(share * facts.term[lots]).astype(np.int64), facts.expires_on[lots]
    )
    return days


def _parts(days: Integers, elapsed: Numbers, wanted: np.ndarray) -> Iterator[tuple[int, int, Integers]]:
    """Requests that compare with the same ended lots: those of one day and one step of the term."""
    steps = step_of(elapsed)
    keys = days * _STEPS + steps
    order = np.argsort(keys, kind="stable")
    order = order[wanted[order]]
    for at in np.split(order, np.flatnonzero(np.diff(keys[order])) + 1):
        if len(at):
            yield int(days[at[0]]), int(steps[at[0]]), at


def _forecast_part(seen: _Seen, described: Traits, found: Forecasts, day: int, step: int, at: Integers) -> int:
    """Forecast requests of one day and step; they are written into `found`, each part into rows of its own."""
    bank = seen.bank(day, step)
    asked = np.ascontiguousarray(described.values[at])
    chances, mean, runs_out = np.zeros((len(at), BINS)), np.zeros(len(at)), np.zeros((len(at), OUT_BINS))
    if len(bank.lots):
        for tree, rows in _trees(bank, step):
            add_outcomes(tree, rows, bank.outcomes, bank.out_at, asked, chances, mean, runs_out)
    learned_from = len(np.unique(bank.lots))
    trust = learned_from / (learned_from + _PRIOR_LOTS) / _TREES
    prior, prior_mean = _prior(described.run_rate[at] / np.maximum(1 - described.used[at], 1e-9))
    doubt = _PRIOR_LOTS / (learned_from + _PRIOR_LOTS)
    found.chances[at] = chances * trust + prior * doubt
    found.mean[at] = mean * trust + prior_mean * doubt
    found.runs_out[at] = np.cumsum(runs_out, axis=1) * trust
    found.learned_from[at] = learned_from
    return len(at)


def _prior(run_rate: Numbers) -> tuple[Matrix, Numbers]:
    """Where nobody has ended yet: one part that the pace holds, two that anything can happen."""
    chances = np.full((len(run_rate), BINS), 2 / 3 / BINS)
    chances[np.arange(len(run_rate)), np.round(np.clip(run_rate, 0, 1) * (BINS - 1)).astype(np.int64)] += 1 / 3
    return chances, (np.clip(run_rate, 0, 1) + 1) / 3


def _trees(bank: Bank, step: int) -> Iterator[tuple[Tree, Integers]]:
    """The trees of a bank, seeded by step and turn alone: the same bank grows the same trees."""
    targets = np.column_stack([2 * bank.outcomes, *(bank.outcomes <= threshold for threshold in _THRESHOLDS)])
    count = len(bank.lots)
    smallest = max(_SMALLEST_LEAF, round(0.4 * min(count, _ROWS_PER_TREE) ** 0.5))
    for turn in range(_TREES):
        random = np.random.default_rng(step * _TREES + turn)
        rows = random.permutation(count)[:_ROWS_PER_TREE]
        tree, order = grow(bank.values[rows].T.copy(), targets[rows], smallest, _TRIES, random)
        yield tree, rows[order]


class _Seen:
    """Every lot ended by a day at every step of its term, described once: a view rests on what came before it alone."""

    def __init__(self, facts: Known, until: int) -> None:
        self._facts = facts
        self._ended = np.flatnonzero(facts.expires_on < until)
        self._views: dict[int, tuple[Traits, Numbers]] = {}

    def bank(self, day: int, step: int) -> Bank:
        """The lots that had ended before the day, as they stood at the step of their terms and the two beside it."""
        parts = []
        unused = self._facts.unused_by(self._ended, np.full(len(self._ended), day))
        for beside in (step - 1, step, step + 1):
            view, out_at = self._view(min(max(beside, 0), _STEPS))
            kept = np.flatnonzero((self._facts.expires_on[self._ended] < day) & (1 - view.used > _SPENT))
            lots = self._ended[kept]
            outcomes = np.clip(unused[kept] / (1 - view.used[kept]), 0, 1)
            parts.append(Bank(lots, view.values[kept], outcomes, np.where(unused[kept] > 0, 2.0, out_at[kept])))
        return Bank(*(np.concatenate(column) for column in zip(*parts, strict=True)))

    def _view(self, step: int) -> tuple[Traits, Numbers]:
        if step not in self._views:
            facts, lots = self._facts, self._ended
            days = day_at(facts, lots, step)
            self._views[step] = traits(facts, lots, days), _out_at(facts, lots, days)
        return self._views[step]


def _out_at(facts: Known, lots: Integers, days: Integers) -> Numbers:
    """When each lot was last used, as a share of the time left after the day; 2 where it never was."""
    last, any_ = facts.use.last(lots, facts.expires_on[lots])
    last_day = facts.use.days[last] if len(facts.use.days) else np.zeros(len(lots), np.int64)
    share = (last_day - days) / np.maximum(1, facts.expires_on[lots] - days)
    return np.where(any_, np.clip(share, 0, 1), 2.0)


def _heed_bookings(found: Forecasts, booked: Numbers) -> None:
    """Booked units will be used: outcomes that leave more than the rest are ruled out, in place.

    A bin reaches up to the middle of the next one, so that the last one kept is the last but one below the rest. Where
    hardly any outcome is left, the rest is what is forecast.
    """
    for lot in np.flatnonzero((booked > 0) & (found.remaining > 0)):
        most = max(0.0, 1 - booked[lot] / found.remaining[lot])
        last = max(0, int(most * (BINS - 1) + 1e-9) - 1)
        possible = found.chances[lot, : last + 1].sum()
        if possible < _UNLIKELY:
            found.chances[lot] = 0
            found.chances[lot, last] = 1
            found.mean[lot] = most
            found.runs_out[lot] = 0
            found.runs_out[lot, -1] = most <= 0
            continue
        found.chances[lot, last + 1 :] = 0
        found.chances[lot] /= possible
        found.runs_out[lot] = np.minimum(1, found.runs_out[lot] / possible)
        found.mean[lot] = found.chances[lot] @ np.linspace(0, 1, BINS)
