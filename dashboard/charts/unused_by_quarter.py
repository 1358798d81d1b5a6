"""What was forecast to lapse each quarter and what came of it, and what is forecast for the quarters to come."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

import polars as pl

from dashboard import format as fmt
from dashboard.charts.base import Finding, Mark, add_shapes, blank, interval_shapes, key, label, money_axis, write

if TYPE_CHECKING:
    from datetime import date

    import plotly.graph_objects as go

    from dashboard.theme import Theme

#: Quarters to come that are shown; the page names what lies beyond.
AHEAD: Final = 6
_BAR: Final = 0.13
_TICK: Final = 0.19
_SAMPLE: Final = ("expected_amount", "low_amount", "high_amount", "lapsed_amount")


def finding(rows: pl.DataFrame, currency: str) -> Finding:
    """What is forecast to lapse in the next two quarters, and how good such forecasts have been.

    Args:
        rows: unused_by_quarter in one currency.
        currency: the currency of the amounts.
    """
    record = held(rows)
    track = f"; {record[0]} of the last {record[1]} held" if record[1] else "; none has been put to the test yet"
    subtitle = (
        f"Unused at expiry by quarter, {currency}: 80% intervals made one quarter ahead{track}. Dots: what lapsed."
    )
    ahead = rows.filter(~pl.col("is_past")).head(2)
    expected = ahead["expected_amount"].sum()
    if ahead.is_empty():
        return Finding("Nothing is open that could still lapse", subtitle)
    span = "the next two quarters" if ahead.height > 1 else quarter(ahead["quarter_start"][0])
    if not expected:
        return Finding(f"Nothing is forecast to lapse in {span}", subtitle)
    return Finding(f"{fmt.money(expected, currency)} is forecast to lapse in {span}", subtitle)


def held(rows: pl.DataFrame) -> tuple[int, int]:
    """How many past quarters ended inside their interval, of how many that had a forecast."""
    tested = tested_quarters(rows)
    return tested.filter("is_held").height, tested.height


def tested_quarters(rows: pl.DataFrame) -> pl.DataFrame:
    """The past quarters that had a forecast, each with whether its interval held."""
    return rows.filter("is_past", pl.col("expected_amount").is_not_null()).with_columns(
        is_held=pl.col("lapsed_amount").is_between("low_amount", "high_amount")
    )


def draw(rows: pl.DataFrame, currency: str, theme: Theme) -> go.Figure:
    """Intervals as bars with the expected amount across, dots for what lapsed."""
    past, ahead = rows.filter("is_past"), rows.filter(~pl.col("is_past")).head(AHEAD)
    shown = pl.concat([past, ahead]).with_row_index("x")
    figure = blank(theme)
    shapes = [
        *_intervals(figure, shown.filter("is_past"), currency, theme.context, 0.38),
        *_intervals(figure, shown.filter(~pl.col("is_past")), currency, theme.actual, 0.55),
    ]
    _dots(figure, tested_quarters(shown), currency, theme)
    _amounts(figure, shown.filter(~pl.col("is_past")), currency, theme)
    if past.height and ahead.height:
        shapes.append(_divide(figure, past.height - 0.5, theme))
    add_shapes(figure, shapes)
    amounts = [amount for name in _SAMPLE for amount in shown[name].cast(pl.Float64).drop_nulls()]
    figure.update_xaxes(
        tickvals=shown["x"].to_list(),
        ticktext=[quarter(start) for start in shown["quarter_start"]],
        range=[-0.6, shown.height - 0.4],
    )
    figure.update_yaxes(**money_axis(amounts, currency))
    return figure


def quarter(start: date) -> str:
    """A quarter as a label says it: `Q4 26`."""
    return f"Q{(start.month + 2) // 3} {start:%y}"


def _intervals(figure: go.Figure, rows: pl.DataFrame, currency: str, colour: str, opacity: float) -> list[Mark]:
    """What the pointer finds of the intervals; the shapes they are."""
    shapes: list[Mark] = []
    points: list[tuple[int, float, str]] = []
    for x, start, expected, low, high in rows.select(
        "x", "quarter_start", "expected_amount", "low_amount", "high_amount"
    ).iter_rows():
        if expected is None:
            continue
        shapes += interval_shapes(x, float(expected), (float(low), float(high)), (_BAR, _TICK), colour, opacity)
        interval = f"{fmt.money_in_full(low, currency)} to {fmt.money_in_full(high, currency)}"
        said = f"<b>{quarter(start)}</b><br>forecast {fmt.money_in_full(expected, currency)}<br>80%: {interval}"
        points.append((x, float(expected), said))
    figure.add_scatter(
        x=[x for x, _, _ in points],
        y=[expected for _, expected, _ in points],
        mode="markers",
        marker={"size": 24, "opacity": 0},
        hovertext=[said for _, _, said in points],
        hoverinfo="text",
    )
    return shapes


def _dots(figure: go.Figure, tested: pl.DataFrame, currency: str, theme: Theme) -> None:
    figure.add_scatter(
        x=tested["x"].to_list(),
        y=tested["lapsed_amount"].cast(pl.Float64).to_list(),
        mode="markers",
        marker={
            "size": 11,
            "color": [theme.ink if is_held else theme.attention for is_held in tested["is_held"]],
            "line": {"color": theme.paper, "width": 1},
        },
        hovertext=[
            f"<b>{quarter(start)}</b><br>lapsed {fmt.money_in_full(lapsed, currency)}"
            f"<br>forecast {fmt.money_in_full(expected, currency)}"
            for start, lapsed, expected in tested.select(
                "quarter_start", "lapsed_amount", "expected_amount"
            ).iter_rows()
        ],
        hoverinfo="text",
    )
    if not tested["is_held"].all():
        key(figure, [("●", "outside its interval", theme.attention)])


def _amounts(figure: go.Figure, ahead: pl.DataFrame, currency: str, theme: Theme) -> None:
    shown = ahead.drop_nulls("expected_amount").select("x", "expected_amount", "high_amount").iter_rows()
    labels = (
        label(f"<b>{fmt.money(expected, currency)}</b>", x, float(high), theme.actual, yshift=12)
        for x, expected, high in shown
    )
    write(figure, *labels)


def _divide(figure: go.Figure, x: float, theme: Theme) -> Mark:
    """Say on which side lies what; the line between."""
    above = {"yref": "y domain", "yanchor": "bottom"}
    write(
        figure,
        label("← what came of it", x, 1.0, theme.muted, xanchor="right", xshift=-8, **above),
        label("forecast →", x, 1.0, theme.muted, xanchor="left", xshift=8, **above),
    )
    line = {"color": theme.context, "width": 1}
    return {"type": "line", "x0": x, "x1": x, "y0": 0, "y1": 1.04, "yref": "y domain", "line": line}


def contributors(lots: pl.DataFrame, ending: str | None, currency: str) -> str:
    """How few lots make up half of what is forecast to be left unused.

    Args:
        lots: watch_list of what ends in a quarter, the most forecast unused first.
        ending: the quarter; None for every quarter.
        currency: currency of the amounts.
    """
    total = sum(lots["expected_amount"], Decimal(0))
    when = "" if ending is None else f" in {ending}"
    if not total:
        return f"Nothing is forecast to be left unused{when}"
    left = f"{fmt.money(total, currency)} that open lots are forecast to leave unused{when}"
    few = int((lots["expected_amount"].cum_sum() < total / 2).sum()) + 1
    some = fmt.count(few, "lot") if few == lots.height else f"{fmt.count(few, 'lot')} of {lots.height:,}"
    part = "the" if few == lots.height else "half of the"
    return f"{some} {'makes' if few == 1 else 'make'} up {part} {left}"
