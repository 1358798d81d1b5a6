"""When the open balance ends, month by month, and how much of it is forecast to lapse."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

import polars as pl

from dashboard import format as fmt
from dashboard.charts.base import Finding, blank, money_axis, month_labels, write
from dashboard.theme import faded

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from dashboard.theme import Theme

MONTHS: Final = 15
_REST: Final = 0.35


def finding(rows: pl.DataFrame, as_of: date, currency: str) -> Finding:
    """The month in which most is forecast to lapse.

    Args:
        rows: expiry_calendar in one currency.
        as_of: the day asked about.
        currency: the currency of the amounts.
    """
    subtitle = (
        f"Open balance by the month in which it can last be used, {currency}; in orange the part forecast to lapse."
    )
    heaviest = rows.sort("expected_amount", "month_start", descending=[True, False]).row(0, named=True)
    expected, remaining = heaviest["expected_amount"], heaviest["remaining_amount"]
    month = _month(heaviest["month_start"], as_of)
    if not expected:
        return Finding("Nothing of the open balance is forecast to lapse", subtitle)
    if rows.height == 1:
        title = f"All of the open balance ends in {month}: {fmt.money(expected, currency)} of"
        return Finding(f"{title} {fmt.money(remaining, currency)} is forecast to lapse", subtitle)
    title = f"{month} is the month to watch: {fmt.money(expected, currency)} of the {fmt.money(remaining, currency)}"
    return Finding(f"{title} that ends then is forecast to lapse", subtitle)


def draw(rows: pl.DataFrame, as_of: date, currency: str, theme: Theme) -> go.Figure:
    """Bars per month, the last one for all that ends later."""
    months = _months(rows, as_of)
    positions = list(range(months.height))
    remaining, expected = (months[name].cast(pl.Float64).to_list() for name in ("remaining_amount", "expected_amount"))
    figure = blank(theme, right=20)
    hover = [
        f"<b>{label}</b><br>{fmt.count(lots, 'lot')}, {fmt.money_in_full(held, currency)} open"
        f"<br>{fmt.money_in_full(lapse, currency)} forecast to lapse"
        for label, lots, held, lapse in months.select(
            "label", "lot_count", "remaining_amount", "expected_amount"
        ).rows()
    ]
    rest = [held - lapse for held, lapse in zip(remaining, expected, strict=True)]
    bars = {"x": positions, "hovertext": hover, "hoverinfo": "text", "width": 0.62}
    figure.add_bar(**bars, y=expected, marker={"color": theme.attention, "line": {"width": 0}})
    figure.add_bar(**bars, y=rest, marker={"color": faded(theme.actual, _REST), "line": {"width": 0}})
    for x, held in zip(positions, remaining, strict=True):
        if held:
            write(figure, fmt.money(held, currency), x, held, theme.muted, yshift=10)
    starts = months["month_start"].drop_nulls().to_list()
    labels = month_labels(starts) + ["later"] * (months.height - len(starts))
    figure.update_layout(barmode="stack")
    figure.update_xaxes(tickvals=positions, ticktext=labels, range=[-0.6, months.height - 0.4])
    figure.update_yaxes(**money_axis(remaining, currency))
    return figure


def _months(rows: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Every month from as_of on, also those in which nothing ends, and one row for all later ones."""
    index = as_of.year * 12 + as_of.month - 1
    starts = [date(month // 12, month % 12 + 1, 1) for month in range(index, index + MONTHS)]
    amounts = ("lot_count", "remaining_amount", "expected_amount")
    later = rows.filter(pl.col("month_start") > starts[-1]).select(pl.lit(None, pl.Date).alias("month_start"), *amounts)
    later = later.group_by("month_start").agg(pl.sum(*amounts))
    shown = pl.DataFrame({"month_start": starts}).join(rows, on="month_start", how="left", maintain_order="left")
    shown = shown.select("month_start", *(pl.col(name).fill_null(0) for name in amounts))
    labels = [f"{month:%B %Y}" for month in starts] + ["Later"] * later.height
    return pl.concat([shown, later], how="vertical_relaxed").with_columns(pl.Series("label", labels))


def _month(start: date, as_of: date) -> str:
    return f"{start:%B}" if start.year == as_of.year else f"{start:%B %Y}"
