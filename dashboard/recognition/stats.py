"""Figures of the headline row: sums over the span and balances at its end, with their change since an earlier span."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from dashboard import format as fmt
from dashboard.explain import Behind
from dashboard.parts import Stat
from dashboard.recognition import totals
from dashboard.recognition.words import BOOKED, MEANINGS, said
from dashboard.session import View, before

if TYPE_CHECKING:
    from decimal import Decimal

    from dashboard.recognition.periods import Periods

_SUMS: Final = {"revenue_total": "Revenue", "billings": "Billed", "overage_revenue": "Overage"}
_BALANCES: Final = {
    "liabilities": ("Contract liabilities", "Deferred revenue: billed ahead of revenue, contract by contract."),
    "assets": ("Contract assets", "Earned ahead of billing; not netted against the liabilities."),
}


def over_the_span(view: View, rows: pl.DataFrame, periods: Periods, policy: str, column: str) -> Stat:
    """What adds up over the span under a policy, and how it differs from a span as long that ended earlier.

    Args:
        view: the view the page shows.
        rows: recognition_by_period of the span.
        periods: the span.
        policy: what revenue is recognised under.
        column: the column of recognition_by_period that is added up.
    """
    own = rows.filter(policy=policy)
    amount, change, earlier = totals.of(own, column), None, before(view)
    if earlier:
        span = periods.ending_on(earlier.as_of).asked()
        then = earlier.ask("recognition_by_period", boundaries=span).filter(policy=policy)
        change = amount - totals.of(then, column)
    meaning = MEANINGS[BOOKED] if policy == BOOKED else "Over the span shown."
    behind = Behind(view, "recognition_by_period", column, lambda: own, column)
    under = "as booked" if policy == BOOKED else said(policy)
    return Stat(f"{_SUMS[column]} {under}", fmt.money(amount, view.currency), change, meaning, behind)


def at_the_end(view: View, periods: Periods, policy: str, side: str) -> Stat:
    """Contract liabilities or contract assets at the end of the span; the two are never netted.

    Args:
        view: the view the page shows.
        periods: the span.
        policy: what revenue is recognised under.
        side: `liabilities` or `assets`.
    """
    amount, change, earlier = _balance(view, periods, policy, side), None, before(view)
    if earlier:
        change = amount - _balance(earlier, periods.ending_on(earlier.as_of), policy, side)
    label, meaning = _BALANCES[side]
    is_side = pl.col("closing") > 0 if side == "liabilities" else pl.col("closing") < 0

    def contracts() -> pl.DataFrame:
        ends = view.ask("liability_rollforward", boundaries=[periods.opening, periods.closing])
        return ends.filter(is_side, policy=policy, period_end=periods.closing)

    behind = Behind(view, "net_positions", side, contracts, "closing")
    return Stat(label, fmt.money(amount, view.currency), change, meaning, behind)


def _balance(view: View, periods: Periods, policy: str, side: str) -> Decimal:
    positions = view.ask("net_positions", boundaries=periods.asked())
    return totals.of(positions.filter(policy=policy, boundary=periods.closing), side)
