"""What changed about the past between two snapshots: every amount that moved, and the source rows that moved it.

`compare` puts the monthly amounts of two books side by side; `moved`, `moved_months` and `moved_contracts` say which of
them differ, and `source_changes` which rows were added, removed or changed. A contract's amounts follow from its own
rows and from estimates made for every contract, so whatever moved has its reason among them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import polars as pl
import polars.selectors as cs

from data.schema import TABLES
from queries.calendar import BEGINNING, month_ends
from queries.close import AFTER, AMOUNTS, contracts, narrow, side_by_side

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from queries.book import Book

_PERIOD: Final = ("contract_id", "currency", "period_end")


class _Source(NamedTuple):
    """A table that can move amounts: the columns that do, the day a row counts from, and what is told of a row."""

    moving: tuple[str, ...]
    dated: str | None
    told: tuple[str, ...]


_LOT: Final = (
    "quantity",
    "unit",
    "amount",
    "expires_on",
    "grace_until",
    "carry_over_cap_quantity",
    "scope",
    "standalone_price",
)
_AMENDMENT: Final = ("kind", "lot_id", "quantity", "amount", "new_expires_on", "to_lot_id", "treatment")
_CONTRACT: Final = ("recognition_method", "recognition_convention", "draw_order", "currency", "escheat_rate")
_SOURCES: Final = {
    "contracts": _Source((*_CONTRACT, "transaction_price", "ends_on"), "starts_on", _CONTRACT),
    "lots": _Source((*_LOT, "valid_from"), "valid_from", _LOT),
    "billings": _Source(("amount", "billed_on", "lot_id"), "billed_on", ("amount", "lot_id")),
    "consumption": _Source(
        ("quantity", "unit", "service_type", "service_date", "lot_id", "line_no", "reverses"),
        "service_date",
        ("quantity", "unit", "service_type", "lot_id", "reverses", "posted_on"),
    ),
    "amendments": _Source((*_AMENDMENT, "effective_on"), "effective_on", _AMENDMENT),
    "breakage_estimates": _Source(
        ("rate", "effective_on", "contract_id", "lot_id"), "effective_on", ("rate", "lot_id")
    ),
    "remote_assessments": _Source(("assessed_on", "lot_id"), "assessed_on", ("lot_id", "evidence")),
    "rate_card": _Source(("overage_rate",), None, ("overage_rate",)),
}
#: What of a contract counts only where a lot has none of its own: its price (R9.4) and its last day.
_STANDS_IN_FOR: Final = {"transaction_price": "amount", "ends_on": "expires_on"}


def compare(
    before: Book, after: Book, until: date, *, months: int = 24, policy: str = "booked", **filters: str
) -> pl.DataFrame:
    """The monthly amounts of every contract in two books, side by side.

    Args:
        before: the book of the earlier snapshot.
        after: the book of the later one, of the same scope.
        until: the last day compared; no later than the earlier snapshot's.
        months: how many months are told apart; the first row of a contract holds everything before them.
        policy: a policy of liability_rollforward.
        **filters: any of FILTERS; a contract is where the newest of the books puts it.

    Returns:
        contract_id, account_name, owner, currency, period_end; each of AMOUNTS and revenue_total as known before, and
        again, with AFTER behind its name, as known after.

    Raises:
        FigureError: a filter that does not exist, or a calendar that does not reach back that far.
    """
    boundaries = [BEGINNING, *month_ends(until, months)]
    then, now = (
        book.run("liability_rollforward", boundaries=boundaries)
        .filter(policy=policy)
        .select(*_PERIOD, *AMOUNTS, "revenue_total")
        for book in (before.in_step_with([after]), after)
    )
    snapshots = [before.snapshot, after.snapshot]
    clients = contracts(snapshots).select("contract_id", "account_name", "owner")
    return narrow(side_by_side(then, now), snapshots, filters).join(clients, on="contract_id").sort(_PERIOD)


def moved(compared: pl.DataFrame) -> pl.DataFrame:
    """Every amount that differs: contract_id, account_name, currency, period_end, component, before, after, change."""
    components = [
        compared.filter(_change(name) != 0).select(
            "contract_id",
            "account_name",
            "currency",
            "period_end",
            component=pl.lit(name),
            before=name,
            after=name + AFTER,
            change=_change(name),
        )
        for name in AMOUNTS
    ]
    # In the order of the roll-forward, which is no alphabet's.
    return pl.concat(components).sort(_PERIOD, maintain_order=True)


def moved_months(compared: pl.DataFrame) -> pl.DataFrame:
    """The months in which a contract moved.

    Returns:
        currency, period_end, contract_count (those that moved); revenue_before and revenue_after of all contracts,
        moved or not; and the change of each of AMOUNTS, revenue_total and deferred_revenue under its name.
    """
    by = ("currency", "period_end")
    totals = {"revenue_before": pl.sum("revenue_total"), "revenue_after": pl.sum("revenue_total" + AFTER)}
    months = compared.group_by(by).agg(**totals, contract_count=_DIFFERS.sum(), **_CHANGES)
    return months.filter(pl.col("contract_count") > 0).sort(by)


def moved_contracts(compared: pl.DataFrame) -> pl.DataFrame:
    """The contracts that moved, those whose revenue moved most first.

    Returns:
        contract_id, account_name, owner, currency; month_count, first_month and last_month of the months that moved;
        the change of each of AMOUNTS, revenue_total and deferred_revenue under its name; and movement: all changes
        added up without their signs.
    """
    return (
        compared.filter(_DIFFERS)
        .group_by("contract_id", "account_name", "owner", "currency")
        .agg(
            month_count=pl.len(),
            first_month=pl.min("period_end"),
            last_month=pl.max("period_end"),
            movement=pl.sum_horizontal(_change(name).abs().sum() for name in AMOUNTS),
            **_CHANGES,
        )
        .sort("contract_id", "currency")
        .sort(pl.col("revenue_total").abs(), "movement", descending=True, maintain_order=True)
    )


def source_changes(before: Book, after: Book, until: date) -> pl.DataFrame:
    """The source rows that differ between two snapshots and can have moved amounts up to a day.

    Args:
        before: the book of the earlier snapshot.
        after: the book of the later one, of the same scope.
        until: the last day compared; a row counts by it if either snapshot dates it so.

    Returns:
        source (the table), key, contract_id (none = every contract), dated_on (none = at any time), what (added,
        removed or changed), column (the one that changed), before and after (its value; of a removed or an added row,
        what the row says).
    """
    before = before.in_step_with([after])
    changes = pl.concat(rows for name in _SOURCES for rows in _changes(name, before, after))
    lots = pl.concat(book.source("lots") for book in (before, after))
    for column, own in _STANDS_IN_FOR.items():
        lacking = lots.filter(pl.col(own).is_null())["contract_id"].unique().to_list()
        changes = changes.filter(pl.col("column").ne_missing(column) | pl.col("contract_id").is_in(lacking))
    by_then = changes.filter(pl.col("dated_on").is_null() | (pl.col("dated_on") <= until))
    return by_then.sort("contract_id", "dated_on", "source", "key", "column")


def _change(name: str) -> pl.Expr:
    return pl.col(name + AFTER) - pl.col(name)


_DIFFERS: Final = pl.any_horizontal(_change(name) != 0 for name in AMOUNTS)
_DEFERRED: Final = _change("billings") - _change("refunds") - _change("escheat") - _change("revenue_total")
_CHANGES: Final = {name: _change(name).sum() for name in (*AMOUNTS, "revenue_total")} | {
    "deferred_revenue": _DEFERRED.sum()
}


def _changes(name: str, before: Book, after: Book) -> Iterator[pl.DataFrame]:
    """What differs in one table: the rows added, the rows removed, and each column's changes."""
    source, key = _SOURCES[name], TABLES[name].key
    was, is_now = (_readable(book, name) for book in (before, after))
    both = was.join(is_now, on=key, how="full", coalesce=True, suffix=AFTER)
    moving = [column for column in source.moving if column not in key]
    belongs_to = [column for column in ("contract_id" + AFTER, "contract_id") if column in both.columns]
    dated_on = pl.min_horizontal(source.dated, source.dated + AFTER) if source.dated else pl.lit(None, pl.Date)
    row = (
        pl.lit(name).alias("source"),
        pl.concat_str(key, separator=" / ").alias("key"),
        pl.coalesce(belongs_to).alias("contract_id"),
        dated_on.alias("dated_on"),
    )
    nothing = pl.lit(None, pl.String)
    for what, suffix, other in (("added", AFTER, ""), ("removed", "", AFTER)):
        said = _said(source.told, suffix)
        told = {"before": nothing, "after": said} if what == "added" else {"before": said, "after": nothing}
        yield both.filter(pl.col(f"is_there{other}").is_null()).select(*row, what=pl.lit(what), column=nothing, **told)
    both = both.filter(pl.col("is_there") & pl.col("is_there" + AFTER))
    if "line_no" in moving:
        both = both.with_columns(_place_in_day(""), _place_in_day(AFTER))
    for column in moving:
        yield both.filter(pl.col(column).ne_missing(pl.col(column + AFTER))).select(
            *row,
            what=pl.lit("changed"),
            column=pl.lit(column),
            before=pl.col(column).cast(pl.String),
            after=pl.col(column + AFTER).cast(pl.String),
        )


def _place_in_day(suffix: str) -> pl.Expr:
    """`line_no` as its place among a contract's lines of the day: all that its size decides (R1.4)."""
    return pl.col("line_no" + suffix).rank("ordinal").over("contract_id" + suffix, "service_date" + suffix)


def _readable(book: Book, table: str) -> pl.DataFrame:
    """A table with its decimals as text, without the noughts that only say how precise they could be."""
    text = cs.decimal().cast(pl.String).str.strip_chars_end("0").str.strip_chars_end(".")
    return book.source(table).with_columns(text, is_there=pl.lit(value=True))


def _said(columns: tuple[str, ...], suffix: str) -> pl.Expr:
    """A row in words, `quantity 6, unit hour, …`, without what is empty."""
    said = [pl.lit(column.replace("_", " ") + " ") + pl.col(column + suffix).cast(pl.String) for column in columns]
    return pl.concat_str(said, separator=", ", ignore_nulls=True)
