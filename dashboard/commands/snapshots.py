"""`drawdown snapshots`: what was known, and when."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from dashboard.commands.stores import Store, store_to_read
from data.snapshots import list_snapshots


def snapshots(*, store: Store = None) -> None:
    """List the snapshots of a store, oldest first.

    Those of the store in use, or of another:

        drawdown snapshots

        drawdown snapshots --store contracts
    """
    chosen = store_to_read(store)
    table = Table(title=escape(str(chosen)), title_justify="left")
    for name in ("Snapshot", "Dated", "Source"):
        table.add_column(name, no_wrap=name != "Source")
    for name in ("Contracts", "Lots", "Deliveries"):
        table.add_column(name, justify="right")
    for snapshot in list_snapshots(chosen):
        counts = (f"{snapshot.row_count(name):,}" for name in ("contracts", "lots", "consumption"))
        source = escape(str(snapshot.manifest["source"].get("mapping", "sample")))
        table.add_row(snapshot.snapshot_id, snapshot.dated_on.isoformat(), source, *counts)
    Console().print(table)
