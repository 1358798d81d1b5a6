"""`drawdown close`: closing, listing and reopening months from the command line."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from dashboard.cli import app, main
from tests.queries import tiny

if TYPE_CHECKING:
    from pathlib import Path

runner = CliRunner()


@pytest.fixture
def store(tmp_path: Path) -> str:
    """A store with one snapshot, of the first day of 2027."""
    tiny.book(tmp_path, lots=[tiny.lot("A", 10, 1000)])
    return str(tmp_path)


def close(store: str, *arguments: str) -> str:
    result = runner.invoke(app, ["close", "--store", store, *arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_months_are_closed_listed_and_reopened(store: str) -> None:
    assert close(store, "2026-11-30").startswith("Closed 2026-11-30 on snapshot 2027-01-01-")
    assert close(store, "2026-12-31", "--snapshot", "2027-01-01").startswith("Closed 2026-12-31")
    assert [line.split()[1] for line in close(store, "--list").splitlines() if "2027-01-01" in line] == [
        "2026-11-30",
        "2026-12-31",
    ]
    assert close(store, "--reopen") == "Reopened 2026-12-31.\n"
    assert "2026-12-31" not in close(store, "--list")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("2026-12-30",), "2026-12-30 is not the last day of a month."),
        (("december",), "december is not a day like 2026-08-31."),
        (("2026-12-31", "--snapshot", "X"), "There is no snapshot X."),
        (("--reopen",), "is closed."),
        ((), "Name the last day of a month to close"),
        (("2026-12-31", "--list"), "Name the last day of a month to close"),
    ],
)
def test_what_cannot_be_done_says_why(
    store: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    says: str,
) -> None:
    monkeypatch.setattr(sys, "argv", ["drawdown", "close", "--store", store, *arguments])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 1
    assert says in capsys.readouterr().err


def test_the_command_helps_with_an_example() -> None:
    assert "drawdown close 2026-08-31" in runner.invoke(app, ["close", "--help"]).stdout
