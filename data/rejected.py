"""The rows an import refused or left out, kept in the store beside its snapshots: nothing that came in is lost."""

from __future__ import annotations

import hashlib
import io
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.parquet as pq

from data.store_files import replace_synced

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from data.gate import Issue

_FOLDER: Final = "rejected"
_COLUMNS: Final = (
    ("file", pa.string()),
    ("line", pa.int64()),
    ("column", pa.string()),
    ("value", pa.string()),
    ("reason", pa.string()),
    ("is_left_out", pa.bool_()),
    ("row", pa.string()),
)


def issues_table(issues: Iterable[Issue]) -> pa.Table:
    """Issues as rows, under the names of their fields."""
    listed = list(issues)
    return pa.table({name: pa.array([getattr(issue, name) for issue in listed], type_) for name, type_ in _COLUMNS})


def keep_rejected(store: Path, issues: Iterable[Issue]) -> str | None:
    """Write issues into the store; the path of their file in it, None where there are none.

    Raises:
        OSError: the store can't be written.
    """
    table = issues_table(issues)
    if not table.num_rows:
        return None
    content = io.BytesIO()
    pq.write_table(table, content, compression="zstd")
    name = f"{_FOLDER}/{hashlib.sha256(content.getvalue()).hexdigest()[:12]}.parquet"
    path = store / name
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_synced(path, content.getvalue())
    return name
