"""Import: sources through the gate, then into the store as snapshots, whole or not at all.

Reports of running totals become one snapshot each, in the order of their dates; rows of all other kinds become one
snapshot together, on top of the current one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from data.canonical import CANONICAL, table_mapping
from data.csv_file import UnreadableError
from data.database import is_database, table_of, tables_in
from data.difference import Difference
from data.fills import row_rules
from data.gate import Gate, Gated, display_name, unreadable
from data.import_report import FileResult, ImportReport
from data.rejected import keep_rejected
from data.row_import import RowImport, latest_day, open_base
from data.running_totals import ROW_RULES, add_report
from data.schema import TABLES
from data.snapshots import Snapshot, SnapshotError, StaleStoreError, changing, list_snapshots, publish
from data.staging import staging_in
from data.store_files import building

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from data.mapping import SourceMapping
    from data.row_rule import RowRule
    from data.staging import Staging

_NO_DAY: Final = "The rows tell of no day the snapshot could speak for: say it with --dated-on."
#: Told of each step: "checked" or "published", and the file's name.
Step: TypeAlias = Callable[[str, str], None]


def import_files(
    locations: Sequence[str | Path],
    mapping: SourceMapping,
    store: Path,
    *,
    accept_good: bool,
    dated_on: date | None = None,
    expected: str | None = None,
    on_file: Step,
) -> ImportReport:
    """Take sources into a store.

    All pass the gate before anything is published: a row refused publishes nothing. A store that fails while reports of
    running totals are published keeps the snapshots published before.

    Args:
        locations: paths of files, or tables of a database; in any order.
        mapping: how to read them.
        store: the folder of snapshots.
        accept_good: publish the good rows even where others were rejected; a source that can't be read as rows blocks
            the import all the same.
        dated_on: the day the snapshot speaks for; None takes the last day the rows tell of. Running totals say it in
            their files' names.
        expected: the snapshot that the difference somebody agreed to stands on; None takes the current one.
        on_file: called with ("checked" or "published", the file's name) as each file is done.

    Raises:
        StaleStoreError: the store changed in the meantime.
        SnapshotError: the store can't be read or written, or a table would break a rule of the schema.
    """
    with prepared(locations, mapping, store, dated_on=dated_on, on_file=on_file) as waiting:
        if expected is not None and waiting.report.stands_on != expected:
            raise StaleStoreError(f"{store} changed since the difference was shown. Look at the new one first.")
        return waiting.publish(on_file) if waiting.report.may_be_published(accept_good=accept_good) else waiting.report


@dataclass(frozen=True)
class Prepared:
    """An import before it is published: what it would come to."""

    report: ImportReport
    _publish: Callable[[Step], Sequence[FileResult]]

    def publish(self, on_file: Step) -> ImportReport:
        """Publish the good rows; the report with the snapshots.

        Args:
            on_file: called with ("published", the file's name) as each file is done.

        Raises:
            StaleStoreError: the store changed in the meantime.
            SnapshotError: the store can't be written, or a table would break a rule of the schema.
        """
        return replace(self.report, files=tuple(self._publish(on_file)))


def prepared(
    locations: Sequence[str | Path], mapping: SourceMapping, store: Path, *, dated_on: date | None = None, on_file: Step
) -> AbstractContextManager[Prepared]:
    """Take sources through the gate and work out what they change; nothing is published yet.

    Args:
        locations: paths of files, or tables of a database; in any order.
        mapping: how to read them.
        store: the folder of snapshots.
        dated_on: the day the snapshot is to speak for; None takes the last day the rows tell of.
        on_file: called with ("checked", the file's name) as each is done.

    Raises:
        SnapshotError: the store can't be read, or the day can't be used.
    """
    prepare = _prepared_reports if mapping.file_date else _prepared_rows
    return prepare([str(location) for location in locations], mapping, store, dated_on, on_file)


# --- rows: one snapshot together --------------------------------------------------------------------------------


@contextmanager
def _prepared_rows(
    locations: Sequence[str], mapping: SourceMapping, store: Path, dated_on: date | None, on_file: Step
) -> Iterator[Prepared]:
    known = list_snapshots(store)
    base = known[-1] if known else None
    with _workplace(store) as (staging, folder):
        open_base(staging.connection, base)
        opened: list[Gate | Gated] = []
        locations, unreached = _each_table(locations, mapping)
        opened.extend(unreached)
        for place, location in enumerate(locations):
            opened.append(_open_rows(staging, folder, location, mapping, f"source_{place}"))
            on_file("checked", display_name(location))
        gates = [one for one in opened if isinstance(one, Gate)]
        day, differences = dated_on, tuple[Difference, ...]()
        # Where a source can't be read, nothing is published, and what refers to it would only seem to be wrong.
        if len(gates) == len(opened):
            day = _day_of(latest_day(staging.connection, gates), dated_on, base)
            differences = RowImport(staging.connection, gates, day or date.min).differences()
        results = [one.result() if isinstance(one, Gate) else one for one in opened]
        report = _report(results, differences, base)
        # Where rows were refused, the day may be theirs to tell: they are reported first.
        if day is None and not report.rejections:
            raise SnapshotError(_NO_DAY)

        def publish_them(on_file: Step) -> list[FileResult]:
            if day is None:
                raise SnapshotError(_NO_DAY)
            snapshot = publish(store, staging, day, _origin(mapping, locations, results, base, store), expected=known)
            for result in results:
                on_file("published", result.file)
            return [FileResult.of(result, snapshot) for result in results]

        yield Prepared(report, publish_them)


def _each_table(locations: Sequence[str], mapping: SourceMapping) -> tuple[list[str], list[Gated]]:
    """The locations, a database of the canonical mapping by its tables; and what is reported of those without any."""
    each, unreached = list[str](), list[Gated]()
    for location in locations:
        if mapping is not CANONICAL or not is_database(location) or table_of(location):
            each.append(location)
            continue
        try:
            each.extend(tables_in(location))
        except UnreadableError as error:
            unreached.append(unreadable(location, error))
    return each, unreached


def _open_rows(staging: Staging, folder: Path, location: str, mapping: SourceMapping, name: str) -> Gate | Gated:
    try:
        own = table_mapping(location) if mapping is CANONICAL else mapping
    except UnreadableError as error:
        return unreadable(location, error)
    return _open(staging, folder, location, own, name, row_rules(own))


def _day_of(latest: date | None, wanted: date | None, base: Snapshot | None) -> date | None:
    """The day a snapshot speaks for: the one asked for, else the last its rows or its base tell of, if any."""
    if base is not None and wanted is not None and wanted < base.dated_on:
        raise SnapshotError(
            f"The current snapshot speaks for {base.dated_on}: what is imported on top of it can't speak for {wanted}."
        )
    days = [day for day in (latest, base.dated_on if base else None) if day is not None]
    return wanted or max(days, default=None)


# --- running totals: one snapshot a report ----------------------------------------------------------------------


@contextmanager
def _prepared_reports(
    locations: Sequence[str], mapping: SourceMapping, store: Path, dated_on: date | None, on_file: Step
) -> Iterator[Prepared]:
    if dated_on is not None:
        raise SnapshotError(f"The mapping {mapping.name} reads the day in the file's name: leave out --dated-on.")
    with _workplace(store) as (staging, folder):
        reports: list[_Report] = []
        for place, location in enumerate(locations):
            reports.append(_check_report(staging, folder, location, mapping, f"source_{place}", earlier=reports))
            on_file("checked", display_name(location))

        def publish_them(on_file: Step) -> list[FileResult]:
            published = {}
            dated = [(report.dated_on, report) for report in reports if report.dated_on]
            for day, report in sorted(dated, key=itemgetter(0)):
                published[report.location] = _publish_report(staging, report, day, mapping, store)
                on_file("published", report.gated.file)
            return [FileResult.of(report.gated, published[report.location]) for report in reports]

        yield Prepared(_report([report.gated for report in reports]), publish_them)


@dataclass(frozen=True)
class _Report:
    """One report with the day it speaks for; `table` holds the rows that came through the gate."""

    location: str
    dated_on: date | None
    gated: Gated
    table: str


def _check_report(
    staging: Staging, folder: Path, location: str, mapping: SourceMapping, name: str, *, earlier: Sequence[_Report]
) -> _Report:
    """Take one report through the gate, unless its name gives no day or the day of another one."""
    file = display_name(location)
    dated_on = mapping.file_date.read(file) if mapping.file_date else None
    same_day = [report.gated.file for report in earlier if dated_on and report.dated_on == dated_on]
    reason = f"speaks for {dated_on} as {same_day[0]} does: one report a day" if same_day else None
    if dated_on is None and mapping.file_date:
        reason = f"the file's name does not give its date as {mapping.file_date.pattern.pattern}"
    if reason:
        return _Report(location, None, unreadable(location, UnreadableError(1, reason)), name)
    gate = _open(staging, folder, location, mapping, name, ROW_RULES)
    return _Report(location, dated_on, gate.result() if isinstance(gate, Gate) else gate, name)


def _publish_report(staging: Staging, report: _Report, dated_on: date, mapping: SourceMapping, store: Path) -> Snapshot:
    """Publish what is known with one more report.

    It stands on the latest snapshot dated strictly before it, so that importing a file again gives the same one.
    """
    known = list_snapshots(store)
    before = [snapshot for snapshot in known if snapshot.dated_on < dated_on]
    base = before[-1] if before else None
    rows = staging.connection.sql(f"FROM {report.table} ORDER BY line").to_arrow_table()
    tables = {name: base.read(name) for name in TABLES} if base else {}
    return publish(
        store,
        add_report(tables, rows, mapping, dated_on),
        dated_on,
        _origin(mapping, [report.location], [report.gated], base, store),
        expected=known,
    )


# --- both -------------------------------------------------------------------------------------------------------


@contextmanager
def _workplace(store: Path) -> Iterator[tuple[Staging, Path]]:
    """A staging, and a folder for its files in the store: one that is left behind is swept by the next import."""
    with changing(store, "Nothing was imported"), building(store) as folder, staging_in(folder) as staging:
        yield staging, folder


def _open(
    staging: Staging, folder: Path, location: str, mapping: SourceMapping, name: str, rules: Iterable[RowRule]
) -> Gate | Gated:
    """A source taken through the gate; what is reported of it where that can't be."""
    try:
        gate = Gate(staging.connection, location, mapping, name=name, folder=folder)
    except UnreadableError as error:
        return unreadable(location, error)
    gate.apply(rules)
    return gate


def _report(
    results: Sequence[Gated], differences: tuple[Difference, ...] = (), base: Snapshot | None = None
) -> ImportReport:
    return ImportReport(
        files=tuple(FileResult.of(result) for result in results),
        issues=tuple(issue for result in results for issue in result.issues),
        differences=differences,
        stands_on=base.snapshot_id if base else None,
    )


def _origin(
    mapping: SourceMapping, locations: Sequence[str], results: Sequence[Gated], base: Snapshot | None, store: Path
) -> dict[str, Any]:
    """Where a snapshot comes from, for its manifest; the rows it goes without are kept in the store."""
    return {
        "mapping": mapping.name,
        "files": [{"file": display_name(location), "sha256": _digest(location)} for location in locations],
        "rows_used": sum(result.rows_used for result in results),
        "rows_rejected": sum(result.rows_rejected for result in results),
        "rows_left_out": sum(result.rows_left_out for result in results),
        "rejected": keep_rejected(store, (issue for result in results for issue in result.issues)),
        "stands_on": base.snapshot_id if base else None,
    }


def _digest(location: str) -> str | None:
    """The SHA-256 of a file's bytes; a database has none."""
    if is_database(location):
        return None
    with Path(location).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
