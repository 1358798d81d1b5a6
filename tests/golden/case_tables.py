"""A golden case as source tables, so that it takes the path every contract takes: tables, snapshot, queries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from tests.golden.case_events import amendments, event_billings, with_added_lots
from tests.golden.case_files import reading
from tests.golden.case_fx import fx_rates
from tests.golden.case_ids import qualified
from tests.golden.case_policies import breakage_estimates, remote_assessments
from tests.golden.case_usage import consumption, consumption_departments
from tests.golden.case_work import lot_unit, services
from tests.golden.values import civil, either, fraction, listed, number, rounded_share

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.golden.case_files import Case

#: What a contract that can never be used starts on; the schema wants a day.
_NO_DAY = "1970-01-01"


def tables(case: Case, policy: Case) -> dict[str, pa.Table]:
    """The case's contracts, booked under one of its policies.

    Raises:
        CaseError: an input is missing or malformed.
    """
    with reading():
        contracts = [with_added_lots(contract) for contract in case["inputs"]["contracts"]]
        rows: dict[str, list[dict[str, Any]]] = {
            "accounts": [{"account_id": "A", "name": case["id"]}],
            "contracts": [_contract(contract, policy) for contract in contracts],
            "lots": [_lot(contract, lot) for contract in contracts for lot in listed(contract, "lots")],
            "billings": [row for contract in contracts for row in _billings(contract)],
            "consumption": [row for contract in contracts for row in consumption(contract)],
            "consumption_departments": [row for contract in contracts for row in consumption_departments(contract)],
            "amendments": [row for contract in contracts for row in amendments(contract, policy["method"])],
            "breakage_estimates": list(breakage_estimates(contracts, policy)),
            "remote_assessments": list(remote_assessments(contracts, policy)),
            "fx_rates": fx_rates(contracts),
            "rate_card": [row for contract in contracts for row in _rates(contract)],
        }
        return {name: _table(found) for name, found in rows.items() if found}


def _table(rows: list[Case]) -> pa.Table:
    """Rows with every column that any of them has."""
    columns = dict.fromkeys(column for row in rows for column in row)
    return pa.table({column: [row.get(column) for row in rows] for column in columns})


def _contract(contract: Case, policy: Case) -> Case:
    lots = listed(contract, "lots")
    starts = [lot["valid_from"] for lot in lots]
    billed = [billing["date"] for lot in lots for billing in listed(lot, "billings")]
    amounts = [number(lot.get("amount") or 0) for lot in lots]
    price, escheat = contract.get("transaction_price"), policy.get("escheat_rate")
    return {
        "contract_id": contract["contract_id"],
        "account_id": "A",
        "owner": "golden",
        "vehicle": "case",
        "booked_on": civil(min(starts + billed, default=_NO_DAY)),
        "starts_on": civil(min(starts, default=_NO_DAY)),
        "currency": contract["currency"],
        "transaction_price": sum(amounts, number(0)) if price is None else number(price),
        "recognition_method": policy["method"],
        "recognition_convention": policy.get("convention") or "daily",
        "draw_order": _draw_order(contract),
        "escheat_rate": None if escheat is None else rounded_share(fraction(escheat)),
    }


def _draw_order(contract: Case) -> str:
    """FEFO unless the contract says that the current term goes before what was carried over (R2.1)."""
    said = str(either(contract, "drawdown_order", "draw_order")).lower()
    return "current_term_first" if "current" in said or "term" in said else "fefo"


def _lot(contract: Case, lot: Case) -> Case:
    expires, grace = lot.get("expires_on"), lot.get("grace_until")
    return {
        "lot_id": qualified(contract["contract_id"], lot["lot_id"]),
        "contract_id": contract["contract_id"],
        "service": "case",
        "unit": lot_unit(contract, lot),
        "quantity": number(lot["quantity"]),
        "amount": _number_if_any(lot.get("amount")),
        "valid_from": civil(lot["valid_from"]),
        "expires_on": expires and civil(expires),
        "grace_until": grace and civil(grace),
        "carry_over_cap_quantity": _number_if_any(lot.get("carry_over_cap_quantity")),
        "scope": "|".join(services(lot)) or "any",
        "standalone_price": _number_if_any(lot.get("ssp_unit")),
    }


def _billings(contract: Case) -> Iterator[Case]:
    for lot in listed(contract, "lots"):
        for count, billing in enumerate(listed(lot, "billings")):
            yield {
                "billing_id": qualified(contract["contract_id"], f"{lot['lot_id']}-{count}"),
                "contract_id": contract["contract_id"],
                "lot_id": qualified(contract["contract_id"], lot["lot_id"]),
                "billed_on": civil(billing["date"]),
                "amount": number(billing["amount"]),
                "fx_rate": _number_if_any(billing.get("fx_rate")),
            }
    yield from event_billings(contract)


def _rates(contract: Case) -> list[Case]:
    return [
        {"contract_id": contract["contract_id"], "service_type": service, "overage_rate": number(rate)}
        for service, rate in (contract.get("overage_rates") or {}).items()
    ]


def _number_if_any(text: Any) -> Any:
    return None if text is None else number(text)
