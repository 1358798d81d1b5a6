"""`drawdown bench` goes through every stage and says what each took."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from typer.testing import CliRunner

from dashboard.bench import results
from dashboard.cli import app
from data.large_terms import Size

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

STAGES = ["publish", "draws", "marts", "pages", "recognition", "forecast"]


def test_every_stage_is_timed_and_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "_SMALL", Size(200, 20, 20))
    file = tmp_path / "bench.json"
    result = CliRunner().invoke(app, ["bench", "--rows", "2000", "--json", str(file)], env={"COLUMNS": "120"})

    assert result.exit_code == 0, result.output
    found = json.loads(file.read_text())
    assert [stage["stage"] for stage in found] == STAGES
    assert all(stage.keys() == {"stage", "rows", "seconds", "floor_seconds", "peak_mb"} for stage in found)
    assert all(stage["rows"] == 2000 and stage["seconds"] > 0 and stage["peak_mb"] > 50 for stage in found)
    assert [stage["stage"] for stage in found if stage["floor_seconds"]] == STAGES[:3]
    assert "times as long as the draws" in " ".join(result.stdout.split())
    assert "Burn-down" in result.stdout


def test_a_file_that_could_not_be_written_is_refused_before_anything_is_timed(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["bench", "--json", str(tmp_path / "nowhere" / "bench.json")])

    assert result.exit_code == 2
    assert "is no folder" in " ".join(result.output.replace("│", "").split())
