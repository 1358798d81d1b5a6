"""Time what people wait for, each beside the floor it stands on.

    python -m tests.bench

Builds the sample portfolio, then a book of 600,000 lots, then 100,000 open lots to forecast, in temporary folders.
Every figure is the median of several runs in one process, one after the other, so that a busy machine slows all of
them alike; the floor of a question is one that finds nothing, through the same door. The forecast is the command in a
process of its own, end to end.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import polars as pl
from rich.console import Console
from rich.table import Table

from dashboard.bench.pages import Of, ask, pages
from data.large_book import write_large_book
from data.large_terms import DATED_ON, Size
from data.sample import SNAPSHOT_DATES, known_by, write_history
from data.snapshots import Snapshot, publish
from data.staging import staging_in
from queries.book import Book
from queries.calendar import month_ends
from tests.bench.open_lots import ENDED, EVENTS, OPEN, write_open_lots

if TYPE_CHECKING:
    from collections.abc import Callable

RUNS = 15

#: The large book: three deliveries a lot.
LARGE = Size(rows=1_800_000, lots=600_000, contracts=500_000)


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
        for page, questions in pages(latest).items():
            for question in (one for one in questions if one.of not in (Of.CLIENT, Of.CONTRACT)):
                _row(table, f"{page}: {question.figure}", _median(lambda asked=question: ask(book, asked, {})), floor)
        reading = _median(lambda: _read_all(snapshot))
        _row(table, "open a snapshot (floor: read its files)", _median(lambda: Book(snapshot), runs=5), reading)
        _row(table, "publish a snapshot (floor: read its files)", written, reading)
    Console().print(table)
    Console().print(_large())
    Console().print(_forecast())


def _large() -> Table:
    """Four policies, and as booked, for the large book over 60 months; the floor finds nothing."""
    table = Table("What", "Median", "Floor", "Times the floor", title=f"{LARGE.lots:,} lots, 60 months, warm")
    with tempfile.TemporaryDirectory() as folder:
        with staging_in(Path(folder)) as staging:
            write_large_book(staging, LARGE)
            snapshot = publish(Path(folder) / "store", staging, DATED_ON, {})
        book = Book(snapshot)
        months = month_ends(snapshot.dated_on, 60)
        seconds = _median(lambda: book.run("recognition_by_period", boundaries=months), runs=5)
        _row(table, "recognition_by_period, every policy", seconds, _median(lambda: _floor(book)))
        _row(
            table,
            "open the book (floor: read its files)",
            _timed(lambda: Book(snapshot)),
            _timed(lambda: _read_all(snapshot)),
        )
    return table


def _forecast() -> Table:
    """The command from files to a file, once to compile and once to time; the floor reads its three files."""
    title = f"{OPEN:,} open lots, {ENDED:,} ended, {EVENTS:,} events"
    table = Table("What", "Seconds", "Floor", "Times the floor", "Peak memory", title=title)
    with tempfile.TemporaryDirectory() as folder:
        files = write_open_lots(Path(folder))
        command = [str(Path(sys.executable).with_name("drawdown")), "forecast", "--out", f"{folder}/forecast.parquet"]
        command += [word for name, path in files.items() for word in (f"--{name}", str(path))]
        seconds = _median(lambda: subprocess.run(command, check=True, capture_output=True), runs=1)
        floor = _median(lambda: [pl.read_parquet(path) for path in files.values()], runs=5)
    # The largest of the processes waited for so far, in kilobytes: the command is the only one.
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024**2
    table.add_row(
        "drawdown forecast (floor: read its files)",
        f"{seconds:,.1f} s",
        f"{floor:,.2f} s",
        f"{seconds / floor:,.1f}",
        f"{peak:,.2f} GB",
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
