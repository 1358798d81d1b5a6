"""How the ended lots that a forecast rests on burnt down, behind the lot that is forecast."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dashboard.charts.base import LABEL_MARGIN, Finding, blank, label, write
from dashboard.theme import TEXT_SIZE, faded

if TYPE_CHECKING:
    import plotly.graph_objects as go
    import polars as pl

    from dashboard.theme import Theme

HEIGHT: Final = 320
_FAINT: Final = 0.45
_TICKS: Final = (0, 0.25, 0.5, 0.75, 1)


def finding(curves: pl.DataFrame) -> Finding:
    """What became of lots like this one."""
    alike = curves.unique("analog_no")
    low, high = (alike["unused_share"].quantile(level, "nearest") or 0 for level in (0.1, 0.9))
    return Finding(
        f"Of lots like this one, {low:.0%} to {high:.0%} was left in the end",
        f"The {alike.height} ended lots the forecast rests on most, as share of units left by share of the term passed;"
        " those that count more are darker. In bold this lot.",
    )


def draw(curves: pl.DataFrame, own: pl.DataFrame, theme: Theme) -> go.Figure:
    """Analogs as faint steps with a dot where each ended, the lot itself as a bold one.

    Args:
        curves: analogs of the lot.
        own: burn_curves of the lot.
        theme: the palette.
    """
    figure = blank(theme, height=HEIGHT, right=LABEL_MARGIN)
    most = max(curves["weight"])
    ends: list[tuple[float, str]] = []
    for curve in curves.partition_by("analog_no", maintain_order=True):
        shares = curve.sort("elapsed_share")
        colour = faded(theme.context, _FAINT + (1 - _FAINT) * shares["weight"][0] / most)
        line = {"color": colour, "width": 1.2, "shape": "hv"}
        figure.add_scatter(
            x=shares["elapsed_share"], y=shares["remaining_share"], mode="lines", line=line, hoverinfo="skip"
        )
        ends.append((shares["unused_share"][0], colour))
    figure.add_scatter(
        x=[1] * len(ends),
        y=[ended for ended, _ in ends],
        mode="markers",
        marker={"color": [colour for _, colour in ends], "size": 6},
        cliponaxis=False,
        hovertext=[f"{ended:.0%} left" for ended, _ in ends],
        hoverinfo="text",
    )
    shares = own.sort("on_date")
    figure.add_scatter(
        x=shares["elapsed_share"],
        y=shares["remaining_share"],
        mode="lines",
        line={"color": theme.actual, "width": 2.6, "shape": "hv"},
        hoverinfo="skip",
    )
    now = shares.tail(1)
    write(
        figure,
        label(
            f"<b>{now['remaining_share'][0]:.0%} left</b> now",
            now["elapsed_share"][0],
            now["remaining_share"][0],
            theme.actual,
            xanchor="right",
            yanchor="bottom",
            yshift=14,
        ),
    )
    percent = [f"{tick:.0%}" for tick in _TICKS]
    figure.update_xaxes(
        range=[0, 1.01],
        tickvals=_TICKS,
        ticktext=percent,
        title={"text": "share of the term passed", "font": {"size": TEXT_SIZE}},
    )
    figure.update_yaxes(range=[0, 1.04], tickvals=_TICKS, ticktext=percent)
    return figure
