"""Deferred revenue at the close of each period: contract liabilities above nil, contract assets below, never netted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboard import format as fmt
from dashboard.charts.base import blank, key, label, money_axis, write
from dashboard.charts.recognition import period_ticks

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from decimal import Decimal

    import plotly.graph_objects as go

    from dashboard.theme import Theme

HEIGHT = 320


def draw(
    ends: Sequence[date],
    labels: Sequence[str],
    liabilities: Sequence[Decimal],
    assets: Sequence[Decimal],
    currency: str,
    theme: Theme,
) -> go.Figure:
    """A bar up and a bar down for each period; the last liability is written above its bar."""
    figure = blank(theme, height=HEIGHT)
    positions = list(range(len(ends)))
    owed, earned = [float(amount) for amount in liabilities], [-float(amount) for amount in assets]
    hover = [
        f"<b>{label}</b><br>contract liabilities {fmt.money_in_full(owes, currency)}"
        f"<br>contract assets {fmt.money_in_full(has, currency)}"
        for label, owes, has in zip(labels, liabilities, assets, strict=True)
    ]
    for heights, colour in ((owed, theme.actual), (earned, theme.context)):
        figure.add_bar(
            x=positions,
            y=heights,
            width=0.6,
            marker={"color": colour, "line": {"width": 0}},
            hovertext=hover,
            hoverinfo="text",
        )
    last = f"<b>{fmt.money(liabilities[-1], currency)}</b>"
    write(figure, label(last, positions[-1], max(owed[-1], 0), theme.actual, yanchor="bottom"))
    figure.update_xaxes(
        tickvals=positions, ticktext=period_ticks(ends, labels), range=[-0.6, len(ends) - 0.4], showline=False
    )
    figure.update_layout(barmode="relative", yaxis=money_axis([*owed, *earned], currency, 4))
    marks = [("■", "contract liabilities", theme.actual)]
    if any(assets):
        marks.append(("■", "contract assets", theme.context))
    key(figure, marks)
    return figure
