"""The second reading of the rules against the worked cases: what the engine is held against is held against them."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from data.schema import TABLES
from tests.golden.case_files import read_case
from tests.golden.case_tables import tables
from tests.property.figures import Expected

CASES = sorted((Path(__file__).parents[1] / "golden" / "cases").glob("*.json"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_the_oracle_agrees_with_the_worked_case(path: Path) -> None:
    case = read_case(path)
    wanted, got = [], []
    for policy in case["inputs"]["policies"]:
        expected = Expected(_rows(case, policy))
        for contract in expected.book["contracts"]:
            known = case["expected"][policy["policy_id"]]["contracts"][contract["contract_id"]]
            wanted += [_amounts(period, "escheat_reclass") for period in known["periods"]]
            got += [
                _amounts(period, "escheat")
                for period in expected.rollforward(contract, policy["method"], _boundaries(case))
            ]

    assert got == wanted
    assert got


def _rows(case: dict[str, Any], policy: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """The case's source tables as rows, with every column and table there is."""
    given = {name: table.to_pylist() for name, table in tables(case, policy).items()}
    return {
        name: [dict.fromkeys(column.name for column in table.columns) | row for row in given.get(name, [])]
        for name, table in TABLES.items()
    }


def _boundaries(case: dict[str, Any]) -> list[date]:
    periods = case["inputs"]["periods"]
    opening = date.fromisoformat(periods[0]["start"]) - timedelta(days=1)
    return [opening, *(date.fromisoformat(period["end"]) for period in periods)]


def _amounts(period: dict[str, Any], escheat: str) -> dict[str, Fraction]:
    """The amounts of a period, by the names the figures have for them."""
    names = [*(name for name in period if name not in ("period", "period_end", escheat)), escheat]
    return {"escheat" if name == escheat else name: Fraction(period[name]) for name in names}
