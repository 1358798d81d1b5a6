"""Files this page offers to take along: rows as CSV and Parquet, and texts; each is noted in the access log."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import streamlit as st

from dashboard import access_log
from dashboard import format as fmt
from dashboard.export import csv
from dashboard.intake.acting import acting

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl


def offer(label: str, name: str, data: Callable[[], bytes], mime: str, meaning: str | None = None) -> None:
    """A button that downloads a file, made when it is asked for."""
    seen = acting()

    def taken() -> bytes:
        access_log.did("download", seen, file=name)
        return data()

    st.download_button(
        label, data=taken, file_name=name, mime=mime, key=f"take_{name}", on_click="ignore", help=meaning
    )


def offer_rows(name: str, rows: pl.DataFrame) -> None:
    """Buttons for rows as CSV and as Parquet."""
    meaning = f"{fmt.count(rows.height, 'row')}, every column."
    offer("CSV", f"{name}.csv", lambda: csv(rows), "text/csv", meaning)
    offer("Parquet", f"{name}.parquet", lambda: _parquet(rows), "application/vnd.apache.parquet", meaning)


def titled(title: str, name: str, rows: pl.DataFrame) -> None:
    """A table's title with its files beside it."""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.header(title, anchor=False, width="content")
        with st.container(horizontal=True, width="content", gap="small"):
            offer_rows(name, rows)


def _parquet(rows: pl.DataFrame) -> bytes:
    target = io.BytesIO()
    rows.write_parquet(target)
    return target.getvalue()
