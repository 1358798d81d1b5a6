"""What an import came to: every file, every value refused, and what differs from the snapshot before."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from data.rejected import issues_table
from data.snapshots import SnapshotError

if TYPE_CHECKING:
    from pathlib import Path

    from data.difference import Difference
    from data.gate import Gated, Issue
    from data.snapshots import Snapshot


@dataclass(frozen=True)
class FileResult:
    """What became of one file; `snapshot_id` is None when nothing was published."""

    file: str
    snapshot_id: str | None
    rows_in: int
    rows_used: int
    rows_rejected: int
    rows_left_out: int

    @classmethod
    def of(cls, gated: Gated, snapshot: Snapshot | None = None) -> FileResult:
        """The counts of what the gate says."""
        return cls(
            file=gated.file,
            snapshot_id=snapshot.snapshot_id if snapshot else None,
            rows_in=gated.rows_in,
            rows_used=gated.rows_used,
            rows_rejected=gated.rows_rejected,
            rows_left_out=gated.rows_left_out,
        )


@dataclass(frozen=True)
class ImportReport:
    """What became of the files, every value that was refused or left out, and the difference it makes.

    `stands_on` is the snapshot the difference is to; running totals, one snapshot a file, have no difference.
    """

    files: tuple[FileResult, ...]
    issues: tuple[Issue, ...]
    differences: tuple[Difference, ...] = ()
    stands_on: str | None = None

    @property
    def is_published(self) -> bool:
        """Whether every file has its snapshot."""
        return all(result.snapshot_id for result in self.files)

    @property
    def is_readable(self) -> bool:
        """Whether every file could be read as rows."""
        return all(result.rows_in for result in self.files)

    @property
    def rejections(self) -> tuple[Issue, ...]:
        """The issues that keep a strict import from being published: not what the mapping leaves out."""
        return tuple(issue for issue in self.issues if not issue.is_left_out)

    def may_be_published(self, *, accept_good: bool) -> bool:
        """Whether nothing stands against it; with `accept_good` only a source that can't be read does."""
        return self.is_readable and (accept_good or not self.rejections)

    def write(self, path: Path) -> None:
        """Write the report: as JSON, or only its issues as CSV or Parquet, by the path's suffix.

        Raises:
            SnapshotError: the file can't be written.
        """
        try:
            if path.suffix == ".parquet":
                pq.write_table(issues_table(self.issues), path)
            elif path.suffix == ".csv":
                pyarrow.csv.write_csv(_harmless(issues_table(self.issues)), path)
            else:
                path.write_text(json.dumps(asdict(self), indent=1, ensure_ascii=False, default=str), encoding="utf-8")
        except OSError as error:
            raise SnapshotError(f"The report {path} can't be written: {error.strerror}.") from error


def _harmless(table: pa.Table) -> pa.Table:
    """The table with a mark before each text that a spreadsheet would run as a formula."""
    for place, column in enumerate(table.schema):
        if column.type == pa.string():
            marked = pc.replace_substring_regex(table[column.name], r"\A([=+\-@\t\r])", r"'\1")
            table = table.set_column(place, column, marked)
    return table
