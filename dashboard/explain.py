"""From any number to what it means, how it is computed, its SQL, and the rows behind it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import polars as pl
import streamlit as st

from dashboard import format as fmt
from dashboard.computed import computed
from dashboard.downloads import table_downloads
from dashboard.fragments import fragment
from dashboard.parts import muted, plain
from dashboard.sign_in import still_let_in
from dashboard.tables import day_column, table, text_column
from queries import catalog

if TYPE_CHECKING:
    from collections.abc import Callable

    from dashboard.session import View

_ROWS_VISIBLE: Final = 6


@dataclass(frozen=True)
class Behind:
    """What a number or a chart comes from.

    Attributes:
        view: the view it holds for.
        figure: the figure it is read from, as in `queries/<figure>.sql`.
        column: the column of the figure that it is; None for a chart, or where the rows are counted.
        rows: asks for the rows it adds up or counts; None asks the figure itself.
        adds: the column of those rows that adds up to it.
        how: how it is computed, where the rows are no figure.
    """

    view: View
    figure: str
    column: str | None = None
    rows: Callable[[], pl.DataFrame] | None = None
    adds: str | None = None
    how: str | None = None

    def explain(self, label: str, key: str) -> None:
        """A quiet button beside the number; what it opens is computed when it is opened, without the rest of the page.

        Args:
            label: what the page calls the number or chart.
            key: names the button.
        """
        _popover(self, label, key)


@fragment
def _popover(behind: Behind, label: str, key: str) -> None:
    with st.popover(":small[:gray[Explain]]", type="tertiary", on_change="rerun", key=f"explain_{key}") as popover:
        if popover.open:
            still_let_in(behind.view.scope)
            _show(behind, label)


def _show(behind: Behind, label: str) -> None:
    if behind.column is not None:
        meaning = next(one.meaning for one in catalog.figure(behind.figure).columns if one.name == behind.column)
        st.markdown(f"**{plain(label)}**: {plain(meaning)}.")
    _rows(behind, label)
    computed(behind.figure, behind.how)


def _rows(behind: Behind, label: str) -> None:
    rows = behind.rows() if behind.rows else behind.view.ask(behind.figure)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        muted(_counted(rows, behind.adds))
        with st.container(horizontal=True, width="content", gap="small"):
            table_downloads(f"Behind {label}", behind.figure, rows, behind.view, behind.how)
    names = rows.columns
    if behind.adds:
        names = [names[0], behind.adds, *(name for name in names[1:] if name != behind.adds)]
    columns = {name: day_column(name) if rows[name].dtype == pl.Date else text_column(name) for name in names}
    table(rows, columns, key=f"behind_{label}", alt=f"Rows behind {label}", visible_rows=_ROWS_VISIBLE)


def _counted(rows: pl.DataFrame, adds: str | None) -> str:
    """How many rows there are, and what they add up to, to the last digit."""
    behind = f"{fmt.count(rows.height, 'row')} behind it"
    return behind if adds is None else f"{behind}; {adds} adds up to {sum(rows[adds], Decimal(0)):,}"
