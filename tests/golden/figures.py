"""What a case expects of a contract beside what the figures say, block by block."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import TYPE_CHECKING, Final

from tests.golden.asked import whole
from tests.golden.lot_names import with_known_lots
from tests.golden.pairs import NOT_COMPUTED, Pair, fields, lines, renamed
from tests.golden.rpo import rpo_pairs
from tests.golden.values import number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.golden.asked import Contract
    from tests.golden.case_files import Case

THE_END: Final = date(9999, 12, 31)

_NIL: Final = Decimal("0.000")
_UNALLOCATED: Final = "(unallocated breakage)"
_BY_NONE: Final = "(not delivered by a department)"
_COMPONENTS: Final = ("ratable", "delivery", "breakage", "adjustment")
_PERIOD_COLUMNS: Final = {
    "opening": "opening",
    "billings": "billings",
    "refunds": "refunds",
    "escheat_reclass": "escheat",
    "revenue_ratable": "revenue_ratable",
    "revenue_delivery": "revenue_delivery",
    "revenue_breakage": "revenue_breakage",
    "revenue_adjustment": "revenue_adjustment",
    "revenue_total": "revenue_total",
    "closing": "closing",
    "cumulative_revenue": "cumulative_revenue",
    "overage_revenue": "overage_revenue",
}
_LOT_COLUMNS: Final = {
    "amount": "granted_amount",
    "quantity": "granted_quantity",
    "consumed": "drawn_quantity",
    "lapsed": "lapsed_quantity",
    "remaining": "remaining_quantity",
}
_DRAW_COLUMNS: Final = {"usage_id": "consumption_id", "lot_id": "lot_id", "quantity": "quantity"}
_OVERAGE_COLUMNS: Final = {
    "usage_id": "consumption_id",
    "date": "service_date",
    "quantity": "quantity",
    "revenue": "revenue",
    "status": "status",
}
_CATCH_UP_COLUMNS: Final = {"date": "posted_on", "lot_id": "lot_id", "amount": "amount"}


def contract_pairs(contract: Contract, expected: Case) -> Iterator[Pair]:
    """Everything expected of the contract; a block no figure answers is not computed, unless it is empty."""
    for block, wanted in with_known_lots(contract.inputs, expected).items():
        if block in _BLOCKS:
            yield from _BLOCKS[block](contract, wanted or [])
        elif block in _AMOUNTS:
            yield from _amounts(block, wanted or {}, _AMOUNTS[block](contract))
        elif wanted:
            yield Pair("-", block, wanted, NOT_COMPUTED)


def _periods(contract: Contract, expected: list[Case]) -> Iterator[Pair]:
    rows = contract.by_period("liability_rollforward") if expected else {}
    for wanted in expected:
        label = wanted.get("period")
        row = rows.get(str(label), {})
        got = renamed(row, _PERIOD_COLUMNS) if row else {}
        yield from fields(str(label), "", wanted, {"period": label, **got})


def _lots(contract: Contract, expected: list[Case]) -> Iterator[Pair]:
    balances = {row["lot_id"]: row for row in contract.rows("lot_balance", as_of=THE_END)}
    recognised = _recognised(contract)
    for wanted in expected:
        lot_id = str(wanted.get("lot_id"))
        got: Case = {"lot_id": lot_id}
        if lot_id in balances:
            got |= renamed(balances[lot_id], _LOT_COLUMNS) | {"recognised": recognised.get(lot_id, _NIL)}
        yield from fields("-", f"lots.{lot_id}.", wanted, got)


def _recognised(contract: Contract) -> dict[str, Decimal]:
    """A lot's revenue when all is over, under the method; what went to a government is none (R5.6)."""
    found: dict[str, Decimal] = {}
    for row in contract.rows("revenue_by_lot", boundaries=[THE_END]):
        found[row["lot_id"]] = found.get(row["lot_id"], _NIL) + sum((row[part] for part in _COMPONENTS), _NIL)
    return found


def _draws(contract: Contract, expected: list[Case]) -> Iterator[Pair]:
    got = [renamed(row, _DRAW_COLUMNS) for row in contract.rows("draws")]
    return lines("draws", _merged(expected), _merged(got), tuple(_DRAW_COLUMNS))


def _merged(draws: list[Case]) -> list[Case]:
    """A usage's draws on a lot in one line: units transferred to the lot lie in a layer of their own (R7.2)."""
    return [
        {**group[0], "quantity": sum((number(draw["quantity"]) for draw in group), Decimal(0))}
        for group in (list(found) for _, found in groupby(draws, lambda draw: (draw["usage_id"], draw["lot_id"])))
    ]


def _overage(contract: Contract, expected: list[Case]) -> Iterator[Pair]:
    got = [renamed(row, _OVERAGE_COLUMNS) for row in contract.rows("overage")]
    return lines("overage", expected, got, tuple(_OVERAGE_COLUMNS))


def _catch_ups(contract: Contract, expected: list[Case]) -> Iterator[Pair]:
    """Catch-ups that come to something, day by day; only a method that rests on an estimate has any (R5.2)."""
    rows = contract.rows("catch_ups") if contract.method == "proportional" else []
    got = [renamed(row, _CATCH_UP_COLUMNS) for row in rows]
    return lines("catch_ups", _by_day(expected), _by_day(got), tuple(_CATCH_UP_COLUMNS))


def _by_day(catch_ups: list[Case]) -> list[Case]:
    kept = [catch_up for catch_up in catch_ups if number(catch_up["amount"])]
    return sorted(kept, key=lambda catch_up: (str(catch_up["date"]), catch_up["lot_id"]))


def _allocated(contract: Contract) -> dict[str, Decimal]:
    return {row["lot_id"]: row["amount"] for row in contract.rows("lot_terms")}


def _departments(contract: Contract) -> dict[str, Decimal]:
    """A department's revenue from the first period of the case to the last; a case has one name for all others."""
    if not contract.asked.periods:
        return {}
    found: dict[str, Decimal] = {}
    for row in contract.rows("department_revenue", boundaries=whole(contract.asked.periods)):
        name = _UNALLOCATED if row["department"] == _BY_NONE else row["department"]
        found[name] = found.get(name, _NIL) + row["amount"]
    return found


def _amounts(block: str, expected: Case, got: dict[str, Decimal]) -> Iterator[Pair]:
    """Amounts by name, on either side; a nil amount may be left out on both."""
    for name in expected if block == "ssp_allocation" else dict.fromkeys((*expected, *got)):
        if name in expected or got[name]:
            yield Pair("-", f"{block}.{name}", expected.get(name), got.get(name, _NIL))


_BLOCKS: Final[dict[str, Callable[[Contract, list[Case]], Iterator[Pair]]]] = {
    "periods": _periods,
    "lots": _lots,
    "draws": _draws,
    "overage": _overage,
    "catch_ups": _catch_ups,
    "rpo": rpo_pairs,
}
#: Blocks of amounts by name.
_AMOUNTS: Final[dict[str, Callable[[Contract], dict[str, Decimal]]]] = {
    "ssp_allocation": _allocated,
    "departments": _departments,
}
