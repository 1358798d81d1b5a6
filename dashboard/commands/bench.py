"""`drawdown bench`: how long a large book takes, stage by stage."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from dashboard.bench.report import report
from dashboard.bench.results import DOING, measure
from dashboard.commands.progress import progress_bar


def bench(
    *,
    rows: Annotated[int, typer.Option(min=1_000, help="Deliveries of the book.")] = 20_000_000,
    json_: Annotated[
        Path | None, typer.Option("--json", help="JSON to write: stage, rows, seconds, floor_seconds, peak_mb.")
    ] = None,
) -> None:
    """Time a large book of made-up contracts from publishing to the forecast, in a temporary folder.

    Each stage runs in a process of its own, beside the least it could take: its rows read, ordered and written. Of
    pages, the seconds are the 95th percentile of one answer.

        drawdown bench --rows 2000000 --json bench.json
    """
    if json_ is not None and not json_.parent.is_dir():
        raise typer.BadParameter(f"{json_.parent} is no folder.", param_hint="--json")
    with tempfile.TemporaryDirectory() as folder, progress_bar("Benchmark") as on_progress:
        results = measure(Path(folder), rows, lambda done: on_progress(done, len(DOING)))
    Console().print(report(results))
    if json_ is not None:
        stages = [stage.as_json() for stage in results.stages]
        json_.write_text(json.dumps(stages, indent=2) + "\n", encoding="utf-8")
