"""The work of a view, from intake to delivery, of all programmes or of one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import polars as pl

if TYPE_CHECKING:
    from dashboard.session import View

IN_FLIGHT: Final = ("requested", "approved", "scheduled")
BOOKED: Final = ("approved", "scheduled")
STATUSES: Final = (*IN_FLIGHT, "delivered", "declined")


@dataclass(frozen=True)
class Work:
    """What was asked for.

    Attributes:
        lines: request_lines, the newest first.
        commitments: commitments, with `held_quantity` (usable and upcoming) and `booked_share` (booked of held, null
            where nothing is held) besides; what is over first, then the most booked of what is held.
        stages: requests_by_stage.
        projects: requests_by_project, those with work in flight first, by client, programme and project.
    """

    lines: pl.DataFrame
    commitments: pl.DataFrame
    stages: pl.DataFrame
    projects: pl.DataFrame

    def of_program(self, program_id: str) -> Work:
        """The part in one programme; commitments are those of the contracts it has work in flight under."""
        own = {name: getattr(self, name).filter(program_id=program_id) for name in ("lines", "stages", "projects")}
        in_flight = own["lines"].filter(pl.col("status").is_in(IN_FLIGHT))
        return replace(
            self, **own, commitments=self.commitments.join(in_flight, on=["contract_id", "unit"], how="semi")
        )

    @property
    def in_flight(self) -> pl.DataFrame:
        """The requests neither delivered nor declined."""
        return self.lines.filter(pl.col("status").is_in(IN_FLIGHT))

    @property
    def waiting(self) -> pl.DataFrame:
        """The requests that wait for approval, the oldest first."""
        return self.lines.filter(status="requested").reverse()

    @property
    def booked(self) -> pl.DataFrame:
        """The requests approved or scheduled."""
        return self.lines.filter(pl.col("status").is_in(BOOKED))

    @property
    def over(self) -> pl.DataFrame:
        """The commitments that exceed what their contract can cover."""
        return self.commitments.filter("is_over_committed")

    @property
    def longest_wait(self) -> int:
        """How long the oldest request has waited for approval, in days; nil where none does."""
        return int(self.waiting["waiting_days"][0]) if self.waiting.height else 0


def work(view: View) -> Work:
    """The work a view shows."""
    share = pl.col("booked_quantity").cast(pl.Float64) / pl.col("held_quantity").cast(pl.Float64)
    commitments = (
        view.ask("commitments")
        .with_columns(held_quantity=pl.col("usable_quantity") + pl.col("upcoming_quantity"))
        .with_columns(booked_share=pl.when(pl.col("held_quantity") > 0).then(share))
        .sort(
            pl.col("is_over_committed"),
            pl.col("booked_share").fill_null(float("inf")),
            "contract_id",
            "unit",
            descending=[True, True, False, False],
        )
    )
    projects = view.ask("requests_by_project")
    return Work(
        view.ask("request_lines"),
        commitments,
        view.ask("requests_by_stage"),
        projects.sort(
            pl.sum_horizontal("requested_quantity", "approved_quantity", "scheduled_quantity") == 0,
            *("account_name", "program_name", "project_name", "project_id", "unit"),
            nulls_last=True,
        ),
    )


def programs(projects: pl.DataFrame) -> dict[str, str]:
    """The programmes of some projects: what they are called, with their client, and their ids."""
    rows = projects.drop_nulls("program_id").unique("program_id").sort("account_name", "program_name", "program_id")
    named: dict[str, str] = {}
    for client, program, program_id in rows.select("account_name", "program_name", "program_id").iter_rows():
        name = f"{client}: {program}"
        named[f"{name} ({program_id})" if name in named else name] = program_id
    return named
