"""From a row to what is behind it: the section shown and the contract it is about, both kept in the URL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import streamlit as st

from dashboard.filters import check, forget
from dashboard.parts import muted
from dashboard.tables import picked

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import polars as pl

SECTIONS: Final = ("Policies", "Scenario", "Position", "Departments", "Judgement", "Journal", "Derivation")
VIEW: Final = "view"
CONTRACT: Final = "contract"
POLICY: Final = "policy"
#: The policy an amount is derived under: the four, booked, or the scenario of the link.
UNDER: Final = "under"
SCENARIO: Final = "the scenario"
PERIOD: Final = "period"
#: What the derivation calls the whole span, and everything up to its last day.
SPAN: Final = "the span"
TO_DATE: Final = "to date"


def hint() -> None:
    """What a click on a row does."""
    muted("Select a row to see how its amount is derived: lots, deliveries and rules.")


def derive(rows: pl.DataFrame, table: str, policy: str | None = None, period: str | None = None) -> Callable[[], None]:
    """What a click on a row of a table with contracts does: show the derivation of its amount.

    Args:
        rows: the table's rows, with contract_id.
        table: the table's key.
        policy: what the amount clicked is recognised under; None leaves the one last looked at.
        period: its period, as the derivation calls it.
    """

    def pick() -> None:
        row = picked(table)
        if row is None:
            return
        st.query_params[CONTRACT] = rows["contract_id"][row]
        for name, value in ((UNDER, policy), (PERIOD, period)):
            if value is not None:
                st.query_params[name] = value
        st.session_state[VIEW] = "Derivation"

    return pick


def linked(label: str, name: str, options: Sequence[str], default: str, *, hidden: bool = False) -> str:
    """A choice kept in the URL that a click elsewhere may make as well, which a bound widget would not allow."""
    check(name, options, default)
    wanted = st.query_params.get(name, default)
    key = f"_{name}"
    st.session_state[key] = wanted if wanted in options else default
    st.selectbox(
        label,
        options,
        key=key,
        on_change=_follow,
        args=(name, default),
        label_visibility="collapsed" if hidden else "visible",
    )
    chosen: str = st.session_state[key]
    return chosen


def _follow(name: str, default: str) -> None:
    """Put a choice into the URL; the default needs no mention there."""
    forget(name)
    chosen = st.session_state[f"_{name}"]
    if chosen == default:
        st.query_params.pop(name, None)
    else:
        st.query_params[name] = chosen
