"""From a row to another page about it: a click is noted by the callback, and followed when the page runs again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import streamlit as st

from dashboard.tables import picked

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl

_TO: Final = "_jump_to"


def open_picked(page: str, rows: pl.DataFrame, table: str, **parameters: str) -> Callable[[], None]:
    """What a click on a row of a table does: open another page about it.

    Args:
        page: the file of the page in app_pages.
        rows: the table's rows.
        table: the table's key.
        **parameters: parameters of the link, each with the column that holds its value.
    """

    def pick() -> None:
        row = picked(table)
        if row is not None:
            found = {name: rows[column][row] for name, column in parameters.items()}
            st.session_state[_TO] = (page, {name: str(value) for name, value in found.items() if value is not None})

    return pick


def follow() -> None:
    """Go where a click led, if one did: a callback can't."""
    if (to := st.session_state.pop(_TO, None)) is not None:
        page, parameters = to
        st.switch_page(f"app_pages/{page}.py", query_params=parameters)
