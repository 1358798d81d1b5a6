"""Data: what comes in, the snapshots there are, whether their figures hold together, and what each figure means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import streamlit as st

from dashboard.filters import segments
from dashboard.intake import checks, dictionary, importing, snapshots
from dashboard.parts import plain
from dashboard.session import View, current_if_any
from dashboard.sign_in import IMPORT, viewer
from data.snapshots import SnapshotError

if TYPE_CHECKING:
    from collections.abc import Callable

_VIEW: Final = "view"
#: For whoever runs Drawdown; they work where no snapshot can be shown, too.
_INTAKE: Final[dict[str, Callable[[], None]]] = {"Import": importing.render, "Snapshots": snapshots.render}
_READING: Final[dict[str, Callable[[View | None], None]]] = {"Checks": checks.render, "Dictionary": dictionary.render}


def render() -> None:
    """Draw the section chosen, of those that whoever asks may use."""
    sections = (*(_INTAKE if viewer().may(IMPORT) else ()), *_READING)
    section = segments("Section", sections, _VIEW)
    try:
        if section in _INTAKE:
            _INTAKE[section]()
        else:
            _READING[section](current_if_any())
    except SnapshotError as error:
        st.error(plain(str(error)))


render()
