"""Checks: what must hold in every snapshot, and the rows that break it."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING, Final

import polars as pl
import streamlit as st

from dashboard import format as fmt
from dashboard.intake.files import titled
from dashboard.parts import assumptions, headline, muted, plain
from dashboard.session import opened
from dashboard.tables import table
from queries import catalog

if TYPE_CHECKING:
    from pathlib import Path

    from dashboard.session import View
    from queries.scope import Scope

_ASSUMPTIONS: Final = (
    "A check is a query that must return no row. They run on the snapshot shown, within what you may see; filters and"
    " the as-of day do not narrow them. The command drawdown check runs the same."
)


def meaning(check: str) -> str:
    """What a check says of itself, at the head of its file."""
    head = takewhile(lambda line: line.startswith("--"), catalog.checks()[check].splitlines())
    return " ".join(line.removeprefix("--").strip() for line in head)


def render(view: View | None) -> None:
    """Draw the section."""
    if view is None:
        headline("No snapshot to check", "Import one first, or pick another snapshot.")
        return
    failed = _failed(view.snapshot.folder, view.scope)
    day = fmt.full_day(view.snapshot.dated_on)
    headline(_title(len(catalog.checks()), len(failed), day), f"snapshot {view.snapshot.snapshot_id}")
    names = sorted(catalog.checks(), key=lambda name: name not in failed)
    rows = pl.DataFrame(
        {
            "Result": [_broken_by(failed[name].height) if name in failed else "holds" for name in names],
            "What must hold": [plain(meaning(name).split(". ", 1)[0]) for name in names],
            "Check": [plain(name) for name in names],
        }
    )
    st.table(rows, hide_index=True, alt="Every check and whether it holds")
    for name, broken in failed.items():
        titled(name.replace("_", " ").capitalize(), name, broken)
        muted(meaning(name))
        columns = {column: st.column_config.Column(column.replace("_", " ").capitalize()) for column in broken.columns}
        table(broken, columns, key=f"check_{name}", alt=f"Rows that break {name}")
    assumptions(_ASSUMPTIONS)
    with st.popover("The SQL of a check", on_change="rerun", key="check_sql") as popover:
        if popover.open:
            wanted = st.selectbox("Check", list(catalog.checks()), key="check_shown")
            st.markdown(plain(meaning(wanted)))
            st.code(catalog.checks()[wanted], language=None, wrap_lines=True)


def _title(count: int, failed: int, day: str) -> str:
    if not failed:
        return f"All {count} checks hold for the snapshot of {day}"
    return f"{failed} of {count} checks {'fails' if failed == 1 else 'fail'} for the snapshot of {day}"


def _broken_by(rows: int) -> str:
    return f"{fmt.count(rows, 'row')} {'breaks' if rows == 1 else 'break'} it"


@st.cache_data(max_entries=16, show_spinner="Running the checks …")
def _failed(folder: Path, scope: Scope) -> dict[str, pl.DataFrame]:
    return opened(folder, scope).failed_checks()
