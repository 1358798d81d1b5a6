"""Parts of a page that run again without the rest of it."""

from __future__ import annotations

from contextvars import ContextVar
from functools import wraps
from typing import TYPE_CHECKING, Final, ParamSpec

import streamlit as st

if TYPE_CHECKING:
    from collections.abc import Callable

Given = ParamSpec("Given")

_INSIDE: Final = ContextVar("inside a fragment", default=False)


def fragment(draw: Callable[Given, None]) -> Callable[Given, None]:
    """`st.fragment`, except within another, whose part it then is.

    Where a fragment is asked to run again before the browser has all of its last run, Streamlit drops what was not sent
    yet, but not what fragments within it drew: the browser gets elements whose container it never saw, and fails.
    """

    @st.fragment
    @wraps(draw)
    def alone(*args: Given.args, **kwargs: Given.kwargs) -> None:
        token = _INSIDE.set(True)
        try:
            draw(*args, **kwargs)
        finally:
            _INSIDE.reset(token)

    @wraps(draw)
    def drawn(*args: Given.args, **kwargs: Given.kwargs) -> None:
        (draw if _INSIDE.get() else alone)(*args, **kwargs)

    return drawn
