"""The client a page is about: pickers, what its lots come to, and the lots side by side in time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl
import streamlit as st

from dashboard import format as fmt
from dashboard.charts import lot_timeline
from dashboard.explain import Behind
from dashboard.parts import finding
from dashboard.selection import CLIENT, LOT, show
from dashboard.session import current_theme

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from dashboard.selection import Selection
    from dashboard.session import View

_STATEMENT: Final = "app_pages/statement.py"
#: The order in which a client's lots are offered.
_STATUSES: Final = ("open", "grace", "upcoming", "exhausted", "ended")


def pick(first: list[str], balances: pl.DataFrame, chosen: Selection) -> None:
    """Draw the pickers of client and lot, and the way to the client's statement.

    Args:
        first: clients with open lots, whom to call first on top.
        balances: lot_balance of everybody.
        chosen: what is shown.
    """
    names = dict(balances.sort("account_name").select("account_id", "account_name").iter_rows())
    lots = {row["lot_id"]: row for row in lots_of(balances, chosen).iter_rows(named=True)}
    client_place, lot_place, button = st.columns([4, 6, 2], vertical_alignment="bottom")
    with client_place:
        _picker("Client", CLIENT, list(dict.fromkeys([*first, *names])), chosen.account_id, names)
    with lot_place:
        _picker("Lot", LOT, list(lots), chosen.lot_id, {lot_id: _lot_in_words(row) for lot_id, row in lots.items()})
    with button:
        if st.button(
            "Statement", key="to_statement", width="stretch", help="What the client is told of the last whole month."
        ):
            st.switch_page(_STATEMENT, query_params={CLIENT: chosen.account_id})


def lots_of(balances: pl.DataFrame, chosen: Selection) -> pl.DataFrame:
    """The client's lots: open first, then to come, used up and ended; of each the one that ends last first."""
    rank = pl.col("status").replace_strict({status: place for place, status in enumerate(_STATUSES)})
    return balances.filter(account_id=chosen.account_id).sort(
        rank, "usable_until", "lot_id", descending=[False, True, False], nulls_last=True
    )


def timeline(view: View, lots: pl.DataFrame, risk: Mapping[str, Any] | None, lot_id: str) -> None:
    """The client's lots in time, under what they come to.

    Args:
        view: the view the page shows.
        lots: lot_balance of the client's lots.
        risk: its row of client_risk, where it has an open lot.
        lot_id: the lot shown above.
    """
    said = lot_timeline.finding(lots, risk, view.currency)
    drawn = lot_timeline.draw(lots, lot_id, view.as_of, current_theme())
    finding(said, drawn, "lots", Behind(view, "lot_balance", rows=lambda: lots))


def _picker(label: str, name: str, options: list[str], chosen: str, words: Mapping[str, str]) -> None:
    key = f"_{name}"
    st.session_state[key] = chosen
    st.selectbox(label, options, key=key, format_func=lambda one: words.get(one, one), on_change=_follow, args=(name,))


def _follow(name: str) -> None:
    show(name, st.session_state[f"_{name}"])


def _lot_in_words(row: Mapping[str, Any]) -> str:
    left = fmt.of_total(row["remaining_quantity"], row["granted_quantity"], row["unit"])
    stands = {
        "upcoming": f"from {fmt.full_day(row['valid_from'])}",
        "exhausted": "used up",
        "ended": f"ended {fmt.full_day(row['usable_until'])}" if row["usable_until"] else "ended",
    }
    end = f", to {fmt.full_day(row['usable_until'])}" if row["usable_until"] else ""
    return f"{row['lot_id']}: {row['service']}, {stands.get(row['status'], f'{left}{end}')}"
