"""What an import comes to: its files, the rows it refuses with their cells, and what it changes."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

import polars as pl
import streamlit as st

from dashboard import format as fmt
from dashboard.intake.files import titled
from dashboard.parts import Stat, figure_row, muted, plain
from dashboard.tables import picked, table, text_column
from data.rejected import issues_table

if TYPE_CHECKING:
    from data.import_report import ImportReport

_PAGE_ROWS: Final = 100
_REJECTED: Final = "import_rejected"
_ROW_CHARACTERS: Final = 160
#: What a reason says to do about a format left open, on the command line or in a mapping.
_OPTION: Final = re.compile(r"(say which with --date-format|copy the mapping and write in columns\.).*$")


def show(report: ImportReport, issues: pl.DataFrame) -> None:
    """Draw the figures, the rows refused and left out, the difference, and the files.

    Args:
        report: what became of the files.
        issues: its issues, as `issue_rows` has them.
    """
    figure_row(
        [
            Stat("Rows in", f"{sum(file.rows_in for file in report.files):,}"),
            Stat("Used", f"{sum(file.rows_used for file in report.files):,}"),
            Stat("Rejected", f"{sum(file.rows_rejected for file in report.files):,}"),
            Stat("Left out", f"{sum(file.rows_left_out for file in report.files):,}", help="As the mapping says."),
        ],
        currency="",
    )
    if len(report.files) > 1:
        _files(report)
    _refused(issues.filter(~pl.col("is_left_out")), "Rejected rows", _REJECTED)
    if report.differences:
        _differences(report)
    elif report.stands_on is not None and report.is_readable:
        st.header("Changes", anchor=False)
        muted(f"Nothing differs from {report.stands_on}.")
    _refused(issues.filter(pl.col("is_left_out")), "Rows left out as the mapping says", "import_left_out")


def issue_rows(report: ImportReport) -> pl.DataFrame:
    """A report's issues as rows, the cells of each offending row as JSON."""
    return pl.DataFrame(issues_table(report.issues))


def _refused(rows: pl.DataFrame, title: str, key: str) -> None:
    if rows.is_empty():
        return
    titled(f"{title}, {fmt.count(rows.height, 'reason')}", key.removeprefix("import_"), rows)
    found = _paged(_found(rows, key), key)
    if found.is_empty():
        st.info("Nothing matches. Clear the search to see all.")
        return
    muted("Select a row to see all its cells.")
    table(
        found.with_columns(pl.col("row").map_elements(_in_short, return_dtype=pl.String)),
        {
            "file": text_column("File"),
            "line": st.column_config.NumberColumn(
                "Line", format="%d", help="In the file; the header's is 1.", width=70
            ),
            "column": text_column("Column"),
            "value": text_column("Value"),
            "reason": st.column_config.TextColumn("Reason", width=330),
            "row": st.column_config.TextColumn("The row's cells", width=330),
        },
        key=key,
        alt=title,
        on_pick=_nothing,
    )
    _cells(found, picked(key) or 0)


def _found(rows: pl.DataFrame, key: str) -> pl.DataFrame:
    """The rows in which a text is found, in any column."""
    wanted = st.text_input(
        "Find",
        placeholder="in file, column, value, reason or cells",
        key=f"{key}_find",
        width=420,
    )
    if not wanted:
        return rows
    texts = pl.concat_str("file", "column", "value", "reason", "row", separator="\n", ignore_nulls=True)
    return rows.filter(texts.str.to_lowercase().str.contains(wanted.lower(), literal=True))


def _paged(rows: pl.DataFrame, key: str) -> pl.DataFrame:
    pages = -(-rows.height // _PAGE_ROWS)
    if pages <= 1:
        return rows
    page = st.number_input(f"Page, of {pages:,}", 1, pages, key=f"{key}_page", width=160)
    return rows.slice((page - 1) * _PAGE_ROWS, _PAGE_ROWS)


def _in_short(row: str) -> str:
    text = " · ".join(value for value in json.loads(row).values() if value)
    return text if len(text) <= _ROW_CHARACTERS else f"{text[:_ROW_CHARACTERS]} …"


def _cells(rows: pl.DataFrame, place: int) -> None:
    """Every cell of one row, the one at fault named."""
    one = rows.row(min(place, rows.height - 1), named=True)
    where = f"{one['file']}, line {one['line']:,}"
    if one["row"] is None:
        muted(f"{where}: {one['reason']}")
        return
    cells = json.loads(one["row"])
    muted(f"{where}, all cells:")
    table(
        pl.DataFrame(
            {
                "column": list(cells),
                "value": list(cells.values()),
                "reason": [one["reason"] if name == one["column"] else None for name in cells],
            },
            schema={"column": pl.String, "value": pl.String, "reason": pl.String},
        ),
        {"column": text_column("Column"), "value": text_column("Value"), "reason": text_column("Reason")},
        key=f"cells_{one['file']}_{one['line']}_{one['is_left_out']}",
        alt=f"Cells of {where}",
        visible_rows=14,
    )


def _differences(report: ImportReport) -> None:
    st.header("Changes, by table", anchor=False)
    stands_on = f"the current snapshot, {report.stands_on}" if report.stands_on else "an empty store"
    muted(f"Rows of the good lines against {stands_on}. Rows that are the same in both are not counted.")
    names = ("table", "before", "added", "changed", "removed", "after")
    rows = pl.DataFrame(
        [[getattr(found, name) for name in names] for found in report.differences], schema=names, orient="row"
    )
    whole = {
        name: st.column_config.NumberColumn(title, format="localized")
        for name, title in zip(names[1:], ("Before", "Added", "Corrected", "Removed", "After"), strict=True)
    }
    table(rows, {"table": text_column("Table"), **whole}, key="import_differences", alt="Changes by table")
    _corrections(report)


def _corrections(report: ImportReport) -> None:
    changes = [
        (found.table, one.key, one.column, one.before, one.after)
        for found in report.differences
        for one in found.changes
    ]
    if not changes:
        return
    rows = pl.DataFrame(
        changes, schema=dict.fromkeys(("table", "key", "column", "before", "after"), pl.String), orient="row"
    )
    titled("Corrected values", "corrected", rows)
    shown = _paged(rows, "import_corrected")
    table(
        shown,
        {
            "table": text_column("Table"),
            "key": text_column("Row"),
            "column": text_column("Column"),
            "before": text_column("Before"),
            "after": text_column("After"),
        },
        key="import_corrections",
        alt="Corrected values, before and after",
    )


def _files(report: ImportReport) -> None:
    st.header("Files", anchor=False)
    muted("Rows in = used + rejected + left out.")
    names = ("file", "rows_in", "rows_used", "rows_rejected", "rows_left_out", "snapshot_id")
    rows = pl.DataFrame(
        [[getattr(file, name) for name in names] for file in report.files], schema=names, orient="row"
    ).with_columns(pl.col("snapshot_id").cast(pl.String).fill_null("not published"))
    counts = {
        name: st.column_config.NumberColumn(title, format="localized")
        for name, title in zip(names[1:5], ("Rows in", "Used", "Rejected", "Left out"), strict=True)
    }
    columns = {"file": text_column("File"), **counts, "snapshot_id": text_column("Snapshot")}
    table(rows, columns, key="import_files", alt="What became of each file")


def _nothing() -> None:
    """A click only selects."""


def caution(report: ImportReport) -> None:
    """The files' own reasons where one can't be read: nothing else is worth reading before."""
    if report.is_readable:
        return
    unread = {file.file for file in report.files if not file.rows_in}
    for issue in report.rejections:
        if issue.file in unread:
            under = f", under “{issue.column}”" if issue.column else ""
            reason = _OPTION.sub("choose above how they are written, and check again", issue.reason)
            st.warning(plain(f"{issue.file}, line {issue.line:,}{under}: {reason}."))
