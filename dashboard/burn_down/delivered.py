"""What a contract's units were used for: by service, project or department, or line by line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import streamlit as st

from dashboard.filters import segments
from dashboard.fragments import fragment
from dashboard.parts import muted
from dashboard.tables import day_column, money_column, quantity_column, section, table, text_column

if TYPE_CHECKING:
    from streamlit.elements.lib.column_types import ColumnConfig

    from dashboard.lot import Lot
    from dashboard.session import View

_NAME: Final = "delivered"
_LINE_BY_LINE: Final = "Line by line"


def draw(view: View, lot: Lot) -> None:
    """Draw the choice; what it shows is computed when it is opened."""
    with st.expander(
        f"What was delivered under {lot.contract_id}", on_change="rerun", key="open_delivered"
    ) as expander:
        if expander.open:
            _chosen(view, lot)


@fragment
def _chosen(view: View, lot: Lot) -> None:
    ways = [*_summed_by(lot), _LINE_BY_LINE]
    by = segments("Delivered", ways, _NAME)
    if by == _LINE_BY_LINE:
        _lines(view, lot)
    else:
        _summed(view, lot, by, *_summed_by(lot)[by])


def _summed(view: View, lot: Lot, by: str, figure: str, columns: dict[str, ColumnConfig]) -> None:
    rows = view.ask(figure, contract=lot.contract_id)
    if _nothing(rows.height, lot.contract_id):
        return
    section(by, figure, rows, view)
    table(rows, columns, key=figure, alt=f"Deliveries {by[0].lower()}{by[1:]}", visible_rows=6)


def _lines(view: View, lot: Lot) -> None:
    (contract,) = view.source("contracts", contract=lot.contract_id).iter_rows(named=True)
    first = min(contract["starts_on"], contract["booked_on"])
    rows = view.ask("deliveries", contract=lot.contract_id, first_day=first, last_day=view.as_of).reverse()
    if _nothing(rows.height, lot.contract_id):
        return
    section("Line by line, the latest first", "deliveries", rows, view)
    table(
        rows,
        {
            "service_date": day_column("Delivered"),
            "service_type": text_column("Service"),
            "project_name": text_column("Project"),
            "departments": text_column("By"),
            "quantity": quantity_column("Units"),
            "unit": text_column("Unit"),
            "lots_drawn": text_column("Lots"),
            "overage_quantity": quantity_column("Beyond the lots"),
            "drawn_amount": money_column("Price", lot.currency),
        },
        key="delivery_lines",
        alt="Deliveries line by line",
        visible_rows=8,
    )


def _nothing(count: int, contract_id: str) -> bool:
    if not count:
        muted(f"Nothing has been delivered under {contract_id} yet.")
    return not count


def _summed_by(lot: Lot) -> dict[str, tuple[str, dict[str, ColumnConfig]]]:
    """The sums on offer, each with its figure and columns."""
    count, unit = st.column_config.NumberColumn("Deliveries"), text_column("Unit")
    span = {"first_on": day_column("First"), "last_on": day_column("Last")}
    return {
        "By service": (
            "consumption_by_service",
            {
                "service_type": text_column("Service"),
                "delivery_count": count,
                "delivered_quantity": quantity_column("Delivered"),
                "overage_quantity": quantity_column("Beyond the lots", "Of the units delivered, those no lot covers."),
                "unit": unit,
                "amount": money_column("Price", lot.currency),
            },
        ),
        "By project": (
            "consumption_by_project",
            {
                "project_name": text_column("Project"),
                "program_name": text_column("Programme"),
                "delivery_count": count,
                "delivered_quantity": quantity_column("Delivered"),
                "unit": unit,
                **span,
            },
        ),
        "By department": (
            "consumption_by_department",
            {
                "department": text_column("Department"),
                "delivery_count": count,
                "delivered_quantity": quantity_column("Delivered", "Its shares of the units delivered."),
                "unit": unit,
                **span,
            },
        ),
    }
