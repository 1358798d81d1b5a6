"""SIGKILL at any moment: readers see whole snapshots, what was published stays, and what was begun is swept.

The suite kills forty times; `make kills` two hundred times.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np

from data.snapshots import damaged_snapshots, list_snapshots, open_snapshot, publish, restore
from data.verification import verify
from tests.data.kill_workers import (
    FIRST_DAY,
    publish_until_killed,
    read_until_stopped,
    restore_until_killed,
    started,
)
from tests.data.test_snapshots import names, tables

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.context import ForkServerProcess
    from pathlib import Path

WRITERS = ("Cedar", "Birch")
KILLS = int(os.environ.get("DRAWDOWN_KILLS", "40"))
RESTORE_KILLS = 50
#: In seconds, about as long as a publication takes, and a few restores.
LONGEST_PUBLISHING, LONGEST_RESTORING = 0.1, 0.03
#: Every so many rounds the writers get one publication done before they are killed in the next.
ROUNDS = 10


def kill_after(seconds: float, process: ForkServerProcess) -> None:
    process.join(seconds)
    assert process.is_alive(), "it ended by itself: see its traceback above"
    process.kill()
    process.join()


def wait_until(is_so: Callable[[], bool], process: ForkServerProcess) -> None:
    while not is_so():
        process.join(0.002)
        assert process.is_alive(), "it ended by itself: see its traceback above"


def begun(store: Path) -> set[str]:
    """Folders of publications that are not finished."""
    return {name for name in names(store) if name.startswith(".publishing-")}


def lines(path: Path) -> list[str]:
    """Whole lines of a log whose writer may have been killed within one."""
    return path.read_text(encoding="utf-8").rpartition("\n")[0].splitlines() if path.exists() else []


def test_kills_of_two_writers_tear_nothing_and_lose_nothing(tmp_path: Path) -> None:
    store, stop = tmp_path / "store", tmp_path / "stop"
    first = publish(store, tables(), FIRST_DAY, {})
    logs = [tmp_path / f"{writer}.log" for writer in WRITERS]
    reads = [tmp_path / f"reads {seed}" for seed in (1, 2)]
    readers = [started(read_until_stopped, store, stop, path, seed) for seed, path in enumerate(reads)]
    rng = np.random.default_rng(5)
    cut_short = 0
    for number in range(KILLS // len(WRITERS)):
        left, done = begun(store), [len(lines(log)) for log in logs]
        writers = [
            started(publish_until_killed, store, log, f"{writer} {number}")
            for writer, log in zip(WRITERS, logs, strict=True)
        ]
        wait_until(lambda left=left: begun(store) - left, writers[0])
        if number % ROUNDS == 0:
            for writer, log, before in zip(writers, logs, done, strict=True):
                wait_until(lambda log=log, before=before: len(lines(log)) > before, writer)
        for writer in writers if rng.integers(2) else reversed(writers):
            kill_after(rng.uniform(0, LONGEST_PUBLISHING), writer)
        cut_short += len(begun(store))
    stop.touch()
    for reader in readers:
        reader.join()

    assert [reader.exitcode for reader in readers] == [0, 0]
    assert min(int(path.read_text(encoding="utf-8")) for path in reads) > KILLS // 4
    assert cut_short > KILLS // 4
    last = publish(store, tables(2), FIRST_DAY, {})
    listed = list_snapshots(store)
    ids = {snapshot.snapshot_id for snapshot in listed}
    published = [line for log in logs for line in lines(log)]
    assert len(published) >= KILLS // ROUNDS
    assert {first.snapshot_id, last.snapshot_id, *published} <= ids
    assert names(store) == sorted(ids)
    assert [problem for snapshot in listed for problem in verify(snapshot)] == []
    assert sorted(snapshot.number for snapshot in listed) == list(range(1, len(listed) + 1))
    assert damaged_snapshots(store) == []


def test_a_killed_restore_has_happened_or_not(tmp_path: Path) -> None:
    store, log = tmp_path / "store", tmp_path / "restored"
    ids = [publish(store, tables(number), FIRST_DAY, {}).snapshot_id for number in range(1, 5)]
    rng = np.random.default_rng(6)
    for _ in range(RESTORE_KILLS):
        log.unlink(missing_ok=True)
        before = open_snapshot(store).snapshot_id
        kill_after(rng.uniform(0, LONGEST_RESTORING), started(restore_until_killed, store, log, ids))
        restored = lines(log)
        begun = ids[len(restored) % len(ids)]
        now = [snapshot.snapshot_id for snapshot in list_snapshots(store)]
        assert now == ids[: len(now)]
        assert now[-1] in {restored[-1] if restored else before, begun}

    assert restore(store, ids[-1]) == open_snapshot(store)
    assert [snapshot.snapshot_id for snapshot in list_snapshots(store)] == ids
