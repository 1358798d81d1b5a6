"""What moved of the past between two snapshots: the change of each month's revenue, by component."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from dashboard import format as fmt
from dashboard.charts.base import Finding, blank, key, label, money_axis, month_labels, write
from queries.close import REVENUE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    import plotly.graph_objects as go

    from dashboard.theme import Theme

HEIGHT: Final = 320
#: What the sentence can be about, the first that moved: net amounts before parts that cancel out in them.
_MEASURES: Final = {
    "revenue_total": "Revenue",
    "overage_revenue": "Overage revenue",
    "billings": "Billings",
    "refunds": "Refunds",
    "escheat": "Escheat",
    "revenue_breakage": "Breakage",
    "revenue_adjustment": "Adjustments",
    "revenue_delivery": "Delivery",
}
#: At least a year is drawn, so that a month is seen in its place.
_MONTHS_DRAWN: Final = 12
_MONTHS_LABELLED: Final = 14


def finding(
    months: pl.DataFrame, ends: Sequence[date], since: date, late_count: int, other_count: int, currency: str
) -> Finding:
    """Which months moved, by how much, and why.

    Args:
        months: moved_months in one currency, at least one of them.
        ends: the ends of the periods compared; the first holds everything up to it.
        since: the day of the earlier snapshot.
        late_count: deliveries that became known since.
        other_count: other source rows that changed.
        currency: the currency of the amounts.
    """
    why = [fmt.count(late_count, "late posting")] if late_count else []
    if other_count:
        why.append(f"{fmt.count(other_count, 'other change' if late_count else 'change')} in the source rows")
    title = f"{_what_moved(months, ends, currency)} since the snapshot of {fmt.day(since, ends[-1])}"
    return Finding(f"{title}; {' and '.join(why)}" if why else title, _subtitle(months, currency))


def draw(months: pl.DataFrame, ends: Sequence[date], currency: str, theme: Theme) -> go.Figure | None:
    """Bars of each month's change, its components upon one another; None where no revenue moved.

    Args:
        months: moved_months in one currency.
        ends: the ends of the periods compared; the first holds everything up to it.
        currency: the currency of the amounts.
        theme: the palette.
    """
    changes = months.filter(pl.any_horizontal(pl.col(REVENUE) != 0))
    if changes.is_empty():
        return None
    drawn = list(ends[min(ends.index(changes["period_end"][0]), max(len(ends) - _MONTHS_DRAWN, 0)) :])
    rows = pl.DataFrame({"period_end": drawn}).join(changes, on="period_end", how="left", maintain_order="left")
    rows = rows.with_columns(pl.col(*REVENUE, "revenue_total").fill_null(0))
    components = {
        "revenue_ratable": ("ratable", theme.ratable),
        "revenue_delivery": ("delivery", theme.actual),
        "revenue_breakage": ("breakage", theme.attention),
        "revenue_adjustment": ("adjustment", theme.context),
    }
    moving = {name: said for name, said in components.items() if (rows[name] != 0).any()}
    figure = blank(theme, height=HEIGHT)
    _bars(figure, rows, moving, currency)
    _totals(figure, rows, currency, theme)
    key(figure, [("■", label, colour) for label, colour in moving.values()])
    ups, downs = (_stacked(rows, sign) for sign in (1, -1))
    figure.update_layout(barmode="relative", yaxis=money_axis([*ups, *downs], currency, 4))
    figure.update_xaxes(
        tickvals=list(range(len(drawn))), ticktext=_labels(drawn, ends), range=[-0.6, len(drawn) - 0.4], showline=False
    )
    figure.add_shape(type="line", x0=0, x1=1, xref="x domain", y0=0, y1=0, line={"color": theme.context, "width": 1})
    return figure


def _bars(figure: go.Figure, rows: pl.DataFrame, moving: Mapping[str, tuple[str, str]], currency: str) -> None:
    for name, (what, colour) in moving.items():
        figure.add_bar(
            x=list(range(rows.height)),
            y=rows[name].cast(pl.Float64).to_list(),
            width=0.6,
            marker={"color": colour, "line": {"width": 0}},
            hovertext=[
                f"<b>{end:%B %Y}</b><br>{what} {fmt.money_in_full(change, currency)}"
                f"<br>in total {fmt.money_in_full(total, currency)}"
                for end, change, total in rows.select("period_end", name, "revenue_total").iter_rows()
            ],
            hoverinfo="text",
        )


def _totals(figure: go.Figure, rows: pl.DataFrame, currency: str, theme: Theme) -> None:
    """Each month's change in total, over its bar or under it."""
    if rows.height > _MONTHS_LABELLED:
        return
    labels = []
    for index, total in enumerate(rows["revenue_total"]):
        if total:
            edge = _stacked(rows[index], 1 if total > 0 else -1)[0]
            side = {"yanchor": "bottom", "yshift": 2} if total > 0 else {"yanchor": "top", "yshift": -2}
            labels.append(label(fmt.change(total, currency), index, edge, theme.ink, **side))
    write(figure, *labels)


def _stacked(rows: pl.DataFrame, sign: int) -> list[float]:
    """How far the bars of each month reach above nil, or below it."""
    reach = pl.sum_horizontal((sign * pl.col(name).cast(pl.Float64)).clip(0) for name in REVENUE)
    heights: list[float] = rows.select(sign * reach).to_series().to_list()
    return heights


def _labels(drawn: list[date], ends: Sequence[date]) -> list[str]:
    labels = month_labels(drawn)
    apart = -(-len(labels) // _MONTHS_LABELLED)
    if drawn[0] == ends[0]:
        labels[0] = f"to {labels[0]}"
    return [label if index % apart == 0 else "" for index, label in enumerate(labels)]


def _what_moved(months: pl.DataFrame, ends: Sequence[date], currency: str) -> str:
    measure = next((name for name in _MEASURES if (months[name] != 0).any()), None)
    if measure is None:
        return f"Amounts of {_named(months['period_end'], ends)} moved between contracts, nil in total,"
    moved = months.filter(pl.col(measure) != 0).sort(pl.col(measure).abs(), descending=True)
    change = moved[measure].sum()
    subject = f"{_MEASURES[measure]} of {_named(moved['period_end'], ends)} moved"
    if not change:
        return f"{subject}, nil in total,"
    is_small = fmt.money(change, currency) == fmt.money(0, currency)
    by = fmt.money_in_full(change, currency) if is_small else fmt.change(change, currency)
    return f"{subject} by {by}{' in total' if moved.height > 1 else ''}"


def _named(period_ends: pl.Series, ends: Sequence[date]) -> str:
    """The first of some months by name, the others by their number."""
    first = period_ends[0]
    name = f"{first:%B}" if first.year == ends[-1].year else f"{first:%B %Y}"
    month = f"the time up to {name}" if first == ends[0] else name
    others = period_ends.len() - 1
    return f"{month} and {fmt.count(others, 'more month')}" if others else month


def _subtitle(months: pl.DataFrame, currency: str) -> str:
    totals = {name: months[name].sum() for name in ("overage_revenue", "billings", "refunds", "escheat")}
    also = [f"{_MEASURES[name].lower()} by {fmt.change(total, currency)}" for name, total in totals.items() if total]
    said = f" Also moved: {', '.join(also)}." if also else ""
    return f"Change of each month's revenue by component, {currency}.{said}"
