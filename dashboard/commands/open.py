"""`drawdown open`: the dashboard."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from dashboard.commands.stores import Store, store_to_read
from data.snapshots import open_snapshot

_ROOT: Final = Path(__file__).parents[2]


def open_(
    *,
    store: Store = None,
    port: Annotated[int, typer.Option(help="Port on this machine to serve the dashboard on.", min=1, max=65535)] = 8501,
) -> None:
    """Open the dashboard in the browser, for this machine only.

    The sample portfolio, or a store of your own:

        drawdown open

        drawdown open --store contracts --port 8600
    """
    chosen = store_to_read(store).absolute()
    open_snapshot(chosen)  # an empty or damaged store is said here, not on a page
    command = [sys.executable, "-m", "streamlit", "run", "dashboard/app.py"]
    options = ["--server.address=localhost", f"--server.port={port}", "--server.headless=true"]
    # Streamlit reads .streamlit/config.toml from the folder it runs in.
    os.chdir(_ROOT)
    os.execve(sys.executable, [*command, *options], {**os.environ, "DRAWDOWN_STORE": str(chosen)})
