"""The tables of the page Requests: the stages, the requests of one stage, and the projects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl
import streamlit as st

from dashboard.filters import segments
from dashboard.fragments import fragment
from dashboard.parts import muted
from dashboard.tables import day_column, quantity_column, section, table, text_column
from dashboard.work_requests.words import COVERS, by_unit
from dashboard.work_requests.work import IN_FLIGHT, STATUSES, Work

if TYPE_CHECKING:
    from streamlit.elements.lib.column_types import ColumnConfig

    from dashboard.session import View

_IN_FLIGHT: Final = "In flight"
_BY_PROJECT: Final = "By project"


def stages(view: View, shown: Work) -> None:
    """From intake to delivery: how much work stands where."""
    section("From intake to delivery", "requests_by_stage", shown.stages, view)
    table(
        by_stage(shown.stages).with_columns(pl.col("status").str.to_titlecase()),
        {
            "status": text_column("Stage"),
            "request_count": _count_column("Requests"),
            "oldest_requested_on": day_column("Oldest asked for"),
            "oldest_waiting_days": _count_column("Days it has waited"),
            "overdue_count": _count_column("Past their day", "In flight, planned for a day that has passed."),
            "asked": text_column("Asked for"),
            "delivered": text_column("Delivered for them"),
        },
        key="stages",
        alt="Requests by stage",
    )


def by_stage(rows: pl.DataFrame) -> pl.DataFrame:
    """One row per stage, its units side by side in words: they are never added."""
    return (
        rows.group_by("stage", "status", "unit")
        .agg(
            pl.sum("request_count", "asked_quantity", "delivered_quantity", "overdue_count"),
            pl.min("oldest_requested_on"),
            pl.max("oldest_waiting_days"),
        )
        .group_by("stage", "status")
        .agg(
            pl.sum("request_count", "overdue_count"),
            pl.min("oldest_requested_on"),
            pl.max("oldest_waiting_days"),
            asked=_in_words("asked_quantity"),
            delivered=_in_words("delivered_quantity"),
        )
        .sort("stage")
    )


def _in_words(column: str) -> pl.Expr:
    def said(rows: pl.Series) -> str:
        return by_unit({row["unit"]: row[column] for row in rows})

    return pl.struct("unit", column).implode().map_elements(said, return_dtype=pl.String).first()


@fragment
def lines(view: View, shown: Work) -> None:
    """The requests of one stage at a time, or the work by project."""
    names = (_IN_FLIGHT, *(status.capitalize() for status in STATUSES), _BY_PROJECT)
    title = st.container()
    stage = segments("Stage", names, "stage")
    if stage == _BY_PROJECT:
        with title:
            section("Work by programme and project", "requests_by_project", shown.projects, view)
        _projects(shown.projects)
        return
    rows = _of_stage(shown, stage)
    with title:
        section(f"Requests: {stage.lower()}", "request_lines", rows, view)
    if rows.is_empty():
        muted(f"No request is {stage.lower()}.")
        return
    _requests(rows, stage)


def _of_stage(shown: Work, stage: str) -> pl.DataFrame:
    if stage.lower() in STATUSES and stage.lower() not in IN_FLIGHT:
        return shown.lines.filter(status=stage.lower())
    rows = shown.in_flight if stage == _IN_FLIGHT else shown.lines.filter(status=stage.lower())
    # What no lot covers comes first, then what has waited longest.
    return rows.sort(pl.col("short_quantity") > 0, "waiting_days", "request_id", descending=[True, True, False])


def _requests(rows: pl.DataFrame, stage: str) -> None:
    done = {
        "delivered_quantity": quantity_column("Delivered", "Units delivered for it, net of what was taken back."),
        "delivered_on": day_column("Last delivery"),
    }
    ahead = {
        "cover": text_column("Covered"),
        "scheduled_for": day_column("Scheduled for"),
        "waiting_days": _count_column("Days since asked"),
    }
    table(
        rows.with_columns(pl.col("cover").replace(COVERS)),
        {
            "title": text_column("Request"),
            "account_name": text_column("Client"),
            "quantity": quantity_column("Asked for"),
            "unit": text_column("Unit"),
            **({"status": text_column("Stage")} if stage == _IN_FLIGHT else {}),
            **{"Delivered": done, "Declined": {}}.get(stage, ahead),
            "requested_on": day_column("Asked on"),
            "program_name": text_column("Programme"),
            "project_name": text_column("Project"),
            "contract_id": text_column("Contract"),
            "owner": text_column("Owner"),
            "request_id": text_column("Id"),
        },
        key=f"requests_{stage}",
        alt=f"Requests: {stage.lower()}",
        visible_rows=12,
    )


def _projects(rows: pl.DataFrame) -> None:
    table(
        rows,
        {
            "account_name": text_column("Client"),
            "program_name": text_column("Programme"),
            "project_name": text_column("Project"),
            "unit": text_column("Unit"),
            "asked_quantity": quantity_column("Asked for", "Units asked for, declined requests apart."),
            "requested_quantity": quantity_column("Waiting", "Of these, waiting for approval."),
            "approved_quantity": quantity_column("Approved", "Of these, approved."),
            "scheduled_quantity": quantity_column("Scheduled", "Of these, scheduled."),
            "for_request_quantity": quantity_column("Delivered", "Units delivered for a request."),
            "unrequested_quantity": quantity_column("Without request", "Units delivered that name no request."),
            "last_on": day_column("Last delivery"),
            "contract_id": text_column("Contract"),
        },
        key="requests_projects",
        alt="Work by programme and project",
        visible_rows=12,
    )


def _count_column(label: str, meaning: str | None = None) -> ColumnConfig:
    return st.column_config.NumberColumn(label, format="%,.0f", help=meaning)
