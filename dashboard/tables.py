"""Tables to act on: aligned columns, a CSV of what is filtered, and how each figure is computed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl
import polars.selectors as cs
import streamlit as st

from dashboard import format as fmt
from dashboard.parts import muted, plain
from queries import catalog

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from streamlit.elements.lib.column_types import ColumnConfig

    from dashboard.session import View

#: More rows than anyone reads; the CSV has them all.
SHOWN_ROWS: Final = 200

_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")
_ROW_PIXELS: Final = 35


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


def section(title: str, figure: str, rows: pl.DataFrame, view: View) -> None:
    """A table's title, with how it is computed and its CSV beside it."""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.header(plain(title), anchor=False, width="content")
        with st.container(horizontal=True, width="content", gap="small"):
            _how_computed(figure, title)
            st.download_button(
                "CSV",
                data=lambda: csv(rows),
                file_name=f"{figure}-{view.as_of}.csv",
                mime="text/csv",
                key=f"csv_{title}",
                on_click="ignore",
                help=f"{fmt.count(rows.height, 'row')}, as filtered, every column to full precision.",
            )


def table(
    rows: pl.DataFrame,
    columns: Mapping[str, ColumnConfig],
    *,
    key: str,
    alt: str,
    visible_rows: int = 10,
    on_pick: Callable[[], None] | None = None,
) -> None:
    """Rows with the columns named; `on_pick` makes a click on a row an action, read with `picked`."""
    shown = rows.head(SHOWN_ROWS).select(*columns)
    # The browser's tables align and sort floats; exact decimals arrive there as text.
    shown = shown.with_columns(cs.decimal().cast(pl.Float64))
    st.dataframe(
        shown,
        column_config=columns,
        hide_index=True,
        placeholder="",
        height=_ROW_PIXELS * (min(shown.height, visible_rows) + 1) + 3,
        key=key,
        alt=alt,
        on_select=on_pick or "ignore",
        selection_mode="single-row",
    )
    if rows.height > SHOWN_ROWS:
        muted(f"The first {SHOWN_ROWS} of {rows.height:,} rows; the CSV has them all.")


def picked(key: str) -> int | None:
    """The row clicked in a table, if one is."""
    chosen: list[int] = st.session_state[key].selection.rows
    return chosen[0] if chosen else None


def csv(rows: pl.DataFrame) -> bytes:
    """Rows as CSV at full precision; text that a spreadsheet would run as a formula is made plain text."""
    harmless = rows.with_columns(
        pl.when(pl.any_horizontal(pl.col(name).str.starts_with(start) for start in _FORMULA_STARTS))
        .then("'" + pl.col(name))
        .otherwise(pl.col(name))
        .alias(name)
        for name in rows.select(cs.string()).columns
    )
    return harmless.write_csv().encode()


def _how_computed(name: str, title: str) -> None:
    figure = catalog.figure(name)
    with st.popover("How is this computed?", on_change="rerun", key=f"how_{title}") as popover:
        if not popover.open:
            return
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
        st.code(figure.sql, language="sql")
