"""Which lot the Burn-down page is about: the link's, by lot or by contract, else the one most at risk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import streamlit as st

from dashboard.parts import plain
from dashboard.tables import picked

if TYPE_CHECKING:
    from collections.abc import Callable

    from dashboard.session import View


def selected(view: View, ranking: pl.DataFrame, balances: pl.DataFrame) -> str | None:
    """The lot to show, or None where the view holds no lot; a link that can't be followed is named.

    Args:
        view: the view the page shows.
        ranking: watch_list, the lot most at risk first.
        balances: lot_balance, for lots that are no longer or not yet open.
    """
    top = ranking["lot_id"][0] if ranking.height else None
    for key, column in (("lot", "lot_id"), ("contract", "contract_id")):
        wanted = st.query_params.get(key)
        if wanted is None:
            continue
        for lots in (ranking, balances):
            found = lots.filter(pl.col(column) == wanted)
            if found.height:
                return str(found["lot_id"][0])
        st.warning(plain(_missing(view, key, column, wanted)))
    return top


def select(lots: pl.DataFrame, table: str) -> Callable[[], None]:
    """What a click on a row of a table of lots does: put that lot into the URL."""

    def pick() -> None:
        row = picked(table)
        if row is not None:
            st.query_params["lot"] = lots["lot_id"][row]
            st.query_params.pop("contract", None)

    return pick


def _missing(view: View, key: str, column: str, wanted: str) -> str:
    """Say whether a lot or contract exists but is filtered out, and by what."""
    everything = view.unfiltered().ask("lot_balance").filter(pl.col(column) == wanted)
    instead = "showing the lot most at risk"
    if everything.is_empty():
        return f"There is no {key} “{wanted}”; {instead}."
    row = everything.row(0, named=True)
    hiding = [f"{name} {value}" for name, value in view.filters.items() if row.get(name, value) != value]
    return f"The {key} “{wanted}” is hidden by {' and '.join(hiding) or 'the filters'}; {instead}."
