"""What a contract's units were used for: by service, project or department, or line by line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import streamlit as st

from dashboard.filters import check, forget
from dashboard.parts import muted
from dashboard.tables import day_column, money_column, quantity_column, section, table, text_column

if TYPE_CHECKING:
    from collections.abc import Callable

    from dashboard.lot import Lot
    from dashboard.session import View

_NAME: Final = "delivered"


def draw(view: View, lot: Lot) -> None:
    """Draw the choice; what it shows is computed when it is opened."""
    with st.expander(
        f"What was delivered under {lot.contract_id}", on_change="rerun", key="open_delivered"
    ) as expander:
        if expander.open:
            _chosen(view, lot)


@st.fragment
def _chosen(view: View, lot: Lot) -> None:
    ways = list(_WAYS)
    check(_NAME, ways, ways[0])
    by = st.segmented_control(
        "Delivered",
        ways,
        default=ways[0],
        required=True,
        key=_NAME,
        bind="query-params",
        on_change=forget,
        args=(_NAME,),
        label_visibility="collapsed",
    )
    _WAYS[by](view, lot)


def _services(view: View, lot: Lot) -> None:
    rows = view.ask("consumption_by_service", contract=lot.contract_id)
    if _nothing(rows.height, lot.contract_id):
        return
    section("By service", "consumption_by_service", rows, view)
    table(
        rows,
        {
            "service_type": text_column("Service"),
            "delivery_count": st.column_config.NumberColumn("Deliveries"),
            "delivered_quantity": quantity_column("Delivered"),
            "overage_quantity": quantity_column("Beyond the lots", "Of the units delivered, those no lot covers."),
            "unit": text_column("Unit"),
            "amount": money_column("Price", lot.currency),
        },
        key="services",
        alt="Deliveries by service",
        visible_rows=6,
    )


def _projects(view: View, lot: Lot) -> None:
    rows = view.ask("consumption_by_project", contract=lot.contract_id)
    if _nothing(rows.height, lot.contract_id):
        return
    section("By project", "consumption_by_project", rows, view)
    table(
        rows,
        {
            "project_name": text_column("Project"),
            "program_name": text_column("Programme"),
            "delivery_count": st.column_config.NumberColumn("Deliveries"),
            "delivered_quantity": quantity_column("Delivered"),
            "unit": text_column("Unit"),
            "first_on": day_column("First"),
            "last_on": day_column("Last"),
        },
        key="projects",
        alt="Deliveries by project",
        visible_rows=6,
    )


def _departments(view: View, lot: Lot) -> None:
    rows = view.ask("consumption_by_department", contract=lot.contract_id)
    if _nothing(rows.height, lot.contract_id):
        return
    section("By department", "consumption_by_department", rows, view)
    table(
        rows,
        {
            "department": text_column("Department"),
            "delivery_count": st.column_config.NumberColumn("Deliveries"),
            "delivered_quantity": quantity_column("Delivered", "Its shares of the units delivered."),
            "unit": text_column("Unit"),
            "first_on": day_column("First"),
            "last_on": day_column("Last"),
        },
        key="departments",
        alt="Deliveries by department",
        visible_rows=6,
    )


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


_WAYS: Final[dict[str, Callable[[View, Lot], None]]] = {
    "By service": _services,
    "By project": _projects,
    "By department": _departments,
    "Line by line": _lines,
}
