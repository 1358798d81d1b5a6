"""Revenue by the department that delivered it: one bar each, what nobody delivered apart from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dashboard import format as fmt
from dashboard.charts.base import blank, money_axis

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from decimal import Decimal

    import plotly.graph_objects as go

    from dashboard.theme import Theme

_BAR: Final = 34
_AROUND: Final = 80
_LABEL: Final = 90


def draw(
    departments: Sequence[tuple[str, Decimal]], unallocated: Collection[str], currency: str, theme: Theme
) -> go.Figure:
    """Bars from left to right, the largest on top, each with its amount at its end."""
    figure = blank(theme, height=_BAR * len(departments) + _AROUND, right=_LABEL)
    names = [name for name, _ in departments]
    amounts = [float(amount) for _, amount in departments]
    colours = [theme.attention if name in unallocated else theme.actual for name in names]
    figure.add_bar(
        x=amounts,
        y=names,
        orientation="h",
        width=0.62,
        marker={"color": colours, "line": {"width": 0}},
        text=[f"<b>{fmt.money(amount, currency)}</b>" for _, amount in departments],
        textposition="outside",
        textfont={"color": colours},
        cliponaxis=False,
        hovertext=[f"<b>{name}</b><br>{fmt.money_in_full(amount, currency)}" for name, amount in departments],
        hoverinfo="text",
    )
    figure.update_layout(
        xaxis={**money_axis(amounts, currency), "showgrid": True, "gridcolor": theme.grid},
        yaxis={"autorange": "reversed", "showgrid": False},
    )
    return figure
