"""What if more were booked a month, the end moved, or units carried over: answered from the forecast's draws."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import streamlit as st

from dashboard import format as fmt
from dashboard.charts.base import nice_ticks
from dashboard.charts.burn_down import Fan
from dashboard.explain import Behind
from dashboard.filters import check
from dashboard.lot import nil
from dashboard.parts import muted, plain
from dashboard.selection import WHAT_IF
from queries.calendar import months_after

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from dashboard.lot import Forecast, Lot
    from dashboard.session import View

_EXTRA, _EXTENSION, _CARRY_OVER, _CAP = WHAT_IF
_MONTHS: Final = 12
#: Stops of the sliders that count units.
_STOPS: Final = 60


@dataclass(frozen=True)
class Question:
    """What is supposed: units more a month, months more, and months of carry-over with a cap; nil is as things are."""

    extra: float = 0.0
    extension: int = 0
    carry_over: int = 0
    cap: float = 0.0

    @property
    def is_asked(self) -> bool:
        """Whether anything is supposed; a cap alone is nothing."""
        return bool(self.extra or self.extension or self.carry_over)


def choose(lot: Lot, forecast: Forecast) -> Question:
    """Draw the sliders; what they are set to."""
    unit = lot.unit if fmt.is_money(lot.unit) else fmt.unit_in_words(lot.unit)
    most, all_left = (
        _round_up(1.5 * float(_nine_in_ten(lot, forecast) or forecast.required_monthly)),
        float(lot.remaining),
    )
    extra, extension, carry_over, cap = st.columns(4)
    with extra:
        more = _units(f"Book more a month, {unit}", _EXTRA, most)
    with extension:
        later = _months("Move the end by", _EXTENSION)
    with carry_over:
        carried = _months("Then carry over for", _CARRY_OVER)
    with cap:
        at_most = _units(f"at most, {unit}; 0: all", _CAP, _round_up(all_left), is_idle=not carried)
    return Question(more, later, carried, at_most)


def ask(view: View, lot: Lot, question: Question) -> pl.DataFrame | None:
    """What lot_what_if says; None where the lot has no end or nothing is supposed."""
    if lot.usable_until is None or not question.is_asked:
        return None
    end = months_after(lot.usable_until, question.extension)
    return view.ask(
        "lot_what_if",
        contract=lot.contract_id,
        lot=lot.lot_id,
        more_monthly=question.extra,
        added_days=(end - lot.usable_until).days,
        carried_days=(months_after(end, question.carry_over) - end).days,
        carried_at_most=question.cap or float(lot.remaining),
    )


def fan(rows: pl.DataFrame) -> Fan:
    """What the answer, lot_what_if, looks like on the burn-down."""
    row = rows.row(0, named=True)
    levels = {name: row[f"{name}_quantity"] for name in ("expected", "low", "high", "lower", "upper")}
    return Fan(end=row["usable_until"], amount=row["expected_amount"], **levels)


def answer(row: Mapping[str, Any], question: Question) -> str:
    """What would be left, and how likely nothing would, in a sentence.

    Args:
        row: a row of lot_what_if.
        question: what was supposed.
    """
    unit = row["unit"]
    now, left = (fmt.quantity(fmt.rough(row[f"{name}_quantity"]), unit) for name in ("forecast", "expected"))
    interval = fmt.quantity_range(fmt.rough(row["low_quantity"]), fmt.rough(row["high_quantity"]), unit)
    worth = "" if fmt.is_money(unit) else f", worth {fmt.money(row['expected_amount'], row['currency'])},"
    before, after = f"{row['forecast_chance']:.0%}", f"{row['used_up_chance']:.0%}"
    moves = "rises" if row["used_up_chance"] > row["forecast_chance"] else "falls"
    chance = f"stays {after}" if before == after else f"{moves} from {before} to {after}"
    left = f"{left} ({interval}){worth} would be left instead of {now}"
    return f"With {_supposed(question, unit)}, {left}, and the chance of using it all {chance}."


def show(view: View, lot: Lot, forecast: Forecast, question: Question, rows: pl.DataFrame | None) -> None:
    """The answer, lot_what_if; before anything is asked, what it would take."""
    if rows is None:
        muted(_hint(lot, forecast))
        return
    with st.container(horizontal=True, gap="xsmall"):
        with st.container(width="stretch"):
            st.markdown(f"**{plain(answer(rows.row(0, named=True), question))}**")
        with st.container(width="content"):
            Behind(view, "lot_what_if", "expected_quantity", lambda: rows).explain("What if", "what_if")


def _hint(lot: Lot, forecast: Forecast) -> str:
    more = _nine_in_ten(lot, forecast)
    if not more:
        return "What if: move a slider to see what it changes. As things are, nothing is left in nine of ten cases."
    needed = fmt.quantity(fmt.rough(more), lot.unit)
    return (
        f"What if: move a slider to see what it changes. On top of what is forecast, {needed} a month would use it all"
        " in nine of ten cases."
    )


def _nine_in_ten(lot: Lot, forecast: Forecast) -> Decimal:
    """Units a month on top of what is forecast that leave nothing in nine of ten cases."""
    monthly = (lot.remaining - forecast.high) * 30 / max(forecast.days_left, 1)
    more = forecast.required_monthly - monthly
    return Decimal(0) if nil(more, lot.unit) else more


def _supposed(question: Question, unit: str) -> str:
    """What was supposed, as a sentence lists it."""
    parts = []
    if question.extra:
        parts.append(f"{fmt.quantity(question.extra, unit)} more a month")
    if question.extension:
        parts.append(f"the end {fmt.count(question.extension, 'month')} later")
    if question.carry_over:
        cap = f"up to {fmt.quantity(question.cap, unit)}" if question.cap else "what is left"
        parts.append(f"{cap} carried over for {fmt.count(question.carry_over, 'month')}")
    return " and ".join(", ".join(parts).rsplit(", ", 1)) if len(parts) > 1 else parts[0]


def _units(label: str, name: str, most: float, *, is_idle: bool = False) -> float:
    _check(name, most)
    step = float(nice_ticks(0, most, _STOPS)[1])
    return st.slider(label, 0.0, most, step=step, format="%g", key=name, bind="query-params", disabled=is_idle)


def _months(label: str, name: str) -> int:
    _check(name, _MONTHS)
    return st.slider(label, 0, _MONTHS, format="%d months", key=name, bind="query-params")


def _check(name: str, most: float) -> None:
    """A slider falls back silently from what it can't be set to: say so."""
    wanted = st.query_params.get(name, "0")
    try:
        fits = 0 <= float(wanted) <= most
    except ValueError:
        fits = False
    check(name, [wanted] if fits else [], "none")


def _round_up(value: float) -> float:
    return float(nice_ticks(0, max(value, 1.0))[-1])
