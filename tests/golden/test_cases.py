"""The golden cases the engine answers today, and the command that holds a folder of cases against it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.golden.compare import differences

ROOT = Path(__file__).parents[2]
CASES = Path(__file__).parent / "cases"
METHODS = {"ratable", "on_delivery"}
ANSWERED = (*(f"O{number:02}" for number in range(1, 14)), "O21", "O26")


def case(case_id: str) -> dict[str, Any]:
    (path,) = CASES.glob(f"{case_id}-*.json")
    return json.loads(path.read_text())


def run_golden(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.golden", str(folder), *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("case_id", ANSWERED)
def test_every_figure_of_the_case_is_as_published(case_id: str) -> None:
    loaded = case(case_id)

    assert METHODS & {policy["method"] for policy in loaded["inputs"]["policies"]}
    assert differences(loaded, METHODS) == []


def test_the_command_prints_the_figure_that_differs_and_fails(tmp_path: Path) -> None:
    altered, untouched, left_out = case("O06"), case("O10"), case("O07")
    policy_id = next(policy["policy_id"] for policy in altered["inputs"]["policies"] if policy["method"] in METHODS)
    contract_id, expected = next(iter(altered["expected"][policy_id]["contracts"].items()))
    period = expected["periods"][1]
    truth, period["closing"] = period["closing"], "123.45"
    left_out["expected"] = {}
    for loaded in (altered, untouched, left_out):
        (tmp_path / f"{loaded['id']}.json").write_text(json.dumps(loaded))

    result = run_golden(tmp_path, "--only", "O06,O10", "--methods", "ratable,on_delivery")

    assert result.stdout.splitlines() == [
        f"{altered['id']} {policy_id} {contract_id} {period['period']} closing 123.45 {truth}",
        "1 passed, 1 failed",
    ]
    assert result.returncode == 1
    assert result.stderr == ""


def test_the_command_passes_when_every_figure_agrees(tmp_path: Path) -> None:
    (tmp_path / "O01.json").write_text(json.dumps(case("O01")))

    result = run_golden(tmp_path)

    assert (result.stdout, result.returncode) == ("1 passed, 0 failed\n", 0)


def test_a_folder_without_cases_does_not_pass(tmp_path: Path) -> None:
    result = run_golden(tmp_path)

    assert (result.stdout, result.returncode) == ("0 passed, 0 failed\n", 1)
