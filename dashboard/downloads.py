"""Files to take away: each download is noted in the access log, and each table says what its rows are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import streamlit as st

from dashboard import access_log
from dashboard import format as fmt
from dashboard.export import csv, xlsx
from queries import catalog

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl

    from dashboard.session import View

XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def download(label: str, file_name: str, mime: str, data: Callable[[], bytes], *, key: str, meaning: str) -> None:
    """A button that makes a file when it is pressed.

    Args:
        label: what the button says.
        file_name: what the file is called; the access log notes it.
        mime: the file's media type.
        data: makes the file.
        key: names the button.
        meaning: what the file holds, shown on hover.
    """
    seen = access_log.seen()

    def taken() -> bytes:
        access_log.did("download", seen, file=file_name)
        return data()

    st.download_button(label, data=taken, file_name=file_name, mime=mime, key=key, on_click="ignore", help=meaning)


def table_downloads(title: str, figure: str, rows: pl.DataFrame, view: View, how: str | None = None) -> None:
    """The rows of a table as CSV and as XLSX, with a sheet that says what they are; `how` where they are no figure."""
    meaning = f"{fmt.count(rows.height, 'row')}, as filtered, every column to full precision."
    name = f"{figure}-{view.as_of}"
    download("CSV", f"{name}.csv", "text/csv", lambda: csv(rows), key=f"csv_{title}", meaning=meaning)
    about = _about(title, figure, view, how)
    download("XLSX", f"{name}.xlsx", XLSX, lambda: xlsx(rows, about), key=f"xlsx_{title}", meaning=meaning)


def _about(title: str, figure: str, view: View, how: str | None) -> dict[str, str]:
    """What an exported table says of itself: an amount without its snapshot and rules proves nothing."""
    said = {"Table": title, "Snapshot": view.snapshot.snapshot_id, "As of": view.as_of.isoformat()}
    said.update({name.capitalize(): value for name, value in view.filters.items()})
    if how is not None:
        return {**said, "How": how}
    known = catalog.figure(figure)
    return {**said, "Figure": figure, "Meaning": known.meaning, "Grain": known.grain, "Rules": known.rules}
