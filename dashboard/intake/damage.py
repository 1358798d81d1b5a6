"""What can't be opened any more, said on every page: which snapshots, why, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from dashboard.parts import plain
from dashboard.session import store
from dashboard.sign_in import RESTORE
from data.snapshots import damaged_snapshots

if TYPE_CHECKING:
    from dashboard.sign_in import Viewer


def show_damage(who: Viewer) -> None:
    """Name the damaged snapshots, to whoever can mend them with the reasons; the others go on being served.

    Raises:
        SnapshotError: the store can't be read.
    """
    damaged = damaged_snapshots(store())
    if not damaged:
        return
    names = ", ".join(damage.name for damage in damaged)
    said = f"{names} can't be opened, so the pages go without. "
    if who.may(RESTORE):
        st.warning(plain(said + " ".join(damage.reason for damage in damaged)))
    else:
        st.warning(plain(said + "Whoever runs Drawdown here can see why on the page Data."))
