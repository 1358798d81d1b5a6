"""What `drawdown open` serves: the dashboard, whose latest book begins to open while the first browser still loads."""

from __future__ import annotations

import contextlib
from contextlib import asynccontextmanager
from threading import Thread
from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@asynccontextmanager
async def _opening(_: st.App) -> AsyncIterator[None]:
    Thread(target=_open_latest, daemon=True).start()
    yield


def _open_latest() -> None:
    """Open what the first visitor will ask about; a store that can't be opened is for the page to explain."""
    # Imported here, in the server: its caches are the pages' own.
    from dashboard.session import open_latest  # noqa: PLC0415
    from data.snapshots import SnapshotError  # noqa: PLC0415

    with contextlib.suppress(SnapshotError):
        open_latest()


app = st.App("app.py", lifespan=_opening)
