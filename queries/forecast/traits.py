"""How a lot looks on a day: the numbers by which ended lots and open ones are compared.

All are shares or logarithms, so that lots of any unit, size and term can be compared. What they are made of was known
by the close of the day: events known by then, and outcomes of lots that had ended before it.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from queries.forecast.known import SHARE_SCALE, Integers, Known, Numbers

#: Pseudo-counts by which the past of a client, owner or service is drawn to everyone's.
_CLIENT_PRIOR: Final = 2
_GROUP_PRIOR: Final = 10
#: What is taken to be left of lots as long as none has ended.
_UNINFORMED: Final = 0.3
_YEAR: Final = 365.25
_FAST: Final = 5.0

Matrix = np.ndarray[tuple[int, int], np.dtype[np.float64]]


class Traits(NamedTuple):
    """Traits of some lots on a day each, with what the forecast itself needs of them."""

    values: Matrix
    elapsed: Numbers
    used: Numbers
    run_rate: Numbers


def traits(facts: Known, lots: Integers, days: Integers) -> Traits:
    """Describe lots (positions in `facts`) by the close of a day each.

    Returns:
        One row per lot. `elapsed`, `used` and `run_rate` are shares: of the term, of the lot's units, and of the
        units that would be left if use went on at the pace so far.
    """
    term, quantity = facts.term[lots], facts.quantity[lots]
    elapsed = np.clip((days - facts.valid_from[lots] + 1) / term, 1e-6, 1)
    drawn = _drawn(facts, lots, days, quantity)
    used = np.clip(drawn, 0, 1)
    left, ahead = 1 - used, 1 - elapsed
    quarter, eighth = np.minimum(0.25, elapsed), np.minimum(0.125, elapsed)
    in_quarter = drawn - _drawn(facts, lots, days - np.maximum(1, np.round(quarter * term)).astype(np.int64), quantity)
    in_eighth = drawn - _drawn(facts, lots, days - np.maximum(1, np.round(eighth * term)).astype(np.int64), quantity)
    run_rate = np.clip(1 - used / elapsed, 0, left)
    season = 2 * np.pi * (facts.expires_on[lots] % _YEAR) / _YEAR

    columns = [
        elapsed,
        used,
        run_rate,
        np.minimum(_FAST, used / elapsed),
        np.clip(left - in_quarter / quarter * ahead, 0, left),
        in_quarter,
        in_eighth,
        *_events(facts, lots, days, term),
        *_client(facts, lots, days, term, left, ahead),
        *_past(facts, lots, days),
        np.log(quantity),
        np.sin(season),
        np.cos(season),
    ]
    return Traits(np.ascontiguousarray(np.stack(columns, axis=1)), elapsed, used, run_rate)


def _drawn(facts: Known, lots: Integers, days: Integers, quantity: Integers) -> Numbers:
    drawn: Numbers = facts.use.total(lots, days) / quantity
    return drawn


def _events(facts: Known, lots: Integers, days: Integers, term: Integers) -> tuple[Numbers, ...]:
    """Rhythm of the lot's use: share of a term since the last event, how many there were, and the largest."""
    at, any_ = facts.use.last(lots, days)
    last = np.where(any_, _taken(facts.use.days, at), facts.valid_from[lots] - 1)
    largest = np.where(any_, _taken(facts.largest, at), 0)
    return (days - last) / term, np.log1p(facts.use.events(lots, days)), largest


def _client(
    facts: Known, lots: Integers, days: Integers, term: Integers, left: Numbers, ahead: Numbers
) -> tuple[Numbers, ...]:
    """The client beyond this lot: since any use, how much and how often it uses, and where its pace would lead."""
    client = facts.groups["account_id"][lots]
    at, any_ = facts.account_use.last(client, days)
    silent = np.where(any_, days - _taken(facts.account_use.days, at), term)
    events = facts.account_use.events(client, days)
    first = _taken(facts.account_use.days, facts.account_use.starts[client])
    since_first = np.where(any_, np.maximum(1, days - first + 1), 1)
    pool = facts.pace_group[lots]
    span = np.minimum(since_first, term)
    recent = facts.account_pace.total(pool, days) - facts.account_pace.total(pool, days - span)
    use_ahead = np.maximum(0, recent) / span * term * ahead / facts.quantity[lots]
    return (
        np.minimum(silent, term) / term,
        np.log1p(events / since_first * term),
        np.log1p(since_first / term),
        np.clip(left - use_ahead, 0, left),
    )


def _past(facts: Known, lots: Integers, days: Integers) -> tuple[Numbers, ...]:
    """What was left of ended lots of the same client, owner and service, drawn to everyone's; the client's last."""
    before = days - 1
    nobody = np.zeros(len(lots), np.int64)
    everyone = facts.ended["everyone"]
    ended = everyone.events(nobody, before)
    average = np.where(ended > 0, _left(facts, "everyone", nobody, before) / np.maximum(ended, 1), _UNINFORMED)
    columns = []
    for name, prior in (("account_id", _CLIENT_PRIOR), ("owner", _GROUP_PRIOR), ("service", _GROUP_PRIOR)):
        timeline, group = facts.ended[name], facts.groups[name][lots]
        total = _left(facts, name, group, before) + prior * average
        columns.append(total / (timeline.events(group, before) + prior))
    clients = facts.ended["account_id"]
    client = facts.groups["account_id"][lots]
    at, any_ = clients.last(client, before)
    last = np.where(any_, facts.unused_by(_taken(clients.rows, at), before), average)
    return (*columns, last, np.log1p(clients.events(client, before)))


def _left(facts: Known, cohort: str, group: Integers, days: Integers) -> Numbers:
    """Sum of the shares left of a group's ended lots, as far as was known by the close of the day."""
    left: Numbers = (facts.ended[cohort].total(group, days) + facts.corrected[cohort].total(group, days)) / SHARE_SCALE
    return left


def _taken(values: np.ndarray, at: Integers) -> np.ndarray:
    """Values at positions; where there are none at all, noughts that a condition then hides."""
    return values[np.minimum(at, len(values) - 1)] if len(values) else np.zeros(len(at), values.dtype)
