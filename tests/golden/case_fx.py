"""The rates a case gives, as rates of a currency on a day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tests.golden.values import civil, listed, number

if TYPE_CHECKING:
    from tests.golden.case_files import Case


_FIRST_DAY: Final = "1970-01-01"


def fx_rates(contracts: list[Case]) -> list[Case]:
    """Every contract's rates into its functional currency; contracts of one currency share them."""
    found = {
        (contract["currency"], contract["functional_currency"], day): rate
        for contract in contracts
        if contract.get("functional_currency")
        for day, rate in _rates(contract).items()
    }
    return [
        {"currency": currency, "functional_currency": functional, "rate_on": civil(day), "rate": number(rate)}
        for (currency, functional, day), rate in found.items()
    ]


def _rates(contract: Case) -> dict[str, Any]:
    """Spot rates, and where a day has none the rate of what was billed that day; a currency is worth itself."""
    if contract["currency"] == contract["functional_currency"]:
        return {_FIRST_DAY: "1"}
    billings = [billing for lot in listed(contract, "lots") for billing in listed(lot, "billings")]
    billed = {billing["date"]: billing["fx_rate"] for billing in billings if billing.get("fx_rate") is not None}
    return billed | (contract.get("fx_spot") or {})
