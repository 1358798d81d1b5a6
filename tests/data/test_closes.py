"""Months close in order on a snapshot that knows them, stay closed, and only the last can be reopened."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from data.closes import Close, CloseError, close_period, list_closes, next_period_end, obstacle, reopen_last
from data.snapshots import Snapshot, SnapshotError, list_snapshots, publish

if TYPE_CHECKING:
    from pathlib import Path

JULY, AUGUST, SEPTEMBER = date(2026, 7, 31), date(2026, 8, 31), date(2026, 9, 30)
NOW = datetime(2026, 10, 2, 9, 30, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Snapshots of the ends of August and September."""
    for on, clients in ((AUGUST, ["A"]), (SEPTEMBER, ["A", "B"])):
        publish(tmp_path, {"accounts": pa.table({"account_id": clients, "name": clients})}, on, {})
    return tmp_path


@pytest.fixture
def august(store: Path) -> Snapshot:
    return list_snapshots(store)[0]


@pytest.fixture
def september(store: Path) -> Snapshot:
    return list_snapshots(store)[1]


def refused(store: Path, period_end: date, wanted: str | None = None) -> str:
    closed = list_closes(store)
    with pytest.raises(CloseError) as error:
        close_period(store, period_end, wanted, NOW)
    assert list_closes(store) == closed
    return str(error.value)


def test_a_close_keeps_the_month_its_snapshot_and_when_it_was_closed(store: Path, august: Snapshot) -> None:
    in_berlin = NOW.astimezone(timezone(timedelta(hours=2)))
    closed = close_period(store, AUGUST, august.snapshot_id, in_berlin)

    assert closed == Close(AUGUST, august.snapshot_id, NOW)
    assert list_closes(store) == [closed]
    assert json.loads((store / "closes" / "2026-08-31.json").read_text()) == {
        "period_end": "2026-08-31",
        "snapshot_id": august.snapshot_id,
        "closed_at": "2026-10-02T09:30:00+00:00",
    }


def test_the_snapshot_may_be_named_by_date_or_left_to_be_the_latest(
    store: Path, august: Snapshot, september: Snapshot
) -> None:
    assert close_period(store, AUGUST, "2026-09-15", NOW).snapshot_id == august.snapshot_id
    assert close_period(store, SEPTEMBER, None, NOW).snapshot_id == september.snapshot_id
    assert [close.period_end for close in list_closes(store)] == [AUGUST, SEPTEMBER]


def test_nothing_is_closed_at_first(store: Path) -> None:
    assert list_closes(store) == []
    assert list_closes(store / "nowhere") == []


def test_a_month_that_cannot_be_closed_says_why(store: Path, august: Snapshot) -> None:
    assert refused(store, date(2026, 8, 30)) == "2026-08-30 is not the last day of a month."
    assert refused(store, SEPTEMBER, august.snapshot_id) == (
        "2026-09-30 is after 2026-08-31, the day of the snapshot: close it on a later one."
    )
    with pytest.raises(SnapshotError, match="There is no snapshot X"):
        close_period(store, AUGUST, "X", NOW)


def test_months_close_in_order_and_stay_closed(store: Path, september: Snapshot) -> None:
    first = close_period(store, JULY, september.snapshot_id, NOW)

    assert refused(store, SEPTEMBER) == "Months close in order: 2026-08-31 comes first."
    for closed in (JULY, date(2026, 6, 30)):
        says = f"{closed} is closed already; the last month closed, 2026-07-31, can be reopened."
        assert refused(store, closed) == says
    assert list_closes(store) == [first]


def test_a_month_is_not_closed_on_less_than_was_known_of_the_month_before(
    store: Path, august: Snapshot, september: Snapshot
) -> None:
    close_period(store, JULY, september.snapshot_id, NOW)

    says = refused(store, AUGUST, august.snapshot_id)
    assert says == f"2026-07-31 was closed on {september.snapshot_id}: close 2026-08-31 on the same or a later one."


def test_only_the_month_closed_last_is_reopened(store: Path, september: Snapshot) -> None:
    first, last = (close_period(store, end, september.snapshot_id, NOW) for end in (AUGUST, SEPTEMBER))

    assert reopen_last(store) == last
    assert list_closes(store) == [first]
    assert reopen_last(store) == first
    with pytest.raises(CloseError, match=r"No month of .* is closed"):
        reopen_last(store)


def test_the_month_to_close_next(store: Path, august: Snapshot, september: Snapshot) -> None:
    assert next_period_end([], september) == SEPTEMBER
    in_mid_month = publish(store, {}, date(2026, 11, 15), {})
    assert next_period_end([], in_mid_month) == date(2026, 10, 31)

    assert next_period_end([close_period(store, AUGUST, august.snapshot_id, NOW)], september) == SEPTEMBER
    assert next_period_end([Close(date(2027, 12, 31), "any", NOW)], september) == date(2028, 1, 31)
    assert next_period_end([Close(date(2028, 1, 31), "any", NOW)], september) == date(2028, 2, 29)
    assert obstacle(store, SEPTEMBER, september) is None


def test_of_several_who_close_the_same_month_one_does(store: Path, september: Snapshot) -> None:
    def close(minute: int) -> Close | None:
        try:
            return close_period(store, AUGUST, september.snapshot_id, NOW.replace(minute=minute))
        except CloseError:
            return None

    with ThreadPoolExecutor(8) as people:
        closed = [close for close in people.map(close, range(8)) if close is not None]
    assert list_closes(store) == closed
    assert len(closed) == 1


@pytest.mark.parametrize("content", ["", "{}", '{"period_end": "2026-08-31", "snapshot_id": "X", "closed_at": "soon"}'])
def test_a_damaged_close_is_named(store: Path, content: str) -> None:
    (store / "closes").mkdir()
    (store / "closes" / "2026-08-31.json").write_text(content)

    with pytest.raises(CloseError, match=r"2026-08-31.json is damaged: .* Move it away and close the month again"):
        list_closes(store)


def test_a_store_that_cannot_be_written_says_so(store: Path) -> None:
    (store / "closes").write_text("in the way")

    assert "can't be written: File exists" in refused(store, AUGUST)
