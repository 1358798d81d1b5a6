"""Import: files through the gate, then one snapshot each in the order of their dates."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from operator import itemgetter
from typing import TYPE_CHECKING

from data.gate import GatedFile, Issue, read_report
from data.running_totals import ROW_RULES, add_report
from data.schema import TABLES
from data.snapshots import Snapshot, SnapshotError, list_snapshots, publish

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date
    from pathlib import Path

    from data.mapping import SourceMapping


@dataclass(frozen=True)
class FileResult:
    """What became of one file; `snapshot_id` is None when nothing was published."""

    file: str
    snapshot_id: str | None
    rows_in: int
    rows_used: int
    rows_rejected: int


@dataclass(frozen=True)
class ImportReport:
    """What became of the files, and every value that was refused."""

    files: tuple[FileResult, ...]
    issues: tuple[Issue, ...]

    @property
    def is_published(self) -> bool:
        """Whether every file has its snapshot."""
        return all(result.snapshot_id for result in self.files)

    def write(self, path: Path) -> None:
        """Write the report as JSON.

        Raises:
            SnapshotError: the file can't be written.
        """
        try:
            path.write_text(json.dumps(asdict(self), indent=1, ensure_ascii=False), encoding="utf-8")
        except OSError as error:
            raise SnapshotError(f"The report {path} can't be written: {error.strerror}.") from error


@dataclass(frozen=True)
class _Source:
    """One file with the day it speaks for and what the gate let through."""

    path: Path
    dated_on: date | None
    gated: GatedFile

    @property
    def result(self) -> FileResult:
        rows_in, rows_used = self.gated.rows_in, self.gated.rows_used
        return FileResult(self.path.name, None, rows_in, rows_used, rows_in - rows_used)


def import_files(
    files: Sequence[Path],
    mapping: SourceMapping,
    store: Path,
    *,
    accept_good: bool,
    on_file: Callable[[str, str], None],
) -> ImportReport:
    """Take files into a store as one snapshot each.

    All files pass the gate before the first snapshot is published: a row refused publishes nothing. A store that
    fails while they are published keeps the snapshots published before.

    Args:
        files: the files, in any order.
        mapping: how to read them.
        store: the folder of snapshots.
        accept_good: publish the good rows of a file even where others were rejected; a file that can't be read
            as rows blocks the import all the same.
        on_file: called with ("checked" or "published", the file's name) as each file is done.

    Raises:
        SnapshotError: the store can't be read or written, or a file's rows break a rule of the schema.
    """
    sources: list[_Source] = []
    for path in files:
        sources.append(_check(path, mapping, earlier=sources))
        on_file("checked", path.name)
    report = ImportReport(
        files=tuple(source.result for source in sources),
        issues=tuple(issue for source in sources for issue in source.gated.issues),
    )
    is_readable = all(source.gated.rows is not None for source in sources)
    if not is_readable or (report.issues and not accept_good):
        return report
    snapshots = {}
    dated = [(source.dated_on, source) for source in sources if source.dated_on]
    for dated_on, source in sorted(dated, key=itemgetter(0)):
        snapshots[source.path] = _publish(source, dated_on, mapping, store)
        on_file("published", source.path.name)
    return replace(
        report,
        files=tuple(replace(source.result, snapshot_id=snapshots[source.path].snapshot_id) for source in sources),
    )


def _check(path: Path, mapping: SourceMapping, earlier: Sequence[_Source]) -> _Source:
    """Take one file through the gate, unless its name gives no day or the day of another file."""
    dated_on = mapping.file_date.read(path.name)
    same_day = [source.path.name for source in earlier if dated_on and source.dated_on == dated_on]
    if dated_on is None:
        reason = f"the file's name does not give its date as {mapping.file_date.pattern.pattern}"
    elif same_day:
        reason = f"speaks for {dated_on} as {same_day[0]} does: one report a day"
    else:
        return _Source(path, dated_on, read_report(path, mapping, ROW_RULES))
    return _Source(path, None, GatedFile(None, (Issue(path.name, 1, None, None, reason),)))


def _publish(source: _Source, dated_on: date, mapping: SourceMapping, store: Path) -> Snapshot:
    """Publish what is known with one more report.

    It stands on the latest snapshot dated strictly before it, so that importing a file again gives the same one.
    """
    previous = [snapshot for snapshot in list_snapshots(store) if snapshot.dated_on < dated_on]
    tables = {name: previous[-1].read(name) for name in TABLES} if previous else {}
    return publish(
        store,
        add_report(tables, source.gated.rows, mapping, dated_on),
        dated_on,
        {
            "mapping": mapping.name,
            "files": [{"file": source.path.name, "sha256": hashlib.sha256(source.path.read_bytes()).hexdigest()}],
            "rows_used": source.gated.rows_used,
            "rows_rejected": source.result.rows_rejected,
            "stands_on": previous[-1].snapshot_id if previous else None,
        },
    )
