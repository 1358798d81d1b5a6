"""`drawdown import`: reports and exports into snapshots, through a mapping."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from dashboard.commands.stores import OWN_STORE, Store
from data.import_report import ImportReport
from data.importer import prepared
from data.mapping_file import load_mapping, with_date_format
from data.snapshots import list_snapshots

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_ISSUES_SHOWN = 10
_CHANGES_SHOWN = 10
_VALUE_SHOWN = 200


def import_(
    files: Annotated[
        list[str], typer.Argument(help="The files to import, in any order; or postgresql://host/database#table.")
    ],
    *,
    mapping: Annotated[
        str, typer.Option(help="Name of a bundled mapping, canonical (files named after the tables), or a .toml file.")
    ],
    store: Store = None,
    dated_on: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Day the snapshot speaks for; default: the last the rows tell of."),
    ] = None,
    date_format: Annotated[
        list[str] | None, typer.Option(help="HEADER=FORMAT where a file leaves open how its days are written.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="Write what became of every file and value: .json, .csv or .parquet.")
    ] = None,
    accept_good: Annotated[
        bool,
        typer.Option(
            "--accept-good/--strict", help="Publish the good rows even where others are rejected, or nothing."
        ),
    ] = False,
    check: Annotated[bool, typer.Option("--check", help="Only say what the import would come to.")] = False,
) -> None:
    """Import files through a mapping into the store; a rejected row publishes nothing.

    One report, a time tracker's export, or a year's good rows with a report of the others:

        drawdown import --mapping philadelphia FY-2014-Q1.csv

        drawdown import --mapping toggl --check Toggl_time_entries.csv

        drawdown import --mapping canonical --accept-good --report rejected.csv contracts.csv lots.xlsx consumption.csv
    """
    chosen = store or OWN_STORE
    how = load_mapping(mapping)
    for pair in date_format or []:
        header, _, written = pair.rpartition("=")
        how = with_date_format(how, header, written)
    if report is not None:
        # One that can't be written is said before anything is published.
        ImportReport(files=(), issues=()).write(report)
    day = dated_on.date() if dated_on else None
    with _progress(len(files)) as on_file, prepared(files, how, chosen, dated_on=day, on_file=on_file) as waiting:
        outcome = waiting.report
        _show_differences(outcome)
        if not check and outcome.may_be_published(accept_good=accept_good):
            outcome = waiting.publish(on_file)
    if report is not None:
        outcome.write(report)
    _show(outcome, is_check=check)
    if check:
        raise typer.Exit(not outcome.may_be_published(accept_good=accept_good))
    if not outcome.is_published:
        raise typer.Exit(1)
    _warn_of_later_snapshots(chosen, {file.snapshot_id for file in outcome.files})


@contextmanager
def _progress(file_count: int) -> Iterator[Callable[[str, str], None]]:
    """Two bars on standard error, one step a file: files checked, and files published."""
    columns = (
        TextColumn("{task.description:<10}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[file]}"),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        bars = {step: progress.add_task(step, total=file_count, file="") for step in ("checked", "published")}
        yield lambda step, file: progress.update(bars[step], advance=1, file=file)


def _warn_of_later_snapshots(store: Path, published: set[str | None]) -> None:
    """A published snapshot never changes, so those dated later do not know what was imported now."""
    known = list_snapshots(store)
    last = max(snapshot.dated_on for snapshot in known if snapshot.snapshot_id in published)
    later = [snapshot.dated_on.isoformat() for snapshot in known if snapshot.dated_on > last]
    if later:
        Console().print(f"Later snapshots do not rest on this import: {', '.join(later)}. Import their files again.")


def _show_differences(outcome: ImportReport) -> None:
    """What the import changes in the snapshot it stands on."""
    if outcome.stands_on is None:
        return
    table = Table("Table", title=f"Difference to {outcome.stands_on}", title_justify="left")
    for title in ("Before", "Added", "Corrected", "Removed", "After"):
        table.add_column(title, justify="right")
    for found in outcome.differences:
        counts = (found.before, found.added, found.changed, found.removed, found.after)
        table.add_row(found.table, *(f"{count:,}" for count in counts))
    console = Console()
    console.print(table if outcome.differences else f"Nothing differs from {outcome.stands_on}.")
    changes = [(found.table, change) for found in outcome.differences for change in found.changes]
    for name, change in changes[:_CHANGES_SHOWN]:
        before, after = (_text(value) for value in (change.before, change.after))
        console.print(f"{name} {escape(change.key)}: {change.column} {before} becomes {after}", highlight=False)
    if len(changes) > _CHANGES_SHOWN:
        console.print(f"… and {len(changes) - _CHANGES_SHOWN:,} more corrected values; --report FILE.json lists them.")


def _text(value: str | None) -> str:
    return "nothing" if value is None else escape(value)


def _shortened(text: str) -> str:
    return text if len(text) <= _VALUE_SHOWN else f"{text[:_VALUE_SHOWN]} …"


def _show(outcome: ImportReport, *, is_check: bool) -> None:
    """The first issues, then what became of each file."""
    console = Console()
    for issue in outcome.rejections[:_ISSUES_SHOWN]:
        value = "" if issue.value is None else f" {_shortened(repr(issue.value))}"
        place = f"{issue.file}:{issue.line}" + (f" {issue.column}" if issue.column else "")
        console.print(f"[red]{escape(place)}[/]{escape(value)} {escape(issue.reason)}", highlight=False)
    if len(outcome.rejections) > _ISSUES_SHOWN:
        console.print(f"… and {len(outcome.rejections) - _ISSUES_SHOWN:,} more; --report lists them all.")
    table = Table("File")
    table.add_column("Snapshot", no_wrap=True)
    for title in ("Rows in", "Used", "Rejected", "Left out"):
        table.add_column(title, justify="right")
    for file in outcome.files:
        counts = (file.rows_in, file.rows_used, file.rows_rejected, file.rows_left_out)
        table.add_row(escape(file.file), file.snapshot_id or "not published", *(f"{count:,}" for count in counts))
    console.print(table)
    if not outcome.is_published and not is_check:
        hint = (
            "Mend the rows, or publish the good ones with --accept-good." if outcome.is_readable else "Mend the files."
        )
        console.print(f"Nothing was published. {hint}")
