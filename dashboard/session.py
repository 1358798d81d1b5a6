"""What a page asks with: the chosen snapshot, day and filters, and figures kept for whoever asks the same again."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import streamlit as st

from dashboard.theme import Theme, theme
from data.sample import SAMPLE_STORE
from data.snapshots import Snapshot, SnapshotError, list_snapshots, open_snapshot
from queries.book import Book
from queries.catalog import reads

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    import polars as pl

_VIEW: Final = "_view"
_FORECASTING: Final = "Forecasting every open lot, and what past quarters would have been forecast …"
#: How queries/book.py names a client without a segment.
_NONE: Final = "(none)"


@dataclass(frozen=True)
class View:
    """One snapshot asked about one day, narrowed to the filters that are set."""

    snapshot: Snapshot
    as_of: date
    filters: Mapping[str, str]

    def ask(self, figure: str, **parameters: object) -> pl.DataFrame:
        """A figure's result for this view; parameters set here win over the view's own.

        Raises:
            FigureError: the figure does not exist or does not take a parameter.
        """
        asked = {"as_of": self.as_of, **self.filters, **parameters}
        if reads(figure, "forecasts"):
            _foresee(_book(self.snapshot.folder), self.as_of)
        return _result(self.snapshot.folder, figure, tuple(sorted(asked.items())))

    def on(self, snapshot: Snapshot) -> View:
        """The same question asked of another snapshot, on its own day."""
        return View(snapshot, snapshot.dated_on, self.filters)

    def without(self, name: str) -> View:
        """The same question without one of its filters."""
        return View(self.snapshot, self.as_of, {key: value for key, value in self.filters.items() if key != name})

    @property
    def currency(self) -> str:
        """The one currency shown: amounts of two are never added."""
        return self.filters["currency"]


def store() -> Path:
    """The folder the snapshots are in."""
    return Path(os.environ.get("DRAWDOWN_STORE", SAMPLE_STORE))


def snapshots() -> list[Snapshot]:
    """Every snapshot of the store, oldest first; read anew each time, so that an import shows at once.

    Raises:
        SnapshotError: there is none, or a manifest is damaged.
    """
    known = list_snapshots(store())
    if not known:
        raise SnapshotError(f"{store()} holds no snapshot yet.")
    return known


def opened(folder: Path) -> Book:
    """The book of the snapshot in a folder, for what is asked of two of them at once."""
    return _book(folder)


def previous(view: View) -> Snapshot | None:
    """The latest snapshot dated before the day asked about, if there is one."""
    earlier = [known for known in snapshots() if known.dated_on < view.as_of]
    return earlier[-1] if earlier else None


@st.cache_data(max_entries=64, show_spinner=False)
def choices(folder: Path) -> dict[str, list[str]]:
    """What each shared filter can be set to in a snapshot."""
    snapshot = _snapshot(folder)
    contracts, accounts = snapshot.read("contracts"), snapshot.read("accounts")
    columns = {
        "currency": contracts["currency"],
        "owner": contracts["owner"],
        "segment": accounts["segment"],
        "vehicle": contracts["vehicle"],
    }
    return {name: sorted({value or _NONE for value in column.to_pylist()}) for name, column in columns.items()}


def keep(view: View) -> None:
    """Hand the view from the entrypoint to the page it runs."""
    st.session_state[_VIEW] = view


def current() -> View:
    """The view the entrypoint chose."""
    view: View = st.session_state[_VIEW]
    return view


def current_theme() -> Theme:
    """The palette that fits what the browser shows."""
    return theme(st.context.theme.type)


@st.cache_resource(max_entries=6, show_spinner="Opening the snapshot: every delivery is drawn on its lot …")
def _book(folder: Path) -> Book:
    return Book(_snapshot(folder))


@st.cache_data(max_entries=1024, show_spinner=False)
def _result(folder: Path, figure: str, asked: tuple[tuple[str, Any], ...]) -> pl.DataFrame:
    # The folder ends in the snapshot's id, which is the fingerprint of what it holds: no result can go stale.
    return _book(folder).run(figure, **dict(asked))


def _snapshot(folder: Path) -> Snapshot:
    return open_snapshot(folder.parent.parent, folder.name)


def _foresee(book: Book, as_of: date) -> None:
    """Make the forecasts of a day, the first time it is asked about, and show how far it is."""
    if book.foresees(as_of):
        return
    place = st.empty()
    bar = place.progress(0.0, _FORECASTING)

    def show(done: int, days: int) -> None:
        bar.progress(done / days, _FORECASTING)

    book.foresee(as_of, show)
    place.empty()
