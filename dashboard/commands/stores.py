"""Which store a command works on, and the sample that stands in until there is one."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated, Final

import typer

from dashboard.commands.progress import progress_bar
from data.sample import SAMPLE_STORE, publish_sample
from data.snapshots import damaged_snapshots, list_snapshots, open_snapshot
from queries.book import Book

OWN_STORE: Final = Path(".store/own")

Store = Annotated[
    Path | None,
    typer.Option(
        "--store",
        envvar="DRAWDOWN_STORE",
        help=f"Folder that holds the snapshots. Default: {OWN_STORE}; while that is empty, the sample is shown.",
        file_okay=False,
        show_default=False,
    ),
]


def store_to_read(store: Path | None) -> Path:
    """The store asked for; else one's own; else the sample portfolio, published on first use with its progress."""
    if store is not None:
        return store
    if list_snapshots(OWN_STORE) or damaged_snapshots(OWN_STORE):
        return OWN_STORE
    if not (SAMPLE_STORE / "complete").exists():
        _publish_sample()
    return SAMPLE_STORE


def _publish_sample() -> None:
    """Build the sample from nothing: what an interrupted build left is no sample."""
    shutil.rmtree(SAMPLE_STORE, ignore_errors=True)
    with progress_bar("Building the sample portfolio") as on_progress:
        publish_sample(SAMPLE_STORE, on_progress)
    with progress_bar("Compiling the draws kernel, once"):
        Book(open_snapshot(SAMPLE_STORE))
    (SAMPLE_STORE / "complete").touch()
