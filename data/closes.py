"""Closed periods: a month end, and the snapshot its reported figures are fixed with from then on.

A close is one small file, `closes/<period_end>.json` in the store. Months close in order; only the latest can be
reopened. What becomes known of a closed month later does not change its reported figures: queries/close.py reports it
in the first open period (R1.5).
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from data.snapshots import open_snapshot
from data.store_files import locked, replace_synced, sync_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from data.snapshots import Snapshot


class CloseError(Exception):
    """A period that can't be closed or reopened; the message says why and what to do."""


@dataclass(frozen=True)
class Close:
    """One closed month: its last day, the snapshot its figures come from, and when it was closed."""

    period_end: date
    snapshot_id: str
    closed_at: datetime


def list_closes(store: Path) -> list[Close]:
    """Every closed month, oldest first.

    Raises:
        CloseError: one can't be read.
    """
    return sorted(map(_read, (store / "closes").glob("[!.]*.json")), key=lambda close: close.period_end)


def close_period(store: Path, period_end: date, wanted: str | None, closed_at: datetime) -> Close:
    """Fix a month's reported figures with what a snapshot knows.

    Args:
        store: the store's folder.
        period_end: last day of the month to close; the first close fixes all months up to it.
        wanted: the snapshot, as `open_snapshot` takes it.
        closed_at: the moment of closing, with its time zone.

    Raises:
        CloseError: the month can't be closed, or the store can't be written.
        SnapshotError: there is no such snapshot.
    """
    with _changing(store) as folder:
        # Under the lock: the snapshot a close names can't be pruned any more.
        snapshot = open_snapshot(store, wanted)
        close = Close(period_end, snapshot.snapshot_id, closed_at.astimezone(UTC).replace(microsecond=0))
        reason = obstacle(store, period_end, snapshot)
        if reason is not None:
            raise CloseError(reason)
        _write(folder, close)
    return close


def reopen_last(store: Path) -> Close:
    """Open the month closed last again; its close.

    Raises:
        CloseError: no month is closed, or the store can't be written.
    """
    with _changing(store) as folder:
        closes = list_closes(store)
        if not closes:
            raise CloseError(f"No month of {store} is closed.")
        (folder / f"{closes[-1].period_end}.json").unlink()
    return closes[-1]


def next_period_end(closes: Sequence[Close], snapshot: Snapshot) -> date:
    """The month end to close next: the month after the last one closed, else the last that ended by the snapshot.

    Args:
        closes: the closed months, oldest first.
        snapshot: the snapshot to close on.
    """
    if closes:
        return _month_end_after(closes[-1].period_end)
    day = snapshot.dated_on
    return day if _is_month_end(day) else day.replace(day=1) - timedelta(days=1)


def is_older(snapshot: Snapshot, other: Snapshot) -> bool:
    """Whether a snapshot came before another one of its store."""
    return (snapshot.dated_on, snapshot.number) < (other.dated_on, other.number)


def obstacle(store: Path, period_end: date, snapshot: Snapshot) -> str | None:
    """Why a month can't be closed on a snapshot, or None.

    Raises:
        CloseError: a close of the store can't be read.
        SnapshotError: the snapshot the last month was closed on is gone.
    """
    if not _is_month_end(period_end):
        return f"{period_end} is not the last day of a month."
    if period_end > snapshot.dated_on:
        return f"{period_end} is after {snapshot.dated_on}, the day of the snapshot: close it on a later one."
    closes = list_closes(store)
    return _out_of_order(store, closes[-1], period_end, snapshot) if closes else None


def _out_of_order(store: Path, last: Close, period_end: date, snapshot: Snapshot) -> str | None:
    if period_end <= last.period_end:
        return f"{period_end} is closed already; the last month closed, {last.period_end}, can be reopened."
    if period_end != _month_end_after(last.period_end):
        return f"Months close in order: {_month_end_after(last.period_end)} comes first."
    if is_older(snapshot, open_snapshot(store, last.snapshot_id)):
        return f"{last.period_end} was closed on {last.snapshot_id}: close {period_end} on the same or a later one."
    return None


def _month_end_after(month_end: date) -> date:
    # 32 days after the first of a month is in the month after, whichever it is.
    return ((month_end + timedelta(days=1)).replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)


def _is_month_end(day: date) -> bool:
    return (day + timedelta(days=1)).day == 1


def _read(path: Path) -> Close:
    try:
        kept = json.loads(path.read_bytes())
        return Close(
            period_end=date.fromisoformat(kept["period_end"]),
            snapshot_id=str(kept["snapshot_id"]),
            closed_at=datetime.fromisoformat(kept["closed_at"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CloseError(f"{path} is damaged: {error}. Move it away and close the month again.") from error


def _write(folder: Path, close: Close) -> None:
    """A reader sees the whole file or none."""
    content = {
        "period_end": close.period_end.isoformat(),
        "snapshot_id": close.snapshot_id,
        "closed_at": close.closed_at.isoformat(),
    }
    replace_synced(folder / f"{close.period_end}.json", json.dumps(content, indent=1).encode())


@contextmanager
def _changing(store: Path) -> Iterator[Path]:
    """The folder of the closes, to one process at a time; what changed in it is on disk when it is left.

    Raises:
        CloseError: the store can't be written.
    """
    folder = store / "closes"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with locked(store):
            yield folder
            sync_folder(folder)
    except OSError as error:
        raise CloseError(f"{folder} can't be written: {error.strerror or error}.") from error
