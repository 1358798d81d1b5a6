"""The stages, each a function to be run in a process of its own: what is timed, and what is only made ready for it."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Final

from dashboard.bench import doors
from dashboard.bench.pages import Shown, answers
from data.large_book import write_large_book
from data.large_terms import DATED_ON, LARGEST
from data.snapshots import open_snapshot, publish
from data.staging import staging_in
from queries.book import Book

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from dashboard.bench.pages import Answered
    from data.large_terms import Size
    from data.snapshots import Snapshot

#: Figures a close asks, of the last twelve months.
_RECOGNITION: Final = ("recognition_by_period", "policy_difference", "liability_rollforward")


def write_book(folder: Path, size: Size) -> None:
    """Write the large book, as an import leaves its rows before they are published."""
    with staging_in(folder) as staging:
        write_large_book(staging, size)


def publish_book(folder: Path, store: Path) -> float:
    """Publish what was written; in seconds."""
    with staging_in(folder) as staging:
        return _seconds(lambda: publish(store, staging, DATED_ON, {}))


def draw(store: Path) -> tuple[float, list[Path]]:
    """Draw every delivery on its lot; in seconds, with the files the draws are kept in."""
    return _kept(open_snapshot(store), doors.make_draws)


def make_marts(store: Path) -> tuple[float, list[Path]]:
    """Make what else a book computes once; in seconds, with the files it is kept in."""
    return _kept(open_snapshot(store), doors.make_marts)


def forecast(store: Path) -> float:
    """Forecast every open lot of the book's day, and the quarter ends that are its record; in seconds."""
    book = Book(open_snapshot(store))
    return _seconds(lambda: book.foresee(DATED_ON))


def ask_pages(store: Path) -> list[Answered]:
    """Ask what the pages ask."""
    book = Book(open_snapshot(store))
    contracts = book.source("contracts", contract=LARGEST)
    return list(answers(book, Shown(LARGEST, contracts["account_id"][0])))


def recognise(store: Path) -> float:
    """Revenue of twelve months under every policy, by period and by contract, and the roll-forward; in seconds."""
    book = Book(open_snapshot(store))
    return _seconds(lambda: [book.run(figure, as_of=DATED_ON) for figure in _RECOGNITION])


def compile_all(folder: Path, size: Size) -> None:
    """Have all that is compiled kept by numba: go through the stages with a small book."""
    staged = folder / "small"
    staged.mkdir()
    write_book(staged, size)
    publish_book(staged, staged)
    draw(staged)
    forecast(staged)


def _kept(snapshot: Snapshot, make: Callable[[Snapshot], None]) -> tuple[float, list[Path]]:
    before = set(snapshot.derived.glob("*.parquet"))
    seconds = _seconds(lambda: make(snapshot))
    return seconds, sorted(set(snapshot.derived.glob("*.parquet")) - before)


def _seconds(action: Callable[[], object]) -> float:
    begun = perf_counter()
    action()
    return perf_counter() - begun
