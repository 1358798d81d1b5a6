"""How a figure is computed: its header in the words of its own file, and its SQL."""

from __future__ import annotations

import polars as pl
import streamlit as st

from dashboard.parts import muted, plain
from queries import catalog


def computed(name: str, how: str | None = None) -> None:
    """How a figure is computed, in its header's own words and its SQL; `how` tells it where it is no figure."""
    if how is not None:
        st.markdown(plain(how))
        return
    figure = catalog.figure(name)
    st.markdown(plain(figure.meaning))
    muted(f"{figure.grain}. Rules {figure.rules}. Reads {', '.join(figure.reads)}.")
    st.table(
        pl.DataFrame(
            {
                "column": [column.name for column in figure.columns],
                "type": [column.type for column in figure.columns],
                "meaning": [plain(column.meaning) for column in figure.columns],
            }
        ),
        hide_index=True,
        alt=f"Columns of {name}",
    )
    st.code(figure.sql, language=None, wrap_lines=True)
