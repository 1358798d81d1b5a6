"""The way from a snapshot to the pages that show it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from dashboard import format as fmt
from dashboard.filters import label_of
from dashboard.session import current_if_any

if TYPE_CHECKING:
    from data.snapshots import Snapshot


def offer_to_open(snapshot: Snapshot) -> None:
    """A link to the Portfolio where it shows this snapshot; else a button that makes every page show it."""
    view, day = current_if_any(), fmt.full_day(snapshot.dated_on)
    if view and view.snapshot.snapshot_id == snapshot.snapshot_id:
        st.page_link("app_pages/portfolio.py", label=f"→ Portfolio of {day}")
    else:
        # What the sidebar's picker holds comes before a link's own snapshot, so the picker is what is set.
        st.button(
            f"Show the snapshot of {day}",
            key=f"show_{snapshot.snapshot_id}",
            on_click=_pick,
            args=(label_of(snapshot),),
            help="On every page, as if picked in the sidebar.",
        )


def _pick(label: str) -> None:
    st.session_state["snapshot"] = label
