"""Time what people wait for, each beside the floor it stands on.

    python -m tests.bench

Builds the sample portfolio, then a book of 600,000 lots, in temporary folders. Every figure is the median of several
runs in one process, one after the other, so that a busy machine slows all of them alike; the floor of a question is one
that finds nothing, through the same door.
"""

from __future__ import annotations

import tempfile
import time
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from data.sample import SNAPSHOT_DATES, known_by, write_history
from data.snapshots import Snapshot, publish
from queries.book import Book, month_ends
from tests.bench.large import LOTS, publish_large_book

if TYPE_CHECKING:
    from collections.abc import Callable

RUNS = 15

#: What each page asks when it is opened on the whole portfolio.
PAGES: dict[str, tuple[str, ...]] = {
    "Portfolio": ("portfolio_summary", "expiry_calendar", "watch_list"),
    "Burn-down": (
        "watch_list",
        "lot_balance",
        "burn_down",
        "contract_totals",
        "consumption_by_service",
        "consumption_by_project",
        "open_requests",
    ),
    "Breakage": ("unused_by_quarter", "watch_list", "unused_by_group"),
    "Recognition": ("recognition_by_period", "policy_difference"),
}


def main() -> None:
    """Print the times."""
    table = Table("What", "Median", "Floor", "Times the floor", title="Sample portfolio, warm")
    with tempfile.TemporaryDirectory() as folder:
        latest = SNAPSHOT_DATES[-1]
        history = write_history()
        tables = known_by(history, latest)
        snapshot = publish(Path(folder), tables, latest, {})
        written = _median(lambda: _publish_again(tables), runs=3)
        book = Book(snapshot)
        floor = _median(lambda: _floor(book))
        for page, names in PAGES.items():
            for name in names:
                _row(table, f"{page}: {name}", _median(lambda name=name: _ask(book, snapshot, name)), floor)
        reading = _median(lambda: _read_all(snapshot))
        _row(table, "open a snapshot (floor: read its files)", _median(lambda: Book(snapshot), runs=5), reading)
        _row(table, "publish a snapshot (floor: read its files)", written, reading)
    Console().print(table)
    Console().print(_large())


def _large() -> Table:
    """Four policies, and as booked, for the large book over 60 months; the floor finds nothing."""
    table = Table("What", "Median", "Floor", "Times the floor", title=f"{LOTS:,} lots, 60 months, warm")
    with tempfile.TemporaryDirectory() as folder:
        snapshot = publish_large_book(Path(folder))
        book = Book(snapshot)
        months = month_ends(snapshot.dated_on - timedelta(days=1), 60)
        seconds = _median(lambda: book.run("recognition_by_period", boundaries=months), runs=5)
        _row(table, "recognition_by_period, every policy", seconds, _median(lambda: _floor(book)))
        _row(
            table,
            "open the book (floor: read its files)",
            _timed(lambda: Book(snapshot)),
            _timed(lambda: _read_all(snapshot)),
        )
    return table


def _row(table: Table, what: str, seconds: float, floor: float) -> None:
    table.add_row(what, f"{seconds * 1000:,.1f} ms", f"{floor * 1000:,.1f} ms", f"{seconds / floor:,.1f}")


def _median(action: Callable[[], object], runs: int = RUNS) -> float:
    action()
    return median(_timed(action) for _ in range(runs))


def _timed(action: Callable[[], object]) -> float:
    begun = time.perf_counter()
    action()
    return time.perf_counter() - begun


def _ask(book: Book, snapshot: Snapshot, name: str) -> None:
    parameters = {"dimension": "service"} if name == "unused_by_group" else {}
    book.run(name, as_of=snapshot.dated_on, **parameters)


def _floor(book: Book) -> None:
    book.run("overage", contract="no such contract")


def _read_all(snapshot: Snapshot) -> None:
    for name in snapshot.manifest["tables"]:
        snapshot.read(name)


def _publish_again(tables: dict[str, object]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        publish(Path(folder), tables, SNAPSHOT_DATES[-1], {})


if __name__ == "__main__":
    main()
