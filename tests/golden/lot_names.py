"""The lots a case expects under names of its own: units added as a lot, units transferred as a layer.

The format names neither. A layer's figures are its target lot's (R7.2); a lot a case's event brings is found by order.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from tests.golden.case_events import added_lot_ids, transfer_targets
from tests.golden.values import listed, number

if TYPE_CHECKING:
    from tests.golden.case_files import Case

_BLOCKS: Final = ("lots", "draws", "catch_ups")


def with_known_lots(contract: Case, expected: Case) -> Case:
    """What is expected, with lots the tables know; lines about one lot are added up."""
    names = _names(contract, expected)
    if not names:
        return expected
    renamed: Case = {
        block: [{**line, "lot_id": names.get(line["lot_id"], line["lot_id"])} for line in listed(expected, block)]
        for block in _BLOCKS
        if block in expected
    }
    return {**expected, **renamed, "lots": _added_up(renamed.get("lots", []))}


def _names(contract: Case, expected: Case) -> dict[str, str]:
    own = [lot["lot_id"] for lot in listed(contract, "lots")]
    lines = [line for block in _BLOCKS for line in listed(expected, block)]
    unknown = [name for name in dict.fromkeys(line.get("lot_id") for line in lines) if name and name not in own]
    added, targets = added_lot_ids(contract), transfer_targets(contract)
    if not targets:
        return dict(zip(unknown, added, strict=False))
    layers = [name for name in unknown if name not in added]
    return {name: next((target for target in targets if target in name), targets[0]) for name in layers}


def _added_up(lots: list[Case]) -> list[Case]:
    found: dict[str, Case] = {}
    for lot in lots:
        before = found.get(lot["lot_id"])
        found[lot["lot_id"]] = lot if before is None else _sum(before, lot)
    return list(found.values())


def _sum(one: Case, other: Case) -> Case:
    return {
        field: value if field == "lot_id" else number(value) + number(other.get(field, Decimal(0)))
        for field, value in one.items()
    }
