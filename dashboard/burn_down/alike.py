"""Why the forecast is what it is: the ended lots it rests on, and how they burnt down."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import streamlit as st

from dashboard.charts import analogs
from dashboard.parts import finding, muted
from dashboard.session import current_theme
from dashboard.tables import day_column, quantity_column, section, share_column, table, text_column
from queries.scope import EVERYTHING

if TYPE_CHECKING:
    from dashboard.lot import Lot
    from dashboard.session import View

_NOTHING: Final = (
    "No lot had ended by then that this one could be compared with: the forecast is the pace so far, in doubt."
)
_NOTHING_OF_YOURS: Final = "None of the ended lots that the forecast rests on is one of yours."


def draw(view: View, lot: Lot) -> None:
    """Draw the way to them; they are looked for when it is opened."""
    if lot.forecast is None:
        return
    with st.expander("Why: the ended lots this forecast rests on", on_change="rerun", key="open_alike") as expander:
        if expander.open:
            _shown(view, lot)


def _shown(view: View, lot: Lot) -> None:
    curves = view.ask("analogs", lot=lot.lot_id)
    if curves.is_empty():
        muted(_NOTHING if view.scope == EVERYTHING else _NOTHING_OF_YOURS)
        return
    own = view.ask("burn_curves", contract=lot.contract_id).filter(lot_id=lot.lot_id)
    finding(analogs.finding(curves), analogs.draw(curves, own, current_theme()), key="analogs")
    alike = curves.unique("analog_no", maintain_order=True)
    section("The lots compared with", "analogs", alike, view)
    table(
        alike,
        {
            "service": text_column("Service"),
            "quantity": quantity_column("Units"),
            "unit": text_column("Unit"),
            "term_days": st.column_config.NumberColumn("Days of term"),
            "ended_on": day_column("Ended"),
            "unused_share": share_column("Left unused"),
            "weight": share_column("Weight"),
        },
        key="alike",
        alt="Ended lots the forecast rests on",
        visible_rows=6,
    )
