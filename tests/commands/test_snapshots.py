from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING

import boto3
import pytest
from moto.server import ThreadedMotoServer
from typer.testing import CliRunner

from dashboard.cli import app, main
from data.snapshots import list_snapshots, open_snapshot
from tests.queries import tiny

if TYPE_CHECKING:
    from pathlib import Path

    from data.snapshots import Snapshot

runner = CliRunner()


@pytest.fixture
def two(tmp_path: Path) -> list[Snapshot]:
    """What client Acme bought, and bought more of; the second, published later, is the current one."""
    for hours in (10, 20):
        tiny.book(tmp_path, lots=[tiny.lot("A", hours, 1000)])
    return list_snapshots(tmp_path)


def drawdown(*arguments: str | Path, exits: int = 0) -> str:
    result = runner.invoke(app, ["snapshots", *map(str, arguments)])
    assert result.exit_code == exits, result.output
    return result.stdout


def lines_with(word: str, text: str) -> list[str]:
    return [line for line in text.splitlines() if word in line]


def test_the_list_says_which_is_current_set_aside_or_damaged(two: list[Snapshot], tmp_path: Path) -> None:
    first, second = two
    assert lines_with("current", drawdown("--store", tmp_path)) == lines_with(
        second.snapshot_id, drawdown("--store", tmp_path)
    )

    drawdown("restore", first.snapshot_id, "--store", tmp_path)
    (set_aside,) = lines_with("set aside", drawdown("--store", tmp_path))
    assert second.snapshot_id in set_aside
    (second.folder / "manifest.json").unlink()
    listed = drawdown("--store", tmp_path)
    assert second.snapshot_id in lines_with("damaged", listed)[0]
    assert f"{second.folder}/manifest.json is damaged: " in listed


def test_restore_says_what_is_current_and_what_is_set_aside(two: list[Snapshot], tmp_path: Path) -> None:
    first, second = two

    said = drawdown("restore", first.snapshot_id, "--store", tmp_path)
    assert f"{first.snapshot_id} is the current snapshot of {tmp_path}." in said
    assert f"Set aside: {second.snapshot_id}" in said
    assert open_snapshot(tmp_path) == first
    assert "Set aside" not in drawdown("restore", second.snapshot_id, "--store", tmp_path)
    assert open_snapshot(tmp_path) == second


def test_verify_covers_every_snapshot_or_the_one_asked_for(two: list[Snapshot], tmp_path: Path) -> None:
    first, second = two
    assert "2 verified, 0 failures." in drawdown("verify", "--store", tmp_path)

    drawdown("restore", first.snapshot_id, "--store", tmp_path)
    second.path("lots").write_bytes(b"")
    said = drawdown("verify", "--store", tmp_path, exits=1)
    assert f"{second.path('lots')} has 0 bytes instead of" in said
    assert "2 verified, 1 failures." in said
    assert "1 verified, 0 failures." in drawdown("verify", first.snapshot_id, "--store", tmp_path)
    drawdown("verify", second.snapshot_id, "--store", tmp_path, exits=1)


def test_verify_names_damaged_manifests_and_failed_checks(tmp_path: Path) -> None:
    early = tiny.used("U1", "A", "2026-03-01", 5)
    taken_back = tiny.used("U2", "A", "2026-02-01", -5, reverses="U1")
    tiny.book(tmp_path, lots=[tiny.lot("A", 10, 1000)], consumption=[early, taken_back])
    (tmp_path / "snapshots" / "2026-01-31-00000000").mkdir()

    said = drawdown("verify", "--store", tmp_path, exits=1)
    assert "2026-01-31-00000000/manifest.json is damaged" in said
    assert ": reversals_matched, 1 rows: " in said


def test_prune_says_what_it_removed(two: list[Snapshot], tmp_path: Path) -> None:
    first, second = two
    assert "0 removed, 2 kept." in drawdown("prune", "--keep", "1", "--store", tmp_path)

    os.utime(first.folder, (0, 0))
    said = drawdown("prune", "--keep", "1", "--store", tmp_path)
    assert f"Removed: {first.snapshot_id}" in said
    assert "1 removed, 1 kept." in said
    assert list_snapshots(tmp_path) == [second]


def test_push_and_pull(two: list[Snapshot], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ALLOW_HTTP": "true",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }.items():
        monkeypatch.setenv(name, value)
    boto3.client("s3").create_bucket(Bucket="contracts")

    assert "2 pushed to s3://contracts/drawdown." in drawdown("push", "s3://contracts/drawdown", "--store", tmp_path)
    other = tmp_path / "other"
    assert "2 pulled from s3://contracts" in drawdown("pull", "s3://contracts/drawdown", "--store", other)
    assert [one.manifest for one in list_snapshots(other)] == [one.manifest for one in two]
    server.stop()


def test_a_store_named_before_the_command_is_not_passed_over_in_silence(tmp_path: Path) -> None:
    result = runner.invoke(app, ["snapshots", "--store", str(tmp_path), "verify"])

    assert result.exit_code == 2
    assert "Name the store after verify." in result.output


def test_what_cannot_be_done_is_one_message(
    two: list[Snapshot], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["drawdown", "snapshots", "restore", "nonsense", "--store", str(tmp_path)])
    with pytest.raises(SystemExit) as stopped:
        main()

    assert stopped.value.code == 1
    assert "There is no snapshot nonsense." in capsys.readouterr().err


@pytest.mark.parametrize("command", ["verify", "restore", "prune", "push", "pull"])
def test_every_command_helps_with_an_example(command: str) -> None:
    helped = re.sub(r"\s+", " ", drawdown(command, "--help").partition("Usage:")[2].partition("\n")[2])

    assert f"drawdown snapshots {command}" in helped
