"""The headline figures of a lot, each with its change and the rows behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from dashboard import format as fmt
from dashboard.explain import Behind
from dashboard.lot import nil
from dashboard.parts import Stat

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from dashboard.lot import Forecast, Lot, Reach
    from dashboard.session import View


def stats(view: View, earlier: View | None, lot: Lot) -> list[Stat]:
    """Three to five figures, those that fit how the lot stands.

    Args:
        view: the view the page shows.
        earlier: what its figures are compared with, if there is anything.
        lot: the lot.
    """
    if lot.status == "upcoming":
        days = [("First usable day", lot.valid_from), ("Last usable day", lot.usable_until)]
        bought = Stat("Bought", fmt.quantity(lot.granted, lot.unit))
        return [bought, *(Stat(label, fmt.full_day(on) if on else "none") for label, on in days)]
    if lot.forecast is None:
        return _settled(view, _was(earlier, "lot_balance", lot), lot)
    was = _was(earlier, "watch_list", lot)
    left = _units(view, lot, "Remaining", lot.remaining, was.get("remaining_quantity"), "burn_down")
    shown = [left, *_forecast(view, lot, lot.forecast, was)]
    return shown if lot.reach is None else [*shown, _act_by(view, lot, lot.reach)]


def _settled(view: View, was: Mapping[str, Any], lot: Lot) -> list[Stat]:
    """Of a lot that nothing is forecast of."""
    worth = Stat(
        "Worth",
        fmt.money(lot.remaining_amount, lot.currency),
        lot.remaining_amount - was["remaining_amount"] if was else None,
        "Price of what remains.",
        _behind(view, lot, "lot_balance", "remaining_amount"),
    )
    units = [
        _units(view, lot, label, now, was.get(column), "lot_balance", column)
        for label, now, column in (
            ("Remaining", lot.remaining, "remaining_quantity"),
            ("Used", lot.drawn, "drawn_quantity"),
            ("Lapsed", lot.lapsed, "lapsed_quantity"),
        )
    ]
    return [units[0], worth, *units[1:], *_beyond(view, lot)]


def _beyond(view: View, lot: Lot) -> list[Stat]:
    """Units of the contract delivered although no lot was left for them, where there are any."""
    total = view.ask("contract_totals", contract=lot.contract_id).filter(unit=lot.unit)["overage_quantity"].sum()
    if not total:
        return []
    behind = Behind(
        view,
        "overage",
        "quantity",
        lambda: view.ask("overage", contract=lot.contract_id).filter(pl.col("service_date") <= view.as_of),
    )
    meaning = f"Delivered under {lot.contract_id} beyond all its lots."
    return [Stat("Beyond the lots", fmt.quantity(total, lot.unit), help=meaning, behind=behind)]


def _forecast(view: View, lot: Lot, forecast: Forecast, was: Mapping[str, Any]) -> list[Stat]:
    """What is forecast, and the pace that would change it; `was` is the lot's row of watch_list before."""
    expected, before = fmt.rough(forecast.expected), was.get("expected_quantity")
    return [
        _units(view, lot, "Forecast unused", expected, before and fmt.rough(before), "watch_list", "expected_quantity"),
        Stat(
            "Money at risk",
            fmt.money(forecast.amount, lot.currency),
            forecast.amount - was["expected_amount"] if was else None,
            f"Price of the units forecast unused; {fmt.money(lot.remaining_amount, lot.currency)} is open.",
            _behind(view, lot, "watch_list", "expected_amount"),
        ),
        _units(
            view,
            lot,
            "Needed a month",
            forecast.required_monthly,
            was.get("required_monthly"),
            "watch_list",
            "required_monthly",
        ),
    ]


def _act_by(view: View, lot: Lot, reach: Reach) -> Stat:
    behind = _behind(view, lot, "lot_reach", "act_by")
    if not reach.monthly:
        return Stat("Act by", "now", help="Nothing was ever used: there is no pace to go by.", behind=behind)
    pace = f"{fmt.quantity(reach.monthly, lot.unit)} a month, its best or twice its recent pace"
    if reach.act_by is not None:
        return Stat("Act by", fmt.full_day(reach.act_by), help=f"Last day to begin at {pace}.", behind=behind)
    left = "it is just too late" if nil(reach.beyond, lot.unit) else f"{fmt.quantity(reach.beyond, lot.unit)} are left"
    return Stat("Act by", "now", help=f"Even at {pace}, {left}.", behind=behind)


def _units(
    view: View, lot: Lot, label: str, now: Decimal, before: Decimal | None, figure: str, column: str | None = None
) -> Stat:
    moved = None if before is None else fmt.quantity_change(now - before, lot.unit)
    behind = _behind(view, lot, figure, column or "remaining_quantity")
    return Stat(label, fmt.quantity(now, lot.unit), moved, behind=behind)


def _behind(view: View, lot: Lot, figure: str, column: str) -> Behind:
    return Behind(view, figure, column, lambda: _rows(view, figure, lot))


def _rows(view: View, figure: str, lot: Lot) -> pl.DataFrame:
    return view.ask(figure, contract=lot.contract_id).filter(lot_id=lot.lot_id)


def _was(view: View | None, figure: str, lot: Lot) -> Mapping[str, Any]:
    """The lot's row of a figure before; empty where there was none."""
    if view is None:
        return {}
    found = _rows(view, figure, lot)
    return found.row(0, named=True) if found.height else {}
