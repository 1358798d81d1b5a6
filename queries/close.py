"""Reported figures: those of a closed period stay as its snapshot had them, what is posted late comes after (R1.5).

The amounts to date at a closed period's end are those of its snapshot; at any other day, those of the close that fixed
the day, else of the current snapshot. A reported period is the difference of two successive amounts to date, so what
became known of closed periods lands in the first open one, and reported periods add up to what is known now.
"""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

import polars as pl

from queries.book import FILTERS, Book
from queries.calendar import BEGINNING
from queries.catalog import FigureError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from data.snapshots import Snapshot

#: The parts of revenue that pass through the liability.
REVENUE: Final = ("revenue_ratable", "revenue_delivery", "revenue_breakage", "revenue_adjustment")
#: The amounts of a roll-forward that add up over time, in its order; all but overage move deferred revenue.
AMOUNTS: Final = ("billings", "refunds", "escheat", *REVENUE, "overage_revenue")
#: What side_by_side adds to the name of a later amount.
AFTER: Final = "_after"

_CONTRACT: Final = ("contract_id", "currency")
_SHOWN_AMOUNTS: Final = (
    "opening",
    *AMOUNTS[:-1],
    "revenue_total",
    "closing",
    "cumulative_revenue",
    "overage_revenue",
    "late",
)


class Fixed(NamedTuple):
    """A day, and the book that says what is reported up to it."""

    day: date
    book: Book


def reported(
    closed: Sequence[Fixed],
    current: Book,
    boundaries: Collection[date],
    *,
    policy: str = "booked",
    **filters: str,
) -> pl.DataFrame:
    """The roll-forward of every contract as it is reported.

    Args:
        closed: the closed periods' ends, oldest first, each with the book it was closed on.
        current: the book open periods are reported from; all books of one scope.
        boundaries: closing days; the first is the opening, as liability_rollforward takes them.
        policy: a policy of liability_rollforward.
        **filters: any of FILTERS; a contract is where the newest of the books puts it.

    Returns:
        The columns of liability_rollforward, and `late`: the part of the first open period's revenue that belongs to
        closed periods.

    Raises:
        FigureError: a filter that does not exist.
    """
    days = sorted(set(boundaries))
    newer = [book for _, book in closed[1:]]
    closed = [Fixed(day, book.in_step_with([*newer[place:], current])) for place, (day, book) in enumerate(closed)]
    to_date = _reported_to_date([_fixing(day, closed, current) for day in days], policy)
    amounts = pl.col(*AMOUNTS, "revenue_total")
    rows = (
        to_date.with_columns(cumulative_revenue="revenue_total", closing=_BALANCE)
        .with_columns(amounts - _boundary_before(amounts), opening=_boundary_before(pl.col("closing")))
        .filter(pl.col("period_end") > days[0])
        .join(_late_revenue(closed, current, days, policy), on=[*_CONTRACT, "period_end"], how="left")
        .select(*_CONTRACT, pl.lit(policy).alias("policy"), "period_end", *(_money(name) for name in _SHOWN_AMOUNTS))
    )
    snapshots = [*(book.snapshot for _, book in closed), current.snapshot]
    return narrow(rows, snapshots, filters).sort(*_CONTRACT, "period_end")


def late(last: Fixed, current: Book, *, policy: str = "booked", **filters: str) -> pl.DataFrame:
    """What became known of the closed periods since the last of them was closed.

    Args:
        last: the end of the last closed period, with the book it was closed on.
        current: the book open periods are reported from, of the same scope.
        policy: a policy of liability_rollforward.
        **filters: any of FILTERS; a contract is where the newest of the books puts it.

    Returns:
        contract_id, currency, each of AMOUNTS and revenue_total; only contracts of which something became known.

    Raises:
        FigureError: a filter that does not exist.
    """
    then, now = (_to_date(book, [last.day], policy) for book in (last.book.in_step_with([current]), current))
    changes = side_by_side(then, now).select(
        *_CONTRACT, *((pl.col(name + AFTER) - pl.col(name)).alias(name) for name in (*AMOUNTS, "revenue_total"))
    )
    became_known = changes.filter(pl.any_horizontal(pl.col(*AMOUNTS) != 0))
    return narrow(became_known, [last.book.snapshot, current.snapshot], filters).sort(_CONTRACT)


def side_by_side(before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    """Amounts of two books by contract and period; what only one of them knows is nil in the other.

    A contract whose currency changed appears under both: amounts of two currencies are never subtracted (R11.3).
    """
    both = before.join(after, on=[*_CONTRACT, "period_end"], how="full", coalesce=True, suffix=AFTER)
    return both.with_columns(pl.exclude(*_CONTRACT, "period_end").fill_null(0))


def narrow(rows: pl.DataFrame, snapshots: Sequence[Snapshot], filters: Mapping[str, str]) -> pl.DataFrame:
    """The rows of the contracts that pass the filters, as the newest of some snapshots, the last, puts them.

    Raises:
        FigureError: a filter that does not exist.
    """
    unknown = set(filters) - set(FILTERS)
    if unknown:
        raise FigureError(f"There is no filter {', '.join(sorted(unknown))}. There are: {', '.join(FILTERS)}.")
    wanted = {f"{name}_id" if name in {"contract", "account"} else name: value for name, value in filters.items()}
    # Of a contract whose currency changed, each row keeps the currency of its amounts.
    kept = rows.filter(pl.col("currency") == wanted.pop("currency")) if "currency" in wanted else rows
    if not wanted:
        return kept
    passing = contracts(snapshots).filter(pl.col(name) == value for name, value in wanted.items())
    return kept.join(passing, on="contract_id", how="semi")


def contracts(snapshots: Sequence[Snapshot]) -> pl.DataFrame:
    """Every contract any snapshot knows, with its client, as the newest of them, the last, puts it."""
    accounts = _newest(snapshots, "accounts", "account_id").rename({"name": "account_name"})
    none = pl.col("segment", "region").fill_null("(none)")
    return _newest(snapshots, "contracts", "contract_id").join(accounts, on="account_id").with_columns(none)


_BALANCE: Final = pl.col("billings") - pl.col("refunds") - pl.col("escheat") - pl.col("revenue_total")


def _boundary_before(amount: pl.Expr) -> pl.Expr:
    return amount.shift(1).over(_CONTRACT, order_by="period_end")


def _money(name: str) -> pl.Expr:
    return pl.col(name).fill_null(0).cast(pl.Decimal(18, 3))


def _newest(snapshots: Sequence[Snapshot], table: str, key: str) -> pl.DataFrame:
    rows = pl.concat([pl.DataFrame(snapshot.read(table)) for snapshot in snapshots])
    return rows.unique(key, keep="last", maintain_order=True)


def _fixing(day: date, closed: Sequence[Fixed], current: Book) -> Fixed:
    """The day with the book it is reported from: that of the first close that covers it, else the current one."""
    return Fixed(day, next((book for end, book in closed if day <= end), current))


def _reported_to_date(fixed: Sequence[Fixed], policy: str) -> pl.DataFrame:
    """Amounts to date at each day, from the book that fixes it; nil for contracts it does not know."""
    books = {id(book): book for _, book in fixed}.values()
    known = pl.concat([_to_date(asked, [day for day, book in fixed if book is asked], policy) for asked in books])
    days = pl.DataFrame({"period_end": [day for day, _ in fixed]})
    grid = known.select(_CONTRACT).unique().join(days, how="cross")
    rows = grid.join(known, on=[*_CONTRACT, "period_end"], how="left")
    return rows.with_columns(pl.col(*AMOUNTS, "revenue_total").fill_null(0))


def _to_date(book: Book, days: Sequence[date], policy: str) -> pl.DataFrame:
    """Amounts of every contract from the beginning up to each day."""
    amounts = pl.col(*AMOUNTS, "revenue_total")
    rows = book.run("liability_rollforward", boundaries=[BEGINNING, *days]).filter(policy=policy)
    return rows.select(*_CONTRACT, "period_end", amounts.cum_sum().over(_CONTRACT, order_by="period_end"))


def _late_revenue(closed: Sequence[Fixed], current: Book, days: Sequence[date], policy: str) -> pl.DataFrame:
    """`late` by contract, dated at the end of the first open period; no row where the days do not hold its start."""
    last_day = closed[-1].day if closed else date.max
    first_open = next((end for start, end in pairwise(days) if start <= last_day < end), None)
    nothing = pl.DataFrame(
        schema={"contract_id": pl.String, "currency": pl.String, "period_end": pl.Date, "late": pl.Decimal(18, 3)}
    )
    if first_open is None:
        return nothing
    rows = late(closed[-1], current, policy=policy)
    return rows.select(*_CONTRACT, period_end=pl.lit(first_open), late="revenue_total")
