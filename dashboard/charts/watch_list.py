"""How long there is still time to act: the money at risk of each lot on the list, by the day its units lapse."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from itertools import product
from typing import TYPE_CHECKING, Final

from dashboard import format as fmt
from dashboard.charts.base import Finding, Mark, blank, key, label, money_axis, month_axis, write
from queries.calendar import months_after

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    import plotly.graph_objects as go

    from dashboard.theme import Theme

MONTHS: Final = 12
_LABELLED: Final = 6
#: About how large the plot is, and a letter, a line of text and half a dot in it, in pixels: which names would touch.
_WIDTH, _HEIGHT, _LETTER, _LINE, _DOT = 760, 300, 7.2, 16, 9


@dataclass(frozen=True)
class Deadline:
    """A lot on the list: whose, when its first units lapse, how much is at risk, and whether it is new there."""

    client: str
    on: date
    days_left: int
    amount: Decimal
    is_new: bool


def finding(deadlines: Sequence[Deadline], within: int, as_of: date, currency: str) -> Finding:
    """How much of the money at risk is pressing.

    Args:
        deadlines: the lots on the list, at least one.
        within: days within which an end is pressing.
        as_of: the day asked about.
        currency: the currency of the amounts.
    """
    subtitle = f"Money at risk of each lot on the list by the first day its units lapse, {currency}: top left first."
    later = [one for one in deadlines if one.on > _last(as_of)]
    if later:
        last, count = fmt.full_day(_last(as_of)), fmt.count(len(later), "lot")
        subtitle += f" Not shown: {fmt.money(_total(later), currency)} in {count} after {last}."
    soon = [one for one in deadlines if one.days_left <= within]
    total, span = fmt.money(_total(deadlines), currency), f"within {fmt.count(within, 'day')}"
    if not soon:
        first = min(deadlines, key=lambda one: (one.on, -one.amount))
        ends = f"the first to end is {first.client}'s on {fmt.day(first.on, as_of)}"
        return Finding(f"None of the {total} at risk ends {span}; {ends}", subtitle)
    clients = fmt.count(len({one.client for one in soon}), "client")
    return Finding(f"{fmt.money(_total(soon), currency)} of the {total} at risk ends {span}, with {clients}", subtitle)


def draw(deadlines: Sequence[Deadline], as_of: date, since: date | None, currency: str, theme: Theme) -> go.Figure:
    """A dot for each lot, full where it is new since a day; the largest are named."""
    shown = [one for one in deadlines if one.on <= _last(as_of)]
    figure = blank(theme)
    for is_new in (False, True):
        _dots(figure, [one for one in shown if one.is_new == is_new], currency, theme, is_full=is_new or since is None)
    _names(figure, shown, as_of, currency, theme)
    if since is not None:
        key(
            figure,
            [
                ("●", f"new since {fmt.day(since, as_of)}", theme.attention),
                ("○", "listed before", theme.attention),
            ],
        )
    figure.update_xaxes(**month_axis(as_of, _last(as_of)), range=[as_of, _last(as_of)])
    figure.update_yaxes(**money_axis([float(one.amount) for one in shown], currency))
    return figure


def _dots(figure: go.Figure, some: Sequence[Deadline], currency: str, theme: Theme, *, is_full: bool) -> None:
    figure.add_scatter(
        x=[one.on for one in some],
        y=[float(one.amount) for one in some],
        mode="markers",
        cliponaxis=False,
        marker={
            "size": 11,
            "color": theme.attention if is_full else theme.paper,
            "line": {"color": theme.paper if is_full else theme.attention, "width": 1 if is_full else 2},
        },
        hovertext=[
            f"<b>{one.client}</b><br>{fmt.money_in_full(one.amount, currency)} at risk"
            f"<br>units lapse on {fmt.full_day(one.on)}, in {fmt.count(one.days_left, 'day')}"
            for one in some
        ],
        hoverinfo="text",
    )


def _names(figure: go.Figure, shown: Sequence[Deadline], as_of: date, currency: str, theme: Theme) -> None:
    """Name the largest, beside their dots or a line above, where a name touches no other name and no dot."""
    days, most = (_last(as_of) - as_of).days, max((one.amount for one in shown), default=Decimal(0)) or 1
    places = {one: ((one.on - as_of).days / days * _WIDTH, float(one.amount / most) * _HEIGHT) for one in shown}
    labels: list[Mark] = []
    taken = [(x - _DOT, x + _DOT, y) for x, y in places.values()]
    for one in sorted(shown, key=lambda one: (-one.amount, one.on))[:_LABELLED]:
        if not one.amount:
            continue
        said, (x, y) = f"{one.client} {fmt.money(one.amount, currency)}", places[one]
        length = len(said) * _LETTER
        sides = {"left": (x + _DOT, _DOT), "right": (x - _DOT - length, -_DOT)}
        for rise, (anchor, (start, shift)) in product((0, _LINE), sides.items()):
            end, level = start + length, y + rise
            is_free = all(abs(level - other) >= _LINE or end <= first or start >= last for first, last, other in taken)
            if is_free and start >= 0 and end <= _WIDTH:
                taken.append((start, end, level))
                at = {"xanchor": anchor, "xshift": shift, "yshift": rise}
                labels.append(label(said, one.on, float(one.amount), theme.ink, **at))
                break
    write(figure, *labels)


def _last(as_of: date) -> date:
    return months_after(as_of, MONTHS)


def _total(some: Sequence[Deadline]) -> Decimal:
    return sum((one.amount for one in some), Decimal(0))
