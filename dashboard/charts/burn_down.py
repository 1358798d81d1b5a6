"""What remains of one lot, day by day, against its ideal pace, and where it is forecast to end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import polars as pl

from dashboard import format as fmt
from dashboard.charts import lot_events
from dashboard.charts.base import LABEL_MARGIN, blank, label, month_axis, nice_ticks, vertical, write
from dashboard.theme import BAND_50, BAND_80, GRACE, faded

if TYPE_CHECKING:
    from datetime import date
    from decimal import Decimal

    import plotly.graph_objects as go

    from dashboard.lot import Lot
    from dashboard.theme import Theme

_TERM_UNKNOWN: Final = timedelta(days=365)
_IDEAL_LABEL: Final = 0.45
_NEAR_THE_AXIS: Final = 0.15
#: Share of an axis that the label of an end takes.
_ROOM: Final = 0.2
#: Share of the days that must be known for the line to carry a label.
_LABELLED: Final = 0.25


@dataclass(frozen=True)
class Fan:
    """Where a lot may end: what it may leave, expected and in its 80% and 50% intervals, its price, and when."""

    end: date
    expected: Decimal
    low: Decimal
    high: Decimal
    lower: Decimal
    upper: Decimal
    amount: Decimal


def draw(
    lot: Lot, history: pl.DataFrame, events: pl.DataFrame, as_of: date, theme: Theme, instead: Fan | None = None
) -> go.Figure:
    """Remaining as steps, ideal pace dotted, the forecast as a fan; expiry, grace and events marked.

    Args:
        lot: the lot, with its forecast where it is open.
        history: burn_down of the lot.
        events: lot_events of the lot.
        as_of: the day asked about.
        theme: the palette.
        instead: what a what-if comes to; the forecast is then the line it is compared with.
    """
    figure = blank(theme, right=LABEL_MARGIN)
    first, last = lot.valid_from, lot.usable_until or as_of + _TERM_UNKNOWN
    last = max(last, instead.end) if instead else last
    _ideal(figure, lot, history, theme)
    _terms(figure, lot, as_of, first, last, theme)
    if forecast := _forecast(lot):
        if instead is not None:
            _as_things_are(figure, lot, as_of, forecast, instead, theme)
        _fan(figure, lot, as_of, instead or forecast, theme)
        _end_label(figure, lot, last, instead or forecast, theme)
    _remaining(figure, lot, history, last, theme)
    lot_events.mark(figure, lot, history, events, theme)
    ticks = nice_ticks(0, max(float(lot.granted), float(lot.remaining), 1.0))
    figure.update_xaxes(range=[first, last], **month_axis(first, last))
    figure.update_yaxes(
        tickvals=ticks, ticktext=[fmt.quantity(tick, lot.unit) for tick in ticks], range=[0, ticks[-1] * 1.02]
    )
    return figure


def _forecast(lot: Lot) -> Fan | None:
    said = lot.forecast
    if said is None or lot.usable_until is None:
        return None
    return Fan(lot.usable_until, said.expected, said.low, said.high, said.lower, said.upper, said.amount)


def _remaining(figure: go.Figure, lot: Lot, history: pl.DataFrame, last: date, theme: Theme) -> None:
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
    if days[-1] - days[0] > _LABELLED * (last - lot.valid_from):
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
    write(figure, label(text, on, left, colour, **side))


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
        if lot.carried is not None:
            grace += f"<br>only {fmt.quantity(lot.carried, lot.unit)} carry over"
        write(figure, label(grace, lot.usable_until, 0.98, theme.muted, yref="y domain", xanchor="left", xshift=5))
    vertical(figure, lot.expires_on, theme.attention, width=1.6)
    said = "ended" if lot.terminated_on else "expires"
    _above(figure, f"{said} {fmt.short_day(lot.expires_on)}", lot.expires_on, theme.attention, is_left=has_ended)


def _above(figure: go.Figure, text: str, on: date, colour: str, *, is_left: bool) -> None:
    """A label above the plot, left or right of a line through it."""
    side: dict[str, object] = {"xanchor": "right", "xshift": -5} if is_left else {"xanchor": "left", "xshift": 5}
    write(figure, label(text, on, 1.0, colour, yref="y domain", yanchor="bottom", **side))


def _fan(figure: go.Figure, lot: Lot, as_of: date, fan: Fan, theme: Theme) -> None:
    start = float(lot.remaining)
    for low, high, opacity in ((fan.low, fan.high, BAND_80), (fan.lower, fan.upper, BAND_50)):
        figure.add_scatter(
            x=[as_of, fan.end, fan.end],
            y=[start, float(high), float(low)],
            mode="none",
            fill="toself",
            fillcolor=faded(theme.actual, opacity),
            hoverinfo="skip",
        )
    _line(figure, lot, as_of, fan, theme.actual)


def _line(figure: go.Figure, lot: Lot, as_of: date, fan: Fan, colour: str) -> None:
    figure.add_scatter(
        x=[as_of, fan.end],
        y=[float(lot.remaining), float(fan.expected)],
        mode="lines",
        line={"color": colour, "width": 1.6, "dash": "dash"},
        hoverinfo="skip",
    )


def _as_things_are(figure: go.Figure, lot: Lot, as_of: date, forecast: Fan, instead: Fan, theme: Theme) -> None:
    """The forecast, to compare a what-if with; said in words where those of the what-if leave room."""
    _line(figure, lot, as_of, forecast, theme.context)
    is_apart = abs(float(forecast.expected - instead.expected)) > float(lot.granted) * _ROOM
    if is_apart if instead.end == forecast.end else instead.end - forecast.end > _ROOM * (instead.end - lot.valid_from):
        text = f"as things are {fmt.quantity(fmt.rough(forecast.expected), lot.unit)}"
        write(
            figure,
            label(text, forecast.end, float(forecast.expected), theme.muted, xanchor="left", xshift=6, yshift=-9),
        )


def _end_label(figure: go.Figure, lot: Lot, last: date, fan: Fan, theme: Theme) -> None:
    at_end = {"xanchor": "left", "xshift": 10, "align": "left", "yanchor": "middle"}
    text = (
        f"<b>{fmt.quantity(fmt.rough(fan.expected), lot.unit)} unused</b>"
        f"<br>80%: {fmt.quantity_range(fmt.rough(fan.low), fmt.rough(fan.high), lot.unit)}"
    )
    if not fmt.is_money(lot.unit):
        text += f"<br>≈ {fmt.money(fan.amount, lot.currency)}"
    if float(fan.expected) < float(lot.granted) * _NEAR_THE_AXIS:
        at_end["yanchor"] = "bottom"
    write(figure, label(text, last, float(fan.expected), theme.actual, **at_end))
