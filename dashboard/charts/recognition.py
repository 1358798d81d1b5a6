"""Revenue of a span on several bases: cumulative above, what each period differs between two of them below."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from dashboard import format as fmt
from dashboard.charts.base import LABEL_MARGIN, Finding, blank, key, label, money_axis, month_labels, write
from dashboard.theme import faded

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    import plotly.graph_objects as go

    from dashboard.theme import Theme

HEIGHT: Final = 540
_ABOVE: Final = (0.46, 1.0)
_BELOW: Final = (0.0, 0.32)
_LABELLED: Final = 14
_LINE_PIXELS: Final = 19
#: Room left of the axis and right of it for the labels at the ends of the lines.
_PLOT_PIXELS: Final = (HEIGHT - 80) * (_ABOVE[1] - _ABOVE[0])


@dataclass(frozen=True)
class Basis:
    """One way to recognise: its name, colour, and revenue of each period; the breakage in it where that is marked."""

    name: str
    colour: str
    revenue: Sequence[Decimal]
    breakage: Sequence[Decimal] = ()
    is_booked: bool = False

    @property
    def total(self) -> Decimal:
        """Revenue of the span."""
        return _sum(self.revenue)

    @property
    def so_far(self) -> list[float]:
        """Cumulative revenue at each period's end."""
        return [float(amount) for amount in accumulate(self.revenue)]


@dataclass(frozen=True)
class Comparison:
    """Two bases over the same periods: `first` less `second` is the difference."""

    first: Basis
    second: Basis
    others: Sequence[Basis]

    @property
    def differences(self) -> list[Decimal]:
        """Of each period."""
        return [one - other for one, other in zip(self.first.revenue, self.second.revenue, strict=True)]

    @property
    def bases(self) -> list[Basis]:
        """All that are drawn, the compared ones last and so on top."""
        return [*self.others, self.second, self.first]


def finding(compared: Comparison, span: str, kind: str, currency: str) -> Finding:
    """Which basis books more over the span, and by how much.

    Args:
        compared: the two bases.
        span: the periods in words, as a title begins.
        kind: month, quarter or year.
        currency: of all amounts.
    """
    first, second = compared.first, compared.second
    difference = first.total - second.total
    breakage = _sum(first.breakage)
    subtitle = (
        f"Cumulative revenue of the span (above); {first.name} minus {second.name} per {kind} (below), {currency}."
    )
    if breakage:
        subtitle += f" {fmt.money(breakage, currency)} of {first.name} is breakage."
    if not any(compared.differences):
        return Finding(f"{span}, {first.name} and {second.name} book the same in every {kind}", subtitle)
    if fmt.money(difference, currency) == fmt.money(0, currency):
        return Finding(f"{span}, {first.name} and {second.name} book the same in total", subtitle)
    more = "more" if difference > 0 else "less"
    amount = fmt.money(abs(difference), currency)
    return Finding(f"{span}, {first.name} books {amount} {more} than {second.name}", subtitle)


def draw(compared: Comparison, ends: Sequence[date], labels: Sequence[str], currency: str, theme: Theme) -> go.Figure:
    """The lines, with what lies between the compared two shaded, above bars of each period's difference."""
    figure = blank(theme, height=HEIGHT, right=LABEL_MARGIN + 30)
    figure.update_layout(yaxis2={**figure.layout.yaxis.to_plotly_json(), "anchor": "x"})
    heights = [amount for basis in compared.bases for amount in basis.so_far]
    above = {**money_axis(heights, currency, 4), "domain": _ABOVE}
    figure.update_layout(yaxis=above)
    _lines(figure, compared, labels, currency, theme)
    low, high = figure.layout.yaxis.range
    _end_labels(figure, compared.bases, low, high, len(labels) - 1, currency)
    differences = [float(amount) for amount in compared.differences]
    breakage = [float(amount) for amount in compared.first.breakage]
    _bars(figure, compared, labels, currency, theme)
    figure.update_xaxes(
        tickvals=list(range(len(labels))),
        ticktext=period_ticks(ends, labels),
        range=[-0.6, len(labels) - 0.4],
        anchor="y2",
        showline=False,
    )
    figure.update_layout(yaxis2={**money_axis([*differences, *breakage], currency, 4), "domain": _BELOW})
    for axis in ("y", "y2"):
        figure.add_shape(
            type="line", x0=0, x1=1, xref="x domain", y0=0, y1=0, yref=axis, line={"color": theme.context, "width": 1}
        )
    return figure


def _lines(figure: go.Figure, compared: Comparison, labels: Sequence[str], currency: str, theme: Theme) -> None:
    positions = list(range(len(labels)))
    hover = [
        f"<b>{label}</b>, revenue so far<br>"
        + "<br>".join(f"{basis.name} {fmt.money_in_full(basis.so_far[place], currency)}" for basis in compared.bases)
        for place, label in enumerate(labels)
    ]
    for basis in compared.bases:
        is_pair = basis in (compared.first, compared.second)
        figure.add_scatter(
            x=positions,
            y=basis.so_far,
            mode="lines+markers" if len(positions) == 1 else "lines",
            line={
                "color": basis.colour,
                "width": 2.6 if is_pair else 1.4,
                "dash": "dot" if basis.is_booked else "solid",
            },
            fill="tonexty" if basis is compared.first else "none",
            fillcolor=faded(compared.second.colour, 0.12),
            hovertext=hover,
            hoverinfo="text",
            hoverlabel={"align": "left", "font": {"color": theme.ink}},
        )


def _end_labels(figure: go.Figure, bases: Sequence[Basis], low: float, high: float, x: int, currency: str) -> None:
    """Each line's total beside its end; where lines meet, their labels make room for each other."""
    ordered = sorted(bases, key=lambda basis: basis.total)
    heights = [float(basis.total) / (high - low) * _PLOT_PIXELS for basis in ordered]
    labels = []
    for basis, height, place in zip(ordered, heights, apart(heights, _LINE_PIXELS), strict=True):
        text = f"<b>{fmt.money(basis.total, currency)}</b> {basis.name}"
        at = {"xanchor": "left", "xshift": 10, "yshift": place - height}
        labels.append(label(text, x, float(basis.total), basis.colour, **at))
    write(figure, *labels)


def apart(heights: Sequence[float], least: float) -> list[float]:
    """Heights in rising order, moved as little as need be so that none is closer to the next than `least`."""
    groups: list[list[float]] = []
    for height in heights:
        groups.append([height])
        while len(groups) > 1 and _bottom(groups[-1], least) - _top(groups[-2], least) < least:
            last = groups.pop()
            groups[-1] += last
    return [
        sum(group) / len(group) + (place - (len(group) - 1) / 2) * least
        for group in groups
        for place in range(len(group))
    ]


def _bottom(group: list[float], least: float) -> float:
    return sum(group) / len(group) - (len(group) - 1) / 2 * least


def _top(group: list[float], least: float) -> float:
    return sum(group) / len(group) + (len(group) - 1) / 2 * least


def _bars(figure: go.Figure, compared: Comparison, labels: Sequence[str], currency: str, theme: Theme) -> None:
    first, second = compared.first, compared.second
    positions = list(range(len(labels)))
    figure.add_bar(
        x=positions,
        y=[float(amount) for amount in compared.differences],
        yaxis="y2",
        width=0.6,
        marker={
            "color": [first.colour if amount > 0 else second.colour for amount in compared.differences],
            "line": {"width": 0},
        },
        hovertext=[
            f"<b>{label}</b><br>{first.name} minus {second.name} {fmt.money_in_full(amount, currency)}"
            for label, amount in zip(labels, compared.differences, strict=True)
        ],
        hoverinfo="text",
    )
    marks = [("■", f"{first.name} books more", first.colour), ("■", f"{second.name} books more", second.colour)]
    if any(first.breakage):
        marks.append(("●", f"breakage, within {first.name}", theme.attention))
        figure.add_scatter(
            x=positions,
            y=[float(amount) for amount in first.breakage],
            yaxis="y2",
            mode="markers",
            marker={"size": 8, "color": theme.attention, "line": {"color": theme.paper, "width": 1}},
            hovertext=[f"breakage {fmt.money_in_full(amount, currency)}" for amount in first.breakage],
            hoverinfo="text",
        )
    key(figure, marks, "y2")


def period_ticks(ends: Sequence[date], labels: Sequence[str]) -> list[str]:
    """Months with the year where it is new, or periods by their name; few enough to be read."""
    is_monthly = all(label == f"{end:%b %Y}" for end, label in zip(ends, labels, strict=True))
    said = month_labels(ends) if is_monthly else list(labels)
    every = -(-len(said) // _LABELLED)
    return [text if place % every == 0 else "" for place, text in enumerate(said)]


def _sum(amounts: Sequence[Decimal]) -> Decimal:
    return sum(amounts, start=Decimal(0))
