"""Tables to act on: aligned columns, what is filtered as CSV and XLSX, and how each figure is computed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl
import polars.selectors as cs
import streamlit as st

from dashboard import format as fmt
from dashboard.computed import computed
from dashboard.downloads import table_downloads
from dashboard.fragments import fragment
from dashboard.parts import muted, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from streamlit.elements.lib.column_types import ColumnConfig

    from dashboard.session import View

#: More rows than anyone reads; the files have them all.
SHOWN_ROWS: Final = 200

#: Heights of rows, in pixels: of text that fits, and of text that needs two lines; the browser wraps only above 64.
ONE_LINE: Final = 35
TWO_LINES: Final = 66


def money_column(label: str, currency: str, meaning: str | None = None) -> ColumnConfig:
    """Amounts without minor digits, to compare at a glance."""
    return st.column_config.NumberColumn(label, format=f"{fmt.symbol(currency)}%,.0f", help=meaning)


def ledger_column(label: str, currency: str, meaning: str | None = None) -> ColumnConfig:
    """Amounts to the currency's minor digits, to reconcile."""
    digits = fmt.minor_digits(currency)
    return st.column_config.NumberColumn(label, format=f"%,.{digits}f", help=meaning)


def quantity_column(label: str, meaning: str | None = None) -> ColumnConfig:
    """Quantities, whose unit stands in a column of its own."""
    return st.column_config.NumberColumn(label, format="%,.1f", help=meaning)


def day_column(label: str, meaning: str | None = None) -> ColumnConfig:
    """Days, written so that no reader takes the month for the day."""
    return st.column_config.DateColumn(label, format="D MMM YYYY", help=meaning)


def share_column(label: str, meaning: str | None = None) -> ColumnConfig:
    """Shares of 0 to 1 as bars."""
    return st.column_config.ProgressColumn(
        label, format="percent", step=0.01, min_value=0, max_value=1, width=110, help=meaning
    )


def text_column(label: str) -> ColumnConfig:
    """Names."""
    return st.column_config.TextColumn(label)


def with_interval(lots: pl.DataFrame, currency: str) -> pl.DataFrame:
    """The rows of a forecast with its 80% interval in words as the column `interval`; null beyond the rows shown."""
    ends = lots.head(SHOWN_ROWS).select("low_amount", "high_amount").iter_rows()
    words = [f"{fmt.money(low, currency)} to {fmt.money(high, currency)}" for low, high in ends]
    unseen = [None] * (lots.height - len(words))
    return lots.with_columns(pl.Series("interval", [*words, *unseen], dtype=pl.String))


def section(title: str, figure: str, rows: pl.DataFrame, view: View, how: str | None = None) -> None:
    """A table's title, with how it is computed and its files beside it; `how` tells it where the rows are no figure."""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.header(plain(title), anchor=False, width="content")
        with st.container(horizontal=True, width="content", gap="small"):
            _how_computed(figure, title, how)
            table_downloads(title, figure, rows, view, how)


def table(
    rows: pl.DataFrame,
    columns: Mapping[str, ColumnConfig],
    *,
    key: str,
    alt: str,
    visible_rows: int = 10,
    row_pixels: int = ONE_LINE,
    on_pick: Callable[[], None] | None = None,
) -> None:
    """Rows with the columns named.

    Args:
        rows: the rows, in order.
        columns: what is shown of them.
        key: names the table.
        alt: says what it shows.
        visible_rows: how many are seen without scrolling.
        row_pixels: a row's height; TWO_LINES lets text wrap.
        on_pick: makes a click on a row an action, read with `picked`.
    """
    shown = rows.head(SHOWN_ROWS).select(*columns)
    # The browser's tables align and sort floats; exact decimals arrive there as text.
    shown = shown.with_columns(cs.decimal().cast(pl.Float64))
    st.dataframe(
        shown,
        column_config=columns,
        hide_index=True,
        placeholder="",
        height=row_pixels * min(shown.height, visible_rows) + ONE_LINE + 3,
        row_height=row_pixels,
        key=key,
        alt=alt,
        on_select=on_pick or "ignore",
        selection_mode="single-row",
    )
    if rows.height > SHOWN_ROWS:
        muted(f"The first {SHOWN_ROWS} of {rows.height:,} rows; the files have them all.")


def picked(key: str) -> int | None:
    """The row clicked in a table, if one is."""
    chosen: list[int] = st.session_state[key].selection.rows
    return chosen[0] if chosen else None


@fragment
def _how_computed(figure: str, title: str, how: str | None) -> None:
    with st.popover("How is this computed?", on_change="rerun", key=f"how_{title}") as popover:
        if popover.open:
            computed(figure, how)
