"""The least a stage could take: reading, ordering and writing the same rows, and one bare compiled pass over them."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl
import pyarrow.parquet as pq
from numba import njit

from data.schema import TABLES
from data.snapshots import open_snapshot

if TYPE_CHECKING:
    from collections.abc import Sequence

Integers = np.ndarray[tuple[int], np.dtype[np.int64]]


class Floor(NamedTuple):
    """Seconds of the work that can't be avoided, and of writing what comes of it."""

    work: float
    writing: float

    @property
    def seconds(self) -> float:
        """Both."""
        return self.work + self.writing


def publish_floor(store: Path) -> Floor:
    """Read the tables of a store's current snapshot, write and sync them again, and hash their bytes."""
    snapshot = open_snapshot(store)
    return _copied([snapshot.path(name) for name in TABLES], is_hashed=True)


def draws_floor(store: Path, made: Sequence[Path]) -> Floor:
    """Read the deliveries, order them by contract and day, and add them up; write what the draws made.

    Args:
        store: whose current snapshot's deliveries.
        made: the files the draws are kept in.
    """
    _balances(np.zeros(1, np.int64), np.zeros(1, np.int64))  # compiled before it is timed
    begun = perf_counter()
    rows = (
        pl.scan_parquet(open_snapshot(store).path("consumption"))
        .select("contract_id", "service_date", "line_no", pl.col("quantity").cast(pl.Float64))
        .sort("contract_id", "service_date", "line_no")
        .collect()
    )
    starts = rows["contract_id"].rle_id().cast(pl.Int64).to_numpy()
    _balances(starts, (rows["quantity"] * 10_000).cast(pl.Int64).to_numpy())
    work = perf_counter() - begun
    del rows
    return Floor(work, _copied(made, is_hashed=False).writing)


def marts_floor(read: Sequence[Path], made: Sequence[Path]) -> Floor:
    """Read the draws once, and write what the marts made.

    Args:
        read: the files the draws are kept in.
        made: the files the marts are kept in.
    """
    begun = perf_counter()
    for path in read:
        for _ in pq.ParquetFile(path).iter_batches():
            pass
    return Floor(perf_counter() - begun, _copied(made, is_hashed=False).writing)


@njit(cache=True)
def _balances(contract: Integers, quantity: Integers) -> Integers:
    """What each contract has used by each delivery."""
    used = np.empty_like(quantity)
    total = 0
    for row in range(len(quantity)):
        if row > 0 and contract[row] != contract[row - 1]:
            total = 0
        total += quantity[row]
        used[row] = total
    return used


def _copied(paths: Sequence[Path], *, is_hashed: bool) -> Floor:
    """Read files of Parquet (the work) and write them elsewhere."""
    begun, writing = perf_counter(), 0.0
    with tempfile.TemporaryDirectory(dir=paths[0].parent if paths else None) as folder:
        for path in paths:
            writing += _copy(path, Path(folder) / path.name, is_hashed=is_hashed)
    return Floor(perf_counter() - begun - writing, writing)


def _copy(path: Path, to: Path, *, is_hashed: bool) -> float:
    """Seconds spent on writing."""
    source, seconds = pq.ParquetFile(path), 0.0
    with pq.ParquetWriter(to, source.schema_arrow, compression="zstd", version="2.6") as writer:
        for batch in source.iter_batches(122_880):
            begun = perf_counter()
            writer.write_batch(batch)
            seconds += perf_counter() - begun
    begun = perf_counter()
    if is_hashed:
        with to.open("rb") as written:
            os.fsync(written.fileno())
            hashlib.file_digest(written, "sha256")
    return seconds + perf_counter() - begun
