"""Why the forecast moved between two days: a step for each cause, from what it was to what it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dashboard import format as fmt
from dashboard.charts.base import Finding, blank, money_axis

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from decimal import Decimal

    import plotly.graph_objects as go
    import polars as pl

    from dashboard.theme import Theme

HEIGHT: Final = 320
#: Causes as queries/unused_change.sql names them, in the order they are told, and in words.
CAUSES: Final = {
    "new": "new lots",
    "ended": "lots ended",
    "amendment": "amendments",
    "time": "time passed",
    "use": "delivered",
}


def steps(changes: pl.DataFrame) -> list[tuple[str, Decimal]]:
    """Each cause in words with what it moved, in the order they are told; causes that moved nothing are left out."""
    moved = dict(changes.select("cause", "amount").iter_rows())
    return [(words, moved[cause]) for cause, words in CAUSES.items() if moved.get(cause)]


def finding(before: Decimal, changes: pl.DataFrame, since: date, as_of: date, currency: str) -> Finding:
    """By how much the forecast moved, and what moved it most."""
    told = steps(changes)
    total = sum((amount for _, amount in told), type(before)(0))
    day = fmt.day(since, as_of)
    if not told:
        title = f"The forecast has not moved since {day}"
    else:
        most, amount = max(told, key=lambda step: abs(step[1]))
        way = "rose" if total > 0 else "fell"
        moved = fmt.money(abs(total), currency)
        title = f"The forecast {way} by {moved} since {day}; {most}: {fmt.change(amount, currency)}"
    subtitle = (
        f"Forecast unused of open lots on {day} as known now, what moved it, and on {fmt.day(as_of, since)},"
        f" {currency}. Time passed: had nothing been delivered since. Delivered: what the deliveries took off that."
    )
    return Finding(title, subtitle)


def draw(before: Decimal, changes: pl.DataFrame, since: date, as_of: date, currency: str, theme: Theme) -> go.Figure:
    """A waterfall: what was forecast, a step up or down for each cause, what is forecast now."""
    told = steps(changes)
    after = before + sum((amount for _, amount in told), type(before)(0))
    labels = [fmt.day(since, as_of), *(words for words, _ in told), fmt.day(as_of, since)]
    floors, heights, colours, said = [0.0], [float(before)], [theme.context], [fmt.money(before, currency)]
    level = before
    for _, amount in told:
        floors.append(float(min(level, level + amount)))
        heights.append(abs(float(amount)))
        colours.append(theme.attention if amount > 0 else theme.actual)
        said.append(fmt.change(amount, currency))
        level += amount
    figure = blank(theme, height=HEIGHT)
    _bars(
        figure, [*floors, 0.0], [*heights, float(after)], [*colours, theme.context], [*said, fmt.money(after, currency)]
    )
    tops = [floor + height for floor, height in zip([*floors, 0.0], [*heights, float(after)], strict=True)]
    figure.update_xaxes(tickvals=list(range(len(labels))), ticktext=labels, showline=False)
    figure.update_layout(yaxis=money_axis(tops, currency, 4), barmode="overlay")
    return figure


def _bars(
    figure: go.Figure, floors: Sequence[float], heights: Sequence[float], colours: Sequence[str], said: Sequence[str]
) -> None:
    figure.add_bar(
        x=list(range(len(heights))),
        y=list(heights),
        base=list(floors),
        width=0.55,
        marker={"color": list(colours), "line": {"width": 0}},
        text=list(said),
        textposition="outside",
        cliponaxis=False,
        hoverinfo="skip",
    )
