"""How much of what each contract still holds is booked: a bar each, what exceeds it standing out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from dashboard import format as fmt
from dashboard.charts.base import Finding, blank, label, write
from dashboard.work_requests.words import shortfall

if TYPE_CHECKING:
    from collections.abc import Mapping

    import plotly.graph_objects as go
    import polars as pl

    from dashboard.theme import Theme

#: Contracts shown: more bars than this are read in the table.
SHOWN: Final = 12
#: Where bars end: how far beyond all that is left they go is written beside them.
_LONGEST: Final = 1.2
_BAR: Final = 40
_AROUND: Final = 90
_LABEL: Final = 150
_NAMES: Final = 34


def finding(title: str, rows: pl.DataFrame) -> Finding:
    """The page's answer, with what is plotted.

    Args:
        title: the page's answer.
        rows: commitments with work booked, the most pressing first.
    """
    which = f"the {SHOWN} most booked of {rows.height:,} contracts" if rows.height > SHOWN else "every contract"
    return Finding(
        title,
        "Approved and scheduled work as a share of the units a contract can still draw,"
        f" {which} with work booked. Beyond the line nothing is left to deliver it from; bars end there.",
    )


def draw(rows: pl.DataFrame, theme: Theme) -> go.Figure:
    """Bars from left to right, the most pressing on top, with what is booked at their ends."""
    shown = list(rows.head(SHOWN).iter_rows(named=True))
    figure = blank(theme, height=_BAR * len(shown) + _AROUND, right=_LABEL)
    colours = [theme.attention if row["is_over_committed"] else theme.actual for row in shown]
    figure.add_bar(
        x=[_length(row) for row in shown],
        y=list(range(len(shown))),
        orientation="h",
        width=0.62,
        marker={"color": colours, "line": {"width": 0}},
        text=[f"<b>{_label(row)}</b>" for row in shown],
        textposition="outside",
        textfont={"color": colours},
        cliponaxis=False,
        hovertext=[_hover(row) for row in shown],
        hoverinfo="text",
    )
    figure.add_shape(type="line", x0=1, x1=1, y0=0, y1=1.02, yref="y domain", line={"color": theme.ink, "width": 1})
    write(figure, label("all that is left", 1, 1.0, theme.ink, yref="y domain", yanchor="bottom", yshift=4))
    figure.update_layout(
        xaxis={
            "range": [0, _LONGEST],
            "tickvals": [0, 0.5, 1],
            "ticktext": ["0%", "50%", "100%"],
            "tickangle": 0,
            "showgrid": True,
            "gridcolor": theme.grid,
        },
        yaxis={
            "range": [len(shown) - 0.4, -0.6],
            "tickvals": list(range(len(shown))),
            "ticktext": [_name(row) for row in shown],
            "showgrid": False,
        },
    )
    return figure


def _length(row: Mapping[str, Any]) -> float:
    share: float | None = row["booked_share"]
    return _LONGEST if share is None else min(share, _LONGEST)


def _name(row: Mapping[str, Any]) -> str:
    client: str = row["account_name"]
    return f"{client if len(client) <= _NAMES else f'{client[: _NAMES - 1]}…'}<br>{row['contract_id']}"


def _label(row: Mapping[str, Any]) -> str:
    if not row["held_quantity"]:
        return f"{fmt.quantity(row['booked_quantity'], row['unit'])}, none left"
    said = _of_held(row)
    if row["over_quantity"] and row["left_quantity"] >= 0:
        return f"{said}, {fmt.quantity(row['over_quantity'], row['unit'])} uncovered"
    return said


def _of_held(row: Mapping[str, Any]) -> str:
    booked, held, unit = row["booked_quantity"], row["held_quantity"], row["unit"]
    booked_text = fmt.money(booked, unit) if fmt.is_money(unit) else fmt.number(booked, unit)
    return f"{booked_text} of {fmt.quantity(held, unit)}"


def _hover(row: Mapping[str, Any]) -> str:
    unit = row["unit"]
    lines = [
        f"<b>{row['account_name']}, {row['contract_id']}</b>",
        f"booked {fmt.quantity(row['booked_quantity'], unit)}",
        f"left {fmt.quantity(row['held_quantity'], unit)}",
        f"waiting for approval {fmt.quantity(row['requested_quantity'], unit)}",
    ]
    return "<br>".join([*lines, shortfall(row)] if row["is_over_committed"] else lines)
