from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from typer.testing import CliRunner

from dashboard.cli import app, main
from dashboard.commands.stores import OWN_STORE, store_to_read
from queries.catalog import figures
from tests.queries import tiny

if TYPE_CHECKING:
    from data.snapshots import Snapshot

runner = CliRunner()


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """A store with one snapshot: client Acme bought 10 hours for 1,000.00 and used 4."""
    book = tiny.book(
        tmp_path_factory.mktemp("store"),
        lots=[tiny.lot("A", 10, 1000)],
        billings=[tiny.billed("A-1", "A", "2026-01-01", 1000)],
        consumption=[tiny.used("U1", "A", "2026-02-10", 4)],
    )
    return book.snapshot


def store_of(snapshot: Snapshot) -> str:
    return str(snapshot.folder.parents[1])


def drawdown(*arguments: str) -> str:
    result = runner.invoke(app, arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


def refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What the command says on standard error when it exits with 1."""
    monkeypatch.setattr(sys, "argv", ["drawdown", *arguments])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 1
    return capsys.readouterr().err


def test_query_without_a_name_lists_every_figure() -> None:
    listed = drawdown("query")

    assert [name for name in figures() if name not in listed] == []


def test_every_format_says_the_same(snapshot: Snapshot) -> None:
    asked = ("query", "lot_balance", "--store", store_of(snapshot), "--as-of", "2026-03-31", "--format")
    parquet = runner.invoke(app, [*asked, "parquet"]).stdout_bytes
    rows = pl.read_parquet(io.BytesIO(parquet))

    assert rows.select("lot_id", "drawn_amount", "remaining_amount").rows() == [("A", 400, 600)]
    csv = pl.read_csv(io.StringIO(drawdown(*asked, "csv")), schema=rows.schema)
    assert_frame_equal(csv, rows)
    assert [row["remaining_amount"] for row in json.loads(drawdown(*asked, "json"))] == ["600.000"]
    assert "600.00" in drawdown(*asked, "table")


def test_a_question_takes_parameters_filters_and_a_snapshot_by_id_or_date(snapshot: Snapshot) -> None:
    asked = ("query", "liability_rollforward", "--store", store_of(snapshot), "--format", "csv")
    boundaries = ("--set", "boundaries=2025-12-31,2026-02-28")

    whole = drawdown(*asked, *boundaries)
    assert "A,USD,on_delivery,2026-02-28,0.000,1000.000,0.000,0.000,0.000,400.000" in whole
    assert drawdown(*asked, *boundaries, "--snapshot", snapshot.snapshot_id) == whole
    assert drawdown(*asked, *boundaries, "--snapshot", "2027-06-30") == whole
    assert drawdown(*asked, *boundaries, "--set", "owner=Nobody").count("\n") == 1


def test_the_day_asked_about_is_the_snapshots_own_by_default(snapshot: Snapshot) -> None:
    asked = ("query", "lot_balance", "--store", store_of(snapshot), "--format", "csv")

    assert drawdown(*asked) == drawdown(*asked, "--as-of", snapshot.dated_on.isoformat())


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("query", "no_such_figure"), "There is no figure no_such_figure. There are: analogs, backlog,"),
        (("query", "lot_balance", "--set", "colour=red"), "lot_balance does not take colour. It takes: as_of DATE"),
        (("query", "lot_balance", "--set", "colour"), "--set takes KEY=VALUE, not colour."),
        (("query", "expiring_lots"), "expiring_lots needs within_days."),
        (("query", "lot_balance", "--as-of", "31.12.2026"), "31.12.2026"),
        (("query", "lot_balance", "--snapshot", "2019-12-31"), "No snapshot is dated on or before 2019-12-31"),
        (("query", "lot_balance", "--snapshot", "nonsense"), "`drawdown snapshots` lists those there are"),
    ],
)
def test_a_question_that_cannot_be_answered_says_what_to_do(
    snapshot: Snapshot,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    says: str,
) -> None:
    assert says in refused(monkeypatch, capsys, *arguments, "--store", store_of(snapshot))


@pytest.mark.parametrize("command", ["query", "open"])
def test_an_empty_store_says_how_to_fill_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    name = ("lot_balance",) if command == "query" else ()

    assert "drawdown import" in refused(monkeypatch, capsys, command, *name, "--store", str(tmp_path))


def test_check_names_the_rows_that_do_not_hold_together(snapshot: Snapshot, tmp_path: Path) -> None:
    assert "11 checks hold, 0 fail" in drawdown("check", "--store", store_of(snapshot))

    early = tiny.used("U1", "A", "2026-03-01", 5)
    taken_back = tiny.used("U2", "A", "2026-02-01", -5, reverses="U1")
    store_with_a_fault = tiny.book(tmp_path, lots=[tiny.lot("A", 10, 1000)], consumption=[early, taken_back]).snapshot
    result = runner.invoke(app, ["check", "--store", store_of(store_with_a_fault)])
    assert result.exit_code == 1
    assert "reversals_matched 1 rows" in result.stdout
    assert "consumption_id U1" in result.stdout


def test_snapshots_lists_what_is_known(snapshot: Snapshot) -> None:
    listed = drawdown("snapshots", "--store", store_of(snapshot))

    assert snapshot.snapshot_id in listed
    assert "2027-01-01" in listed


@pytest.mark.parametrize("command", ["open", "import", "snapshots", "query", "check"])
def test_every_command_helps_with_an_example(command: str) -> None:
    assert f"drawdown {command}" in drawdown(command, "--help").partition("Usage:")[2].partition("\n")[2]


def test_ones_own_store_comes_before_the_sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    tiny.book(OWN_STORE, lots=[tiny.lot("A", 10, 1000)])

    assert store_to_read(None) == OWN_STORE
    assert store_to_read(Path("another")) == Path("another")


def test_the_command_is_installed() -> None:
    script = Path(sys.executable).with_name("drawdown")

    assert "query" in subprocess.run([script, "--help"], capture_output=True, text=True, check=True).stdout
