"""A golden case as source tables, so that it takes the path every contract takes: tables, snapshot, queries."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa

Case = dict[str, Any]


def tables(case: Case, policy: Case) -> dict[str, pa.Table]:
    """The case's contracts, booked under one of its policies.

    Raises:
        NotImplementedError: the case holds something the source tables can't say yet.
    """
    contracts = case["inputs"]["contracts"]
    rows: dict[str, list[dict[str, Any]]] = {
        "accounts": [{"account_id": "A", "name": case["id"]}],
        "contracts": [_contract(contract, policy) for contract in contracts],
        "lots": [_lot(contract, lot) for contract in contracts for lot in contract["lots"]],
        "billings": [row for contract in contracts for row in _billings(contract)],
        "consumption": [row for contract in contracts for row in _consumption(contract)],
        "rate_card": [
            {"contract_id": contract["contract_id"], "service_type": service, "overage_rate": Decimal(rate)}
            for contract in contracts
            for service, rate in contract.get("overage_rates", {}).items()
        ],
    }
    return {name: pa.Table.from_pylist(found) for name, found in rows.items() if found}


def _contract(contract: Case, policy: Case) -> Case:
    if contract.get("events"):
        kinds = {event["type"] for event in contract["events"]}
        raise NotImplementedError(f"events {', '.join(sorted(kinds))}")
    if policy["method"] not in ("ratable", "on_delivery") or policy.get("escheat_rate"):
        raise NotImplementedError(f"policy {policy['method']} {policy.get('escheat_rate', '')}".strip())
    starts = [lot["valid_from"] for lot in contract["lots"]]
    billed = [billing["date"] for lot in contract["lots"] for billing in lot["billings"]]
    return {
        "contract_id": contract["contract_id"],
        "account_id": "A",
        "owner": "golden",
        "vehicle": "case",
        "booked_on": _date(min(starts + billed)),
        "starts_on": _date(min(starts)),
        "currency": contract["currency"],
        "transaction_price": sum(Decimal(lot["amount"] or 0) for lot in contract["lots"]),
        "recognition_method": policy["method"],
        "recognition_convention": policy.get("convention", "daily"),
        "draw_order": "fefo",
    }


def _lot(contract: Case, lot: Case) -> Case:
    if lot["amount"] is None:
        raise NotImplementedError("a lot without an amount")
    cap = lot.get("carry_over_cap_quantity")
    return {
        "lot_id": lot["lot_id"],
        "contract_id": contract["contract_id"],
        "service": "case",
        "unit": lot["unit"],
        "quantity": Decimal(lot["quantity"]),
        "amount": Decimal(lot["amount"]),
        "valid_from": _date(lot["valid_from"]),
        "expires_on": lot["expires_on"] and _date(lot["expires_on"]),
        "grace_until": lot["grace_until"] and _date(lot["grace_until"]),
        "carry_over_cap_quantity": None if cap is None else Decimal(cap),
        "scope": "any" if lot["scope"] == "any" else "|".join(lot["scope"]),
    }


def _billings(contract: Case) -> list[Case]:
    return [
        {
            "billing_id": f"{lot['lot_id']}-{number}",
            "contract_id": contract["contract_id"],
            "lot_id": lot["lot_id"],
            "billed_on": _date(billing["date"]),
            "amount": Decimal(billing["amount"]),
        }
        for lot in contract["lots"]
        for number, billing in enumerate(lot["billings"])
    ]


def _consumption(contract: Case) -> list[Case]:
    return [
        {
            "consumption_id": usage["usage_id"],
            "contract_id": contract["contract_id"],
            "lot_id": usage.get("lot_id"),
            "line_no": number,
            "service_date": _date(usage["date"]),
            "posted_on": _date(usage["date"]),
            "service_type": usage["service_type"],
            "unit": _unit(contract, usage),
            "quantity": Decimal(usage["quantity"]),
            "reverses": usage.get("reverses"),
        }
        for number, usage in enumerate(contract["usage"])
    ]


def _unit(contract: Case, usage: Case) -> str:
    """A case's usage names no unit: that of the lot pinned, else of the first lot whose scope covers the service."""
    for lot in contract["lots"]:
        if usage.get("lot_id", lot["lot_id"]) == lot["lot_id"] and (
            lot["scope"] == "any" or usage["service_type"] in lot["scope"]
        ):
            return str(lot["unit"])
    return str(contract["lots"][0]["unit"])


def _date(text: str) -> date:
    return date.fromisoformat(text)
