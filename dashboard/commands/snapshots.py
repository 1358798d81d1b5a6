"""`drawdown snapshots`: what was known, and when; whether it still is whole; where else it is kept."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import DownloadColumn
from rich.table import Table

from dashboard.commands.progress import progress_bar
from dashboard.commands.stores import OWN_STORE, Store, store_to_read
from data import object_store, retention
from data.snapshots import (
    Snapshot,
    damaged_snapshots,
    list_snapshots,
    open_snapshot,
    restore,
    set_aside_snapshots,
)
from data.verification import verify
from queries import catalog
from queries.book import Book

snapshots = typer.Typer(rich_markup_mode="markdown", add_completion=False)

_COUNTED: Final = ("contracts", "lots", "consumption")

Address = Annotated[
    str,
    typer.Argument(
        metavar="URL",
        help="s3://bucket/path; endpoint and credentials are read from AWS_ENDPOINT_URL, AWS_REGION, …",
        show_default=False,
    ),
]


@snapshots.callback(invoke_without_command=True)
def list_(context: typer.Context, *, store: Store = None) -> None:
    """List the snapshots of a store, oldest first; verify, restore, prune, push or pull them.

    Those of the store in use, or of another:

        drawdown snapshots

        drawdown snapshots --store contracts

        drawdown snapshots verify --store contracts
    """
    if context.invoked_subcommand is not None:
        source = context.get_parameter_source("store")
        if source is not None and source.name == "COMMANDLINE":
            raise typer.BadParameter(f"Name the store after {context.invoked_subcommand}.", param_hint="--store")
        return
    chosen = store_to_read(store)
    table = Table(title=escape(str(chosen)), title_justify="left")
    for name in ("Snapshot", "Dated", "Source", "State"):
        table.add_column(name, no_wrap=name != "Source")
    for name in ("Contracts", "Lots", "Deliveries"):
        table.add_column(name, justify="right")
    listed = list_snapshots(chosen)
    for snapshot in listed:
        table.add_row(*_cells(snapshot, "current" if snapshot == listed[-1] else ""))
    for snapshot in set_aside_snapshots(chosen):
        table.add_row(*_cells(snapshot, "set aside"), style="dim")
    damaged = damaged_snapshots(chosen)
    for damage in damaged:
        table.add_row(escape(damage.name), "", "", "damaged", style="red")
    console = Console()
    console.print(table)
    for damage in damaged:
        console.print(f"[red]{escape(damage.reason)}[/]", soft_wrap=True, highlight=False)


def _cells(snapshot: Snapshot, state: str) -> list[str]:
    source = escape(str(snapshot.manifest["source"].get("mapping", "sample")))
    counts = (f"{snapshot.row_count(name):,}" for name in _COUNTED)
    return [snapshot.snapshot_id, snapshot.dated_on.isoformat(), source, state, *counts]


@snapshots.command("verify")
def verify_(
    wanted: Annotated[
        str | None, typer.Argument(metavar="ID", help="Snapshot id, or a date; default: all.", show_default=False)
    ] = None,
    *,
    store: Store = None,
) -> None:
    """Check that snapshots are what was published, and that their figures hold together; exit 1 if not.

    Each file's size, SHA-256, rows and columns, then every check of `drawdown check`. All snapshots, or one:

        drawdown snapshots verify

        drawdown snapshots verify 2026-03-31 --store contracts
    """
    chosen = store_to_read(store)
    if wanted is not None:
        asked, failures = [open_snapshot(chosen, wanted)], []
    else:
        asked = [*list_snapshots(chosen), *set_aside_snapshots(chosen)]
        failures = [damage.reason for damage in damaged_snapshots(chosen)]
    with progress_bar("verifying") as on_progress:
        for done, snapshot in enumerate(asked, start=1):
            failures += verify(snapshot) or _failed_checks(snapshot)
            on_progress(done, len(asked))
    console = Console()
    for failure in failures:
        console.print(f"[red]{escape(failure)}[/]", soft_wrap=True, highlight=False)
    console.print(f"{len(asked)} verified, {len(failures)} failures.")
    if failures:
        raise typer.Exit(1)


def _failed_checks(snapshot: Snapshot) -> list[str]:
    meanings = {name: sql.split("\n", 1)[0].removeprefix("-- ") for name, sql in catalog.checks().items()}
    return [
        f"{snapshot.snapshot_id}: {name}, {rows.height:,} rows: {meanings[name]}"
        for name, rows in Book(snapshot).failed_checks().items()
    ]


@snapshots.command("restore")
def restore_(
    wanted: Annotated[str, typer.Argument(metavar="ID", help="Snapshot id.", show_default=False)],
    *,
    store: Store = None,
) -> None:
    """Make a snapshot the current one; later ones are set aside, and come back when they are restored themselves.

    After a bad import, back to the one before it:

        drawdown snapshots restore 2026-03-31-0a1b2c3d
    """
    chosen = store or OWN_STORE
    with Console(stderr=True).status("Checking its files …"):
        restored = restore(chosen, wanted)
    console = Console()
    console.print(f"{restored.snapshot_id} is the current snapshot of {escape(str(chosen))}.", soft_wrap=True)
    for snapshot in set_aside_snapshots(chosen):
        console.print(f"Set aside: {snapshot.snapshot_id}")


@snapshots.command("prune")
def prune_(
    *,
    keep: Annotated[int, typer.Option(min=1, help="How many of the last snapshots to keep.", show_default=False)],
    store: Store = None,
) -> None:
    """Remove old snapshots for good, and those set aside.

    Kept beside the last ones: what a closed month rests on, and what was published within the hour. A year of months:

        drawdown snapshots prune --keep 12
    """
    with Console(stderr=True).status("Removing …"):
        removed = retention.prune(store or OWN_STORE, keep, datetime.now(UTC))
    console = Console()
    for snapshot_id in removed:
        console.print(f"Removed: {snapshot_id}")
    console.print(f"{len(removed)} removed, {len(list_snapshots(store or OWN_STORE))} kept.")


@snapshots.command("push")
def push_(url: Address, *, store: Store = None) -> None:
    """Upload the snapshots that a bucket lacks, and which are set aside.

    To a bucket of any service with the S3 API:

        drawdown snapshots push s3://contracts/drawdown
    """
    with progress_bar("pushing", DownloadColumn()) as on_progress:
        pushed = object_store.push(store or OWN_STORE, url, on_progress)
    Console().print(f"{len(pushed)} pushed to {escape(url)}.", soft_wrap=True)


@snapshots.command("pull")
def pull_(url: Address, *, store: Store = None) -> None:
    """Download the snapshots that the store lacks, and which are set aside; every file's SHA-256 is checked.

    Into a store on another machine:

        drawdown snapshots pull s3://contracts/drawdown --store contracts
    """
    with progress_bar("pulling", DownloadColumn()) as on_progress:
        pulled = object_store.pull(store or OWN_STORE, url, on_progress)
    Console().print(f"{len(pulled)} pulled from {escape(url)}.", soft_wrap=True)
