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
    (expected,) = loaded["expected"][policy["policy_id"]]["contracts"].values()
    return loaded, expected


def written(folder: Path, name: str, content: object) -> Path:
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path
