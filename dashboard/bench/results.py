"""All stages one after the other, each beside its floor."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from dashboard.bench import floors, stages
from dashboard.bench.alone import alone
from dashboard.bench.by_pandas import time_by_pandas
from dashboard.bench.pages import waits
from data.large_terms import Size

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from dashboard.bench.by_pandas import Drawn
    from dashboard.bench.floors import Floor
    from dashboard.bench.pages import Answered

#: A book small enough to go through before anything is timed.
_SMALL: Final = Size.of(2_000)
#: What is done one after the other, in the words of progress.
DOING: Final = (
    "compiling, once",
    "writing the book",
    "publishing",
    "publishing: the floor",
    "drawing",
    "drawing: the floor",
    "drawing with pandas",
    "making the marts",
    "making the marts: the floor",
    "forecasting",
    "asking what the pages ask",
    "recognising revenue",
)


@dataclass(frozen=True)
class Stage:
    """One stage: deliveries of the book, seconds, and the most memory its process had, in MB.

    `floor` is what could not be avoided, measured in the same run; None where nothing honest can be said. Of pages, the
    seconds are those that 95 of 100 answers keep within.
    """

    stage: str
    rows: int
    seconds: float
    floor: Floor | None
    peak_mb: float

    def as_json(self) -> dict[str, Any]:
        """The stage as `--json` writes it."""
        return {
            "stage": self.stage,
            "rows": self.rows,
            "seconds": round(self.seconds, 4),
            "floor_seconds": None if self.floor is None else round(self.floor.seconds, 4),
            "peak_mb": round(self.peak_mb, 1),
        }


@dataclass(frozen=True)
class Results:
    """What a run came to."""

    stages: Sequence[Stage]
    by_pandas: Drawn
    answered: Sequence[Answered]

    def stage(self, name: str) -> Stage:
        """The stage of that name."""
        return next(stage for stage in self.stages if stage.stage == name)


def measure(folder: Path, rows: int, on_step: Callable[[int], None]) -> Results:
    """Go through all stages with a book of so many deliveries, each in a process of its own.

    Args:
        folder: an empty one, with room for the book.
        rows: how many deliveries.
        on_step: told how many of DOING are done.
    """
    done = iter(range(1, len(DOING) + 1))

    def step(job: Callable[..., Any], *arguments: object) -> tuple[Any, float]:
        found = alone(job, *arguments)
        on_step(next(done))
        return found

    staged, store = folder / "staged", folder / "store"
    staged.mkdir()
    step(stages.compile_all, folder, _SMALL)
    step(stages.write_book, staged, Size.of(rows))
    published, publish_peak = step(stages.publish_book, staged, store)
    shutil.rmtree(staged)
    publish_floor, _ = step(floors.publish_floor, store)
    (drawn, ledger), draws_peak = step(stages.draw, store)
    draws_floor, _ = step(floors.draws_floor, store, ledger)
    by_pandas, _ = step(time_by_pandas, store)
    (made, marts), marts_peak = step(stages.make_marts, store)
    marts_floor, _ = step(floors.marts_floor, ledger, marts)
    # Before the pages are asked, which need them and would keep them.
    foreseen, forecast_peak = step(stages.forecast, store)
    answered, pages_peak = step(stages.ask_pages, store)
    recognised, recognition_peak = step(stages.recognise, store)
    found = [
        Stage("publish", rows, published, publish_floor, publish_peak),
        Stage("draws", rows, drawn, draws_floor, draws_peak),
        Stage("marts", rows, made, marts_floor, marts_peak),
        Stage("pages", rows, waits(answered).p95, None, pages_peak),
        Stage("recognition", rows, recognised, None, recognition_peak),
        Stage("forecast", rows, foreseen, None, forecast_peak),
    ]
    return Results(found, by_pandas, answered)
