"""Requests in flight on a contract: what is already committed against what is left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from dashboard import format as fmt
from dashboard.parts import muted, plain
from dashboard.tables import day_column, quantity_column, section, table, text_column
from dashboard.work_requests.words import shortfall

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dashboard.session import View


def draw(view: View, contract_id: str) -> None:
    """Draw what was asked for, and whether it is covered; nothing where nothing was."""
    requests = view.ask("open_requests", contract=contract_id)
    if requests.is_empty():
        return
    section(f"Requests in flight on {contract_id}", "open_requests", requests, view)
    for row in view.ask("commitments", contract=contract_id).iter_rows(named=True):
        if row["is_over_committed"]:
            st.warning(plain(commitment(row)))
        else:
            muted(commitment(row))
    table(
        requests,
        {
            "title": text_column("Request"),
            "project_name": text_column("Project"),
            "quantity": quantity_column("Asked for"),
            "unit": text_column("Unit"),
            "status": text_column("Status"),
            "requested_on": day_column("Requested"),
            "scheduled_for": day_column("Scheduled"),
        },
        key="requests",
        alt="Requests not yet delivered",
        visible_rows=6,
    )
    st.page_link("app_pages/requests.py", label="All requests, by programme and project")


def commitment(row: Mapping[str, Any]) -> str:
    """What is booked on a contract and waits for approval, against what it holds.

    Args:
        row: a row of commitments.
    """
    booked, waiting, held = (
        fmt.quantity(quantity, row["unit"])
        for quantity in (
            row["booked_quantity"],
            row["requested_quantity"],
            row["usable_quantity"] + row["upcoming_quantity"],
        )
    )
    pending = f"; waiting for approval: {waiting}" if row["requested_quantity"] else ""
    said = f"Booked: {booked} of the {held} the contract holds{pending}"
    return f"{said}: {shortfall(row)}." if row["is_over_committed"] else f"{said}."
