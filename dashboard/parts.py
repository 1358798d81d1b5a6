"""The pieces every page is built from, in this order: headline, figure row, finding with its chart, assumptions."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import streamlit as st

from dashboard import format as fmt
from queries import catalog

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    import plotly.graph_objects as go

    from dashboard.charts.base import Finding
    from dashboard.explain import Behind
    from dashboard.session import View

_MARKDOWN: Final = re.compile(r"([\\`*_\[\]<>$~:&|])")
#: Pixels of a figure: five fit beside each other at 1280, two on a phone. Longer ones take more, by the character.
_STAT_WIDTH: Final = 155
_VALUE_WIDTH: Final = 17
_LABEL_WIDTH: Final = 8
_HELP_WIDTH: Final = 28
_FIRST_TO_COME: Final = "_first_chart_to_come"
#: Seconds in which a browser draws a chart that it is given alone.
DRAWN_IN: Final = 0.1
_CHART_CONFIG: Final = {"displayModeBar": False, "scrollZoom": False, "doubleClick": False}


@dataclass(frozen=True)
class Stat:
    """One figure of the row: what it is, its value, its change where there is one, and what is behind it."""

    label: str
    value: str
    #: Money, or in words that begin with their sign.
    change: Decimal | str | None = None
    help: str | None = None
    behind: Behind | None = None


def plain(text: str) -> str:
    """Text that Markdown shows as it is: `$` starts no formula, a client's name no link."""
    return _MARKDOWN.sub(r"\\\1", text)


def muted(text: str) -> None:
    """A small grey line; captions of the framework are paler than can be read by everyone."""
    st.markdown(f":small[:gray[{plain(text)}]]")


def headline(sentence: str, context: str) -> None:
    """The page's answer in one sentence, with the view it holds for."""
    st.title(plain(sentence), anchor=False)
    muted(context)


def figure_row(stats: Sequence[Stat], currency: str) -> None:
    """Three to five figures side by side."""
    # On a phone two stand side by side where columns would stack.
    with st.container(horizontal=True, gap="small"):
        for stat in stats:
            with st.container(width=_width(stat), height="stretch", vertical_alignment="distribute", gap=None):
                _metric(stat, currency)
                if stat.behind:
                    stat.behind.explain(stat.label, stat.label)


def finding(said: Finding, figure: go.Figure, key: str, behind: Behind | None = None) -> None:
    """A chart under the sentence it proves; the grey line says what is plotted and what to do."""
    st.header(plain(said.title), anchor=False)
    chart(said, figure, key, behind)


def chart(said: Finding, figure: go.Figure, key: str, behind: Behind | None = None) -> None:
    """A chart whose finding is the page's headline already."""
    with st.container(horizontal=True, gap="xsmall"):
        with st.container(width="stretch"):
            muted(said.subtitle)
        if behind:
            with st.container(width="content"):
                behind.explain(said.title, key)
    st.plotly_chart(figure, width="stretch", theme=None, config=_CHART_CONFIG, key=key, alt=said.title)
    # What follows is held back until the chart is drawn. Given all at once, the browser draws all at once: the chart,
    # which is waited for, would come a third later and nothing else sooner.
    if st.session_state.pop(_FIRST_TO_COME, False):
        time.sleep(DRAWN_IN)


def expect_chart() -> None:
    """Begin a page: its first chart goes to the browser before what follows."""
    st.session_state[_FIRST_TO_COME] = True


def assumptions(text: str, method: str | None = None) -> None:
    """What the figures of the page rest on; a method is told in the words of the figure that applies it."""
    # The figure's first sentence says what it is; how it comes about follows.
    muted(text if method is None else f"{text} {catalog.figure(method).meaning.split('. ', 1)[1]}")


def empty(view: View, figure: str, nothing: str) -> None:
    """Say that nothing matches, and which filter to relax to see something."""
    narrowed = [name for name in view.filters if view.without(name).ask(figure).height]
    if narrowed:
        names = " or ".join(f"{name} “{view.filters[name]}”" for name in narrowed)
        advice = f"Relax {names} to see some."
    elif len(view.filters) > 1:
        advice = "Clear the filters in the sidebar, or pick a later as-of day."
    else:
        advice = "Pick a later as-of day or another snapshot."
    st.info(plain(f"{nothing} {advice}"))


def _width(stat: Stat) -> int:
    label = _LABEL_WIDTH * len(stat.label) + (_HELP_WIDTH if stat.help else 0)
    return max(_STAT_WIDTH, _VALUE_WIDTH * len(stat.value), label)


def _metric(stat: Stat, currency: str) -> None:
    if stat.change is None:
        st.metric(stat.label, plain(stat.value), help=stat.help)
        return
    changed = stat.change if isinstance(stat.change, str) else fmt.change(stat.change, currency)
    is_flat = changed == fmt.NO_CHANGE
    st.metric(
        stat.label,
        plain(stat.value),
        0 if is_flat else plain(changed),
        # Whether more open balance is good news is for the reader to say.
        delta_color="off",
        delta_arrow="off" if is_flat else "down" if changed.startswith(fmt.MINUS) else "up",
        help=stat.help,
    )
