"""When deferred revenue and backlog will be earned: current and non-current, and bands of time (RPO)."""

from __future__ import annotations

import calendar
from datetime import date, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import polars as pl

from dashboard import format as fmt
from dashboard.parts import muted
from dashboard.recognition import links, totals
from dashboard.recognition.words import said
from dashboard.tables import ledger_column, section, table, text_column

if TYPE_CHECKING:
    from dashboard.session import View

_BANDS: Final = (3, 6, 12, 24)
_NAMES: Final = (
    f"up to {_BANDS[0]} months",
    *(f"{first} to {last} months" for first, last in pairwise(_BANDS)),
    "later, or without an end",
)
_CURRENT: Final = 12
_YEAR: Final = 12


def draw(view: View, policy: str) -> None:
    """Draw both tables."""
    _current(view, policy)
    _bands(view, policy)


def months_on(day: date, months: int) -> date:
    """The day so many months on: of a month's last day another's last day, else the same number, clamped (R1.3)."""
    counted = day.year * _YEAR + day.month - 1 + months
    year, month = divmod(counted, _YEAR)
    last = calendar.monthrange(year, month + 1)[1]
    is_last = (day + timedelta(days=1)).day == 1
    return date(year, month + 1, last if is_last else min(day.day, last))


def _current(view: View, policy: str) -> None:
    until = months_on(view.as_of, _CURRENT)
    names = view.ask("lot_terms").select("contract_id", "account_name").unique()
    rows = (
        view.ask("current_liability", current_until=until)
        .filter(policy=policy)
        .join(names, on="contract_id", how="left")
        .sort("non_current_amount", "liability", "contract_id", descending=[True, True, False])
    )
    section("Current and non-current", "current_liability", rows, view)
    currency = view.currency
    now, later, assets = (
        fmt.money_in_full(totals.of(rows, name), currency) for name in ("current_amount", "non_current_amount", "asset")
    )
    muted(
        f"Of the contract liabilities {now} are current, to be earned by {fmt.full_day(until)} or callable at any time,"
        f" and {later} are not. Contract assets: {assets}."
    )
    if rows.is_empty():
        return
    links.hint()
    table(
        rows,
        {
            "account_name": text_column("Client"),
            "contract_id": text_column("Contract"),
            "liability": ledger_column("Liability", currency, "Billed ahead of revenue."),
            "current_amount": ledger_column(
                "Current", currency, "Earned within a year, or callable at any time (R8.3)."
            ),
            "non_current_amount": ledger_column("Non-current", currency, "Scheduled later."),
            "asset": ledger_column("Asset", currency, "Earned ahead of billing."),
        },
        key="current",
        alt="Contract liabilities, current and non-current",
        visible_rows=6,
        on_pick=links.derive(rows, "current", said(policy), links.TO_DATE),
    )


def banded(rows: pl.DataFrame, ends: list[date]) -> pl.DataFrame:
    """Backlog by band, each by what dates it: one row per band, those without any amount included.

    Args:
        rows: rpo_bands of one policy and currency.
        ends: the bands' last days.
    """
    bands = pl.DataFrame({"band_end": [*ends, None], "band": _NAMES}, schema_overrides={"band_end": pl.Date})
    sums = [
        pl.col("amount").filter(pl.col("basis") == basis).sum().alias(name)
        for name, basis in (("scheduled", "schedule"), ("by_end_of_right", "end of the right"))
    ]
    added = rows.group_by("band_end").agg(*sums, pl.sum("amount"))
    return (
        bands.join(added, on="band_end", how="left", nulls_equal=True, maintain_order="left")
        .with_columns(pl.col("scheduled", "by_end_of_right", "amount").fill_null(0))
        .select("band", "band_end", "scheduled", "by_end_of_right", "amount")
    )


def _bands(view: View, policy: str) -> None:
    ends = [months_on(view.as_of, months) for months in _BANDS]
    rows = view.ask("rpo_bands", boundaries=[view.as_of, *ends]).filter(policy=policy)
    shown = banded(rows, ends)
    total = totals.of(shown, "amount")
    section(f"Backlog of {fmt.money(total, view.currency)} by time (RPO)", "rpo_bands", shown, view)
    muted(
        "Agreed price not yet recognised, billed or not. What follows use stands where its right ends: the latest, not"
        " the expected, time (R8.4)."
    )
    table(
        totals.under(shown, "band"),
        {
            "band": text_column("From now"),
            "scheduled": ledger_column("Scheduled (ratable)", view.currency),
            "by_end_of_right": ledger_column("By the end of the right", view.currency, "Depends on use."),
            "amount": ledger_column("Backlog", view.currency),
        },
        key="bands",
        alt="Backlog by bands of time, with a total",
    )
