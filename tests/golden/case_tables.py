"""A golden case as source tables, so that it takes the path every contract takes: tables, snapshot, queries."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from tests.golden.case_files import reading
from tests.golden.case_ids import qualified
from tests.golden.values import number

if TYPE_CHECKING:
    from tests.golden.case_files import Case

#: What a contract that can never be used starts on; the schema wants a day.
_NO_DAY = "1970-01-01"


def tables(case: Case, policy: Case) -> dict[str, pa.Table]:
    """The case's contracts, booked under one of its policies.

    Raises:
        CaseError: an input is missing or malformed.
        NotImplementedError: the case holds something the source tables can't say yet.
    """
    contracts = case["inputs"]["contracts"]
    with reading():
        rows: dict[str, list[dict[str, Any]]] = {
            "accounts": [{"account_id": "A", "name": case["id"]}],
            "contracts": [_contract(contract, policy) for contract in contracts],
            "lots": [_lot(contract, lot) for contract in contracts for lot in _all(contract, "lots")],
            "billings": [row for contract in contracts for row in _billings(contract)],
            "consumption": [row for contract in contracts for row in _consumption(contract)],
            "rate_card": [row for contract in contracts for row in _rates(contract)],
        }
        return {name: pa.Table.from_pylist(found) for name, found in rows.items() if found}


def _contract(contract: Case, policy: Case) -> Case:
    if contract.get("events"):
        kinds = {event["type"] for event in contract["events"]}
        raise NotImplementedError(f"events {', '.join(sorted(kinds))}")
    if policy["method"] not in ("ratable", "on_delivery") or policy.get("escheat_rate"):
        raise NotImplementedError(f"policy {policy['method']} {policy.get('escheat_rate', '')}".strip())
    lots = _all(contract, "lots")
    starts = [lot["valid_from"] for lot in lots]
    billed = [billing["date"] for lot in lots for billing in _all(lot, "billings")]
    amounts = [number(lot.get("amount") or 0) for lot in lots]
    price = contract.get("transaction_price")
    return {
        "contract_id": contract["contract_id"],
        "account_id": "A",
        "owner": "golden",
        "vehicle": "case",
        "booked_on": _date(min(starts + billed, default=_NO_DAY)),
        "starts_on": _date(min(starts, default=_NO_DAY)),
        "currency": contract["currency"],
        "transaction_price": sum(amounts, number(0)) if price is None else number(price),
        "recognition_method": policy["method"],
        "recognition_convention": policy.get("convention", "daily"),
        "draw_order": "fefo",
    }


def _lot(contract: Case, lot: Case) -> Case:
    if lot.get("amount") is None:
        raise NotImplementedError("a lot without an amount")
    expires, grace, cap = (lot.get(key) for key in ("expires_on", "grace_until", "carry_over_cap_quantity"))
    return {
        "lot_id": qualified(contract["contract_id"], lot["lot_id"]),
        "contract_id": contract["contract_id"],
        "service": "case",
        "unit": _lot_unit(lot),
        "quantity": number(lot["quantity"]),
        "amount": number(lot["amount"]),
        "valid_from": _date(lot["valid_from"]),
        "expires_on": expires and _date(expires),
        "grace_until": grace and _date(grace),
        "carry_over_cap_quantity": None if cap is None else number(cap),
        "scope": "|".join(_services(lot)) or "any",
    }


def _billings(contract: Case) -> list[Case]:
    return [
        {
            "billing_id": qualified(contract["contract_id"], f"{lot['lot_id']}-{count}"),
            "contract_id": contract["contract_id"],
            "lot_id": qualified(contract["contract_id"], lot["lot_id"]),
            "billed_on": _date(billing["date"]),
            "amount": number(billing["amount"]),
        }
        for lot in _all(contract, "lots")
        for count, billing in enumerate(_all(lot, "billings"))
    ]


def _consumption(contract: Case) -> list[Case]:
    return [
        {
            "consumption_id": qualified(contract["contract_id"], usage["usage_id"]),
            "contract_id": contract["contract_id"],
            "lot_id": qualified(contract["contract_id"], usage.get("lot_id")),
            "line_no": line,
            "service_date": _date(usage["date"]),
            "posted_on": _date(usage["date"]),
            "service_type": _service(usage),
            "unit": _usage_unit(contract, usage),
            "quantity": number(usage["quantity"]),
            "reverses": qualified(contract["contract_id"], usage.get("reverses")),
        }
        for line, usage in enumerate(_all(contract, "usage"))
    ]


def _rates(contract: Case) -> list[Case]:
    return [
        {"contract_id": contract["contract_id"], "service_type": service, "overage_rate": number(rate)}
        for service, rate in (contract.get("overage_rates") or {}).items()
    ]


def _usage_unit(contract: Case, usage: Case) -> str:
    """A case's usage names no unit: that of the lot pinned, else of the first lot whose scope covers the service."""
    lots = _all(contract, "lots")
    pinned = [lot for lot in lots if usage.get("lot_id") in (None, lot["lot_id"])]
    covering = [lot for lot in pinned if _service(usage) in (_services(lot) or [_service(usage)])]
    return _lot_unit(next(iter(covering or lots), {}))


def _lot_unit(lot: Case) -> str:
    return str(lot.get("unit") or "unit")


def _service(usage: Case) -> str:
    return str(usage.get("service_type") or "case")


def _services(lot: Case) -> list[str]:
    """The services a lot is confined to; none = it covers any."""
    scope = lot.get("scope") or "any"
    return [] if scope == "any" else list(scope)


def _all(holder: Case, key: str) -> list[Case]:
    """A list that may be left out."""
    return holder.get(key) or []


def _date(text: str) -> date:
    return date.fromisoformat(text)
