"""Snapshots: all there are and their state; verifying them, and making an older one the current one again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import polars as pl
import streamlit as st

from dashboard import access_log
from dashboard import format as fmt
from dashboard.intake.acting import acting
from dashboard.intake.opening import offer_to_open
from dashboard.parts import assumptions, headline, muted, plain
from dashboard.session import problems, store
from dashboard.sign_in import IMPORT, RESTORE, viewer
from dashboard.tables import TWO_LINES, day_column, table, text_column
from data.manifest import MANIFEST
from data.schema import TABLES
from data.snapshots import SnapshotError, damaged_snapshots, list_snapshots, restore, set_aside_snapshots

if TYPE_CHECKING:
    from collections.abc import Sequence

    from data.snapshots import Damage, Snapshot

_VERIFIED: Final = "_snapshots_verified"
_RESTORED: Final = "_snapshots_restored"
_ASSUMPTIONS: Final = (
    "A snapshot never changes: each import publishes a new one. Verifying reads every file again and compares size,"
    " SHA-256, rows and columns with what was published, then runs the checks. Restoring an older snapshot sets the"
    " later ones aside; they are kept, and come back when they are restored themselves."
)


def render() -> None:
    """Draw the section."""
    listed, aside, damaged = list_snapshots(store()), set_aside_snapshots(store()), damaged_snapshots(store())
    restored = st.session_state.pop(_RESTORED, None)
    if restored:
        st.success(plain(restored))
    headline(_title(listed, damaged), f"{store()} · {fmt.count(len(aside), 'snapshot')} set aside")
    if listed or aside:
        _list(listed, aside)
        _actions(listed, aside)
    assumptions(_ASSUMPTIONS)


def _title(listed: Sequence[Snapshot], damaged: Sequence[Damage]) -> str:
    if not listed:
        return f"No snapshot can be shown: {fmt.count(len(damaged), 'folder')} damaged"
    said = f"the current one is of {fmt.full_day(listed[-1].dated_on)}"
    if damaged:
        return f"{len(damaged):,} of {fmt.count(len(listed) + len(damaged), 'snapshot')} can't be opened; {said}"
    return f"{fmt.count(len(listed), 'snapshot')}; {said}"


def _list(listed: Sequence[Snapshot], aside: Sequence[Snapshot]) -> None:
    rows = [_row(one, "current" if one == listed[-1] else "") for one in reversed(listed)]
    rows += [_row(one, "set aside") for one in reversed(aside)]
    frame = pl.DataFrame(rows, infer_schema_length=None)
    table(
        frame,
        {
            "snapshot": st.column_config.TextColumn("Snapshot", width=180),
            "dated_on": day_column("Dated", "The day whose knowledge it holds."),
            "state": text_column("State"),
            "source": text_column("Source"),
            "rejected": st.column_config.NumberColumn("Rejected", format="localized", help="Rows it goes without."),
            "rows": st.column_config.NumberColumn("Rows", format="localized", help="Of all tables."),
            "written": st.column_config.TextColumn("Written (UTC)", help="When it came into this store."),
        },
        key="snapshots",
        alt="Every snapshot of the store",
        visible_rows=12,
    )


def _row(snapshot: Snapshot, state: str) -> dict[str, object]:
    source = snapshot.manifest["source"]
    files = [file["file"] for file in source.get("files", [])]
    more = f" and {len(files) - 1} more" if len(files) > 1 else ""
    written = datetime.fromtimestamp((snapshot.folder / MANIFEST).stat().st_mtime, UTC)
    return {
        "dated_on": snapshot.dated_on,
        "state": state,
        "source": f"{source.get('mapping', 'sample')}{f': {files[0]}{more}' if files else ''}",
        "rejected": source.get("rows_rejected"),
        "rows": sum(map(snapshot.row_count, TABLES)),
        "written": f"{written:%Y-%m-%d %H:%M}",
        "snapshot": snapshot.snapshot_id,
    }


# --- what can be done -------------------------------------------------------------------------------------------


def _actions(listed: Sequence[Snapshot], aside: Sequence[Snapshot]) -> None:
    known = {one.snapshot_id: one for one in (*reversed(listed), *reversed(aside))}
    current = listed[-1].snapshot_id if listed else None
    st.header("Verify, open or restore", anchor=False)
    wanted = st.selectbox("Snapshot to work on", list(known), key="snapshot_worked_on", width=420)
    chosen = known.get(wanted) or next(iter(known.values()))
    with st.container(horizontal=True, vertical_alignment="center"):
        verify_one = st.button("Verify", key="verify_one", help="Its files and its checks.")
        verify_all = st.button(f"Verify all {len(known)}", key="verify_all")
        if chosen.snapshot_id != current:
            _restore(chosen, listed, aside)
        if chosen in listed:
            offer_to_open(chosen)
    if (verify_one or verify_all) and viewer().may(IMPORT):
        _verify([chosen] if verify_one else list(known.values()))
    _verified(known)


def _verify(asked: Sequence[Snapshot]) -> None:
    found: dict[str, list[str]] = {}
    with st.spinner("Reading every file and running the checks …", show_time=True):
        bar = st.progress(0.0)
        for done, snapshot in enumerate(asked, start=1):
            bar.progress((done - 1) / len(asked), f"Verifying {snapshot.snapshot_id}, {done} of {len(asked)}")
            found[snapshot.snapshot_id] = problems(snapshot)
        bar.empty()
    access_log.did("verify", acting(), snapshots=", ".join(found))
    st.session_state[_VERIFIED] = found


def _verified(known: dict[str, Snapshot]) -> None:
    found = {name: said for name, said in st.session_state.get(_VERIFIED, {}).items() if name in known}
    if not found:
        return
    broken = {name: said for name, said in found.items() if said}
    if not broken:
        what = next(iter(found)) if len(found) == 1 else f"All {len(found)} snapshots"
        st.success(plain(f"{what}: every file is what was published, and every check holds."))
        return
    st.error(
        f"{len(broken)} of {fmt.count(len(found), 'snapshot')} verified {'has' if len(broken) == 1 else 'have'} faults"
    )
    rows = pl.DataFrame(
        [(name, one) for name, said in broken.items() for one in said],
        schema={"snapshot": pl.String, "fault": pl.String},
        orient="row",
    )
    table(
        rows,
        {
            "snapshot": st.column_config.TextColumn("Snapshot", width=190),
            "fault": st.column_config.TextColumn("Fault", width=900),
        },
        key="faults",
        alt="What is wrong with the snapshots verified",
        row_pixels=TWO_LINES,
    )
    muted("Restore a snapshot without faults, or move the damaged folder away and import its files again.")


def _restore(chosen: Snapshot, listed: Sequence[Snapshot], aside: Sequence[Snapshot]) -> None:
    """A button that says what will be set aside, and asks once more."""
    if not viewer().may(RESTORE):
        return
    order = [*listed, *aside]
    later = [one for one in order if _place(one) > _place(chosen)]
    back = [one for one in aside if _place(one) <= _place(chosen)]
    with st.popover("Restore", key=f"restore_{chosen.snapshot_id}"):
        st.markdown(plain(f"{chosen.snapshot_id} becomes the current snapshot."))
        newly = [one.snapshot_id for one in later if one in listed]
        if newly:
            st.markdown(plain(f"Set aside: {', '.join(newly)}. They are kept and can be restored."))
        if back:
            st.markdown(plain(f"No longer set aside: {', '.join(one.snapshot_id for one in back)}."))
        is_confirmed = st.button(
            f"Make {chosen.snapshot_id} the current one", type="primary", key=f"confirm_{chosen.snapshot_id}"
        )
    if is_confirmed:
        _do_restore(chosen, newly)


def _do_restore(chosen: Snapshot, newly: Sequence[str]) -> None:
    seen = acting()
    try:
        with st.spinner("Checking its files …"):
            restore(store(), chosen.snapshot_id)
    except SnapshotError as error:
        st.error(plain(str(error)))
        return
    access_log.did("restore", seen, restored=chosen.snapshot_id)
    aside = f" Set aside: {', '.join(newly)}." if newly else ""
    st.session_state[_RESTORED] = f"{chosen.snapshot_id} is the current snapshot now.{aside}"
    st.rerun()


def _place(snapshot: Snapshot) -> tuple[object, ...]:
    """Where it stands among the others, as `restore` sees it."""
    return snapshot.dated_on, snapshot.number, snapshot.snapshot_id
