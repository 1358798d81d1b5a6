"""When the open balance ends, month by month, and how much of it is forecast to lapse."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

import polars as pl

from dashboard import format as fmt
from dashboard.charts.base import Finding, blank, key, label, money_axis, month_labels, write
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
    subtitle = f"Open balance by the month in which it can last be used, {currency}.{_later(rows, as_of, currency)}"
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
    """Bars per month; what ends later is said under the title."""
    months = _months(rows, as_of)
    positions = list(range(months.height))
    remaining, expected = (months[name].cast(pl.Float64).to_list() for name in ("remaining_amount", "expected_amount"))
    figure = blank(theme, right=20)
    hover = [
        f"<b>{start:%B %Y}</b><br>{fmt.count(lots, 'lot')}, {fmt.money_in_full(held, currency)} open"
        f"<br>{fmt.money_in_full(lapse, currency)} forecast to lapse"
        for start, lots, held, lapse in months.select(
            "month_start", "lot_count", "remaining_amount", "expected_amount"
        ).rows()
    ]
    rest = [held - lapse for held, lapse in zip(remaining, expected, strict=True)]
    bars = {"x": positions, "hovertext": hover, "hoverinfo": "text", "width": 0.62}
    figure.add_bar(**bars, y=expected, marker={"color": theme.attention, "line": {"width": 0}})
    figure.add_bar(**bars, y=rest, marker={"color": faded(theme.actual, _REST), "line": {"width": 0}})
    bars_held = [(x, held) for x, held in zip(positions, remaining, strict=True) if held]
    write(figure, *(label(fmt.money(held, currency), x, held, theme.muted, yshift=10) for x, held in bars_held))
    key(
        figure,
        [
            ("■", "forecast to lapse", theme.attention),
            ("■", "the rest of the open balance", faded(theme.actual, _REST)),
        ],
    )
    figure.update_layout(barmode="stack")
    figure.update_xaxes(
        tickvals=positions,
        ticktext=month_labels(months["month_start"].to_list()),
        range=[-0.6, months.height - 0.4],
    )
    figure.update_yaxes(**money_axis(remaining, currency))
    return figure


def _starts(as_of: date) -> list[date]:
    """The months shown, from that of the first day after as_of on."""
    first = as_of + timedelta(days=1)
    index = first.year * 12 + first.month - 1
    return [date(month // 12, month % 12 + 1, 1) for month in range(index, index + MONTHS)]


def _months(rows: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Every month shown, also those in which nothing ends."""
    months = pl.DataFrame({"month_start": _starts(as_of)})
    return months.join(rows, on="month_start", how="left", maintain_order="left").with_columns(
        pl.col("lot_count", "remaining_amount", "expected_amount").fill_null(0)
    )


def _later(rows: pl.DataFrame, as_of: date, currency: str) -> str:
    last = _starts(as_of)[-1]
    later = rows.filter(pl.col("month_start") > last)
    if later.is_empty():
        return ""
    remaining, expected = (fmt.money(later[name].sum(), currency) for name in ("remaining_amount", "expected_amount"))
    return f" Not shown: {remaining} that ends after {last:%B %Y}, {expected} of it forecast to lapse."


def _month(start: date, as_of: date) -> str:
    return f"{start:%B}" if start.year == as_of.year else f"{start:%B %Y}"
