"""What a page asks with: the chosen snapshot, day and filters, and figures kept for whoever asks the same again."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import streamlit as st

from dashboard.theme import Theme, theme
from data.sample import SAMPLE_STORE
from data.snapshots import Snapshot, SnapshotError, damaged_snapshots, list_snapshots, open_snapshot
from data.verification import verify
from queries import catalog
from queries.book import Book
from queries.calendar import months_after
from queries.catalog import reads

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    import polars as pl

    from queries.scope import Scope

PREVIOUS_SNAPSHOT: Final = "prior snapshot"
#: What headline figures can be compared with besides: the same snapshot's answer for so many months earlier.
MONTHS_EARLIER: Final = {"a month earlier": 1, "a quarter earlier": 3, "a year earlier": 12}

_VIEW: Final = "_view"
_FORECASTING: Final = "Forecasting every open lot, and what past quarters would have been forecast …"
#: How queries/book.py names a client without a segment.
_NONE: Final = "(none)"


@dataclass(frozen=True)
class View:
    """One snapshot asked about one day by someone with a scope, narrowed to the filters that are set.

    Its headline figures are compared with `since`: PREVIOUS_SNAPSHOT, or one of MONTHS_EARLIER.
    """

    snapshot: Snapshot
    as_of: date
    filters: Mapping[str, str]
    scope: Scope
    since: str = PREVIOUS_SNAPSHOT

    def ask(self, figure: str, **parameters: object) -> pl.DataFrame:
        """A figure's result for this view; parameters set here win over the view's own.

        Raises:
            FigureError: the figure does not exist or does not take a parameter.
        """
        asked = {"as_of": self.as_of, **self.filters, **parameters}
        if reads(figure, "forecasts"):
            _foresee(_book(self.snapshot.folder), self.as_of)
        return _result(self.snapshot.folder, self.scope, figure, tuple(sorted(asked.items())))

    def source(self, table: str, **filters: str) -> pl.DataFrame:
        """The rows of a source table in this view's scope."""
        return opened(self.snapshot.folder, self.scope).source(table, **filters)

    def on(self, snapshot: Snapshot) -> View:
        """The same question asked of another snapshot, on its own day."""
        return replace(self, snapshot=snapshot, as_of=snapshot.dated_on)

    def without(self, name: str) -> View:
        """The same question without one of its filters."""
        return replace(self, filters={key: value for key, value in self.filters.items() if key != name})

    def under(self, scenario: str) -> View:
        """The same question under a scenario, in its text form."""
        return replace(self, filters={**self.filters, "scenario": scenario})

    def unfiltered(self) -> View:
        """The same question without any filter: all that is in scope."""
        return replace(self, filters={})

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
        SnapshotError: there is none, or all are damaged.
    """
    known = list_snapshots(store())
    if not known:
        damaged = [damage.reason for damage in damaged_snapshots(store())]
        if damaged:
            raise SnapshotError("Every snapshot is damaged. " + " ".join(damaged))
        raise SnapshotError(f"{store()} holds no snapshot yet.")
    return known


def served(wanted: Snapshot, scope: Scope) -> tuple[Snapshot, str | None]:
    """The snapshot asked for; where it can't be opened, the last good one before it, and why.

    Raises:
        SnapshotError: none can be opened.
    """
    known = snapshots()
    place = next((at for at, one in enumerate(known) if one.snapshot_id == wanted.snapshot_id), len(known))
    problem: str | None = None
    for snapshot in (wanted, *known[:place][::-1], *known[place + 1 :]):
        try:
            opened(snapshot.folder, scope)
        except SnapshotError as error:
            problem = problem or str(error)
        else:
            return snapshot, problem
    raise SnapshotError(f"No snapshot can be opened. {problem}")


def problems(snapshot: Snapshot) -> list[str]:
    """What is wrong with a snapshot's files as they are now, or with its figures; empty means that nothing is."""
    try:
        return verify(snapshot) or [
            f"{name}, {rows.height:,} rows: {catalog.checks()[name].splitlines()[0].removeprefix('-- ')}"
            for name, rows in Book(snapshot).failed_checks().items()
        ]
    except (OSError, SnapshotError) as error:
        return [str(error)]


def opened(folder: Path, scope: Scope) -> Book:
    """The book of the snapshot in a folder as it is seen within a scope: pages have no other door to it."""
    return _book(folder).seen_by(scope)


def open_latest() -> None:
    """Open the latest snapshot's book and its forecasts, ahead of who asks.

    Raises:
        SnapshotError: there is none, or it can't be opened.
    """
    latest = snapshots()[-1]
    _book(latest.folder).foresee(latest.dated_on)


def previous(view: View) -> Snapshot | None:
    """The latest snapshot dated before the day asked about that can be opened, if there is one."""
    earlier = [known for known in snapshots() if known.dated_on < view.as_of]
    return next((known for known in reversed(earlier) if _opens(known, view.scope)), None)


def before(view: View) -> View | None:
    """What the view's headline figures are compared with; None where there is nothing before it."""
    if view.since != PREVIOUS_SNAPSHOT:
        return replace(view, as_of=months_after(view.as_of, -MONTHS_EARLIER[view.since]))
    snapshot = previous(view)
    return view.on(snapshot) if snapshot else None


@st.cache_data(max_entries=256, show_spinner=False)
def choices(folder: Path, scope: Scope) -> dict[str, list[str]]:
    """What each shared filter can be set to in a snapshot, of what is in scope."""
    book = opened(folder, scope)
    contracts, accounts = book.source("contracts"), book.source("accounts")
    columns = {
        "currency": contracts["currency"],
        "owner": contracts["owner"],
        "segment": accounts["segment"],
        "vehicle": contracts["vehicle"],
    }
    return {name: sorted({value or _NONE for value in column}) for name, column in columns.items()}


def keep(view: View | None) -> None:
    """Hand the view from the entrypoint to the page it runs; only the page Data goes without."""
    st.session_state[_VIEW] = view


def current() -> View:
    """The view the entrypoint chose."""
    view: View = st.session_state[_VIEW]
    return view


def current_if_any() -> View | None:
    """The view the entrypoint chose; None where no snapshot has anything to show."""
    view: View | None = st.session_state[_VIEW]
    return view


def current_theme() -> Theme:
    """The palette that fits what the browser shows."""
    return theme(st.context.theme.type)


def _opens(snapshot: Snapshot, scope: Scope) -> bool:
    try:
        opened(snapshot.folder, scope)
    except SnapshotError:
        return False
    return True


@st.cache_resource(max_entries=6, show_spinner="Opening the snapshot: every delivery is drawn on its lot …")
def _book(folder: Path) -> Book:
    return Book(_snapshot(folder))


# Shared as they are, not copied for each who asks: rows are never changed in place.
@st.cache_resource(max_entries=1024, show_spinner=False)
def _result(folder: Path, scope: Scope, figure: str, asked: tuple[tuple[str, Any], ...]) -> pl.DataFrame:
    # The folder ends in the snapshot's id, which is the fingerprint of what it holds: no result can go stale. The scope
    # is part of the key: everyone shares these results.
    return opened(folder, scope).run(figure, **dict(asked))


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
