"""How far forecasts were off along the term, and what was forecast for a quarter, day by day, beside what came."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from dashboard import format as fmt
from dashboard.charts.base import (
    HEIGHT,
    LABEL_MARGIN,
    Finding,
    add_shapes,
    blank,
    interval_shapes,
    key,
    label,
    money_axis,
    nice_ticks,
    write,
)
from dashboard.charts.recognition import apart
from dashboard.track_record import CONFORMAL, FORECAST, METHODS, RUN_RATE, held

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    import plotly.graph_objects as go

    from dashboard.theme import Theme

_ERROR_HEIGHT: Final = 330
#: Height of a chart that is not plot: its margins.
_AROUND: Final = 80
_LINE_PIXELS: Final = 19
_RIVAL_MARGIN: Final = 250
_LEAST_ERROR: Final = 0.01
_HEADROOM: Final = 1.08
#: Widths of a bar and of the line across, as shares of the plot, so that few days look like many.
_BAR: Final = 0.013
_TICK: Final = 0.022
_MONTHS: Final = {3: "three months", 6: "six months", 9: "nine months", 12: "a year", 24: "two years"}
_AMOUNTS: Final = ("expected_amount", "low_amount", "high_amount", "lapsed_amount")
_YEAR: Final = 12


def error_finding(shares: pl.DataFrame) -> Finding:
    """Where along the term the forecast errs less than its rivals.

    Args:
        shares: dashboard.track_record.compared by share of the term, those with measures.
    """
    subtitle = (
        "Mean error (CRPS) in percent of a lot, by share of the term passed on the day of the forecast; under it, how"
        " many of the forecast's 80% intervals held."
    )
    errors = shares["crps"].to_list()
    best = shares.filter(pl.col("crps") < pl.min_horizontal(f"crps_{RUN_RATE}", f"crps_{CONFORMAL}"))
    first = f"{errors[0]:.1%} of a lot at {shares['member'][0]} of the term"
    if best.height == shares.height == 1:
        return Finding(f"The forecast errs least: by {first}", subtitle)
    if best.height == shares.height:
        return Finding(
            f"The forecast errs least all along the term: by {first}, by {errors[-1]:.1%} at {shares['member'][-1]}",
            subtitle,
        )
    if best.height:
        where = _listed(best["member"].to_list())
        return Finding(f"The forecast errs least at {where} of the term, not at other shares of it", subtitle)
    return Finding("Nowhere along the term does the forecast err less than a run rate", subtitle)


def draw_errors(shares: pl.DataFrame, theme: Theme) -> go.Figure:
    """A line per method from left to right along the term, named at its end."""
    figure = blank(theme, height=_ERROR_HEIGHT, right=_RIVAL_MARGIN)
    positions = list(range(shares.height))
    columns = {CONFORMAL: f"crps_{CONFORMAL}", RUN_RATE: f"crps_{RUN_RATE}", FORECAST: "crps"}
    marks = {
        CONFORMAL: {"color": theme.muted, "dash": "dash", "width": 1.6, "symbol": "circle-open"},
        RUN_RATE: {"color": theme.context, "dash": "dot", "width": 1.6, "symbol": "circle"},
        FORECAST: {"color": theme.actual, "dash": "solid", "width": 2.6, "symbol": "circle"},
    }
    top = max(_LEAST_ERROR, *(max(shares[name]) for name in columns.values())) * _HEADROOM
    for method, column in columns.items():
        mark = marks[method]
        line = {name: mark[name] for name in ("color", "dash", "width")}
        figure.add_scatter(
            x=positions,
            y=shares[column].to_list(),
            mode="lines+markers",
            line=line,
            marker={
                "size": 9,
                "symbol": mark["symbol"],
                "color": mark["color"],
                "line": {"width": 2, "color": mark["color"]},
            },
            hovertext=_error_hover(shares, method),
            hoverinfo="text",
        )
    _error_labels(figure, shares, columns, top, theme)
    ticks = [tick for tick in nice_ticks(0, top, 4) if tick <= top]
    figure.update_xaxes(
        tickvals=positions,
        ticktext=[
            f"{member}<br><b>{held_80:.0%}</b> held" for member, held_80 in shares.select("member", "held_80").rows()
        ],
        range=[-0.25, shares.height - 0.85],
    )
    figure.update_yaxes(tickvals=ticks, ticktext=[f"{tick * 100:g}%" for tick in ticks], range=[0, top])
    return figure


def _error_hover(shares: pl.DataFrame, method: str) -> list[str]:
    end = "" if method == FORECAST else f"_{method}"
    return [
        f"<b>{METHODS[method]}</b>, {member} of the term passed<br>error {crps:.2%} of a lot"
        f"<br>80% intervals held: {held_80:.0%}<br>{fmt.count(forecasts, 'forecast')} of {fmt.count(lots, 'lot')}"
        for member, forecasts, lots, crps, held_80 in shares.select(
            "member", "forecast_count", "lot_count", f"crps{end}", f"held_80{end}"
        ).rows()
    ]


def _error_labels(figure: go.Figure, shares: pl.DataFrame, columns: dict[str, str], top: float, theme: Theme) -> None:
    """Each method beside the end of its line; where lines meet, their labels make room for each other."""
    last = {method: float(shares[column][-1]) for method, column in columns.items()}
    ordered = sorted(last, key=lambda method: last[method])
    heights = [last[method] / top * (_ERROR_HEIGHT - _AROUND) for method in ordered]
    labels = []
    for method, height, place in zip(ordered, heights, apart(heights, _LINE_PIXELS), strict=True):
        colour = theme.actual if method == FORECAST else theme.muted
        text = f"<b>{last[method]:.1%}</b> {METHODS[method]}"
        at = {"xanchor": "left", "xshift": 12, "yshift": place - height}
        labels.append(label(text, shares.height - 1, last[method], colour, **at))
    write(figure, *labels)


def name(start: date) -> str:
    """A quarter as a choice says it: `Q4 2026`."""
    return f"Q{(start.month + 2) // 3} {start.year}"


def quarter_finding(rows: pl.DataFrame, as_of: date, currency: str) -> Finding:
    """What was forecast for a quarter well before it, and what came.

    Args:
        rows: quarter_forecasts of one quarter in one currency.
        as_of: the day asked about.
        currency: the currency of the amounts.
    """
    start = rows["quarter_start"][0]
    plotted = f"Forecast unused in {name(start)} on each day it was forecast, with its 80% interval, {currency}"
    if rows["is_past"][0]:
        ahead = _ahead(rows)
        title = (
            f"{_how_long_before(ahead['origin'], start)}, {fmt.money(ahead['expected_amount'], currency)} was forecast"
            f" to lapse in {name(start)}; the {fmt.count(ahead['lot_count'], 'lot')} then open left"
            f" {fmt.money(ahead['lapsed_amount'], currency)}"
        )
        record = f"{rows.filter(held()).height} of {fmt.count(rows.height, 'interval')} held"
        return Finding(title, f"{plotted}. Line: what came of the very lots it was made for. {record}.")
    title = f"{_now(rows, as_of, currency)}{_before(rows, as_of, currency)}"
    if start <= as_of:
        return Finding(title, f"{plotted}. What has lapsed in it already is no longer in the last forecast.")
    return Finding(title, f"{plotted}. Each is of the lots then open: lots bought since are in the later ones.")


def _ahead(rows: pl.DataFrame) -> dict[str, Any]:
    """The forecast made a year before the quarter began; else the one nearest to that."""
    start = rows["quarter_start"][0]
    wanted = (pl.col("months_before") - _YEAR).abs()
    row: dict[str, Any] = (
        rows.with_columns(months_before=_months_before(start)).sort(wanted, "origin").row(0, named=True)
    )
    return row


def _months_before(start: date) -> pl.Expr:
    next_day = pl.col("origin").dt.offset_by("1d")
    months = pl.lit(start.year * _YEAR + start.month, pl.Int64)
    return months - next_day.dt.year().cast(pl.Int64) * _YEAR - next_day.dt.month().cast(pl.Int64)


def _how_long_before(origin: date, start: date) -> str:
    ahead = pl.DataFrame({"origin": [origin]}).select(_months_before(start)).item()
    if ahead <= 0:
        return f"On {fmt.day(origin, start)}"
    said = _MONTHS.get(ahead, f"{ahead} months")
    return f"{fmt.capitalised(said)} ahead"


def _now(rows: pl.DataFrame, as_of: date, currency: str) -> str:
    last, start = rows.row(-1, named=True), rows["quarter_start"][0]
    still = " still" if start <= as_of else ""
    if last["origin"] < as_of or not last["expected_amount"]:
        return f"Nothing{' more' if still else ''} is forecast to lapse in {name(start)}"
    return f"{fmt.money(last['expected_amount'], currency)} is{still} forecast to lapse in {name(start)}"


def _before(rows: pl.DataFrame, as_of: date, currency: str) -> str:
    earlier = rows.filter(pl.col("origin") < as_of)
    if earlier.is_empty():
        return ", forecast for the first time"
    last = earlier.row(-1, named=True)
    return f"; on {fmt.day(last['origin'], as_of)} it was {fmt.money(last['expected_amount'], currency)}"


def draw_quarter(rows: pl.DataFrame, currency: str, theme: Theme) -> go.Figure:
    """Intervals as bars with the expected amount across, from day to day, and a line for what came."""
    figure = blank(theme, right=LABEL_MARGIN)
    is_past = rows["is_past"][0]
    shown = rows.with_row_index("x").with_columns(is_held=held())
    colour, opacity = (theme.context, 0.38) if is_past else (theme.actual, 0.45)
    widths = (_BAR * shown.height, _TICK * shown.height)
    add_shapes(
        figure,
        [
            shape
            for x, expected, low, high in shown.select("x", "expected_amount", "low_amount", "high_amount").rows()
            for shape in interval_shapes(x, float(expected), (float(low), float(high)), widths, colour, opacity)
        ],
    )
    if is_past:
        _came(figure, shown, theme)
    figure.add_scatter(
        x=shown["x"].to_list(),
        y=shown["expected_amount"].cast(pl.Float64).to_list(),
        mode="markers",
        marker={"size": 24, "opacity": 0},
        hovertext=[_quarter_hover(row, currency) for row in shown.iter_rows(named=True)],
        hoverinfo="text",
    )
    amounts = [amount for column in _AMOUNTS for amount in shown[column].cast(pl.Float64).drop_nulls()]
    figure.update_xaxes(
        tickvals=shown["x"].to_list(),
        ticktext=_days(rows["origin"].to_list()),
        range=[-0.6, shown.height - 0.7],
    )
    figure.update_yaxes(**money_axis(amounts, currency))
    _quarter_labels(figure, shown, figure.layout.yaxis.range, currency, theme)
    return figure


def _came(figure: go.Figure, shown: pl.DataFrame, theme: Theme) -> None:
    figure.add_scatter(
        x=shown["x"].to_list(),
        y=shown["lapsed_amount"].cast(pl.Float64).to_list(),
        mode="lines+markers",
        line={"color": theme.actual, "width": 2.6},
        marker={
            "size": 9,
            "color": [theme.actual if is_held else theme.attention for is_held in shown["is_held"]],
            "line": {"color": theme.paper, "width": 1},
        },
        hoverinfo="skip",
    )
    entries = [("▮", "forecast with its 80% interval", theme.context)]
    if not shown["is_held"].all():
        entries.append(("●", "what came, outside it", theme.attention))
    key(figure, entries)


def _quarter_hover(row: dict[str, Any], currency: str) -> str:
    low, high = (fmt.money_in_full(row[column], currency) for column in ("low_amount", "high_amount"))
    said = (
        f"<b>{fmt.full_day(row['origin'])}</b>, {fmt.count(row['lot_count'], 'lot')}"
        f"<br>forecast {fmt.money_in_full(row['expected_amount'], currency)}<br>80%: {low} to {high}"
    )
    if row["lapsed_amount"] is None:
        return said
    return f"{said}<br>came {fmt.money_in_full(row['lapsed_amount'], currency)}"


def _quarter_labels(
    figure: go.Figure, shown: pl.DataFrame, range_: Sequence[float], currency: str, theme: Theme
) -> None:
    """The last forecast and, where the quarter has ended, what came of it, beside their marks."""
    last = shown.row(-1, named=True)
    ends = [(float(last["expected_amount"]), "forecast", theme.muted if last["is_past"] else theme.actual)]
    if last["is_past"]:
        ends.append((float(last["lapsed_amount"]), "lapsed", theme.actual))
    ends.sort()
    low, high = range_
    heights = [amount / (high - low) * (HEIGHT - _AROUND) for amount, _, _ in ends]
    labels = []
    for (amount, what, colour), height, place in zip(ends, heights, apart(heights, _LINE_PIXELS), strict=True):
        text = f"<b>{fmt.money(amount, currency)}</b> {what}"
        at = {"xanchor": "left", "xshift": 20, "yshift": place - height, "align": "left"}
        if not last["is_past"]:
            interval = (fmt.money(last[end], currency) for end in ("low_amount", "high_amount"))
            text += f"<br>80%: {' to '.join(interval)}"
        labels.append(label(text, last["x"], amount, colour, **at))
    write(figure, *labels)


def _days(days: Sequence[date]) -> list[str]:
    """Days in a row, each with its year underneath where the year is new."""
    years = pairwise([None, *(on.year for on in days)])
    return [
        f"{fmt.short_day(on)}<br>{year}" if year != before else fmt.short_day(on)
        for on, (before, year) in zip(days, years, strict=True)
    ]


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
