"""`drawdown open`: the dashboard."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from dashboard.commands.stores import Store, store_to_read
from dashboard.serving import WITHOUT_SIGN_IN, is_loopback
from data.snapshots import open_snapshot

_ROOT: Final = Path(__file__).parents[2]


def open_(
    *,
    store: Store = None,
    port: Annotated[int, typer.Option(help="Port to serve the dashboard on.", min=1, max=65535)] = 8501,
    address: Annotated[
        str, typer.Option(help="Address to serve on; 0.0.0.0 is every address of this machine.")
    ] = "localhost",
    without_sign_in: Annotated[
        bool, typer.Option("--without-sign-in", help="Show everything to anyone who reaches the address.")
    ] = False,
) -> None:
    """Open the dashboard in the browser; without sign-in for this machine only.

    The sample portfolio, or a store of your own:

        drawdown open

        drawdown open --store contracts --port 8600

    For others, once people can sign in (docs/sign-in.md):

        drawdown open --store contracts --address 0.0.0.0
    """
    chosen = store_to_read(store).absolute()
    open_snapshot(chosen)  # an empty or damaged store is said here, not on a page
    # Streamlit reads .streamlit/config.toml and secrets.toml from the folder it runs in.
    os.chdir(_ROOT)
    typer.echo(f"Serving {chosen} at http://{address}:{port}. {_who_sees_it(address, without_sign_in=without_sign_in)}")
    sys.stdout.flush()
    command = [sys.executable, "-m", "streamlit", "run", "dashboard/serve.py"]
    options = [f"--server.address={address}", f"--server.port={port}", "--server.headless=true"]
    allowed = {WITHOUT_SIGN_IN: "1"} if without_sign_in else {}
    os.execve(sys.executable, [*command, *options], {**os.environ, "DRAWDOWN_STORE": str(chosen), **allowed})


def _who_sees_it(address: str, *, without_sign_in: bool) -> str:
    """Who will see the dashboard, in words.

    Raises:
        typer.BadParameter: anyone would, and that was not asked for.
    """
    from dashboard.sign_in import is_configured  # noqa: PLC0415  Streamlit takes a second; no other command needs it

    if is_configured():
        return "Whoever signs in sees what access.toml gives them."
    if without_sign_in:
        return "There is no sign-in: whoever reaches it sees everything."
    if is_loopback(address):
        return "There is no sign-in: it is for this machine only."
    raise typer.BadParameter(
        f"{address} can be reached from other machines, and there is no sign-in. Set it up (docs/sign-in.md), or add"
        " --without-sign-in to show everything to anyone.",
        param_hint="--address",
    )
