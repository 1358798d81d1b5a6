"""`drawdown forecast`: files in, a file out, and what it says when it can't."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import polars as pl
import pytest
from typer.testing import CliRunner

from dashboard.cli import app, main
from queries.forecast.distribution import quantiles
from queries.forecast.forecaster import forecast
from queries.forecast.known import known
from tests.forecast.support import CUT_OFF, random_book, running_on

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

#: As score.py reads them.
COLUMNS = ["lot_id", "as_of", "q05", "q10", "q25", "q50", "q75", "q90", "q95", "mean"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The three files of a random book; the requests are not in the order of the lots, and one comes twice."""
    folder = tmp_path_factory.mktemp("forecast")
    lots, lines = random_book(8)
    asked = running_on(lots, CUT_OFF).with_columns(frac=0.5).sample(fraction=1, shuffle=True, seed=3)
    lots.write_parquet(folder / "lots.parquet")
    lines.write_parquet(folder / "consumption.parquet")
    pl.concat([asked, asked[:1]]).write_parquet(folder / "requests.parquet")
    return folder


def arguments(folder: Path, out: Path, **others: Path) -> list[str]:
    files = {name: folder / f"{name}.parquet" for name in ("lots", "consumption", "requests")} | {"out": out} | others
    return ["forecast", *(word for name, path in files.items() for word in (f"--{name}", str(path)))]


def written(folder: Path, out: Path, **others: Path) -> pl.DataFrame:
    result = CliRunner().invoke(app, arguments(folder, out, **others))
    assert result.exit_code == 0, result.output
    return pl.read_parquet(out)


def test_the_file_has_the_columns_of_the_scorer_in_the_order_of_the_requests(folder: Path, tmp_path: Path) -> None:
    found = written(folder, tmp_path / "out.parquet")
    asked = pl.read_parquet(folder / "requests.parquet")

    assert found.columns == COLUMNS
    assert found.select("lot_id", "as_of").equals(asked.select("lot_id", "as_of"))
    assert set(found.dtypes[2:]) == {pl.Float64}


def test_the_file_holds_what_is_forecast_in_units(folder: Path, tmp_path: Path) -> None:
    lots, lines, asked = (pl.read_parquet(folder / f"{name}.parquet") for name in ("lots", "consumption", "requests"))
    expected = forecast(known(lots, lines), asked)
    found = written(folder, tmp_path / "out.parquet")

    assert found.select(COLUMNS[2:-1]).to_numpy().tolist() == quantiles(expected).tolist()
    assert found["mean"].to_list() == (expected.mean * expected.remaining).tolist()


def test_the_same_question_gets_the_same_file(folder: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        written(folder, tmp_path / name)

    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_bookings_are_heeded(folder: Path, tmp_path: Path) -> None:
    asked = pl.read_parquet(folder / "requests.parquet").with_columns(booked=1e9)
    asked.write_parquet(tmp_path / "booked.parquet")

    assert written(folder, tmp_path / "out.parquet", requests=tmp_path / "booked.parquet")["q95"].to_list() == [
        0
    ] * len(asked)


def _no_lot(folder: Path) -> None:
    asked = pl.read_parquet(folder / "requests.parquet").with_columns(lot_id=pl.lit("nobody's"))
    asked.write_parquet(folder / "bad.parquet")


def _no_day(folder: Path) -> None:
    pl.read_parquet(folder / "requests.parquet").drop("as_of").write_parquet(folder / "bad.parquet")


def _no_table(folder: Path) -> None:
    (folder / "bad.parquet").write_text("lot_id,as_of\n")


def _no_file(folder: Path) -> None:
    (folder / "bad.parquet").unlink(missing_ok=True)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (_no_lot, "requests: lot nobody's is not among the lots."),
        (_no_day, "requests lacks as_of. It has lot_id, frac."),
        (_no_table, "bad.parquet can't be read as Parquet: "),
        (_no_file, "bad.parquet can't be read as Parquet: "),
    ],
)
def test_what_cannot_be_forecast_is_one_line_and_exit_1(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    make: Callable[[Path], None],
    says: str,
) -> None:
    make(folder)
    asked = arguments(folder, tmp_path / "out.parquet", requests=folder / "bad.parquet")

    assert_refused(monkeypatch, capsys, asked, says)
    assert not (tmp_path / "out.parquet").exists()


def test_a_file_that_cannot_be_written_is_one_line_and_exit_1(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = arguments(folder, tmp_path / "nowhere" / "out.parquet")

    assert_refused(monkeypatch, capsys, asked, "out.parquet can't be written: ")


def assert_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], asked: list[str], says: str
) -> None:
    monkeypatch.setattr(sys, "argv", ["drawdown", *asked])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 1
    said = [one for one in capsys.readouterr().err.splitlines() if not one.startswith("forecasting ")]
    assert len(said) == 1
    assert says in said[0]
