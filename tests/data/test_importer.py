"""Files in, snapshots and a report out, through the command line a user types."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from dashboard.cli import app
from data.importer import import_files
from data.snapshots import list_snapshots, open_snapshot

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

    from data.mapping import SourceMapping
    from data.snapshots import Snapshot

HEADER = "current_item_id,department_name,vendor,contract_structure_type,start_dt,end_dt,amt,tot_payments"
Q1 = "A1,Water,Vendor 1,Legal Services,2013-07-01,2014-06-30,100,10"
Q2 = "A1,Water,Vendor 1,Legal Services,2013-07-01,2014-06-30,100,30"
Q3 = "A1,Water,Vendor 1,Legal Services,2013-07-01,2014-06-30,120,25"
BAD = "B2,Water,Vendor 2,Legal Services,2013-07-01,2014-06-30,x,20"


def run(tmp_path: Path, *arguments: str | Path) -> Result:
    """`drawdown import --mapping philadelphia` into the store and report of the test."""
    usual = ["--mapping", "philadelphia", "--store", tmp_path / "store", "--report", tmp_path / "report.json"]
    return CliRunner().invoke(app, ["import", *map(str, [*usual, *arguments])])


def report(tmp_path: Path) -> Any:
    return json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))


def total(snapshot: Snapshot) -> Decimal:
    return sum(snapshot.read("consumption")["quantity"].to_pylist(), Decimal(0))


def test_good_files_are_published_one_snapshot_each(write_report: Callable[..., Path], tmp_path: Path) -> None:
    result = run(tmp_path, write_report(Q1), write_report(Q2, name="FY-2014-Q2.csv"))

    snapshots = list_snapshots(tmp_path / "store")
    assert result.exit_code == 0
    assert [str(snapshot.dated_on) for snapshot in snapshots] == ["2013-09-30", "2013-12-31"]
    assert [total(snapshot) for snapshot in snapshots] == [10, 30]
    assert report(tmp_path) == {
        "files": [
            {
                "file": name,
                "snapshot_id": snapshot.snapshot_id,
                "rows_in": 1,
                "rows_used": 1,
                "rows_rejected": 0,
                "rows_left_out": 0,
            }
            for name, snapshot in zip(("FY-2014-Q1.csv", "FY-2014-Q2.csv"), snapshots, strict=True)
        ],
        "issues": [],
        "differences": [],
        "stands_on": None,
    }
    assert snapshots[0].snapshot_id in result.output


def test_one_rejected_row_publishes_nothing_of_any_file(write_report: Callable[..., Path], tmp_path: Path) -> None:
    result = run(tmp_path, write_report(Q1), write_report(Q2, BAD, name="FY-2014-Q2.csv"))

    assert result.exit_code == 1
    assert list_snapshots(tmp_path / "store") == []
    assert [file["snapshot_id"] for file in report(tmp_path)["files"]] == [None, None]
    assert report(tmp_path)["files"][1] == {
        "file": "FY-2014-Q2.csv",
        "snapshot_id": None,
        "rows_in": 2,
        "rows_used": 1,
        "rows_rejected": 1,
        "rows_left_out": 0,
    }
    [issue] = report(tmp_path)["issues"]
    assert json.loads(issue.pop("row")) == dict(zip(HEADER.split(","), BAD.split(","), strict=True))
    assert issue == {
        "file": "FY-2014-Q2.csv",
        "line": 3,
        "column": "amt",
        "value": "x",
        "reason": "is not a number as declared "
        "(plain digits, thousands separators, dash is zero, parentheses are negative, scientific)",
        "is_left_out": False,
    }
    assert "FY-2014-Q2.csv:3 amt 'x' is not a number as declared" in result.output


def test_accept_good_publishes_what_is_good(write_report: Callable[..., Path], tmp_path: Path) -> None:
    result = run(tmp_path, "--accept-good", write_report(Q1, BAD))

    assert result.exit_code == 0
    assert open_snapshot(tmp_path / "store").read("contracts")["contract_id"].to_pylist() == ["A1"]
    assert report(tmp_path)["files"][0]["rows_rejected"] == 1
    assert len(report(tmp_path)["issues"]) == 1


def test_a_rejected_item_keeps_its_last_good_state(write_report: Callable[..., Path], tmp_path: Path) -> None:
    run(tmp_path, write_report(Q1))
    run(tmp_path, "--accept-good", write_report(Q2.replace(",30", ",-30"), name="FY-2014-Q2.csv"))

    first, second = list_snapshots(tmp_path / "store")
    assert second.read("consumption").equals(first.read("consumption"))
    assert second.read("contracts").equals(first.read("contracts"))


@pytest.mark.parametrize("accept_good", [[], ["--accept-good"]])
def test_a_file_that_cant_be_read_blocks_all(
    write_report: Callable[..., Path], tmp_path: Path, accept_good: list[str]
) -> None:
    result = run(tmp_path, *accept_good, write_report(Q1), write_report(Q2 + ",more", name="FY-2014-Q2.csv"))

    assert result.exit_code == 1
    assert list_snapshots(tmp_path / "store") == []
    assert report(tmp_path)["files"][1] == {
        "file": "FY-2014-Q2.csv",
        "snapshot_id": None,
        "rows_in": 0,
        "rows_used": 0,
        "rows_rejected": 0,
        "rows_left_out": 0,
    }
    assert [(issue["file"], issue["line"]) for issue in report(tmp_path)["issues"]] == [("FY-2014-Q2.csv", 2)]


def test_a_name_without_a_date_is_an_issue(write_report: Callable[..., Path], tmp_path: Path) -> None:
    result = run(tmp_path, write_report(Q1, name="contracts.csv"))

    assert result.exit_code == 1
    assert "the file's name does not give its date" in report(tmp_path)["issues"][0]["reason"]


def test_two_files_of_one_quarter_are_an_issue(write_report: Callable[..., Path], tmp_path: Path) -> None:
    path = write_report(Q1)
    result = run(tmp_path, path, path)

    assert result.exit_code == 1
    assert [issue["reason"] for issue in report(tmp_path)["issues"]] == [
        "speaks for 2013-09-30 as FY-2014-Q1.csv does: one report a day"
    ]
    assert list_snapshots(tmp_path / "store") == []


def test_the_order_of_the_files_does_not_matter(
    write_report: Callable[..., Path], tmp_path: Path, philadelphia: SourceMapping
) -> None:
    paths = [write_report(row, name=f"FY-2014-Q{quarter}.csv") for quarter, row in enumerate((Q1, Q2, Q3), start=1)]
    steps: list[tuple[str, str]] = []
    ids = [
        {
            file.file: file.snapshot_id
            for file in import_files(
                files,
                philadelphia,
                tmp_path / store,
                accept_good=False,
                on_file=lambda step, name: steps.append((step, name)),
            ).files
        }
        for store, files in (("forwards", paths), ("backwards", paths[::-1]))
    ]

    assert ids[0] == ids[1]
    assert len(set(ids[0].values())) == 3
    assert [step for step, _ in steps[:6]] == ["checked"] * 3 + ["published"] * 3
    assert total(open_snapshot(tmp_path / "backwards")) == 25


def test_importing_again_gives_the_same_snapshots(write_report: Callable[..., Path], tmp_path: Path) -> None:
    files = write_report(Q1), write_report(Q2, name="FY-2014-Q2.csv")
    run(tmp_path, *files)
    first = report(tmp_path)
    run(tmp_path, *files)
    run(tmp_path, files[0])

    assert len(list_snapshots(tmp_path / "store")) == 2
    assert report(tmp_path)["files"][0] == first["files"][0]


def test_the_manifest_says_where_a_snapshot_came_from(write_report: Callable[..., Path], tmp_path: Path) -> None:
    run(tmp_path, "--accept-good", write_report(Q1, BAD), write_report(Q2, name="FY-2014-Q2.csv"))

    first, second = list_snapshots(tmp_path / "store")
    assert first.manifest["source"]["mapping"] == "philadelphia"
    assert (first.manifest["source"]["rows_used"], first.manifest["source"]["rows_rejected"]) == (1, 1)
    assert [file["file"] for file in second.manifest["source"]["files"]] == ["FY-2014-Q2.csv"]
    assert second.manifest["source"]["stands_on"] == first.snapshot_id


def test_only_the_first_issues_are_shown(write_report: Callable[..., Path], tmp_path: Path) -> None:
    result = run(tmp_path, write_report(*(BAD.replace("B2", f"B{place}") for place in range(25))))

    assert result.output.count(" amt 'x' ") == 10
    assert "and 15 more" in result.output
    assert len(report(tmp_path)["issues"]) == 25


def test_help_shows_how_to_call_it() -> None:
    result = CliRunner().invoke(app, ["import", "--help"])

    assert result.exit_code == 0
    assert "drawdown import --mapping philadelphia" in result.output
