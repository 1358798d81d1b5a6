"""A run as tables for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.console import Group
from rich.table import Table

from dashboard.bench.pages import waits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dashboard.bench.pages import Answered
    from dashboard.bench.results import Results, Stage

_SLOWEST: Final = 5
#: From how many seconds on no fraction is shown.
_WHOLE: Final = 100


def report(results: Results) -> Group:
    """The stages, the pages, and what is to be read beside them."""
    return Group(
        _stages(results.stages),
        _to_marts(results),
        _by_pandas(results),
        _pages(results.answered),
        _slowest(results.answered),
    )


def _stages(stages: Sequence[Stage]) -> Table:
    table = _table(f"{stages[0].rows:,} deliveries", "Stage", "Seconds", "Floor", "Times", "Peak MB", "Rows/s")
    for stage in stages:
        floor = stage.floor
        table.add_row(
            stage.stage if stage.stage != "pages" else "pages (p95 of an answer)",
            _seconds(stage.seconds),
            _seconds(floor.seconds) if floor else "",
            f"{stage.seconds / floor.seconds:.1f}" if floor else "",
            f"{stage.peak_mb:,.0f}",
            f"{stage.rows / stage.seconds:,.0f}" if stage.stage != "pages" else "",
        )
    return table


def _to_marts(results: Results) -> str:
    done = [stage for stage in results.stages if stage.floor]
    floors = [stage.floor for stage in done if stage.floor]
    seconds, work, writing = (
        sum(stage.seconds for stage in done),
        sum(floor.work for floor in floors),
        sum(floor.writing for floor in floors),
    )
    return (
        f"From publish to marts {_seconds(seconds)} s, where the floor is {_seconds(work)} s of work and"
        f" {_seconds(writing)} s of writing: {(seconds - writing) / work:.1f} times the work, beside the writing.\n"
    )


def _by_pandas(results: Results) -> str:
    drawn, draws = results.by_pandas, results.stage("draws")
    every = drawn.seconds / drawn.rows * draws.rows
    share = f"{drawn.rows / draws.rows:.2%}"
    return (
        f"With pandas, {drawn.rows:,} deliveries ({share}) took {_seconds(drawn.seconds)} s, reading not counted;"
        f" at that pace all would take {_seconds(every)} s, {every / draws.seconds:,.0f} times as long as the draws.\n"
    )


def _pages(answered: Sequence[Answered]) -> Table:
    table = _table("What pages ask when they are opened, warm", "Page", "Answers", "Median ms", "p95 ms", "Most ms")
    for page in [*dict.fromkeys(one.page for one in answered), "all"]:
        own = [one for one in answered if page in ("all", one.page)]
        found = waits(own)
        most = max(one.seconds for one in own)
        table.add_row(page, f"{found.answers:,}", *(f"{at * 1000:,.0f}" for at in (found.median, found.p95, most)))
    return table


def _slowest(answered: Sequence[Answered]) -> Table:
    table = _table("The slowest answers", "Page", "Figure", "Narrowed to", "ms")
    for one in sorted(answered, key=lambda one: one.seconds, reverse=True)[:_SLOWEST]:
        narrowed = ", ".join(one.filters.values()) or "all"
        table.add_row(one.page, one.question.figure, narrowed, f"{one.seconds * 1000:,.0f}")
    return table


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left")
    for column in columns:
        is_text = column in ("Stage", "Page", "Figure", "Narrowed to")
        table.add_column(column, justify="left" if is_text else "right")
    return table


def _seconds(seconds: float) -> str:
    return f"{seconds:,.{0 if seconds >= _WHOLE else 2}f}"
