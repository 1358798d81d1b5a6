"""Who saw, took and changed what: one line of JSON each, appended to `access.log` in the store.

`DRAWDOWN_ACCESS_LOG` names another file. Where the file can't be written, the pages still work, and with sign-in the
lines go to the server's standard error instead, so that none is lost.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import streamlit as st

from dashboard.session import store

if TYPE_CHECKING:
    from dashboard.session import View
    from dashboard.sign_in import Viewer

FILE_NAME: Final = "access.log"
_SEEN: Final = "_access_seen"
_REFUSED: Final = "_access_refused"


def viewed(who: Viewer, page: str, view: View) -> None:
    """Note what a page shows, once until it shows something else; the first of a session is also its sign-in."""
    now = {
        "who": who.name,
        "role": who.role,
        "page": page,
        "snapshot": view.snapshot.snapshot_id,
        "as_of": view.as_of.isoformat(),
        "filters": dict(view.filters),
        "parameters": st.query_params.to_dict(),
    }
    before = st.session_state.get(_SEEN)
    st.session_state[_SEEN] = now
    if who.name is not None and (before is None or before["who"] != who.name):
        _append("sign-in", {"who": who.name, "role": who.role})
    if before != now:
        _append("view", now)


def seen() -> dict[str, Any]:
    """What the page shows now, to be noted with what is done on it."""
    found: dict[str, Any] = st.session_state.get(_SEEN, {})
    return found


def did(event: str, on: dict[str, Any], **what: str) -> None:
    """Note something done: a download, a month closed, a scenario saved.

    Args:
        event: what was done.
        on: what the page showed, as `seen` had it.
        **what: what it was done to.
    """
    _append(event, on | what)


def refused(who: str, why: str) -> None:
    """Note someone who was signed in and not let in, once a session."""
    if st.session_state.get(_REFUSED) != why:
        st.session_state[_REFUSED] = why
        _append("refused", {"who": who, "why": why})


def _append(event: str, what: dict[str, Any]) -> None:
    """One write of one line: lines of many processes never mix."""
    line = json.dumps({"at": datetime.now(UTC).isoformat(timespec="seconds"), "event": event, **what})
    path = Path(os.environ.get("DRAWDOWN_ACCESS_LOG") or store() / FILE_NAME)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, f"{line}\n".encode())
        finally:
            os.close(descriptor)
    except OSError as error:
        if what.get("who") is not None:
            sys.stderr.write(f"{path} can't be written ({error.strerror}): {line}\n")
