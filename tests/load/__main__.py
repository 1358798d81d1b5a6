"""Many viewers on one server, and whether it keeps its promises.

    python -m tests.load --viewers 50 --seconds 60

Serves the sample portfolio, whose usual days somebody has asked about before and each page of which was opened once,
then lets the viewers look; afterwards a single viewer asks a fresh server for all that they asked. Exits 1 if a run
fails, an answer differs, 95 of 100 runs don't stay under 1.5 s, or the server's memory grows by more than 5% over the
last two thirds of the time.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from rich.console import Console
from rich.table import Table

from data.snapshots import list_snapshots
from tests.browser.server import serving
from tests.dashboard.small_store import publish_last
from tests.load.measured import (
    GROWTH,
    P95_SECONDS,
    Times,
    by_page,
    differing,
    errors,
    growth,
    memory,
    process_at,
    times,
)
from tests.load.mix import Mix, ask_about_usual_days, everything
from tests.load.viewers import Answer, alone, look

SNAPSHOTS = 3


def main() -> int:
    """Print what was measured; 1 if a limit is broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.load", description=__doc__.splitlines()[0])
    parser.add_argument("--viewers", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cold", action="store_true", help="begin with a store and a server that nobody asked yet")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = publish_last(Path(folder), SNAPSHOTS)
        mix = Mix(list_snapshots(store))
        if not options.cold:
            ask_about_usual_days(list_snapshots(store))
        with serving(store) as address:
            answers, megabytes = asyncio.run(_load(address, mix, options))
        with serving(store) as address:
            single = asyncio.run(alone(address, dict.fromkeys(answer.asked for answer in answers)))
    return _report(answers, megabytes, errors(answers), differing(answers, {key: [run] for key, run in single.items()}))


async def _load(address: str, mix: Mix, options: argparse.Namespace) -> tuple[list[Answer], list[float]]:
    if not options.cold:
        await alone(address, everything())
    megabytes: list[float] = []
    watch = asyncio.create_task(memory(process_at(address), megabytes))
    answers = await look(address, options.viewers, options.seconds, mix, options.seed)
    watch.cancel()
    with suppress(asyncio.CancelledError):
        await watch
    return answers, megabytes


def _report(answers: list[Answer], megabytes: list[float], failed: list[str], different: list[object]) -> int:
    table = Table("Page", "Runs", "Median", "95 of 100", "Longest", title=f"Load {os.getloadavg()[0]:.1f} at the end")
    for name, measured in by_page(answers).items():
        table.add_row(name, *_row(measured))
    every = times([answer.run for answer in answers])
    table.add_row("all", *_row(every))
    grown = growth(megabytes)
    console = Console()
    console.print(table)
    console.print(
        f"Memory: {megabytes[len(megabytes) // 3]:,.0f} MB, at the end {megabytes[-1]:,.0f} MB ({grown:+.1%})"
    )
    for title, found in (("errors", failed), ("answers that differ", different)):
        console.print(f"{len(found)} {title}", *found[:5], sep="\n")
    is_kept = not failed and not different and every.p95 < P95_SECONDS and grown < GROWTH
    return 0 if is_kept else 1


def _row(measured: Times) -> list[str]:
    return [str(measured.count), *(f"{seconds:.2f} s" for seconds in (measured.p50, measured.p95, measured.longest))]


if __name__ == "__main__":
    sys.exit(main())
