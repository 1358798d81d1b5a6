"""The dashboard's entrypoint: navigation, the choices every page shares, and what to do where the store is empty."""

from __future__ import annotations

import streamlit as st

from dashboard import access_log, freshness, jump, saved_views
from dashboard.filters import NothingInScopeError, choose, show_notices
from dashboard.intake.damage import show_damage
from dashboard.parts import expect_chart, plain
from dashboard.session import current_if_any, current_theme, keep, snapshots, store
from dashboard.sign_in import let_in, show
from data.closes import CloseError
from data.snapshots import SnapshotError
from queries.catalog import FigureError


def without_view() -> None:
    """Run the page Data where no snapshot can be shown: what is imported or restored there is the way out."""
    if page == data and current_if_any() is None:
        page.run()


st.set_page_config(page_title="Drawdown", page_icon="⏳", layout="wide", initial_sidebar_state=230)
# Streamlit writes on primary buttons in white, which is too pale on the blue of the dark theme.
st.html(f'<style>[data-testid="stBaseButton-primary"] {{ color: {current_theme().paper} }}</style>')
who = let_in()
data = st.Page("app_pages/data.py", title="Data")
pages = [
    st.Page("app_pages/portfolio.py", title="Portfolio", default=True),
    st.Page("app_pages/watch_list.py", title="Watch-list"),
    st.Page("app_pages/burn_down.py", title="Burn-down"),
    st.Page("app_pages/requests.py", title="Requests"),
    st.Page("app_pages/statement.py", title="Statement"),
    st.Page("app_pages/breakage.py", title="Breakage"),
    st.Page("app_pages/track_record.py", title="Track record"),
    st.Page("app_pages/recognition.py", title="Recognition"),
    st.Page("app_pages/restatement.py", title="Restatement"),
    data,
]
page = st.navigation(pages, position="top")
with st.sidebar:
    fresh, choices, views, identity = (st.container() for _ in range(4))
keep(None)
try:
    notices = st.container()
    with notices:
        show_damage(who)
    with choices:
        view = choose(who.scope)
    with fresh:
        freshness.show(snapshots(), view.snapshot)
    keep(view)
    access_log.viewed(who, page.title, view)
    jump.follow()
    expect_chart()
    page.run()
    with notices:
        show_notices()
except NothingInScopeError as error:
    st.info(plain(str(error)))
    without_view()
except SnapshotError as error:
    st.error(plain(str(error)))
    st.markdown(
        f"Snapshots are read from `{store()}`, the folder named by `DRAWDOWN_STORE`. `make run` publishes the sample"
        " portfolio; the page Data and `drawdown import` publish your own reports."
    )
    without_view()
except (CloseError, FigureError) as error:
    st.error(plain(str(error)))
# Nobody waits for these: the page comes first.
with views:
    saved_views.show(who.identity, page, pages)
with identity:
    show(who)
