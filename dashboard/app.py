"""The dashboard's entrypoint: navigation, the choices every page shares, and what to do where the store is empty."""

from __future__ import annotations

import streamlit as st

from dashboard.filters import choose, show_notices
from dashboard.parts import plain
from dashboard.session import keep, store
from data.closes import CloseError
from data.snapshots import SnapshotError
from queries.catalog import FigureError

st.set_page_config(page_title="Drawdown", page_icon="⏳", layout="wide", initial_sidebar_state=230)
page = st.navigation(
    [
        st.Page("app_pages/portfolio.py", title="Portfolio", default=True),
        st.Page("app_pages/burn_down.py", title="Burn-down"),
        st.Page("app_pages/breakage.py", title="Breakage"),
        st.Page("app_pages/track_record.py", title="Track record"),
        st.Page("app_pages/recognition.py", title="Recognition"),
        st.Page("app_pages/restatement.py", title="Restatement"),
    ],
    position="top",
)
try:
    notices = st.container()
    keep(choose())
    page.run()
    with notices:
        show_notices()
except SnapshotError as error:
    st.error(plain(str(error)))
    st.markdown(
        f"Snapshots are read from `{store()}`, the folder named by `DRAWDOWN_STORE`. `make run` publishes the sample"
        " portfolio; `drawdown import` publishes your own reports."
    )
except (CloseError, FigureError) as error:
    st.error(plain(str(error)))
