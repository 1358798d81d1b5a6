from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import fastexcel
import pytest
from typer.testing import CliRunner

from dashboard.cli import app
from data.schema import TABLES

if TYPE_CHECKING:
    from pathlib import Path

runner = CliRunner()


def template(*arguments: str) -> list[str]:
    result = runner.invoke(app, ["template", *arguments])
    assert result.exit_code == 0, result.output
    return result.stdout.splitlines()


def rows_of(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def sheet(path: Path, name: str) -> list[tuple[str | None, ...]]:
    loaded = fastexcel.read_excel(path).load_sheet(name, header_row=None, dtypes="string")
    return list(zip(*loaded.to_arrow().to_pydict().values(), strict=True))


def test_every_table_has_a_csv_file_with_its_own_columns(tmp_path: Path) -> None:
    written = template("--out", str(tmp_path / "templates"))

    assert written == [str(tmp_path / "templates" / f"{name}.csv") for name in [*TABLES, "columns"]]
    for name, table in TABLES.items():
        assert rows_of(tmp_path / "templates" / f"{name}.csv") == [[column.name for column in table.columns]]


def test_every_column_is_described_beside_the_csv_files(tmp_path: Path) -> None:
    template("--out", str(tmp_path))

    header, *rows = rows_of(tmp_path / "columns.csv")
    assert header == ["table", "column", "meaning", "written_as", "required", "allowed", "refers_to"]
    assert [tuple(row[:3]) for row in rows] == [
        (name, column.name, column.meaning) for name, table in TABLES.items() for column in table.columns
    ]
    described = {(row[0], row[1]): row[3:] for row in rows}
    assert described["contracts", "account_id"] == ["text", "yes", "", "accounts.account_id"]
    assert described["contracts", "ends_on"] == ["day, YYYY-MM-DD", "no", "", ""]
    assert described["contracts", "draw_order"] == ["text", "yes", "fefo, current_term_first", ""]
    assert described["consumption", "line_no"] == ["whole number", "yes", "", ""]
    assert described["lots", "quantity"] == [
        "number, a point before at most 4 decimals, nothing else",
        "yes",
        "",
        "",
    ]


def test_a_workbook_has_the_table_and_its_description(tmp_path: Path) -> None:
    written = template("lots", "consumption_departments", "--out", str(tmp_path), "--format", "xlsx")

    assert written == [str(tmp_path / "lots.xlsx"), str(tmp_path / "consumption_departments.xlsx")]
    assert sheet(tmp_path / "lots.xlsx", "lots") == [tuple(column.name for column in TABLES["lots"].columns)]
    header, *rows = sheet(tmp_path / "lots.xlsx", "columns")
    assert header[:3] == ("table", "column", "meaning")
    assert [row[:3] for row in rows] == [("lots", column.name, column.meaning) for column in TABLES["lots"].columns]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["tranches", "--out", "x"], "There is no table tranches. Name some of accounts, contracts"),
        (["lots"], "Missing option '--out'"),
    ],
)
def test_what_can_not_be_written_is_said(arguments: list[str], message: str) -> None:
    result = runner.invoke(app, ["template", *arguments])

    assert result.exit_code == 2
    assert message in " ".join(result.stderr.replace("│", " ").split())


@pytest.mark.parametrize("file_format", ["csv", "xlsx"])
def test_a_file_that_can_not_be_replaced_is_said(tmp_path: Path, file_format: str) -> None:
    (tmp_path / f"lots.{file_format}").mkdir()
    result = runner.invoke(app, ["template", "lots", "--out", str(tmp_path), "--format", file_format])

    assert result.exit_code == 2
    assert "can't be written to" in " ".join(result.stderr.replace("│", " ").split())
