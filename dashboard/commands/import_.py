"""`drawdown import`: reports and exports into snapshots, through a mapping."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from dashboard.commands.stores import OWN_STORE, Store
from data.importer import ImportReport, import_files
from data.mapping import load_mapping
from data.snapshots import list_snapshots

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_ISSUES_SHOWN = 10


def import_(
    files: Annotated[list[Path], typer.Argument(help="The files to import, in any order.")],
    *,
    mapping: Annotated[str, typer.Option(help="Name of a bundled mapping, or path of a .toml file.")],
    store: Store = None,
    report: Annotated[Path | None, typer.Option(help="Write what became of every file and value as JSON.")] = None,
    accept_good: Annotated[
        bool, typer.Option("--accept-good", help="Publish the good rows even where others are rejected.")
    ] = False,
) -> None:
    """Import files through a mapping, one snapshot a file; a rejected row publishes nothing.

    One report, or a year's good rows with a report of the others:

        drawdown import --mapping philadelphia FY-2014-Q1.csv

        drawdown import --mapping philadelphia --accept-good --report rejected.json FY-2014-*.csv
    """
    checked = load_mapping(mapping)
    if report is not None:
        ImportReport(files=(), issues=()).write(
            report
        )  # one that can't be written is said before anything is published
    with _progress(len(files)) as on_file:
        outcome = import_files(files, checked, store or OWN_STORE, accept_good=accept_good, on_file=on_file)
    if report is not None:
        outcome.write(report)
    _show(outcome)
    if not outcome.is_published:
        raise typer.Exit(1)
    _warn_of_later_snapshots(store or OWN_STORE, {file.snapshot_id for file in outcome.files})


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


def _show(outcome: ImportReport) -> None:
    """The first issues, then what became of each file."""
    console = Console()
    for issue in outcome.issues[:_ISSUES_SHOWN]:
        value = "" if issue.value is None else f" {issue.value!r}"
        place = f"{issue.file}:{issue.line}" + (f" {issue.column}" if issue.column else "")
        console.print(f"[red]{escape(place)}[/]{escape(value)} {escape(issue.reason)}", highlight=False)
    if len(outcome.issues) > _ISSUES_SHOWN:
        console.print(f"… and {len(outcome.issues) - _ISSUES_SHOWN:,} more; --report lists them all.")
    table = Table("File", "Snapshot")
    for title in ("Rows in", "Used", "Rejected"):
        table.add_column(title, justify="right")
    for file in outcome.files:
        counts = (f"{count:,}" for count in (file.rows_in, file.rows_used, file.rows_rejected))
        table.add_row(escape(file.file), file.snapshot_id or "not published", *counts)
    console.print(table)
    if not outcome.is_published:
        is_readable = all(file.rows_in for file in outcome.files)
        hint = "Mend the rows, or publish the good ones with --accept-good." if is_readable else "Mend the files."
        console.print(f"Nothing was published. {hint}")
