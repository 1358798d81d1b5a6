"""What every chart shares: one look, ticks written as the rest of the page writes numbers, months with few labels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

import plotly.graph_objects as go

from dashboard import format as fmt
from dashboard.theme import FONT, TEXT_SIZE, Theme, faded

if TYPE_CHECKING:
    from collections.abc import Sequence

HEIGHT: Final = 400
#: Room beside the last point for what is written where the eye ends.
LABEL_MARGIN: Final = 165

#: Room for what is written above the highest bar.
_HEADROOM: Final = 1.1
_STEPS: Final = (1, 2, 2.5, 5, 10)
_MONTHS_APART: Final = (1, 2, 3, 6, 12, 24, 36, 60)
_MONTHS_LABELLED: Final = 14


#: A label or a shape, as Plotly's layout names its parts.
Mark = dict[str, object]


@dataclass(frozen=True)
class Finding:
    """What a chart shows, in words with figures: a title, and the grey line under it."""

    title: str
    subtitle: str


def blank(theme: Theme, *, height: int = HEIGHT, right: int = 20) -> go.Figure:
    """An empty chart of the house look."""
    axis = {
        "gridcolor": theme.grid,
        "linecolor": theme.context,
        "tickcolor": theme.context,
        "tickfont": {"color": theme.ink, "size": TEXT_SIZE},
        "zeroline": False,
        "fixedrange": True,
    }
    # In one piece: Plotly takes longer to change a layout than to begin with one. Streamlit hands each chart to the
    # browser twice: with a revision that stays, and without a template, Plotly sees that the second is the same.
    figure = go.Figure(
        layout={
            "datarevision": 0,
            "height": height,
            "margin": {"l": 72, "r": right, "t": 32, "b": 48},
            "font": {"family": FONT, "size": TEXT_SIZE, "color": theme.ink},
            "paper_bgcolor": theme.paper,
            "plot_bgcolor": theme.paper,
            "showlegend": False,
            "hoverlabel": {
                "font": {"family": FONT, "size": TEXT_SIZE},
                "bgcolor": theme.paper,
                "bordercolor": theme.grid,
            },
            "dragmode": False,
            "xaxis": {**axis, "showgrid": False, "showline": True, "ticks": "outside", "ticklen": 5},
            "yaxis": {**axis, "showline": False, "ticks": "", "ticklabelstandoff": 6, "automargin": True},
        }
    )
    figure.layout.template = None
    return figure


def label(text: str, x: object, y: object, colour: str, **layout: object) -> Mark:
    """A label in a colour; anything else about it as Plotly names it."""
    font = {"color": colour, "size": TEXT_SIZE}
    return {"text": text, "x": x, "y": y, "showarrow": False, "font": font, **layout}


def write(figure: go.Figure, *labels: Mark) -> None:
    """Write labels at once; added one by one, each would have Plotly check all that are there again."""
    figure.layout.annotations = (*figure.layout.annotations, *labels)


def add_shapes(figure: go.Figure, shapes: Sequence[Mark]) -> None:
    """Add many shapes at once, for the same reason."""
    figure.layout.shapes = (*figure.layout.shapes, *shapes)


def interval_shapes(
    x: float, expected: float, interval: tuple[float, float], widths: tuple[float, float], colour: str, opacity: float
) -> list[Mark]:
    """An interval as a bar with what is expected as a line across it; widths are the bar's and the line's."""
    (low, high), (bar, tick) = interval, widths
    return [
        {
            "type": "rect",
            "line": {"width": 0},
            "x0": x - bar / 2,
            "x1": x + bar / 2,
            "y0": low,
            "y1": high,
            "fillcolor": faded(colour, opacity),
        },
        {
            "type": "line",
            "x0": x - tick / 2,
            "x1": x + tick / 2,
            "y0": expected,
            "y1": expected,
            "line": {"color": colour, "width": 3},
        },
    ]


def key(figure: go.Figure, entries: Sequence[tuple[str, str, str]], axis: str = "y") -> None:
    """What marks mean that can't carry a label of their own: symbol, meaning and the mark's colour, above the plot."""
    said = "     ".join(
        f'<span style="color:{colour}">{symbol}</span> {meaning}' for symbol, meaning, colour in entries
    )
    at = {"xref": "paper", "xanchor": "left", "yref": f"{axis} domain", "yanchor": "bottom", "yshift": 8}
    write(figure, {"text": said, "x": 0, "y": 1, "showarrow": False, **at})


def vertical(figure: go.Figure, on: date, colour: str, *, width: float = 1) -> None:
    """A line through the height of the chart on a day."""
    figure.add_shape(
        type="line", x0=on, x1=on, y0=0, y1=1.04, yref="y domain", line={"color": colour, "width": width}, layer="below"
    )


def nice_ticks(lowest: float, highest: float, wanted: int = 5) -> list[float]:
    """A few round values that cover a range; nil is one of them where the range holds it."""
    span = (highest - lowest) or 1
    magnitude = 10 ** math.floor(math.log10(span / wanted))
    step = next(step * magnitude for step in _STEPS if span / (step * magnitude) <= wanted)
    first, last = math.floor(lowest / step), math.ceil(highest / step)
    return [index * step for index in range(first, last + 1)]


def money_axis(amounts: Sequence[float], currency: str, wanted: int = 5) -> dict[str, object]:
    """Ticks for amounts from nil (or below it) up, with the currency on each."""
    lowest, highest = min(0.0, *amounts), max(0.0, *amounts)
    if lowest == highest:
        return {"tickvals": [0.0], "ticktext": [fmt.money_tick(0, currency)], "range": [0.0, 1.0]}
    ticks = [tick for tick in nice_ticks(lowest, highest, wanted) if lowest <= tick <= highest * _HEADROOM]
    return {
        "tickvals": ticks,
        "ticktext": [fmt.money_tick(tick, currency) for tick in ticks],
        "range": [lowest * _HEADROOM, highest * _HEADROOM],
    }


def month_axis(first: date, last: date) -> dict[str, object]:
    """A tick at the first of each month, thinned to what can be read; the year only where it changes."""
    start, end = first.year * 12 + first.month - 1, last.year * 12 + last.month - 1
    apart = next((apart for apart in _MONTHS_APART if (end - start) / apart <= _MONTHS_LABELLED), _MONTHS_APART[-1])
    months = [date(month // 12, month % 12 + 1, 1) for month in range(start, end + 1) if month % apart == 0]
    ticks = [month for month in months if month >= first]
    return {"tickvals": ticks, "ticktext": month_labels(ticks)}


def month_labels(months: Sequence[date]) -> list[str]:
    """Names of months in a row, each with its year underneath where the year is new."""
    shown = [None, *(month.year for month in months)]
    return [
        f"{month:%b}<br>{month.year}" if month.year != before else f"{month:%b}"
        for month, before in zip(months, shown, strict=False)
    ]
