"""A client's lots in time: each a bar from its first to its last usable day, filled as far as it is used."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from dashboard import format as fmt
from dashboard.charts.base import LABEL_MARGIN, Finding, add_shapes, blank, label, month_axis, vertical, write
from dashboard.theme import GRACE, TEXT_SIZE, faded

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    import plotly.graph_objects as go
    import polars as pl

    from dashboard.theme import Theme

#: Lots drawn; the picker has them all.
SHOWN: Final = 8
_ROW: Final = 34
_MARGINS: Final = 82
_TERM_UNKNOWN: Final = timedelta(days=365)
_UNUSED: Final = 0.22


def finding(lots: pl.DataFrame, risk: Mapping[str, Any] | None, currency: str) -> Finding:
    """What a client's lots come to.

    Args:
        lots: lot_balance of the client.
        risk: its row of client_risk; None where no lot is open.
        currency: the currency of the amounts.
    """
    more = f" The first {SHOWN} of {lots.height}." if lots.height > SHOWN else ""
    said = f"Lots from first to last usable day: filled as far as used, grace shaded.{more}"
    if risk is None:
        return Finding(f"{lots['account_name'][0]} has no open lot: {fmt.count(lots.height, 'lot')} so far", said)
    held = f"{risk['account_name']} holds {fmt.money(risk['open_amount'], currency)} in"
    held = f"{held} {fmt.count(risk['lot_count'], 'open lot')}"
    if fmt.money(risk["expected_amount"], currency) == fmt.money(0, currency):
        return Finding(f"{held}, none of it forecast to be left", said)
    low, high = (fmt.money(risk[name], currency) for name in ("low_amount", "high_amount"))
    unused = f"{fmt.money(risk['expected_amount'], currency)} ({low} to {high})"
    return Finding(f"{held}: {unused} will be left unused", said)


def draw(lots: pl.DataFrame, lot_id: str, as_of: date, theme: Theme) -> go.Figure:
    """The bars, what is left written at their ends.

    Args:
        lots: lot_balance of the client, in the order they are drawn.
        lot_id: the lot to set off.
        as_of: the day asked about.
        theme: the palette.
    """
    rows = lots.head(SHOWN).rows(named=True)
    ends = [row["usable_until"] or as_of + _TERM_UNKNOWN for row in rows]
    first, last = min(row["valid_from"] for row in rows), max(ends)
    figure = blank(theme, height=_ROW * len(rows) + _MARGINS, right=LABEL_MARGIN)
    spans = enumerate(zip(rows, ends, strict=True))
    add_shapes(figure, [shape for place, (row, end) in spans for shape in _bar(row, end, place, theme)])
    figure.add_scatter(
        x=ends,
        y=list(range(len(rows))),
        mode="text",
        text=[f" {_left(row)}" for row in rows],
        textposition="middle right",
        textfont={"color": [theme.ink if row["lot_id"] == lot_id else theme.muted for row in rows], "size": TEXT_SIZE},
        cliponaxis=False,
        hovertext=[_hover(row) for row in rows],
        hoverinfo="text",
    )
    if first < as_of < last:
        vertical(figure, as_of, theme.context)
        write(
            figure, label(f"as of {fmt.short_day(as_of)}", as_of, 1.0, theme.muted, yref="y domain", yanchor="bottom")
        )
    names = [f"<b>{row['lot_id']}</b>" if row["lot_id"] == lot_id else row["lot_id"] for row in rows]
    figure.update_xaxes(range=[first, last], **month_axis(first, last))
    figure.update_yaxes(tickvals=list(range(len(rows))), ticktext=names, range=[len(rows) - 0.5, -0.5], showgrid=False)
    return figure


def _bar(row: Mapping[str, Any], end: date, place: int, theme: Theme) -> list[dict[str, object]]:
    """A lot: its span, the part of it that is as long as the units used, and its grace."""
    start, term_end = row["valid_from"], row["expires_on"] or end
    spans = [
        (start, term_end, faded(theme.actual, _UNUSED)),
        (term_end, end, faded(theme.grace, 2 * GRACE)),
        (start, start + (term_end - start) * min(max(_used(row), 0.0), 1.0), theme.actual),
    ]
    return [
        {
            "type": "rect",
            "x0": since,
            "x1": until,
            "y0": place - 0.3,
            "y1": place + 0.3,
            "fillcolor": colour,
            "line": {"width": 0},
            "layer": "below",
        }
        for since, until, colour in spans
        if since < until
    ]


def _used(row: Mapping[str, Any]) -> float:
    granted = float(row["granted_quantity"])
    return float(row["drawn_quantity"]) / granted if granted else 0.0


def _left(row: Mapping[str, Any]) -> str:
    """What a lot holds, beside its bar."""
    unit = row["unit"]
    if row["status"] == "upcoming":
        return f"from {fmt.full_day(row['valid_from'])}"
    if row["status"] == "exhausted":
        return "used up"
    if row["status"] == "ended":
        return f"{fmt.quantity(row['lapsed_quantity'], unit)} unused" if row["lapsed_quantity"] else "all used"
    return f"{fmt.quantity(row['remaining_quantity'], unit)} left"


def _hover(row: Mapping[str, Any]) -> str:
    end = f"to {fmt.full_day(row['usable_until'])}" if row["usable_until"] else "without an end"
    return (
        f"<b>{row['lot_id']}</b>, {row['service']}<br>{fmt.full_day(row['valid_from'])} {end}"
        f"<br>{_used(row):.0%} of {fmt.quantity(row['granted_quantity'], row['unit'])} used, {_left(row)}"
    )
