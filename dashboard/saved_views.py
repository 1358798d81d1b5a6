"""Views someone wants to come back to: a name for a link, kept in the store for each viewer.

A view keeps what its link says and nothing else: one that names no snapshot goes on showing the latest.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, urlencode

import streamlit as st

from dashboard.parts import muted, plain
from dashboard.session import store
from data.named_texts import NameRefusedError, remove, save, saved, views_file

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from streamlit.navigation.page import StreamlitPage

_NAME: Final = "_view_name"
_REFUSED: Final = "_view_refused"


def show(viewer: str | None, page: StreamlitPage, pages: Sequence[StreamlitPage]) -> None:
    """Draw the list of saved views, and what keeps the present one.

    Args:
        viewer: whose views; None without sign-in.
        page: the page shown.
        pages: every page there is.
    """
    with st.popover("Saved views", width="stretch", on_change="rerun", key="_saved_views") as popover:
        if popover.open:
            _list(views_file(store(), viewer), [one.url_path for one in pages])
            _keep(views_file(store(), viewer), page)


def _list(path: Path, pages: Collection[str]) -> None:
    try:
        views = saved(path)
    except NameRefusedError as error:
        st.error(plain(str(error)))
        return
    if not views:
        muted("None yet. A view keeps its filters, selection and section; without a snapshot it shows the latest.")
    for name, link in views.items():
        url_path, _, query = link.partition("?")
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            if url_path in pages:
                # A link like any other: the framework's own would leave filters that are set as they are.
                st.html(f'<a href="{escape(url_path or ".")}?{escape(urlencode(parse_qsl(query)))}">{escape(name)}</a>')
            st.button("Remove", key=f"_remove_{name}", type="tertiary", on_click=_remove, args=(path, name))


def _keep(path: Path, page: StreamlitPage) -> None:
    st.text_input("Keep this view as", key=_NAME, placeholder="My clients this quarter")
    st.button("Save", key="_save_view", on_click=_save, args=(path, page.url_path))
    if refused := st.session_state.pop(_REFUSED, None):
        st.error(plain(refused))


def _remove(path: Path, name: str) -> None:
    try:
        remove(path, name)
    except NameRefusedError as error:
        st.session_state[_REFUSED] = str(error)


def _save(path: Path, url_path: str) -> None:
    try:
        save(path, st.session_state[_NAME], f"{url_path}?{urlencode(st.query_params.to_dict())}")
    except NameRefusedError as error:
        st.session_state[_REFUSED] = str(error)
    else:
        st.session_state[_NAME] = ""
