"""Marks on a burn-down: top-ups, transfers, other amendments, further lots, and the requests already booked."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from dashboard import format as fmt
from dashboard.charts.base import label, write

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    import plotly.graph_objects as go

    from dashboard.lot import Lot
    from dashboard.theme import Theme

#: More labels than that hide the line; the others are told on hover.
_LABELLED: Final = 4
_BOOKED: Final = "request"
_DAY: Final = timedelta(days=1)


def mark(figure: go.Figure, lot: Lot, history: pl.DataFrame, events: pl.DataFrame, theme: Theme) -> None:
    """Put the events of a lot on its burn-down: amendments on the line, booked requests on the axis.

    Args:
        figure: the burn-down.
        lot: the lot.
        history: burn_down of the lot.
        events: lot_events of the lot.
        theme: the palette.
    """
    _amendments(figure, lot, history, events.filter(pl.col("kind") != _BOOKED), theme)
    _bookings(figure, lot, events.filter(kind=_BOOKED), theme)


def said(event: Mapping[str, Any], unit: str) -> str:
    """What an event did, in a few words.

    Args:
        event: a row of lot_events.
        unit: the lot's unit.
    """
    units = "" if event["quantity"] is None else fmt.quantity(event["quantity"], unit)
    end = "" if event["new_end"] is None else f" to {fmt.full_day(event['new_end'])}"
    return {
        "add_units": f"+{units}",
        "remove_units": f"{fmt.MINUS}{units}",
        "transfer_in": f"+{units} from {event['other_lot_id']}",
        "transfer_out": f"{fmt.MINUS}{units} to {event['other_lot_id']}",
        "extension": f"extended{end}",
        "price_change": f"price changed, extended{end}" if end else "price changed",
        "termination": "terminated",
        "further_lot": f"next lot, {units}",
        _BOOKED: f"{event['title']}, {units}",
    }[event["kind"]]


def _amendments(figure: go.Figure, lot: Lot, history: pl.DataFrame, events: pl.DataFrame, theme: Theme) -> None:
    if events.is_empty() or history.is_empty():
        return
    rows = events.rows(named=True)
    days, heights = [row["on_date"] for row in rows], [_left(history, row["on_date"]) for row in rows]
    figure.add_scatter(
        x=days,
        y=heights,
        mode="markers",
        marker={"color": theme.paper, "size": 9, "line": {"color": theme.actual, "width": 2}},
        hovertext=[f"<b>{fmt.full_day(row['on_date'])}</b><br>{said(row, lot.unit)}" for row in rows],
        hoverinfo="text",
    )
    labels = []
    for row, on, height in list(zip(rows, days, heights, strict=True))[:_LABELLED]:
        # There is room under a step up, to its right; else under the line, to the left.
        before = _left(history, on - _DAY)
        is_up = before < height
        side = {"xanchor": "left", "xshift": 8} if is_up else {"xanchor": "right", "xshift": -8}
        labels.append(label(said(row, lot.unit), on, before if is_up else height, theme.muted, yshift=-11, **side))
    write(figure, *labels)


def _left(history: pl.DataFrame, on: date) -> float:
    """What remained at the close of a day; of a day before the first or after the last the nearest."""
    known = history.filter(pl.col("on_date") <= on)
    return float((known.tail(1) if known.height else history.head(1))["remaining_quantity"][0])


def _bookings(figure: go.Figure, lot: Lot, requests: pl.DataFrame, theme: Theme) -> None:
    if requests.is_empty():
        return
    days = requests.group_by("on_date", maintain_order=True).agg("title", "quantity", total=pl.sum("quantity"))
    hover = [
        f"<b>{fmt.full_day(on)}: {fmt.quantity(total, lot.unit)} booked</b><br>" + "<br>".join(map(str, titles))
        for on, titles, _, total in days.iter_rows()
    ]
    figure.add_scatter(
        x=days["on_date"].to_list(),
        y=[0] * days.height,
        mode="markers",
        marker={"color": theme.actual, "size": 10, "symbol": "triangle-up"},
        cliponaxis=False,
        hovertext=hover,
        hoverinfo="text",
    )
    total = fmt.quantity(requests["quantity"].sum(), lot.unit)
    at = {"xanchor": "right", "xshift": -8, "yshift": 12}
    write(figure, label(f"{total} booked", days["on_date"][0], 0, theme.actual, **at))
