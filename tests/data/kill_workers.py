"""Processes that start in milliseconds, and what those of test_kills.py do until they are killed or told to stop."""

from __future__ import annotations

import multiprocessing
import os
from datetime import date, timedelta
from itertools import count, cycle
from typing import TYPE_CHECKING, Any

import numpy as np

from data.schema import TABLES
from data.snapshots import list_snapshots, publish, restore
from data.verification import verify
from tests.data.test_snapshots import tables

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.context import ForkServerProcess
    from pathlib import Path

FIRST_DAY = date(2024, 1, 1)


def started(work: Callable[..., None], *arguments: Any) -> ForkServerProcess:
    """A process, forked from one that has imported everything already."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    process = context.Process(target=work, args=arguments)
    process.start()
    return process


def publish_until_killed(store: Path, log: Path, writer: str) -> None:
    """Publish one new snapshot after the other; what was published is in the log once `publish` returned."""
    with log.open("a", encoding="utf-8") as published:
        for number in count():
            holding = tables()
            holding["accounts"] = holding["accounts"].set_column(1, "name", [[f"{writer} {number}"]])
            on = FIRST_DAY + timedelta(days=number)
            _note(published.fileno(), publish(store, holding, on, {}).snapshot_id)


def restore_until_killed(store: Path, log: Path, ids: list[str]) -> None:
    """Restore one snapshot after the other; what was restored is in the log once `restore` returned."""
    with log.open("a", encoding="utf-8") as restored:
        for wanted in cycle(ids):
            _note(restored.fileno(), restore(store, wanted).snapshot_id)


def _note(descriptor: int, line: str) -> None:
    os.write(descriptor, f"{line}\n".encode())
    os.fsync(descriptor)


def read_until_stopped(store: Path, stop: Path, log: Path, seed: int) -> None:
    """Read the current and some other snapshot; nothing may be torn, nothing that was seen may be gone."""
    os.nice(10)
    rng = np.random.default_rng(seed)
    seen: set[str] = set()
    reads = 0
    while not stop.exists():
        listed = list_snapshots(store)
        ids = {snapshot.snapshot_id for snapshot in listed}
        assert seen <= ids, f"lost: {seen - ids}"
        seen = ids
        for snapshot in (listed[-1], listed[rng.integers(len(listed))]):
            assert verify(snapshot) == []
            for name in TABLES:
                assert snapshot.read(name).num_rows == snapshot.row_count(name)
            reads += 1
    log.write_text(str(reads), encoding="utf-8")
