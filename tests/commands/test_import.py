"""`drawdown import`: what is said, what is published, and the exit code."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from dashboard.cli import app
from data.snapshots import list_snapshots, open_snapshot
from tests.data.small_book import taken, with_cell, write_book

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

_CLOCKIFY = "Project,Client,Description,Task,User,Billable,Start Date,Start Time,Duration (decimal)\n"


def run(folder: Path, *arguments: str, mapping: str = "canonical") -> Result:
    usual = ["--mapping", mapping, "--store", str(folder / "store")]
    return CliRunner().invoke(app, ["import", *usual, *arguments], env={"COLUMNS": "200"})


@pytest.mark.parametrize(
    ("quantity", "options", "code", "published"),
    [
        ("2", [], 0, 1),
        ("x", [], 1, 0),
        ("x", ["--strict"], 1, 0),
        ("x", ["--accept-good"], 0, 1),
        ("2", ["--check"], 0, 0),
        ("x", ["--check"], 1, 0),
        ("x", ["--check", "--accept-good"], 0, 0),
    ],
)
def test_what_is_published_and_how_it_ends(
    tmp_path: Path, quantity: str, options: list[str], code: int, published: int
) -> None:
    files = write_book(tmp_path / "in", {"consumption": with_cell("consumption", 8, "quantity", quantity)})

    result = run(tmp_path, *options, *files)

    assert result.exit_code == code
    assert len(list_snapshots(tmp_path / "store")) == published
    assert ("consumption.csv:8 quantity 'x' is not a number as declared (plain digits)" in result.output) == (
        quantity == "x"
    )
    assert ("Nothing was published" in result.output) == (code == 1 and "--check" not in options)


def test_the_difference_is_shown_before_anything_is_published(tmp_path: Path) -> None:
    taken(write_book(tmp_path / "in", {}), tmp_path / "store")
    first = open_snapshot(tmp_path / "store").snapshot_id
    changed = write_book(tmp_path / "new", {"consumption": with_cell("consumption", 8, "quantity", "3")})

    result = run(tmp_path, "--check", *changed)

    assert result.exit_code == 0
    assert f"Difference to {first}" in result.output
    assert "consumption D6: quantity 2.0000 becomes 3.0000" in result.output
    assert open_snapshot(tmp_path / "store").snapshot_id == first

    same = run(tmp_path, *write_book(tmp_path / "in", {}))

    assert f"Nothing differs from {first}." in same.output
    assert open_snapshot(tmp_path / "store").snapshot_id == first


def test_the_report_as_json_csv_and_parquet(tmp_path: Path) -> None:
    text = with_cell("consumption", 8, "quantity", "=1+1")
    files = write_book(tmp_path / "in", {"consumption": text})
    paths = [tmp_path / f"report.{kind}" for kind in ("json", "csv", "parquet")]
    for path in paths:
        assert run(tmp_path, "--report", str(path), *files).exit_code == 1

    said = json.loads(paths[0].read_text(encoding="utf-8"))["issues"]
    assert [(issue["line"], issue["column"], issue["value"]) for issue in said] == [(8, "quantity", "=1+1")]
    assert pq.read_table(paths[2]).to_pylist() == said
    with paths[1].open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["file"], row["line"], row["column"]) == ("consumption.csv", "8", "quantity")
    # A spreadsheet would run it.
    assert row["value"] == "'=1+1"


def test_a_report_that_cant_be_written_is_said_before_anything_is_published(tmp_path: Path) -> None:
    result = run(tmp_path, "--report", str(tmp_path / "missing" / "report.json"), *write_book(tmp_path / "in", {}))

    assert result.exit_code == 1
    assert not (tmp_path / "store").exists()


def test_the_order_of_day_and_month_is_asked_for_and_taken(tmp_path: Path) -> None:
    projects = "project_id,contract_id,name\nP1,C1,Implementation\n"
    taken(write_book(tmp_path / "in", {"projects": projects}), tmp_path / "store")
    path = tmp_path / "clockify.csv"
    path.write_text(f"{_CLOCKIFY}Implementation,,,Design,User,Yes,01/02/2025,09:00,1.00\n", encoding="utf-8")

    asked = run(tmp_path, str(path), mapping="clockify")
    told = run(tmp_path, "--date-format", "Start Date=%d/%m/%Y", str(path), mapping="clockify")

    assert asked.exit_code == 1
    assert '--date-format "Start Date=%m/%d/%Y"' in asked.output
    assert told.exit_code == 0
    days = {
        str(row["service_date"])
        for row in open_snapshot(tmp_path / "store").read("consumption").to_pylist()
        if row["consumption_id"].startswith("clockify-")
    }
    assert days == {"2025-02-01"}


def test_a_database_that_cant_be_reached_is_one_message_without_the_password(tmp_path: Path) -> None:
    result = run(tmp_path, "postgresql://user:secret@127.0.0.1:1/books#contracts")

    assert result.exit_code == 1
    assert "books#contracts:1" in result.output
    assert "secret" not in result.output
