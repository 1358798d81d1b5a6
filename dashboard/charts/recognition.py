"""Revenue of a span under two policies: cumulative above, the difference of each month below."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from dashboard import format as fmt
from dashboard.charts.base import LABEL_MARGIN, Finding, blank, key, money_axis, month_labels, write
from dashboard.theme import faded

if TYPE_CHECKING:
    from datetime import date

    import plotly.graph_objects as go

    from dashboard.theme import Theme

HEIGHT: Final = 540
_ABOVE: Final = (0.46, 1.0)
_BELOW: Final = (0.0, 0.32)
_MONTHS_LABELLED: Final = 14
_LINE_PIXELS: Final = 20


def by_month(periods: pl.DataFrame) -> pl.DataFrame:
    """Both policies side by side: one row per period with each policy's revenue, their difference and running totals.

    Args:
        periods: recognition_by_period in one currency.
    """
    ratable, delivery = (periods.filter(policy=policy) for policy in ("ratable", "on_delivery"))
    together = ratable.select("period_end", ratable="revenue_total").join(
        delivery.select(
            "period_end",
            delivered="revenue_delivery",
            breakage="revenue_breakage",
            on_delivery="revenue_total",
            overage="overage_revenue",
        ),
        on="period_end",
        how="full",
        coalesce=True,
    )
    return (
        together.sort("period_end")
        .with_columns(pl.exclude("period_end").fill_null(0))
        .with_columns(
            difference=pl.col("on_delivery") - pl.col("ratable"),
            ratable_so_far=pl.col("ratable").cum_sum(),
            on_delivery_so_far=pl.col("on_delivery").cum_sum(),
        )
    )


def finding(months: pl.DataFrame, currency: str) -> Finding:
    """Which policy books more over the span, and by how much."""
    last = months.row(-1, named=True)
    difference = last["on_delivery_so_far"] - last["ratable_so_far"]
    span = _span(months["period_end"][0], last["period_end"])
    breakage = months["breakage"].sum()
    lapse = f" {fmt.money(breakage, currency)} of on delivery is lapse." if breakage else ""
    subtitle = (
        f"Cumulative revenue of the span (above) and difference per month, delivery minus ratable (below), {currency}."
        f"{lapse}"
    )
    if fmt.money(difference, currency) == fmt.money(0, currency):
        return Finding(f"{span}, on delivery and ratable book the same", subtitle)
    more = "more" if difference > 0 else "less"
    return Finding(f"{span}, on delivery books {fmt.money(abs(difference), currency)} {more} than ratable", subtitle)


def _span(first: date, last: date) -> str:
    """The months compared: what one policy books more here, it may have booked less before."""
    if (first.year, first.month) == (last.year, last.month):
        return f"In {last:%B %Y}"
    start = f"{first:%B}" if first.year == last.year else f"{first:%B %Y}"
    return f"From {start} to {last:%B %Y}"


def draw(months: pl.DataFrame, currency: str, theme: Theme) -> go.Figure:
    """Two lines with what lies between them shaded, above bars of each month's difference."""
    figure = blank(theme, height=HEIGHT, right=LABEL_MARGIN)
    positions = list(range(months.height))
    ratable, delivered, difference = (
        months[name].cast(pl.Float64).to_list() for name in ("ratable_so_far", "on_delivery_so_far", "difference")
    )
    lapse = months["breakage"].cast(pl.Float64).to_list()
    figure.update_layout(yaxis2={**figure.layout.yaxis.to_plotly_json(), "anchor": "x"})
    _lines(figure, months, positions, ratable, delivered, currency, theme)
    _differences(figure, months, positions, difference, lapse, currency, theme)
    figure.update_xaxes(
        tickvals=positions, ticktext=_labels(months), range=[-0.6, months.height - 0.4], anchor="y2", showline=False
    )
    figure.update_layout(
        yaxis={**money_axis([*ratable, *delivered], currency, 4), "domain": _ABOVE},
        yaxis2={**money_axis([*difference, *lapse], currency, 4), "domain": _BELOW},
    )
    for axis in ("y", "y2"):
        figure.add_shape(
            type="line", x0=0, x1=1, xref="x domain", y0=0, y1=0, yref=axis, line={"color": theme.context, "width": 1}
        )
    return figure


def _lines(
    figure: go.Figure,
    months: pl.DataFrame,
    positions: list[int],
    ratable: list[float],
    delivered: list[float],
    currency: str,
    theme: Theme,
) -> None:
    hover = [
        f"<b>{end:%B %Y}</b><br>ratable {fmt.money_in_full(even, currency)}"
        f"<br>on delivery {fmt.money_in_full(used, currency)}"
        for end, even, used in months.select("period_end", "ratable_so_far", "on_delivery_so_far").iter_rows()
    ]
    line = {"x": positions, "mode": "lines+markers" if len(positions) == 1 else "lines"}
    figure.add_scatter(
        **line, y=ratable, line={"color": theme.ratable, "width": 2.6}, hovertext=hover, hoverinfo="text"
    )
    figure.add_scatter(
        **line,
        y=delivered,
        line={"color": theme.actual, "width": 2.6},
        fill="tonexty",
        fillcolor=faded(theme.ratable, 0.12),
        hovertext=hover,
        hoverinfo="text",
    )
    _end_labels(figure, positions[-1], ratable[-1], delivered[-1], currency, theme)


def _end_labels(figure: go.Figure, x: int, ratable: float, delivered: float, currency: str, theme: Theme) -> None:
    """Each line's total beside its end; where the lines meet the two make room for each other."""
    pixels_apart = abs(ratable - delivered) / (max(ratable, delivered) or 1) * HEIGHT * (_ABOVE[1] - _ABOVE[0])
    shift = max(0.0, (_LINE_PIXELS - pixels_apart) / 2)
    for name, value, colour, sign in (
        ("ratable", ratable, theme.ratable, 1 if ratable >= delivered else -1),
        ("on delivery", delivered, theme.actual, -1 if ratable >= delivered else 1),
    ):
        text = f"<b>{fmt.money(value, currency)}</b> {name}"
        write(figure, text, x, value, colour, xanchor="left", xshift=10, yshift=sign * shift)


def _differences(
    figure: go.Figure,
    months: pl.DataFrame,
    positions: list[int],
    difference: list[float],
    lapse: list[float],
    currency: str,
    theme: Theme,
) -> None:
    figure.add_bar(
        x=positions,
        y=difference,
        yaxis="y2",
        width=0.6,
        marker={"color": [theme.actual if value > 0 else theme.ratable for value in difference], "line": {"width": 0}},
        hovertext=[
            f"<b>{end:%B %Y}</b><br>delivery minus ratable {fmt.money_in_full(value, currency)}"
            f"<br>of on delivery, lapse {fmt.money_in_full(lapsed, currency)}"
            for end, value, lapsed in months.select("period_end", "difference", "breakage").iter_rows()
        ],
        hoverinfo="text",
    )
    figure.add_scatter(
        x=positions,
        y=lapse,
        yaxis="y2",
        mode="markers",
        marker={"size": 8, "color": theme.attention, "line": {"color": theme.paper, "width": 1}},
        hoverinfo="skip",
    )
    key(
        figure,
        [
            ("■", "delivery books more", theme.actual),
            ("■", "ratable books more", theme.ratable),
            ("●", "lapse, within delivery", theme.attention),
        ],
        "y2",
    )


def _labels(months: pl.DataFrame) -> list[str]:
    labels = month_labels(months["period_end"].to_list())
    apart = -(-len(labels) // _MONTHS_LABELLED)
    return [label if index % apart == 0 else "" for index, label in enumerate(labels)]
