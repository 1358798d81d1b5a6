"""Whom and what the Burn-down page is about: the client, contract or lot of the link, else whom to call first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl
import streamlit as st

from dashboard.parts import plain
from dashboard.tables import picked

if TYPE_CHECKING:
    from collections.abc import Callable

    from dashboard.session import View

CLIENT: Final = "client"
CONTRACT: Final = "contract"
LOT: Final = "lot"
#: Choices of the what-if: those about one lot say nothing about another.
WHAT_IF: Final = ("extra", "extension", "carry_over", "cap")
#: What a link may name, the narrowest first, and where its ids stand.
_COLUMNS: Final = {LOT: "lot_id", CONTRACT: "contract_id", CLIENT: "account_id"}


@dataclass(frozen=True)
class Selection:
    """The lot shown, and the client whose it is."""

    account_id: str
    lot_id: str


def ranked(watched: pl.DataFrame) -> list[str]:
    """Clients by the money at risk, most first, as client_risk has them.

    Args:
        watched: watch_list.
    """
    clients = watched.group_by("account_id").agg(pl.sum("expected_amount"), pl.min("days_left"))
    return clients.sort("expected_amount", "days_left", "account_id", descending=[True, False, False], nulls_last=True)[
        "account_id"
    ].to_list()


def selected(view: View, watched: pl.DataFrame, balances: pl.DataFrame) -> Selection | None:
    """What to show, or None where the view holds no lot; a link that can't be followed is named.

    Of a client or contract it is the open lot with the most money at risk, else the one that ended last.

    Args:
        view: the view the page shows.
        watched: watch_list, the lot most at risk first.
        balances: lot_balance.
    """
    for name, column in _COLUMNS.items():
        wanted = st.query_params.get(name)
        if wanted is None:
            continue
        found = balances.filter(pl.col(column) == wanted)
        if found.height:
            return _foremost(watched, found)
        st.warning(plain(_missing(view, name, column, wanted)))
    first = ranked(watched)[:1]
    return _foremost(watched, balances.filter(pl.col("account_id").is_in(first))) if first else None


def show(name: str, value: str) -> None:
    """Put a client, contract or lot into the URL, in place of what it named before."""
    for other in _COLUMNS:
        st.query_params.pop(other, None)
    st.query_params[name] = value
    for choice in WHAT_IF:
        if choice in st.session_state:
            st.session_state[choice] = type(st.session_state[choice])(0)


def show_picked(rows: pl.DataFrame, table: str) -> Callable[[], None]:
    """What a click on a row of a table of clients does: show that client."""

    def pick() -> None:
        row = picked(table)
        if row is not None:
            show(CLIENT, rows["account_id"][row])

    return pick


def _foremost(watched: pl.DataFrame, lots: pl.DataFrame) -> Selection:
    """Of some lots the first watched, else the one that ends last."""
    open_lots = watched.filter(pl.col("lot_id").is_in(lots["lot_id"].to_list()))
    by_end = lots.sort("usable_until", "lot_id", descending=True, nulls_last=True)
    return Selection(*(open_lots if open_lots.height else by_end).select("account_id", "lot_id").row(0))


def _missing(view: View, name: str, column: str, wanted: str) -> str:
    """Say whether a client, contract or lot exists but is filtered out, and by what."""
    everything = view.unfiltered().ask("lot_balance").filter(pl.col(column) == wanted)
    instead = "showing whom to call first"
    if everything.is_empty():
        return f"There is no {name} “{wanted}”; {instead}."
    row = everything.row(0, named=True)
    hiding = [f"{name} {value}" for name, value in view.filters.items() if row.get(name, value) != value]
    return f"The {name} “{wanted}” is hidden by {' and '.join(hiding) or 'the filters'}; {instead}."
