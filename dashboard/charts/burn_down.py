"""What remains of one lot, day by day, against its ideal pace, and where it is forecast to end."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

import polars as pl

from dashboard import format as fmt
from dashboard.charts.base import LABEL_MARGIN, blank, month_axis, nice_ticks, vertical, write
from dashboard.theme import BAND_50, BAND_80, GRACE, faded

if TYPE_CHECKING:
    from datetime import date

    import plotly.graph_objects as go

    from dashboard.lot import Lot
    from dashboard.theme import Theme

_TERM_UNKNOWN: Final = timedelta(days=365)
_IDEAL_LABEL: Final = 0.45
_NEAR_THE_AXIS: Final = 0.15


def draw(lot: Lot, history: pl.DataFrame, as_of: date, theme: Theme) -> go.Figure:
    """Remaining as steps, ideal pace dotted, the forecast as a fan, expiry and grace marked.

    Args:
        lot: the lot, with its forecast where it is open.
        history: burn_down of the lot.
        as_of: the day asked about.
        theme: the palette.
    """
    figure = blank(theme, right=LABEL_MARGIN)
    first, last = lot.valid_from, lot.usable_until or as_of + _TERM_UNKNOWN
    _ideal(figure, lot, history, theme)
    _terms(figure, lot, as_of, first, last, theme)
    if lot.forecast is not None:
        _fan(figure, lot, as_of, theme)
    _remaining(figure, lot, history, theme)
    _end_label(figure, lot, last, theme)
    ticks = nice_ticks(0, max(float(lot.granted), float(lot.remaining), 1.0))
    figure.update_xaxes(range=[first, last], **month_axis(first, last))
    figure.update_yaxes(
        tickvals=ticks, ticktext=[fmt.quantity(tick, lot.unit) for tick in ticks], range=[0, ticks[-1] * 1.02]
    )
    return figure


def _remaining(figure: go.Figure, lot: Lot, history: pl.DataFrame, theme: Theme) -> None:
    if history.is_empty():
        return
    days, left = history["on_date"].to_list(), history["remaining_quantity"].cast(pl.Float64).to_list()
    figure.add_scatter(
        x=days,
        y=left,
        mode="lines",
        line={"color": theme.actual, "width": 2.6, "shape": "hv"},
        customdata=[f"{quantity:,} {fmt.unit_in_words(lot.unit)}" for quantity in history["remaining_quantity"]],
        hovertemplate="<b>%{x|%-d %b %Y}</b><br>%{customdata} left<extra></extra>",
    )
    middle = _halfway(history)
    if len(days) > 1:
        _beside(figure, "remaining", days[middle], left[middle], theme.actual, is_above=_is_behind(lot, history))


def _halfway(history: pl.DataFrame) -> int:
    """The row that holds halfway through the days known: there the label is clear of as-of line and fan."""
    days: list[date] = history["on_date"].to_list()
    halfway = days[0] + (days[-1] - days[0]) / 2
    return sum(on <= halfway for on in days) - 1


def _ideal(figure: go.Figure, lot: Lot, history: pl.DataFrame, theme: Theme) -> None:
    if lot.expires_on is None:
        return
    figure.add_scatter(
        x=[lot.valid_from, lot.expires_on],
        y=[float(lot.granted), 0],
        mode="lines",
        line={"color": theme.context, "width": 1.4, "dash": "dot"},
        hoverinfo="skip",
    )
    at = lot.valid_from + (lot.expires_on - lot.valid_from) * _IDEAL_LABEL
    left = float(lot.granted) * (1 - _IDEAL_LABEL)
    _beside(figure, "ideal pace", at, left, theme.muted, is_above=not _is_behind(lot, history))


def _is_behind(lot: Lot, history: pl.DataFrame) -> bool:
    """Whether more remained than the ideal pace leaves, halfway through what is known."""
    if history.is_empty() or lot.expires_on is None:
        return True
    _, remaining, ideal = history.select("on_date", "remaining_quantity", "ideal_quantity").row(_halfway(history))
    return bool(remaining >= ideal)


def _beside(figure: go.Figure, text: str, on: date, left: float, colour: str, *, is_above: bool) -> None:
    """A label on a falling line: above it to the right or below it to the left, away from the other line."""
    side: dict[str, object] = (
        {"xanchor": "left", "xshift": 6, "yshift": 12}
        if is_above
        else {"xanchor": "right", "xshift": -6, "yshift": -12}
    )
    write(figure, text, on, left, colour, **side)


def _terms(figure: go.Figure, lot: Lot, as_of: date, first: date, last: date, theme: Theme) -> None:
    """The as-of day, the end of the term, and the grace window after it; each label on the side that is free."""
    has_ended = lot.expires_on is not None and as_of > lot.expires_on
    if first < as_of < last:
        vertical(figure, as_of, theme.context)
        _above(figure, f"as of {fmt.short_day(as_of)}", as_of, theme.muted, is_left=not has_ended)
    if lot.expires_on is None or lot.usable_until is None:
        return
    if lot.has_grace:
        figure.add_vrect(
            x0=lot.expires_on, x1=lot.usable_until, fillcolor=faded(theme.grace, GRACE), line_width=0, layer="below"
        )
        grace = f"grace to {fmt.short_day(lot.usable_until)}"
        write(figure, grace, lot.usable_until, 0.98, theme.muted, yref="y domain", xanchor="left", xshift=5)
    vertical(figure, lot.expires_on, theme.attention, width=1.6)
    _above(figure, f"expires {fmt.short_day(lot.expires_on)}", lot.expires_on, theme.attention, is_left=has_ended)


def _above(figure: go.Figure, text: str, on: date, colour: str, *, is_left: bool) -> None:
    """A label above the plot, left or right of a line through it."""
    side: dict[str, object] = {"xanchor": "right", "xshift": -5} if is_left else {"xanchor": "left", "xshift": 5}
    write(figure, text, on, 1.0, colour, yref="y domain", yanchor="bottom", **side)


def _fan(figure: go.Figure, lot: Lot, as_of: date, theme: Theme) -> None:
    forecast = lot.forecast
    if forecast is None or lot.usable_until is None:
        return
    start = float(lot.remaining)
    for low, high, opacity in (
        (forecast.low, forecast.high, BAND_80),
        (forecast.lower, forecast.upper, BAND_50),
    ):
        figure.add_scatter(
            x=[as_of, lot.usable_until, lot.usable_until],
            y=[start, float(high), float(low)],
            mode="none",
            fill="toself",
            fillcolor=faded(theme.actual, opacity),
            hoverinfo="skip",
        )
    figure.add_scatter(
        x=[as_of, lot.usable_until],
        y=[start, float(forecast.expected)],
        mode="lines",
        line={"color": theme.actual, "width": 1.6, "dash": "dash"},
        hoverinfo="skip",
    )


def _end_label(figure: go.Figure, lot: Lot, last: date, theme: Theme) -> None:
    at_end = {"xanchor": "left", "xshift": 10, "align": "left", "yanchor": "middle"}
    if lot.forecast is None:
        return
    forecast = lot.forecast
    text = (
        f"<b>{fmt.quantity(fmt.rough(forecast.expected), lot.unit)} unused</b>"
        f"<br>80%: {fmt.quantity_range(fmt.rough(forecast.low), fmt.rough(forecast.high), lot.unit)}"
    )
    if not fmt.is_money(lot.unit):
        text += f"<br>≈ {fmt.money(forecast.amount, lot.currency)}"
    if float(forecast.expected) < float(lot.granted) * _NEAR_THE_AXIS:
        at_end["yanchor"] = "bottom"
    write(figure, text, last, float(forecast.expected), theme.actual, **at_end)
