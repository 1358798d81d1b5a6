"""The command that holds a folder of cases against the engine, and what it makes of each file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.golden.__main__ import main
from tests.golden.outcome import outcome
from tests.golden.samples import METHODS, case, delivered, written

ROOT = Path(__file__).parents[2]


def run_golden(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.golden", str(folder), *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_command_prints_the_figure_that_differs_and_fails(tmp_path: Path) -> None:
    altered, untouched, left_out = case("O06"), case("O10"), case("O07")
    policy_id = next(policy["policy_id"] for policy in altered["inputs"]["policies"] if policy["method"] in METHODS)
    contract_id, expected = next(iter(altered["expected"][policy_id]["contracts"].items()))
    period = expected["periods"][1]
    truth, period["closing"] = period["closing"], "123.45"
    left_out["expected"] = {}
    for loaded in (altered, untouched, left_out):
        written(tmp_path, f"{loaded['id']}.json", loaded)

    result = run_golden(tmp_path, "--only", "O06,O10", "--methods", "ratable,on_delivery")

    assert result.stdout.splitlines() == [
        f"{altered['id']} {policy_id} {contract_id} {period['period']} closing 123.45 {truth}",
        "1 passed, 1 failed",
    ]
    assert result.returncode == 1
    assert result.stderr == ""


def test_the_command_runs_the_files_it_can_read_and_names_the_others(tmp_path: Path) -> None:
    written(tmp_path, "A.json", '{"id":')
    written(tmp_path, "O01.json", case("O01"))
    written(tmp_path, "O16.json", case("O16"))

    result = run_golden(tmp_path, "--methods", "ratable,on_delivery")

    unreadable, unasked, counts = result.stdout.splitlines()
    assert unreadable.startswith("A.json - - - file readable Expecting value")
    assert unasked == f"{case('O16')['id']} - - - policies none of the asked methods"
    assert (counts, result.returncode, result.stderr) == ("1 passed, 1 failed", 1, "")


def test_a_folder_without_cases_does_not_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["golden", str(tmp_path)])

    assert (main(), capsys.readouterr().out) == (1, "0 passed, 0 failed\n")


def test_a_folder_of_which_nothing_is_compared_does_not_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    written(tmp_path, "O16.json", case("O16"))
    monkeypatch.setattr(sys, "argv", ["golden", str(tmp_path), "--methods", "ratable"])

    assert main() == 1
    assert capsys.readouterr().out.splitlines()[-1] == "0 passed, 0 failed"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("[]", "the file is not an object"),
        ({"expected": {}}, "inputs is missing"),
        ({"inputs": {"contracts": [], "policies": []}, "expected": {}}, "inputs.periods is missing"),
        ({"inputs": {"contracts": [{}], "policies": [], "periods": []}}, "inputs.contracts.0.contract_id is missing"),
    ],
)
def test_a_file_that_is_no_case_fails_in_one_line(tmp_path: Path, content: object, reason: str) -> None:
    assert outcome(written(tmp_path, "B.json", content)) == ([f"B.json - - - file readable {reason}"], False)


def test_a_malformed_input_fails_in_one_line(tmp_path: Path) -> None:
    loaded, _ = delivered("O10")
    loaded["inputs"]["contracts"][0]["usage"][1]["quantity"] = "five"

    assert outcome(written(tmp_path, "B.json", loaded)) == (
        ["B.json - - - file readable 'five' is not a number"],
        False,
    )
