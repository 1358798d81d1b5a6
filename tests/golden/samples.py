"""The published cases as the tests alter them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

CASES = Path(__file__).parent / "cases"
METHODS = {"ratable", "on_delivery"}


def case(case_id: str) -> dict[str, Any]:
    (path,) = CASES.glob(f"{case_id}-*.json")
    loaded: dict[str, Any] = json.loads(path.read_text())
    return loaded


def delivered(case_id: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The case under on_delivery alone, and what it expects of its one contract, both to alter."""
    loaded = case(case_id)
    policy = next(policy for policy in loaded["inputs"]["policies"] if policy["method"] == "on_delivery")
    loaded["inputs"]["policies"] = [policy]
    loaded["expected"] = {policy["policy_id"]: loaded["expected"][policy["policy_id"]]}
    (expected,) = loaded["expected"][policy["policy_id"]]["contracts"].values()
    return loaded, expected


def written(folder: Path, name: str, content: object) -> Path:
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def literal(method: str, *contracts: dict[str, Any], **policy: Any) -> dict[str, Any]:
    """A case of the tests' own, by the years 2023 to 2028, with nothing expected yet."""
    years = [{"label": f"{year}", "start": f"{year}-01-01", "end": f"{year}-12-31"} for year in range(2023, 2029)]
    return {
        "id": "T",
        "inputs": {
            "contracts": list(contracts),
            "policies": [{"policy_id": "P", "method": method, **policy}],
            "periods": years,
        },
        "expected": {"P": {}},
    }


def contract(*lots: dict[str, Any], **inputs: Any) -> dict[str, Any]:
    return {"contract_id": "C1", "currency": "USD", "lots": list(lots), **inputs}


def lot(lot_id: str, quantity: str, amount: str, start: str, end: str, **terms: Any) -> dict[str, Any]:
    """A lot billed on its first day."""
    billings = [{"date": start, "amount": amount}]
    named = {"lot_id": lot_id, "quantity": quantity, "amount": amount, "billings": billings}
    return {**named, "valid_from": start, "expires_on": end, **terms}


def used(usage_id: str, day: str, quantity: str, **line: Any) -> dict[str, Any]:
    return {"usage_id": usage_id, "date": day, "quantity": quantity, "service_type": "training", **line}


def expecting(loaded: dict[str, Any], contract_id: str = "C1", **blocks: Any) -> dict[str, Any]:
    """The case with blocks expected of a contract; periods as year to the fields that matter."""
    periods = [{"period": year, **fields} for year, fields in blocks.pop("periods", {}).items()]
    contracts = loaded["expected"]["P"].setdefault("contracts", {})
    contracts[contract_id] = {"periods": periods, **blocks}
    return loaded
