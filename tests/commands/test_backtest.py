"""`drawdown backtest`: the record of a store on paper, and what it says while there is none."""

from __future__ import annotations

import re
import sys
from datetime import date
from typing import TYPE_CHECKING

import polars as pl
import pytest
from typer.testing import CliRunner

from dashboard.cli import app, main
from data.snapshots import open_snapshot
from queries.book import Book
from tests.dashboard.small_store import publish_last
from tests.queries import tiny

if TYPE_CHECKING:
    from pathlib import Path

#: Two years and a half into the sample: enough lots have ended.
DAY = date(2025, 6, 30)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return publish_last(tmp_path_factory.mktemp("store"), months=1)


@pytest.fixture(scope="module")
def printed(store: Path) -> str:
    return drawdown("backtest", "--store", str(store), "--as-of", DAY.isoformat())


@pytest.fixture(scope="module")
def book(store: Path) -> Book:
    return Book(open_snapshot(store))


@pytest.fixture(scope="module")
def lone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with one lot of a year, which has not ended at its snapshot's date or has, as one asks."""
    return tiny.book(
        tmp_path_factory.mktemp("lone"),
        lots=[tiny.lot("A", 10, 1000)],
        consumption=[tiny.used("U1", "A", "2026-02-10", 4)],
    ).snapshot.folder.parents[1]


def drawdown(*arguments: str) -> str:
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


def numbers(printed: str, method: str) -> list[list[str]]:
    """The figures of each row of a method, without its member."""
    lines = [re.split(r"\s*[│┃]\s*", line.strip("│┃ ")) for line in printed.splitlines()]
    return [cells[cells.index(method) + 1 :] for cells in lines if method in cells]


def expected(row: dict[str, float]) -> list[str]:
    return [
        f"{row['wape']:.0%}",
        f"{row['crps']:.3f}",
        f"{row['held_80']:.0%}",
        f"{row['held_50']:.0%}",
        f"{row['bias']:.2f}",
    ]


def test_the_three_methods_are_printed_overall_by_share_and_by_service(printed: str, book: Book) -> None:
    names = {"forecast": "forecast", "run_rate": "run rate", "conformal": "run rate with its past errors"}
    for method, called in names.items():
        wanted = [
            expected(row)
            for dimension in ("all", "share", "service")
            for row in book.run("backtest", as_of=DAY, dimension=dimension).filter(method=method).iter_rows(named=True)
        ]
        assert [row[1:] for row in numbers(printed, called)] == wanted
    for member in ("0 to 25%", "75 to 100%", "consulting", "training"):
        assert member in printed


def test_quarter_totals_forecast_before_the_quarter_are_counted(printed: str, book: Book) -> None:
    rows = book.run("quarter_forecasts", as_of=DAY).filter("is_past", pl.col("quarter_start") > pl.col("origin"))
    kept = rows.filter(pl.col("lapsed_amount").is_between("low_amount", "high_amount")).height

    assert f"of {rows.height} totals forecast before the quarter began, {kept} lay in their 80% interval" in printed


def test_too_little_history_says_how_much_is_needed(lone: Path) -> None:
    running = drawdown("backtest", "--store", str(lone), "--as-of", "2026-05-31")
    assert "none of the 30 forecasts needed can be held against what came." in running
    assert "No lot that was forecast has ended yet. A record needs 30;" in running
    assert "The 1 lot now open will add about 3, the next lot ends on 31 December" in running

    ended = drawdown("backtest", "--store", str(lone))
    assert "only 3 of the 30 forecasts needed can be held against what came." in ended
    assert "There are 3 forecasts of 1 lot that has ended since." in ended
    assert "No lot is open that could add to it." in ended


@pytest.mark.parametrize(
    ("as_of", "says"),
    [
        ("31.12.2026", "--as-of must be a date like 2026-03-31, not 31.12.2026."),
        ("2031-01-01", "--as-of 2031-01-01 is later than the snapshot, which knows what was posted by 2027-01-01."),
    ],
)
def test_a_day_that_cannot_be_asked_about_is_one_line_and_exit_1(
    lone: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], as_of: str, says: str
) -> None:
    monkeypatch.setattr(sys, "argv", ["drawdown", "backtest", "--store", str(lone), "--as-of", as_of])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 1
    assert capsys.readouterr().err.strip() == says


def test_the_help_has_an_example() -> None:
    assert "drawdown backtest" in drawdown("backtest", "--help").partition("Usage:")[2].partition("\n")[2]
